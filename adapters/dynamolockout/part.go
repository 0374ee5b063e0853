package dynamolockout

import (
	"context"

	"cognito-user-migration/ports/parts"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Part returns the lockout for a main to list. config provides the AWS
// configuration.
func Part(config func(context.Context) (aws.Config, error)) parts.Lockout {
	return func(ctx context.Context, table string) (parts.Limiter, error) {
		loaded, err := config(ctx)
		if err != nil {
			return nil, err
		}
		return Open(loaded, table), nil //nolint:contextcheck // Open makes no call
	}
}
