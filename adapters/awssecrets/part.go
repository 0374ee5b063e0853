package awssecrets

import (
	"context"

	"cognito-user-migration/ports/parts"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Part returns the resolver for a main to list, asked with the configuration
// given.
func Part(config func(context.Context) (aws.Config, error)) parts.Secrets {
	return func(ctx context.Context) (parts.Resolver, error) {
		loaded, err := config(ctx)
		if err != nil {
			return nil, err
		}
		return Open(loaded), nil //nolint:contextcheck // it asks nobody
	}
}
