package tracing

import (
	"context"
	"encoding/hex"
	"strings"

	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// propagatorsOf reads OTEL_PROPAGATORS. Cognito's event has no headers, so of the
// propagators there are only Lambda's own, X-Ray's, has anything to carry; the
// others find nothing. X-Ray is not the default: where active tracing is off,
// Lambda says of every invocation that it is not sampled, and no span would be.
func propagatorsOf(names string) propagation.TextMapPropagator {
	for name := range strings.SplitSeq(names, ",") {
		if name = strings.TrimSpace(name); name == "xray" || name == "xray-lambda" {
			return xray{}
		}
	}
	return propagation.NewCompositeTextMapPropagator()
}

// lambdaTraceKey is where aws-lambda-go keeps the header of an invocation.
const lambdaTraceKey = "x-amzn-trace-id"

// xray takes the parent from the trace that Lambda itself began. The propagator
// of OpenTelemetry's contrib repository does this too, but is no longer kept.
type xray struct{}

// Extract implements [propagation.TextMapPropagator]. It reads
// "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"
// ("Tracing header", AWS X-Ray Developer Guide) and leaves the context as it is
// where that is not what there is.
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

// decodes fills into with what the text is in hexadecimal.
func decodes(into []byte, text string) bool {
	if hex.DecodedLen(len(text)) != len(into) || len(text)%2 != 0 {
		return false
	}
	_, err := hex.Decode(into, []byte(text))
	return err == nil
}

// Inject implements [propagation.TextMapPropagator]: nothing of ours goes on to
// the services that are asked.
func (xray) Inject(context.Context, propagation.TextMapCarrier) {}

// Fields implements [propagation.TextMapPropagator].
func (xray) Fields() []string { return nil }
