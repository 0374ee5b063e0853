package tracing

import (
	"context"
	"encoding/hex"
	"strings"

	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// propagatorsOf reads OTEL_PROPAGATORS. Cognito's event has no headers, so only
// Lambda's X-Ray propagator can find a parent. X-Ray is not the default:
// without active tracing, Lambda marks every invocation as not sampled, and
// there would be no spans.
func propagatorsOf(names string) propagation.TextMapPropagator {
	for name := range strings.SplitSeq(names, ",") {
		if name = strings.TrimSpace(name); name == "xray" || name == "xray-lambda" {
			return xray{}
		}
	}
	return propagation.NewCompositeTextMapPropagator()
}

// lambdaTraceKey is the context key of aws-lambda-go for the trace header of an
// invocation.
const lambdaTraceKey = "x-amzn-trace-id"

// xray reads the parent span from the trace that Lambda started.
// OpenTelemetry's contrib repository has such a propagator, but no longer
// maintains it.
type xray struct{}

// Extract implements [propagation.TextMapPropagator]. It reads
// "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"
// ("Tracing header", AWS X-Ray Developer Guide). It returns the context
// unchanged if there is no such header.
func (xray) Extract(ctx context.Context, _ propagation.TextMapCarrier) context.Context {
	header, _ := ctx.Value(lambdaTraceKey).(string)
	parent := trace.SpanContextConfig{Remote: true}
	for field := range strings.SplitSeq(header, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(field), "=")
		switch name {
		case "Root":
			parts := strings.Split(value, "-")
			if len(parts) != 3 || parts[0] != "1" || !decodes(parent.TraceID[:], parts[1]+parts[2]) {
				return ctx
			}
		case "Parent":
			if !decodes(parent.SpanID[:], value) {
				return ctx
			}
		case "Sampled":
			if value == "1" {
				parent.TraceFlags = trace.FlagsSampled
			}
		}
	}
	span := trace.NewSpanContext(parent)
	if !span.IsValid() {
		return ctx
	}
	return trace.ContextWithRemoteSpanContext(ctx, span)
}

// decodes decodes hexadecimal text into the bytes, and reports whether they are
// full.
func decodes(into []byte, text string) bool {
	if hex.DecodedLen(len(text)) != len(into) || len(text)%2 != 0 {
		return false
	}
	_, err := hex.Decode(into, []byte(text))
	return err == nil
}

// Inject implements [propagation.TextMapPropagator]. It sends nothing to the
// called services.
func (xray) Inject(context.Context, propagation.TextMapCarrier) {}

// Fields implements [propagation.TextMapPropagator].
func (xray) Fields() []string { return nil }
