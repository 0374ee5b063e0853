package ports

import (
	"context"

	"cognito-user-migration/domain"
)

//go:generate go tool mockgen -source=audit.go -destination=mocks/audit.go -package=mocks

// AuditOrigin is the program that keeps records, as they name it.
type AuditOrigin struct {
	// Version is the program's.
	Version string
	// Function is the name of the Lambda function; empty outside of Lambda.
	Function string
	// Region is the AWS region that it runs in; empty where it is not known.
	Region string
	// Username is the form in which usernames are recorded.
	Username domain.AuditUsername
}

// AuditSink keeps the record of what came of each attempt.
type AuditSink interface {
	// Record keeps one record. It returns an error when the record was not
	// kept, or may not have been; it returns by the context's deadline.
	Record(ctx context.Context, record domain.AuditRecord) error
}
