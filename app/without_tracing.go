//go:build !tracing

package app

import (
	"context"
	"errors"

	"go.uber.org/zap"
)

func openTracer(context.Context, Process, *zap.Logger) (tracer, error) {
	return nil, errors.New("OTEL_TRACES_EXPORTER=otlp: this binary was built without tracing, which the build tag tracing puts in")
}
