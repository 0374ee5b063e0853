package app

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"cognito-user-migration/adapters/auditlog"
	"cognito-user-migration/adapters/metrics"
	"cognito-user-migration/app/config"
	"cognito-user-migration/app/migrate"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
	"cognito-user-migration/ports/parts"

	"go.uber.org/zap"
)

// recorder stores the records of attempts and of completions.
type recorder interface {
	ports.AuditSink
	ports.CompletionSink
}

// namedRecorder is a recorder with its name in errors.
type namedRecorder struct {
	name string
	recorder
	// warm opens the connection; nil without one.
	warm func(context.Context) error
	// remote is true for a recorder over a network.
	remote bool
}

// records sends each record to all sinks, so that the log and the metrics
// agree.
type records struct {
	// sinks are in the order in which the local ones write.
	sinks []namedRecorder
	// required is true if a user migrates only after every sink stored the
	// record.
	required bool
}

// newRecords opens the configured sinks. In Lambda it adds the metrics, which
// CloudWatch reads from log lines. If tracing is on, it adds the tracer.
func newRecords(binary Parts, process Process, configuration *config.Config, logger *zap.Logger, tracing *Tracing) (records, error) {
	settings := configuration.Audit
	origin := ports.AuditOrigin{
		Version:  process.Version,
		Function: process.variable("AWS_LAMBDA_FUNCTION_NAME"),
		Region:   process.variable("AWS_REGION"),
		Username: settings.Username,
	}
	all := records{required: settings.Required}
	if slices.Contains(settings.Sinks, config.SinkLog) {
		all.sinks = append(all.sinks, namedRecorder{name: string(config.SinkLog), recorder: auditlog.New(logger, settings.Format, origin)})
	}
	if origin.Function != "" {
		all.sinks = append(all.sinks, namedRecorder{name: "metrics", recorder: metrics.New(process.Log, origin.Function)})
	}
	if tracing.tracer != nil {
		all.sinks = append(all.sinks, namedRecorder{name: "tracing", recorder: tracing.tracer})
	}
	for _, sink := range settings.Sinks {
		if sink == config.SinkLog {
			continue
		}
		at := slices.IndexFunc(binary.Sinks, func(part parts.AuditSink) bool { return part.Name == string(sink) })
		if at < 0 {
			return records{}, missing("AUDIT_SINKS", "audit sink "+string(sink))
		}
		opened, err := binary.Sinks[at].Open(context.Background(), settings.Target(sink), settings.Format, origin)
		if err != nil {
			return records{}, fmt.Errorf("AUDIT_SINKS: %w", err)
		}
		all.sinks = append(all.sinks, namedRecorder{name: string(sink), recorder: opened, warm: opened.Warm, remote: true})
	}
	return all, nil
}

// Record implements [ports.AuditSink]. It writes to all sinks at once, and joins
// their errors.
//
// If the record of a migration is required, the log and the metrics wait for the
// remote sinks. Otherwise they would report a migration that a failing remote sink
// then prevents.
func (r records) Record(ctx context.Context, record domain.AuditRecord) error {
	keep := func(ctx context.Context, to recorder) error { return to.Record(ctx, record) }
	if !r.required || record.Outcome != domain.OutcomeMigrated {
		return sideBySide(ctx, r.sinks, keep)
	}
	remote := slices.DeleteFunc(slices.Clone(r.sinks), func(p namedRecorder) bool { return !p.remote })
	if err := sideBySide(ctx, remote, keep); err != nil {
		return err
	}
	for _, here := range r.sinks {
		if here.remote {
			continue
		}
		if err := sideBySide(ctx, []namedRecorder{here}, keep); err != nil {
			return err
		}
	}
	return nil
}

// RecordCompletion implements [ports.CompletionSink]. It never waits for the remote
// sinks first, because the completion has happened already.
func (r records) RecordCompletion(ctx context.Context, record domain.CompletionRecord) error {
	return sideBySide(ctx, r.sinks, func(ctx context.Context, to recorder) error { return to.RecordCompletion(ctx, record) })
}

// sideBySide calls every sink concurrently, and returns when all are done or
// the context ends. A sink that hangs or panics counts as failed.
func sideBySide(ctx context.Context, sinks []namedRecorder, keep func(context.Context, recorder) error) error {
	type result struct {
		at  int
		err error
	}
	results := make(chan result, len(sinks)) // a sink that hangs can still send its result
	failed := make([]error, len(sinks))
	waiting := make(map[int]bool)
	for i, to := range sinks {
		if !to.remote {
			continue
		}
		waiting[i] = true
		go func() { results <- result{i, to.keep(ctx, keep)} }()
	}
	for i, to := range sinks {
		if !to.remote {
			failed[i] = to.keep(ctx, keep)
		}
	}
	for len(waiting) > 0 {
		select {
		case one := <-results:
			failed[one.at] = one.err
			delete(waiting, one.at)
		case <-ctx.Done():
			for i := range waiting {
				failed[i] = fmt.Errorf("%s: %w", sinks[i].name, ctx.Err())
			}
			return errors.Join(failed...)
		}
	}
	return errors.Join(failed...)
}

// keep writes to the sink; a panic becomes an error.
func (p namedRecorder) keep(ctx context.Context, keep func(context.Context, recorder) error) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("%s: %w", p.name, err)
		}
	}()
	defer migrate.Recovered(&err)
	return keep(ctx, p.recorder)
}
