// Package parts has the types of the parts that a main lists: kinds of sources,
// audit sinks, the lockout, completion, secret references and tracing. Adapters
// export values of these types, and app builds a program from the given values.
// A part that a main does not list is not linked. It imports domain, ports and
// the logger.
package parts

import (
	"context"
	"time"

	"cognito-user-migration/domain"
	"cognito-user-migration/ports"

	"go.uber.org/zap"
)

// SourceKind is one kind of source, as its package exports it.
type SourceKind struct {
	// Name is the value of SOURCE_KIND.
	Name string
	// Settings returns empty settings for one source of this kind.
	Settings func() SourceSettings
	// PoolVariable is the variable, without its prefix, of the source user
	// pool's ID; empty for other kinds. A pool cannot be its own destination.
	PoolVariable string
}

// SourceSettings are the settings of one source: a pointer to a struct. Its tags are
// env (the variable without its prefix), takes, desc and, optionally, envDefault. The
// settings are read from the environment and validated before Open.
type SourceSettings interface {
	// Validate checks combinations of variables. The given function returns a
	// variable's full name with the source's prefix.
	Validate(variable func(string) string) []error
	// Warnings lists settings that are valid but unwise.
	Warnings(variable func(string) string) []string
	// LimitsAttempts reports whether the directory itself locks out a client
	// that guesses passwords, or has a setting for it.
	LimitsAttempts() bool
	// LooksUp reports whether the directory can look a user up without a
	// password. With several sources, a source that cannot prevents users of
	// the later sources from migrating.
	LooksUp() bool
	// Open opens the source. It sends nothing.
	Open(ctx context.Context, options SourceOptions) (ports.Source, error)
}

// SourceOptions are the arguments for opening a source, besides its settings.
type SourceOptions struct {
	// Name is the source's name, which its findings contain.
	Name string
	// Rules say for which findings a profile is read, and name the source's
	// attributes.
	Rules domain.Rules
	// Note passes a note about the source to the operator, during Open or
	// later. It is never nil.
	Note func(ports.Note)
}

// Examiner examines the sources of one kind for the operator's checks. Only the
// operator's tool lists examiners, so that the function does not carry them.
type Examiner struct {
	// Kind is the value of SOURCE_KIND.
	Kind string
	// Examine examines the source with these settings. It only reads. Every
	// question has its own deadline.
	Examine func(ctx context.Context, settings SourceSettings, options SourceOptions, probe ports.Probe) []ports.Examined
}

// AuditSink is a sink of audit records over a network. The log is in every
// binary.
type AuditSink struct {
	// Name is the value in AUDIT_SINKS.
	Name string
	// Open opens the sink. It sends nothing. The target is the setting for this
	// sink, such as a bus or a stream.
	Open func(ctx context.Context, target string, format domain.AuditFormat, origin ports.AuditOrigin) (OpenSink, error)
}

// OpenSink is an opened [AuditSink].
type OpenSink interface {
	ports.AuditSink
	ports.CompletionSink
	// Warm opens the connection before the first record. A failure here is not
	// fatal: the first record connects again.
	Warm(ctx context.Context) error
}

// Lockout opens the table that counts attempts. It sends nothing.
type Lockout func(ctx context.Context, table string) (Limiter, error)

// Limiter is an opened [Lockout].
type Limiter interface {
	ports.Limiter
	// Warm fetches credentials and opens the connection. A failure here is not
	// fatal: the first attempt repeats it.
	Warm(ctx context.Context) error
}

// Secrets opens the resolver of references to secrets. It sends nothing.
type Secrets func(ctx context.Context) (Resolver, error)

// Resolver returns the secret for a reference.
type Resolver interface {
	// Resolve returns the secret. Its error contains neither the reference nor
	// the secret.
	Resolve(ctx context.Context, reference string) (domain.Secret, error)
}

// Completion has the queue and the destination.
type Completion struct {
	// Queue opens the queue with this URL. It sends nothing.
	Queue func(ctx context.Context, url string, keys domain.CompletionKeys) (CompletionQueue, error)
	// Destination opens the destination user pools. It sends nothing.
	Destination func(ctx context.Context) (ports.Destination, error)
}

// CompletionQueue is a queue whose messages Lambda delivers.
type CompletionQueue interface {
	ports.CompletionQueue
	// Handler returns the handler for the queue's messages.
	Handler(completer Completer, logger *zap.Logger) Handler
}

// Completer completes one migration.
type Completer interface {
	// Complete attempts the completion and returns its record. The error, if
	// any, is for the log.
	Complete(ctx context.Context, completion domain.Completion) (domain.CompletionRecord, error)
}

// Handler handles the bytes of a Lambda event. It is an alias for the same type
// as lambda.Handler, without importing that package.
type Handler = interface {
	Invoke(ctx context.Context, payload []byte) ([]byte, error)
}

// Tracing opens the exporter of traces. It sends nothing. variable reads the
// environment.
type Tracing func(ctx context.Context, variable func(string) string, logger *zap.Logger) (Tracer, error)

// Tracer is an opened [Tracing].
type Tracer interface {
	ports.AuditSink
	ports.CompletionSink
	// Handler makes each invocation a trace. wait returns how long Cognito or
	// Lambda still waits for the response when the invocation begins.
	Handler(handler Handler, wait func() time.Duration) Handler
	// Directory makes each question to a source a part of the trace.
	Directory(source ports.SourceDirectory) ports.SourceDirectory
	// Queue makes each message a part of the trace.
	Queue(queue ports.CompletionQueue) ports.CompletionQueue
}
