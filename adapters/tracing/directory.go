package tracing

import (
	"context"

	"cognito-user-migration/domain"
	"cognito-user-migration/ports"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
)

// Directory returns a source that creates a span for each question to it. The
// result has only the methods of the port, because only the use case calls it.
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
	// A deferred End would recover the panic and write its value into the span.
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

// Queue returns a queue that creates a span for each message.
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
	defer func() { span.End() }() // see ask
	err := q.queue.Send(ctx, completion)
	if err != nil {
		span.SetStatus(codes.Error, "")
	}
	return err
}
