package sqscompletion

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"cognito-user-migration/domain"
	"cognito-user-migration/ports/parts"

	"github.com/aws/aws-lambda-go/events"
	"go.uber.org/zap"
)

const (
	// reserve is the part of Lambda's time that is kept for postponing messages
	// and for the answer.
	reserve = 2 * time.Second
	// postponing limits the time for postponing. Without the answer, SQS would
	// deliver every message again, even the finished ones.
	postponing = 1500 * time.Millisecond
)

// Handler answers Lambda's SQS events. Each message is handled alone: SQS delivers
// only the unfinished ones again ("Implementing partial batch
// responses", AWS Lambda Developer Guide).
type Handler struct {
	completer parts.Completer
	queue     *Queue
	logger    *zap.Logger
}

// NewHandler returns a handler that calls the completer. Messages that are not
// done are postponed in the queue.
func NewHandler(completer parts.Completer, queue *Queue, logger *zap.Logger) *Handler {
	return &Handler{completer: completer, queue: queue, logger: logger}
}

// Invoke implements Lambda's handler on bytes.
func (h *Handler) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	var event events.SQSEvent
	if err := json.Unmarshal(payload, &event); err != nil || event.Records == nil || slices.ContainsFunc(event.Records, isForeign) {
		h.logger.Error("the event was rejected: it is not an SQS event", zap.Int("bytes", len(payload)))
		return nil, errors.New("not an SQS event; the command complete must be invoked by an SQS event source mapping")
	}
	return json.Marshal(h.Handle(ctx, event))
}

// isForeign reports whether a record belongs to another service. Such a record has
// no message ID for the answer.
func isForeign(record events.SQSMessage) bool {
	return record.MessageId == "" || record.ReceiptHandle == ""
}

// Handle completes every message of the event, and returns the IDs of the
// messages that must be retried.
func (h *Handler) Handle(ctx context.Context, event events.SQSEvent) events.SQSEventResponse {
	work := ctx
	if deadline, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		work, cancel = context.WithDeadline(ctx, deadline.Add(-reserve))
		defer cancel()
	}
	response := events.SQSEventResponse{BatchItemFailures: []events.SQSBatchItemFailure{}}
	var back []events.SQSMessage
	for _, record := range event.Records {
		if !h.done(work, record) {
			response.BatchItemFailures = append(response.BatchItemFailures, events.SQSBatchItemFailure{ItemIdentifier: record.MessageId})
			back = append(back, record)
		}
	}
	h.postpone(ctx, back)
	return response
}

// done completes one message. It returns false if the message must stay in the queue.
// A message that retries cannot help stays too: the redrive policy moves it to the
// dead-letter queue, where an operator finds it.
func (h *Handler) done(ctx context.Context, record events.SQSMessage) (done bool) {
	logger := h.logger.With(zap.String("messageId", record.MessageId))
	defer func() {
		if thrown := recover(); thrown != nil {
			logger.Error("completion panicked", zap.String("panic", fmt.Sprintf("%T", thrown)))
			done = false
		}
	}()
	if ctx.Err() != nil {
		return false // no time left: the message is retried later
	}
	completion, err := Decode([]byte(record.Body), h.queue.keys)
	if err != nil {
		reason := domain.ReasonMessageMalformed
		if errors.Is(err, ErrUnsigned) {
			reason = domain.ReasonMessageUnsigned
		}
		logger.Error("the message was rejected", zap.Error(err), zap.String("reason", string(reason)))
		return false
	}
	result, err := h.completer.Complete(ctx, completion)
	if err != nil {
		logger.Warn("the move is not finished", zap.String("attemptId", completion.AttemptID),
			zap.String("reason", string(result.Reason)), zap.Error(err))
	}
	return result.Outcome == domain.CompletionDone
}

// postpone hides the messages that are retried for a while. It stops when its time
// is used up.
func (h *Handler) postpone(ctx context.Context, messages []events.SQSMessage) {
	ctx, cancel := context.WithTimeout(ctx, postponing)
	defer cancel()
	for _, message := range messages {
		received, err := strconv.Atoi(message.Attributes["ApproximateReceiveCount"])
		if err != nil {
			received = 1
		}
		if err := h.queue.postpone(ctx, message.ReceiptHandle, received); err != nil {
			h.logger.Warn("the message could not be postponed", zap.String("messageId", message.MessageId), zap.Error(err))
		}
	}
}
