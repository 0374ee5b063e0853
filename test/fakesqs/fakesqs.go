// Package fakesqs passes the calls of an SQS client to functions of a test.
package fakesqs

import (
	"context"
	"encoding/json"
	"errors"
)

// Input is the input of both operations that completion calls.
type Input struct {
	MessageBody, ReceiptHandle      string
	DelaySeconds, VisibilityTimeout int
}

// Queue handles the operations.
type Queue interface {
	SendMessage(ctx context.Context, input Input) error
	ChangeMessageVisibility(ctx context.Context, input Input) error
}

// Call decodes the input of an operation and calls the queue. It returns an
// error for any other operation.
func Call(ctx context.Context, queue Queue, operation string, input any) (json.RawMessage, error) {
	text, err := json.Marshal(input)
	if err != nil {
		return nil, err
	}
	var in Input
	if err := json.Unmarshal(text, &in); err != nil {
		return nil, err
	}
	switch operation {
	case "SendMessage":
		return nil, queue.SendMessage(ctx, in)
	case "ChangeMessageVisibility":
		return nil, queue.ChangeMessageVisibility(ctx, in)
	default:
		return nil, errors.New("completion must not call " + operation)
	}
}
