package sqscompletion

import (
	"context"

	"cognito-user-migration/domain"
	"cognito-user-migration/ports/parts"

	"github.com/aws/aws-sdk-go-v2/aws"
	"go.uber.org/zap"
)

// Part returns the queue of [parts.Completion], asked with the configuration
// given.
func Part(config func(context.Context) (aws.Config, error)) func(ctx context.Context, url string, keys domain.CompletionKeys) (parts.CompletionQueue, error) {
	return func(ctx context.Context, url string, keys domain.CompletionKeys) (parts.CompletionQueue, error) {
		loaded, err := config(ctx)
		if err != nil {
			return nil, err
		}
		return NewQueue(NewClient(loaded), url, keys), nil //nolint:contextcheck // NewQueue makes no call
	}
}

// Handler implements [parts.CompletionQueue].
func (q *Queue) Handler(completer parts.Completer, logger *zap.Logger) parts.Handler {
	return NewHandler(completer, q, logger)
}
