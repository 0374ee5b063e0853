package ports

import (
	"context"

	"cognito-user-migration/domain"
)

//go:generate go tool mockgen -source=credentials.go -destination=mocks/credentials.go -package=mocks

// Credentials are a set of AWS credentials.
type Credentials struct {
	// AccessKeyID names the set; it is no secret.
	AccessKeyID string
	// SecretAccessKey signs requests.
	SecretAccessKey domain.Secret
	// SessionToken goes along with temporary credentials; empty otherwise.
	SessionToken domain.Secret
}

// CredentialProvider gives the credentials with which a source is asked.
type CredentialProvider interface {
	// Retrieve returns a set that is valid now; it never returns an expired
	// one. It returns an error that matches [ErrThrottled], [ErrUnreachable],
	// [ErrMisconfigured] or the context's own, as [SourceDirectory] has them.
	// It is safe for use by several goroutines, and cheap while a set is valid.
	Retrieve(ctx context.Context) (Credentials, error)
	// Invalidate makes the next Retrieve fetch a new set, because the source
	// no longer takes this one.
	Invalidate()
}
