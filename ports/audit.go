package ports

import (
	"context"

	"cognito-user-migration/domain"
)

//go:generate go tool mockgen -source=audit.go -destination=mocks/audit.go -package=mocks

// AuditSink keeps the record of what came of each attempt.
type AuditSink interface {
	// Record keeps one record. It returns an error when the record was not
	// kept, or may not have been; it returns by the context's deadline.
	Record(ctx context.Context, record domain.AuditRecord) error
}
