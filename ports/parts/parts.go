// Package parts holds the types of what a main lists: kinds of sources, audit
// sinks, the lockout, completion, secret references and tracing. Adapters export
// values of these types, and app puts a binary together from the values that it
// is given. A part that a main does not list is not linked. It imports domain,
// ports and the logger.
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
	// Settings makes the empty settings of one source of this kind.
	Settings func() SourceSettings
	// PoolVariable is the variable, without its prefix, of the ID of the user pool
	// that users are moved from; empty for a kind that is not a user pool. Nobody is
	// moved from a pool into itself.
	PoolVariable string
}

// SourceSettings are the settings of one source: a pointer to a struct whose
// fields carry the tags env (the variable without its prefix), takes and desc,
// and envDefault where there is a default. They are filled in from the
// environment and validated before they are opened.
type SourceSettings interface {
	// Validate reports what no single variable shows. It names variables by
	// the function given, which puts the source's prefix before them.
	Validate(variable func(string) string) []error
	// Warnings tells what is allowed but unwise.
	Warnings(variable func(string) string) []string
	// LimitsAttempts reports whether the directory itself locks out a client that
	// guesses passwords, or can be told to.
	LimitsAttempts() bool
	// LooksUp reports whether the directory can be asked about a user without
	// their password. With several sources, a source that cannot keeps the
	// users of the sources after it from being migrated.
	LooksUp() bool
	// Open opens the source. It sends nothing.
	Open(ctx context.Context, options SourceOptions) (ports.Source, error)
}

// SourceOptions are what a source is opened with, beside its settings.
type SourceOptions struct {
	// Name is the source's name, which its findings have.
	Name string
	// Rules say for which findings a profile is read, and which attributes of
	// the source they name.
	Rules domain.Rules
	// Note tells the operator something about the source, when it is opened or
	// later. It is never nil.
	Note func(ports.Note)
}

// AuditSink is a sink of audit records that is reached over a network. The log is
// in every binary.
type AuditSink struct {
	// Name is the value in AUDIT_SINKS.
	Name string
	// Open opens the sink. It sends nothing. The target is the setting that
	// belongs to the name, such as a bus or a stream.
	Open func(ctx context.Context, target string, format domain.AuditFormat, origin ports.AuditOrigin) (OpenSink, error)
}

// OpenSink is an [AuditSink] that was opened.
type OpenSink interface {
	ports.AuditSink
	ports.CompletionSink
	// Warm opens the connection, so that the first record finds it. A failure
	// here is not fatal: the first record tries again.
	Warm(ctx context.Context) error
}

// Lockout opens the table that counts tries. It sends nothing.
type Lockout func(ctx context.Context, table string) (Limiter, error)

// Limiter is an opened [Lockout].
type Limiter interface {
	ports.Limiter
	// Warm fetches credentials and opens the connection. A failure here is not
	// fatal: the first try does it again.
	Warm(ctx context.Context) error
}

// Secrets opens the resolver of references to secrets. It sends nothing.
type Secrets func(ctx context.Context) (Resolver, error)

// Resolver gives the secret that a reference names.
type Resolver interface {
	// Resolve returns the secret. Its error names neither the reference nor
	// the secret.
	Resolve(ctx context.Context, reference string) (domain.Secret, error)
}

// Completion is what finishes moves: the queue and the destination.
type Completion struct {
	// Queue opens the queue of a URL. It sends nothing.
	Queue func(ctx context.Context, url string, keys domain.CompletionKeys) (CompletionQueue, error)
	// Destination opens the user pools that users are moved to. It sends
	// nothing.
	Destination func(ctx context.Context) (ports.Destination, error)
}

// CompletionQueue is a queue that Lambda delivers from.
type CompletionQueue interface {
	ports.CompletionQueue
	// Handler returns what Lambda calls with the queue's messages.
	Handler(completer Completer, logger *zap.Logger) Handler
}

// Completer finishes one move.
type Completer interface {
	// Complete tries to finish the move and says how that ended; the error,
	// where there is one, is for the log.
	Complete(ctx context.Context, completion domain.Completion) (domain.CompletionRecord, error)
}

// Handler is what Lambda calls, with the bytes of an event. It is an alias, so
// that it is the same type as lambda.Handler without its package.
type Handler = interface {
	Invoke(ctx context.Context, payload []byte) ([]byte, error)
}

// Tracing opens what sends traces. It sends nothing. variable reads the
// environment.
type Tracing func(ctx context.Context, variable func(string) string, logger *zap.Logger) (Tracer, error)

// Tracer is an opened [Tracing].
type Tracer interface {
	ports.AuditSink
	ports.CompletionSink
	// Handler makes each invocation a trace. wait says how long Cognito or
	// Lambda still waits for the answer of the invocation that begins.
	Handler(handler Handler, wait func() time.Duration) Handler
	// Directory makes each question to a source a part of the trace.
	Directory(source ports.SourceDirectory) ports.SourceDirectory
	// Queue makes each message a part of the trace.
	Queue(queue ports.CompletionQueue) ports.CompletionQueue
}
