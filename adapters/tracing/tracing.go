// Package tracing sends an attempt as an OpenTelemetry trace to a collector. There is
// one span for the invocation, one for the question to the source, and one for each
// outgoing request. Only this package imports OpenTelemetry, so only binaries whose
// main lists it contain that code (docs/decisions/0014). It imports domain and ports.
//
// Attributes have closed sets of values: outcomes, reasons, kinds of findings,
// names of sources, services and operations, numbers, and Lambda's own
// identifiers. A span contains no error text, no part of an event or response,
// and no address.
package tracing

import (
	"cmp"
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
	"cognito-user-migration/ports/parts"

	"github.com/go-logr/logr"
	"go.opentelemetry.io/contrib/instrumentation/github.com/aws/aws-lambda-go/otellambda"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/zap"
)

var (
	_ ports.AuditSink      = (*Tracer)(nil)
	_ ports.CompletionSink = (*Tracer)(nil)
	_ ports.CallWatcher    = (*Tracer)(nil)
)

const (
	// scope is the instrumentation scope of our spans.
	scope = "cognito-user-migration"
	// maxFlush is the longest time that a response waits for the collector.
	maxFlush = 250 * time.Millisecond
	// margin is the time between the end of the flush and the deadline.
	margin = 100 * time.Millisecond
)

// Tracer creates spans and sends them. Outside of an invocation wrapped by
// [Tracer.Handler], it creates none.
type Tracer struct {
	provider    *sdktrace.TracerProvider
	tracer      trace.Tracer
	propagators propagation.TextMapPropagator
	logger      *zap.Logger
	function    string
	warm        atomic.Bool
}

// Part returns tracing for a main to list.
func Part() parts.Tracing {
	return func(ctx context.Context, variable func(string) string, logger *zap.Logger) (parts.Tracer, error) {
		return Open(ctx, variable, logger)
	}
}

// Open creates the exporter. OpenTelemetry's libraries read their own variables
// from the process: OTEL_EXPORTER_OTLP_…, OTEL_TRACES_SAMPLER,
// OTEL_RESOURCE_ATTRIBUTES and OTEL_SERVICE_NAME. variable reads
// OTEL_PROPAGATORS and the variables that describe the function. Nothing is
// sent before the first span.
func Open(ctx context.Context, variable func(string) string, logger *zap.Logger) (*Tracer, error) {
	return open(ctx, variable, logger)
}

func open(ctx context.Context, variable func(string) string, logger *zap.Logger, options ...otlptracehttp.Option) (*Tracer, error) {
	if protocol := cmp.Or(variable("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"), variable("OTEL_EXPORTER_OTLP_PROTOCOL"), "http/protobuf"); protocol != "http/protobuf" {
		return nil, errors.New("OTEL_EXPORTER_OTLP_PROTOCOL: expected http/protobuf")
	}
	// OpenTelemetry's libraries write errors to standard error. The texts
	// contain addresses and responses of the collector.
	otel.SetLogger(logr.Discard())
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { unsent(logger, err) }))
	exporter, err := otlptracehttp.New(ctx, options...)
	if err != nil {
		return nil, errors.New("OTEL_EXPORTER_OTLP_…: the trace exporter rejected these variables")
	}
	function := variable("AWS_LAMBDA_FUNCTION_NAME")
	// The last resource takes precedence, so the variables do.
	described, err := resource.New(ctx, resource.WithTelemetrySDK(), resource.WithAttributes(
		semconv.ServiceName(function), semconv.FaaSName(function),
		semconv.FaaSVersion(variable("AWS_LAMBDA_FUNCTION_VERSION")), semconv.FaaSInstance(variable("AWS_LAMBDA_LOG_STREAM_NAME")),
		semconv.CloudProviderAWS, semconv.CloudPlatformAWSLambda, semconv.CloudRegion(variable("AWS_REGION")),
	), resource.WithFromEnv())
	if err != nil {
		return nil, errors.New("OTEL_RESOURCE_ATTRIBUTES: expected key=value, separated by commas")
	}
	provider := sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter), sdktrace.WithResource(described))
	return &Tracer{
		provider: provider, tracer: provider.Tracer(scope), logger: logger, function: function,
		propagators: propagatorsOf(variable("OTEL_PROPAGATORS")),
	}, nil
}

// unsent logs that spans were lost, without the error's text.
func unsent(logger *zap.Logger, err error) {
	reason := "refused"
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		reason = "timeout"
	}
	logger.Warn("traces could not be sent to the collector", zap.String("reason", reason))
}

// Close stops the exporter. The process in Lambda never calls it.
func (t *Tracer) Close(ctx context.Context) error {
	return t.provider.Shutdown(ctx)
}

// Handler wraps the function's handler. Each invocation becomes a span, and its
// spans are sent before the response. wait is called when the invocation
// begins; it returns the time that remains for the response. Lambda's own
// deadline applies too.
func (t *Tracer) Handler(handler parts.Handler, wait func() time.Duration) parts.Handler {
	traced := otellambda.WrapHandler(watched{t, handler},
		otellambda.WithTracerProvider(t.provider),
		otellambda.WithFlusher(t),
		otellambda.WithPropagator(t.propagators),
		otellambda.WithEventToCarrier(func([]byte) propagation.TextMapCarrier { return propagation.MapCarrier{} }),
		otellambda.WithTraceAttributeFn(func([]byte) []attribute.KeyValue {
			return []attribute.KeyValue{semconv.FaaSColdstart(!t.warm.Swap(true))}
		}),
	)
	return timed{traced, wait}
}

// flushBy is the context key of the time at which a flush must end.
type flushBy struct{}

// timed stores the time by which the response must be sent.
type timed struct {
	next parts.Handler
	wait func() time.Duration
}

// Invoke implements [parts.Handler].
func (h timed) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	by := time.Now().Add(h.wait())
	if deadline, ok := ctx.Deadline(); ok && deadline.Before(by) {
		by = deadline
	}
	return h.next.Invoke(context.WithValue(ctx, flushBy{}, by.Add(-margin)), payload)
}

// watched passes the tracer to the outgoing requests of an invocation.
type watched struct {
	tracer *Tracer
	next   parts.Handler
}

// Invoke implements [parts.Handler].
func (h watched) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	answer, err := h.next.Invoke(ports.WithCallWatcher(ctx, h.tracer), payload)
	if err != nil { // one of our fixed texts; the record has the same information
		trace.SpanFromContext(ctx).SetStatus(codes.Error, "")
	}
	return answer, err
}

// ForceFlush implements otellambda's Flusher. It sends the spans in the time
// that the response can wait, and then stops. It logs spans that could not be
// sent. Spans without enough time are sent with the next invocation.
func (t *Tracer) ForceFlush(ctx context.Context) error {
	by, ok := ctx.Value(flushBy{}).(time.Time)
	if latest := time.Now().Add(maxFlush); !ok || latest.Before(by) {
		by = latest
	}
	if !by.After(time.Now()) {
		return nil
	}
	ctx, cancel := context.WithDeadline(context.WithoutCancel(ctx), by)
	defer cancel()
	if err := t.provider.ForceFlush(ctx); err != nil {
		unsent(t.logger, err)
	}
	return nil // otellambda would print the error
}

// Record implements [ports.AuditSink]. It adds the attempt's outcome to the
// span of the invocation.
func (t *Tracer) Record(ctx context.Context, record domain.AuditRecord) error {
	span := trace.SpanFromContext(ctx)
	span.SetAttributes(
		attribute.String("migration.attempt_id", record.AttemptID),
		attribute.String("migration.trigger", record.Trigger.String()),
		attribute.String("migration.outcome", string(record.Outcome)),
		attribute.String("migration.reason", string(record.Reason)),
		attribute.Int("migration.calls", record.Calls),
		attribute.Int("migration.retries", record.Retries),
	)
	if record.Source != "" {
		span.SetAttributes(attribute.String("migration.source", record.Source))
	}
	if record.Completion != domain.CompletionNone {
		span.SetAttributes(attribute.String("migration.completion", string(record.Completion)))
	}
	return nil
}

// RecordCompletion implements [ports.CompletionSink]. An invocation may
// complete several migrations, so each becomes an event of the span.
func (t *Tracer) RecordCompletion(ctx context.Context, record domain.CompletionRecord) error {
	trace.SpanFromContext(ctx).AddEvent("completion", trace.WithAttributes(
		attribute.String("migration.attempt_id", record.AttemptID),
		attribute.String("migration.completion", string(record.Outcome)),
		attribute.String("migration.reason", string(record.Reason)),
		attribute.String("migration.source", record.Source),
		attribute.String("migration.source_user", string(record.Retired)),
	))
	return nil
}

// Begin implements [ports.CallWatcher].
func (t *Tracer) Begin(ctx context.Context, call ports.Call) func(status int) {
	name := strings.TrimSpace(call.Service + " " + call.Operation)
	_, span := t.tracer.Start(ctx, name, trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(
		attribute.String("migration.service", call.Service),
		attribute.String("migration.operation", call.Operation),
		attribute.Bool("migration.retry", call.Again),
	))
	var once sync.Once
	return func(status int) {
		once.Do(func() {
			if status != 0 {
				span.SetAttributes(semconv.HTTPResponseStatusCode(status))
			}
			if status == 0 || status >= 500 {
				span.SetStatus(codes.Error, "")
			}
			span.End()
		})
	}
}
