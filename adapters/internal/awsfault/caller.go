package awsfault

import (
	"context"

	"cognito-user-migration/ports"
)

// Caller makes the errors of one adapter that calls a source.
type Caller struct {
	// Adapter is the adapter's name in errors.
	Adapter string
	// Credentials sign the calls. It may be nil.
	Credentials ports.CredentialProvider
}

// Fault returns the error of [Of], or nil for nil. If the service no longer accepts the
// credentials, they are dropped, so that the next attempt gets new ones.
func (c Caller) Fault(ctx context.Context, operation string, err error) error {
	if err == nil {
		return nil
	}
	err = Of(ctx, c.Adapter, operation, err)
	if c.Credentials != nil && StaleCredentials(err) {
		c.Credentials.Invalidate()
	}
	return err
}
