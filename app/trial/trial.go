// Package trial runs the function on a laptop, composed as in Lambda, and shows
// its decisions. The operator's tool and the demonstration use it.
package trial

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"

	"cognito-user-migration/adapters/auditlog"
	"cognito-user-migration/adapters/lambdatrigger"
	"cognito-user-migration/app"
	"cognito-user-migration/app/migrate"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports/parts"

	"github.com/aws/aws-lambda-go/lambda/messages"
	"github.com/aws/aws-lambda-go/lambdacontext"
	"go.uber.org/fx"
	"go.uber.org/zap"
)

// Function is the Lambda function, composed as in Lambda, which reports its
// decisions.
type Function struct {
	// Handler handles Lambda's events.
	Handler *lambdatrigger.Handler
	// Stop stops what New started.
	Stop func(context.Context) error

	log  *logLines
	last *lastDecision
}

// New composes the function from an environment and starts it, without queueing
// completions. Log lines that are not audit records go to notes.
func New(ctx context.Context, binary app.Parts, environ []string, notes io.Writer) (*Function, error) {
	if binary.Completion != nil {
		deciding := *binary.Completion
		deciding.Queue = func(context.Context, string, domain.CompletionKeys) (parts.CompletionQueue, error) {
			return discarded{}, nil
		}
		binary.Completion = &deciding
	}
	return NewWhole(ctx, binary, OnlyDeciding(environ), notes)
}

// discarded is a queue that keeps nothing.
type discarded struct{}

// Send implements [ports.CompletionQueue].
func (discarded) Send(context.Context, domain.Completion) error { return nil }

// Handler implements [parts.CompletionQueue]. Nothing comes out of the queue.
func (discarded) Handler(parts.Completer, *zap.Logger) parts.Handler { return nil }

// NewWhole composes the function as New does, and queues completions.
func NewWhole(ctx context.Context, binary app.Parts, environ []string, notes io.Writer) (*Function, error) {
	f := &Function{log: &logLines{notes: notes}}
	var err error
	f.Handler, f.Stop, err = Compose(ctx, binary, environ, f.log,
		fx.Decorate(func(migrator lambdatrigger.Migrator) lambdatrigger.Migrator {
			f.last = &lastDecision{Migrator: migrator}
			return f.last
		}))
	if err != nil {
		return nil, err
	}
	return f, nil
}

// OnlyDeciding returns the environment of a function without lasting effects. A
// trial must neither queue a completion for a user who did not migrate, nor
// store a record among those of real migrations. Where completion has a part in
// decisions about second factors, a queue and a key stand in; use them only with a
// function of New.
func OnlyDeciding(environ []string) []string {
	deciding := WithoutVariables(WithoutFamily(environ, "COMPLETION_"),
		"AUDIT_SINKS", "AUDIT_FORMAT", "AUDIT_FAILURE", "AUDIT_EVENT_BUS", "AUDIT_FIREHOSE_STREAM")
	carries := slices.Contains(environ, "MIGRATE_ON_MFA="+string(domain.MFACarry)) || slices.Contains(environ, "MIGRATE_ON_MFA="+string(domain.MFAEnroll))
	queue := slices.ContainsFunc(environ, func(variable string) bool {
		return strings.HasPrefix(variable, "COMPLETION_QUEUE_URL=") && variable != "COMPLETION_QUEUE_URL="
	})
	if carries && queue {
		deciding = append(deciding, "COMPLETION_QUEUE_URL=https://sqs.invalid/0/unset", "COMPLETION_HMAC_KEY=stands-in-for-the-key-of-a-trial")
	}
	return deciding
}

// WithoutFamily returns the environment without the variables with a prefix.
func WithoutFamily(environ []string, family string) []string {
	return slices.DeleteFunc(slices.Clone(environ), func(variable string) bool { return strings.HasPrefix(variable, family) })
}

// WithoutVariables returns the environment without these variables.
func WithoutVariables(environ []string, names ...string) []string {
	return slices.DeleteFunc(slices.Clone(environ), func(variable string) bool {
		name, _, _ := strings.Cut(variable, "=")
		return slices.Contains(names, name)
	})
}

// Compose starts the same function as in Lambda, and returns its handler and a
// function that stops it.
func Compose(ctx context.Context, binary app.Parts, environ []string, log io.Writer, more ...fx.Option) (*lambdatrigger.Handler, func(context.Context) error, error) {
	configuration, err := app.Load(ctx, binary, environ)
	if err != nil {
		return nil, nil, err
	}
	var handler *lambdatrigger.Handler
	stop, err := app.Start(ctx,
		app.Modules(binary, app.Process{Environ: environ, Log: log}, configuration),
		fx.Options(more...),
		fx.Populate(&handler),
	)
	return handler, stop, err
}

// lastDecision stores the last decision of the use case.
type lastDecision struct {
	lambdatrigger.Migrator
	decision domain.Decision
	err      error
}

// Migrate implements lambdatrigger.Migrator.
func (l *lastDecision) Migrate(ctx context.Context, attempt domain.Attempt) (domain.Decision, error) {
	l.decision, l.err = l.Migrator.Migrate(ctx, attempt)
	return l.decision, l.err
}

// Last returns the reason of the last decision, or of the failure.
func (f *Function) Last() (domain.Reason, error) {
	return f.last.decision.Reason, f.last.err
}

// logLines splits the function's log: it keeps audit records and sends the
// other lines to notes. zap writes one line at a time.
type logLines struct {
	notes io.Writer
	audit [][]byte
}

// Write implements io.Writer.
func (l *logLines) Write(line []byte) (int, error) {
	var read struct {
		Logger string `json:"logger"`
	}
	if json.Unmarshal(line, &read) == nil && read.Logger == auditlog.Name {
		l.audit = append(l.audit, bytes.Clone(line))
		return len(line), nil
	}
	return l.notes.Write(line)
}

// Outcome is the result of one attempt.
type Outcome struct {
	Event    json.RawMessage                `json:"event"`
	Decision *Decision                      `json:"decision"`
	Response json.RawMessage                `json:"response"`
	Error    *messages.InvokeResponse_Error `json:"error"`
	Audit    json.RawMessage                `json:"audit"`
}

// Decision describes a decision.
type Decision struct {
	Verdict string        `json:"verdict"`
	Reason  domain.Reason `json:"reason"`
	// OmittedAttributes lists attributes that the user does not get; see
	// [domain.Decision.Omitted].
	OmittedAttributes domain.AttributeNames `json:"omittedAttributes,omitempty"`
}

// Attempt invokes the function with one event, as Lambda would.
func (f *Function) Attempt(ctx context.Context, event []byte) Outcome {
	f.last.decision, f.last.err = domain.Decision{}, nil
	f.log.audit = nil
	answer, err := f.Handler.Invoke(WithRequestID(ctx, rand.Text()), event)
	result := Outcome{Event: lambdatrigger.Concealed(event)}
	if public, ok := errors.AsType[messages.InvokeResponse_Error](err); ok {
		result.Error = &public
	}
	if answer != nil {
		result.Response = lambdatrigger.ResponseOf(answer)
	}
	if len(f.log.audit) > 0 {
		result.Audit = f.log.audit[0]
		result.Decision = f.last.words()
	}
	return result
}

func (l *lastDecision) words() *Decision {
	var record struct {
		Reason domain.Reason `json:"reason"`
	}
	switch {
	case l.err != nil:
		record.Reason = failureReason(l.err)
		return &Decision{Verdict: "fail", Reason: record.Reason}
	case l.decision.Verdict == domain.Migrate:
		return &Decision{Verdict: "migrate", Reason: l.decision.Reason, OmittedAttributes: l.decision.Omitted}
	default:
		return &Decision{Verdict: "refuse", Reason: l.decision.Reason, OmittedAttributes: l.decision.Omitted}
	}
}

func failureReason(err error) domain.Reason {
	if failure, ok := errors.AsType[*migrate.Failure](err); ok {
		return failure.Reason
	}
	return domain.ReasonInternal
}

// WithRequestID returns the context that Lambda passes to a handler.
func WithRequestID(ctx context.Context, id string) context.Context {
	return lambdacontext.NewContext(ctx, &lambdacontext.LambdaContext{AwsRequestID: id})
}

// WriteJSON writes a value as indented JSON, with <, > and & as they are.
func WriteJSON(to io.Writer, value any) error {
	encoder := json.NewEncoder(to)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(value)
}
