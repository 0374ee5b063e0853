package tracing

import (
	"context"

	"cognito-user-migration/ports/parts"

	"go.uber.org/zap"
)

// Part returns tracing for a main to list.
func Part() parts.Tracing {
	return func(ctx context.Context, variable func(string) string, logger *zap.Logger) (parts.Tracer, error) {
		return Open(ctx, variable, logger)
	}
}
