package ports

import (
	"context"

	"cognito-user-migration/domain"
)

//go:generate go tool mockgen -source=credentials.go -destination=mocks/credentials.go -package=mocks

// Credentials are a set of AWS credentials.
type Credentials struct {
	// AccessKeyID identifies the set; it is not secret.
	AccessKeyID string
	// SecretAccessKey signs requests.
	SecretAccessKey domain.Secret
	// SessionToken is part of temporary credentials; empty otherwise.
	SessionToken domain.Secret
}

// CredentialProvider provides the credentials for calling a source.
type CredentialProvider interface {
	// Retrieve returns credentials that are valid now, never expired ones. It
	// returns an error that matches [ErrThrottled], [ErrUnreachable],
	// [ErrMisconfigured] or the context's own, as [SourceDirectory] does. It is
	// safe for use by several goroutines, and fast while the credentials are
	// valid.
	Retrieve(ctx context.Context) (Credentials, error)
	// Invalidate makes the next Retrieve fetch new credentials, because the
	// source no longer accepts these.
	Invalidate()
}
