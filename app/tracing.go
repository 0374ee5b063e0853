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

// Tracing traces what the function does, where OTEL_TRACES_EXPORTER asks for it.
type Tracing struct {
	tracer parts.Tracer // nil where it does not
}

// newTracing reads OpenTelemetry's own switches. They count in Lambda alone: on a
// laptop they are meant for other programs.
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

// Handler wraps what Lambda calls. The answer leaves within the time given, of
// which the first invocation has so much less as the start was charged to it.
func (t *Tracing) Handler(handler parts.Handler, within, started time.Duration) parts.Handler {
	if t.tracer == nil {
		return handler
	}
	var owed atomic.Int64
	owed.Store(int64(started))
	return t.tracer.Handler(handler, func() time.Duration { return within - time.Duration(owed.Swap(0)) })
}

// directory makes what the sources are asked a part of the trace.
func (t *Tracing) directory(source ports.SourceDirectory) ports.SourceDirectory {
	if t.tracer == nil {
		return source
	}
	return t.tracer.Directory(source)
}

// queue makes what is put into the queue a part of the trace.
func (t *Tracing) queue(queue ports.CompletionQueue) ports.CompletionQueue {
	if t.tracer == nil {
		return queue
	}
	return t.tracer.Queue(queue)
}
