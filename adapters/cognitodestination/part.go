package cognitodestination

import (
	"context"

	"cognito-user-migration/ports"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Part returns the destination of a completion for a main to list, asked with
// the configuration given.
func Part(config func(context.Context) (aws.Config, error)) func(context.Context) (ports.Destination, error) {
	return func(ctx context.Context) (ports.Destination, error) {
		loaded, err := config(ctx)
		if err != nil {
			return nil, err
		}
		return New(NewClient(loaded)), nil
	}
}
