package tracing

import (
	"context"
	"net/http"

	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.uber.org/zap"
)

// OpenOver is Open over a client of the test's own.
func OpenOver(ctx context.Context, variable func(string) string, logger *zap.Logger, client *http.Client) (*Tracer, error) {
	return open(ctx, variable, logger, otlptracehttp.WithHTTPClient(client))
}
