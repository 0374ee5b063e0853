// Package sqscompletion sends completions through an SQS queue. Queue sends
// them, and Handler handles the messages that Lambda delivers. It implements
// ports.CompletionQueue, declares the interface that it calls, and imports
// domain and ports.
package sqscompletion

import (
	"context"
	"time"

	"cognito-user-migration/adapters/internal/awsfault"
	"cognito-user-migration/adapters/internal/awsjson"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
	"cognito-user-migration/ports/parts"

	"github.com/aws/aws-sdk-go-v2/aws"
	"go.uber.org/zap"
)

var _ ports.CompletionQueue = (*Queue)(nil)

const (
	adapter = "sqs completion"
	// firstDelay is how long a message waits at first: Cognito creates the
	// user within seconds of the trigger's answer.
	firstDelay = 30 * time.Second
	// longestDelay is the longest wait between two attempts. Users who migrate
	// through forgot-password may take days to set a new password.
	longestDelay = time.Hour
)

// Queue is an SQS queue as [ports.CompletionQueue].
type Queue struct {
	api  awsjson.Caller
	url  string
	keys domain.CompletionKeys
}

// Part returns the queue of [parts.Completion], with the configuration.
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

// NewQueue returns the queue with this URL, with the given client. The keys
// sign and check messages.
func NewQueue(api awsjson.Caller, url string, keys domain.CompletionKeys) *Queue {
	return &Queue{api: api, url: url, keys: keys}
}

// NewClient returns the client of a queue, with the credentials of the
// configuration.
func NewClient(config aws.Config) *awsjson.Client {
	return awsjson.New(config, awsjson.SQS())
}

// Send implements [ports.CompletionQueue].
func (q *Queue) Send(ctx context.Context, completion domain.Completion) error {
	body, err := Encode(completion, q.keys)
	if err != nil {
		return err
	}
	if _, err := q.api.Call(ctx, "SendMessage", map[string]any{
		"QueueUrl": q.url, "MessageBody": string(body), "DelaySeconds": int(firstDelay / time.Second),
	}); err != nil {
		return awsfault.Of(ctx, adapter, "SendMessage", err)
	}
	return nil
}

// postpone hides a message, longer each time it was received. If that fails, the
// message is only retried sooner.
func (q *Queue) postpone(ctx context.Context, receipt string, received int) error {
	if _, err := q.api.Call(ctx, "ChangeMessageVisibility", map[string]any{
		"QueueUrl": q.url, "ReceiptHandle": receipt, "VisibilityTimeout": int(delay(received).Seconds()),
	}); err != nil {
		return awsfault.Of(ctx, adapter, "ChangeMessageVisibility", err)
	}
	return nil
}

// delay doubles with each receipt, up to the longest.
func delay(received int) time.Duration {
	wait := firstDelay
	for ; received > 1 && wait < longestDelay; received-- {
		wait *= 2
	}
	return min(wait, longestDelay)
}
