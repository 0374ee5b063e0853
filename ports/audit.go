package ports

import (
	"context"

	"cognito-user-migration/domain"
)

//go:generate go tool mockgen -source=audit.go -destination=mocks/audit.go -package=mocks

// AuditOrigin describes the program that writes records.
type AuditOrigin struct {
	// Version is the program's version.
	Version string
	// Function is the name of the Lambda function; empty outside of Lambda.
	Function string
	// Region is the AWS region; empty if it is not known.
	Region string
	// Username is the form in which usernames are recorded.
	Username domain.AuditUsername
}

// AuditSink stores the record of each attempt.
type AuditSink interface {
	// Record stores one record. It returns an error if the record was not
	// stored, or may not have been. It returns before the context's deadline.
	Record(ctx context.Context, record domain.AuditRecord) error
}
