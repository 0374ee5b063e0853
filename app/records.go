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

// recorder is one place that records go to.
type recorder interface {
	ports.AuditSink
	ports.CompletionSink
}

// place is a recorder by its name.
type place struct {
	name string
	recorder
	// warm prepares it; nil where nothing can be prepared.
	warm func(context.Context) error
	// remote: it is asked over a network, and may take its time.
	remote bool
}

// records are all places as one: what is kept of an attempt and what is counted
// of it come from the same record.
type records struct {
	// places are in the order in which those here write; the metrics come last.
	places []place
	// required: nobody is moved whose record is not kept everywhere.
	required bool
}

// newRecords gives the places that the configuration names, and in Lambda the
// metrics that CloudWatch makes of lines of the log; on a laptop nobody would
// count them. What traces sees them too. What is not named is not made.
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
		all.places = append(all.places, place{name: string(config.SinkLog), recorder: auditlog.New(logger, settings.Format, origin)})
	}
	if origin.Function != "" {
		all.places = append(all.places, place{name: "metrics", recorder: metrics.New(process.Log, origin.Function)})
	}
	if tracing.tracer != nil {
		all.places = append(all.places, place{name: "tracing", recorder: tracing.tracer})
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
		all.places = append(all.places, place{name: string(sink), recorder: opened, warm: opened.Warm, remote: true})
	}
	return all, nil
}

// Record implements [ports.AuditSink]: the record goes to every place at once,
// whatever becomes of the others, and its error joins theirs.
//
// Where a record of a move is required, what leads to the log and to the metrics
// waits for the remote places: both tell what has happened, and it has not while
// one of them may still turn it down.
func (r records) Record(ctx context.Context, record domain.AuditRecord) error {
	keep := func(ctx context.Context, to recorder) error { return to.Record(ctx, record) }
	if !r.required || record.Outcome != domain.OutcomeMigrated {
		return sideBySide(ctx, r.places, keep)
	}
	remote := slices.DeleteFunc(slices.Clone(r.places), func(p place) bool { return !p.remote })
	if err := sideBySide(ctx, remote, keep); err != nil {
		return err
	}
	for _, here := range r.places {
		if here.remote {
			continue
		}
		if err := sideBySide(ctx, []place{here}, keep); err != nil {
			return err
		}
	}
	return nil
}

// RecordCompletion implements [ports.CompletionSink], as Record does; by then
// everything has happened.
func (r records) RecordCompletion(ctx context.Context, record domain.CompletionRecord) error {
	return sideBySide(ctx, r.places, func(ctx context.Context, to recorder) error { return to.RecordCompletion(ctx, record) })
}

// sideBySide records in every place, whatever becomes of the others. It returns
// when all are done, or with the context: a place that hangs is given up, and one
// that panics has not kept the record.
func sideBySide(ctx context.Context, places []place, keep func(context.Context, recorder) error) error {
	type result struct {
		at  int
		err error
	}
	results := make(chan result, len(places)) // so that a place that was given up can end
	failed := make([]error, len(places))
	waiting := make(map[int]bool)
	for i, to := range places {
		if !to.remote {
			continue
		}
		waiting[i] = true
		go func() { results <- result{i, to.keep(ctx, keep)} }()
	}
	for i, to := range places {
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
				failed[i] = fmt.Errorf("%s: %w", places[i].name, ctx.Err())
			}
			return errors.Join(failed...)
		}
	}
	return errors.Join(failed...)
}

// keep records in the place.
func (p place) keep(ctx context.Context, keep func(context.Context, recorder) error) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("%s: %w", p.name, err)
		}
	}()
	defer migrate.Recovered(&err)
	return keep(ctx, p.recorder)
}
