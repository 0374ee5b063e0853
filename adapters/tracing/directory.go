package tracing

import (
	"context"

	"cognito-user-migration/domain"
	"cognito-user-migration/ports"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
)

// Directory makes what a source is asked a span. Whatever the source offers
// beside the port is hidden; it is for what the use case asks.
func (t *Tracer) Directory(source ports.SourceDirectory) ports.SourceDirectory {
	return directory{t, source}
}

type directory struct {
	tracer *Tracer
	source ports.SourceDirectory
}

// Authenticate implements [ports.SourceDirectory].
func (d directory) Authenticate(ctx context.Context, username string, password domain.Password) (domain.Finding, error) {
	return d.ask(ctx, "source: authenticate", func(ctx context.Context) (domain.Finding, error) {
		return d.source.Authenticate(ctx, username, password)
	})
}

// FindUser implements [ports.SourceDirectory].
func (d directory) FindUser(ctx context.Context, username string) (domain.Finding, error) {
	return d.ask(ctx, "source: find user", func(ctx context.Context) (domain.Finding, error) {
		return d.source.FindUser(ctx, username)
	})
}

func (d directory) ask(ctx context.Context, name string, question func(context.Context) (domain.Finding, error)) (domain.Finding, error) {
	ctx, span := d.tracer.tracer.Start(ctx, name)
	// Deferred by itself, End would write what panicked into the span.
	defer func() { span.End() }()
	finding, err := question(ctx)
	if err != nil {
		span.SetAttributes(attribute.String("migration.reason", string(ports.ReasonOf(err))))
		span.SetStatus(codes.Error, "")
		return finding, err
	}
	span.SetAttributes(attribute.String("migration.finding", finding.Kind.String()), attribute.String("migration.source", finding.Source))
	return finding, nil
}

// Queue makes what is sent to a queue a span.
func (t *Tracer) Queue(queue ports.CompletionQueue) ports.CompletionQueue {
	return queued{t, queue}
}

type queued struct {
	tracer *Tracer
	queue  ports.CompletionQueue
}

// Send implements [ports.CompletionQueue].
func (q queued) Send(ctx context.Context, completion domain.Completion) error {
	ctx, span := q.tracer.tracer.Start(ctx, "queue: send", trace.WithSpanKind(trace.SpanKindProducer))
	defer func() { span.End() }() // as in ask
	err := q.queue.Send(ctx, completion)
	if err != nil {
		span.SetStatus(codes.Error, "")
	}
	return err
}
