//go:build tracing

package app

import (
	"context"

	"cognito-user-migration/adapters/tracing"

	"go.uber.org/zap"
)

func openTracer(ctx context.Context, process Process, logger *zap.Logger) (tracer, error) {
	return tracing.Open(ctx, process.variable, logger)
}
