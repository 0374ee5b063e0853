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
	// reserve is what is kept of Lambda's time for postponing what is to come
	// back and for the answer.
	reserve = 2 * time.Second
	// postponing is how long the first of these may take. Without the answer
	// everything would come back, what is done too.
	postponing = 1500 * time.Millisecond
)

// Handler answers Lambda's SQS events. Each message stands for itself: those
// that are not done come back, the others do not ("Implementing partial batch
// responses", AWS Lambda Developer Guide).
type Handler struct {
	completer parts.Completer
	queue     *Queue
	logger    *zap.Logger
}

// NewHandler returns the handler that lets the completer finish moves. Messages
// that are not done are postponed in the queue.
func NewHandler(completer parts.Completer, queue *Queue, logger *zap.Logger) *Handler {
	return &Handler{completer: completer, queue: queue, logger: logger}
}

// Invoke implements Lambda's handler on bytes.
func (h *Handler) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	var event events.SQSEvent
	if err := json.Unmarshal(payload, &event); err != nil || event.Records == nil || slices.ContainsFunc(event.Records, isForeign) {
		h.logger.Error("the event was not taken: it is none of SQS's", zap.Int("bytes", len(payload)))
		return nil, errors.New("the event is none of SQS's")
	}
	return json.Marshal(h.Handle(ctx, event))
}

// isForeign holds for a record of another service: it has no message to be
// named in the answer.
func isForeign(record events.SQSMessage) bool {
	return record.MessageId == "" || record.ReceiptHandle == ""
}

// Handle tries every message of the event, and names those that are to come
// back.
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

// done tries one message; false keeps it in the queue. One that waiting does not
// help stays too: the queue's redrive policy takes it to the dead-letter queue,
// where a person finds it.
func (h *Handler) done(ctx context.Context, record events.SQSMessage) (done bool) {
	logger := h.logger.With(zap.String("messageId", record.MessageId))
	defer func() {
		if thrown := recover(); thrown != nil {
			logger.Error("completion panicked", zap.String("panic", fmt.Sprintf("%T", thrown)))
			done = false
		}
	}()
	if ctx.Err() != nil {
		return false // no time left: it is tried another time
	}
	completion, err := Decode([]byte(record.Body), h.queue.keys)
	if err != nil {
		reason := domain.ReasonMessageMalformed
		if errors.Is(err, ErrUnsigned) {
			reason = domain.ReasonMessageUnsigned
		}
		logger.Error("the message was not taken", zap.Error(err), zap.String("reason", string(reason)))
		return false
	}
	result, err := h.completer.Complete(ctx, completion)
	if err != nil {
		logger.Warn("the move is not finished", zap.String("attemptId", completion.AttemptID),
			zap.String("reason", string(result.Reason)), zap.Error(err))
	}
	return result.Outcome == domain.CompletionDone
}

// postpone hides the messages that come back for a while, as far as the time
// for it goes.
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
