package main

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
	"cognito-user-migration/domain"

	"github.com/aws/aws-lambda-go/lambda/messages"
	"github.com/aws/aws-lambda-go/lambdacontext"
	"go.uber.org/fx"
)

// function is the Lambda function, composed as Lambda runs it, that tells what
// it decided.
type function struct {
	handler *lambdatrigger.Handler
	log     *logLines
	stop    func(context.Context) error
	last    *lastDecision
}

// newFunction composes the function from an environment and starts it, to try
// out what it decides: nothing is queued for anybody. Lines of its log that are
// no audit records go to notes.
func newFunction(ctx context.Context, environ []string, notes io.Writer) (*function, error) {
	return newWholeFunction(ctx, onlyDeciding(environ), notes)
}

// newWholeFunction composes the function as newFunction does, but queues what is
// owed.
func newWholeFunction(ctx context.Context, environ []string, notes io.Writer, more ...fx.Option) (*function, error) {
	f := &function{log: &logLines{notes: notes}}
	var err error
	f.handler, f.stop, err = compose(ctx, environ, f.log, append(more,
		fx.Decorate(func(migrator lambdatrigger.Migrator) lambdatrigger.Migrator {
			f.last = &lastDecision{Migrator: migrator}
			return f.last
		}))...)
	if err != nil {
		return nil, err
	}
	return f, nil
}

// onlyDeciding is the environment of a function that leaves nothing behind: a
// trial must not queue a completion for somebody whom nobody moved, nor put a
// record of it where those of moves are kept.
func onlyDeciding(environ []string) []string {
	return withoutVariables(withoutFamily(environ, "COMPLETION_"),
		"AUDIT_SINKS", "AUDIT_FORMAT", "AUDIT_FAILURE", "AUDIT_EVENT_BUS", "AUDIT_FIREHOSE_STREAM")
}

func withoutFamily(environ []string, family string) []string {
	return slices.DeleteFunc(slices.Clone(environ), func(variable string) bool { return strings.HasPrefix(variable, family) })
}

func withoutVariables(environ []string, names ...string) []string {
	return slices.DeleteFunc(slices.Clone(environ), func(variable string) bool {
		name, _, _ := strings.Cut(variable, "=")
		return slices.Contains(names, name)
	})
}

// compose starts what runs in Lambda, and returns its handler and how it is
// stopped.
func compose(ctx context.Context, environ []string, log io.Writer, more ...fx.Option) (*lambdatrigger.Handler, func(context.Context) error, error) {
	configuration, err := app.Load(ctx, environ)
	if err != nil {
		return nil, nil, err
	}
	var handler *lambdatrigger.Handler
	stop, err := app.Start(ctx,
		app.Modules(app.Process{Environ: environ, Log: log}, configuration),
		fx.Options(more...),
		fx.Populate(&handler),
	)
	return handler, stop, err
}

// lastDecision remembers what the use case decided last.
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

// logLines parts the function's log: audit records are kept, the other lines go
// to notes. zap writes a line at a time.
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

// outcome is what came of one attempt.
type outcome struct {
	Event    json.RawMessage                `json:"event"`
	Decision *decided                       `json:"decision"`
	Response json.RawMessage                `json:"response"`
	Error    *messages.InvokeResponse_Error `json:"error"`
	Audit    json.RawMessage                `json:"audit"`
}

// decided is a decision in words.
type decided struct {
	Verdict string        `json:"verdict"`
	Reason  domain.Reason `json:"reason"`
}

// attempt invokes the function with one event, as Lambda would.
func (f *function) attempt(ctx context.Context, event []byte) outcome {
	f.last.decision, f.last.err = domain.Decision{}, nil
	f.log.audit = nil
	answer, err := f.handler.Invoke(withRequestID(ctx, rand.Text()), event)
	result := outcome{Event: concealPassword(event)}
	if public, ok := errors.AsType[messages.InvokeResponse_Error](err); ok {
		result.Error = &public
	}
	if answer != nil {
		var fields map[string]json.RawMessage
		_ = json.Unmarshal(answer, &fields) // the handler wrote it
		result.Response = fields["response"]
	}
	if len(f.log.audit) > 0 {
		result.Audit = f.log.audit[0]
		result.Decision = f.last.words()
	}
	return result
}

func (l *lastDecision) words() *decided {
	var record struct {
		Reason domain.Reason `json:"reason"`
	}
	switch {
	case l.err != nil:
		record.Reason = failureReason(l.err)
		return &decided{Verdict: "fail", Reason: record.Reason}
	case l.decision.Verdict == domain.Migrate:
		return &decided{Verdict: "migrate", Reason: l.decision.Reason}
	default:
		return &decided{Verdict: "refuse", Reason: l.decision.Reason}
	}
}

// withRequestID makes the context that Lambda gives to a handler.
func withRequestID(ctx context.Context, id string) context.Context {
	return lambdacontext.NewContext(ctx, &lambdacontext.LambdaContext{AwsRequestID: id})
}
