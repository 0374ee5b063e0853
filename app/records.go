package app

import (
	"context"
	"errors"

	"cognito-user-migration/adapters/auditlog"
	"cognito-user-migration/adapters/metrics"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"

	"go.uber.org/zap"
)

// records are the places that records go to, as one: what is kept of an attempt
// and what is counted of it come from the same record.
type records []recorder

// recorder is one place.
type recorder interface {
	ports.AuditSink
	ports.CompletionSink
}

// newRecords gives the log, and in Lambda the metrics that CloudWatch makes of
// lines of it; on a laptop nobody would count them. What traces sees them too.
func newRecords(process Process, logger *zap.Logger, tracing *Tracing) records {
	all := records{auditlog.New(logger)}
	if function := process.variable("AWS_LAMBDA_FUNCTION_NAME"); function != "" {
		all = append(all, metrics.New(process.Log, function))
	}
	if tracing.tracer != nil {
		all = append(all, tracing.tracer)
	}
	return all
}

// Record implements [ports.AuditSink].
func (r records) Record(ctx context.Context, record domain.AuditRecord) error {
	return r.each(func(to recorder) error { return to.Record(ctx, record) })
}

// RecordCompletion implements [ports.CompletionSink].
func (r records) RecordCompletion(ctx context.Context, record domain.CompletionRecord) error {
	return r.each(func(to recorder) error { return to.RecordCompletion(ctx, record) })
}

// each records in every place, whatever became of the others.
func (r records) each(record func(recorder) error) error {
	var failed []error
	for _, to := range r {
		failed = append(failed, record(to))
	}
	return errors.Join(failed...)
}
