package app

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"time"

	"cognito-user-migration/ports"
	"cognito-user-migration/ports/parts"

	"go.uber.org/zap"
)

// Tracing traces the function, if OTEL_TRACES_EXPORTER enables it.
type Tracing struct {
	tracer parts.Tracer // nil without tracing
}

// newTracing reads OpenTelemetry's switches. They apply only in Lambda: on a
// laptop, they are meant for other programs.
func newTracing(binary Parts, process Process, logger *zap.Logger) (*Tracing, error) {
	if process.variable("AWS_LAMBDA_FUNCTION_NAME") == "" || strings.EqualFold(process.variable("OTEL_SDK_DISABLED"), "true") {
		return &Tracing{}, nil
	}
	switch process.variable("OTEL_TRACES_EXPORTER") {
	case "", "none":
		return &Tracing{}, nil
	case "otlp":
		if binary.Tracing == nil {
			return nil, missing("OTEL_TRACES_EXPORTER=otlp", "tracing")
		}
		opened, err := binary.Tracing(context.Background(), process.variable, logger)
		return &Tracing{opened}, err
	default:
		return nil, errors.New("OTEL_TRACES_EXPORTER: expected one of: otlp, none")
	}
}

// Handler wraps the function's handler. The response is sent within the given
// time. For the first invocation, the time that the start took is subtracted.
func (t *Tracing) Handler(handler parts.Handler, within, started time.Duration) parts.Handler {
	if t.tracer == nil {
		return handler
	}
	var used atomic.Int64
	used.Store(int64(started))
	return t.tracer.Handler(handler, func() time.Duration { return within - time.Duration(used.Swap(0)) })
}

// directory returns the source with tracing.
func (t *Tracing) directory(source ports.SourceDirectory) ports.SourceDirectory {
	if t.tracer == nil {
		return source
	}
	return t.tracer.Directory(source)
}

// queue returns the queue with tracing.
func (t *Tracing) queue(queue ports.CompletionQueue) ports.CompletionQueue {
	if t.tracer == nil {
		return queue
	}
	return t.tracer.Queue(queue)
}
