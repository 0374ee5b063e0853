// Package migrate is the use case: find, decide, record, inside one deadline. It
// sees domain and ports only.
package migrate

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"time"

	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
)

// DefaultReserve is what is kept of the time that is left for the record and
// the answer.
const DefaultReserve = 500 * time.Millisecond

// Options are the choices of a [Migrator].
type Options struct {
	// Rules decide.
	Rules domain.Rules
	// Pseudonymizer gives the form in which usernames are recorded.
	Pseudonymizer domain.Pseudonymizer
	// Reserve is what is kept of the context's time for the record and the
	// answer; [DefaultReserve] where it is zero.
	Reserve time.Duration
	// Completion is what follows a decision to migrate; nothing where it is nil.
	Completion *Completion
	// Lockout bounds how often passwords are tried; nothing does where it is
	// nil, but for the source itself.
	Lockout *Lockout
	// AuditFailed is told when a record could not be kept. The decision
	// stands: who proved their password is not turned away for it.
	AuditFailed func(ctx context.Context, err error)
	// Now is the clock; [time.Now] where it is nil.
	Now func() time.Time
}

// Completion says what follows a decision to migrate.
type Completion struct {
	// Queue keeps what is owed.
	Queue ports.CompletionQueue
	// Required turns a person away whose completion cannot be queued. Without
	// it they are moved, and the record says what is owed.
	Required bool
	// Unsent is told of an error of the queue, of which the record says only
	// that there was one; nobody where it is nil.
	Unsent func(ctx context.Context, err error)
}

// Migrator decides attempts by what a source says.
type Migrator struct {
	source  ports.SourceDirectory
	audit   ports.AuditSink
	options Options
}

// New returns the use case over a source and a place for records.
func New(source ports.SourceDirectory, audit ports.AuditSink, options Options) *Migrator {
	if options.Reserve == 0 {
		options.Reserve = DefaultReserve
	}
	if options.Now == nil {
		options.Now = time.Now
	}
	if options.AuditFailed == nil {
		options.AuditFailed = func(context.Context, error) {}
	}
	return &Migrator{source: source, audit: audit, options: options}
}

// Failure is an attempt of which nothing was decided.
type Failure struct {
	// Reason is one of the domain's reasons to fail.
	Reason domain.Reason
	// Err is what the source said, or what panicked.
	Err error
}

// Error names the reason and what was behind it; it holds nothing of the
// person's.
func (f *Failure) Error() string {
	return string(f.Reason) + ": " + f.Err.Error()
}

// Unwrap gives what was behind the failure.
func (f *Failure) Unwrap() error {
	return f.Err
}

// Migrate asks the source and decides; one record is kept of it, whatever came
// of it. It returns a [*Failure] when nothing was decided. It returns the
// reserve before the context's deadline, or soon after.
func (m *Migrator) Migrate(ctx context.Context, attempt domain.Attempt) (domain.Decision, error) {
	began := m.options.Now()
	metered, meter := ports.WithMeter(ctx)
	decision, completion, err := m.decide(metered, attempt)
	record := domain.AuditRecord{
		AttemptID:  attempt.ID,
		Time:       began,
		Duration:   m.options.Now().Sub(began),
		Trigger:    attempt.Trigger,
		UserPoolID: attempt.UserPoolID,
		ClientID:   attempt.ClientID,
		Username:   m.options.Pseudonymizer.Pseudonym(attempt.Username),
		Calls:      meter.Calls(),
		Retries:    meter.Retries(),
		Completion: completion,
	}
	var failure *Failure
	switch {
	case err != nil:
		failure = failureOf(err)
		record.Outcome, record.Reason = domain.OutcomeFailed, failure.Reason
	case decision.Verdict == domain.Migrate:
		record.Outcome, record.Reason = domain.OutcomeMigrated, decision.Reason
	default:
		record.Outcome, record.Reason = domain.OutcomeRefused, decision.Reason
	}
	record.Source, record.Challenge = decision.Source, decision.Challenge
	record.FinalStatus = decision.User.FinalStatus
	m.record(ctx, record)
	if failure != nil {
		return domain.Decision{}, failure
	}
	return decision, nil
}

// failureOf is the failure that an error is.
func failureOf(err error) *Failure {
	switch {
	case errors.Is(err, errUnsent):
		return &Failure{Reason: domain.ReasonCompletionUnsent, Err: err}
	case errors.Is(err, errLockout):
		return &Failure{Reason: domain.ReasonLockoutUnavailable, Err: err}
	default:
		return &Failure{Reason: ports.ReasonOf(err), Err: err}
	}
}

// errUnsent is a completion that could not be queued and must be.
var errUnsent = errors.New("the completion could not be queued")

// decide asks the source in the time that is left, decides by its answer and
// queues what is owed after it.
func (m *Migrator) decide(whole context.Context, attempt domain.Attempt) (domain.Decision, domain.CompletionState, error) {
	ctx, cancel := before(whole, m.options.Reserve)
	defer cancel()
	finding, err := m.ask(ctx, whole, attempt)
	if err != nil {
		return domain.Decision{}, domain.CompletionNone, err
	}
	decision := domain.Decide(m.options.Rules, attempt, finding)
	if decision.Verdict != domain.Migrate || m.options.Completion == nil {
		return decision, domain.CompletionNone, nil
	}
	if err := m.send(ctx, domain.NewCompletion(m.options.Rules, attempt, finding.User, decision)); err != nil {
		if m.options.Completion.Unsent != nil {
			m.options.Completion.Unsent(ctx, err)
		}
		if m.options.Completion.Required {
			return domain.Decision{}, domain.CompletionNone, errUnsent
		}
		return decision, domain.CompletionUnsent, nil
	}
	return decision, domain.CompletionQueued, nil
}

func (m *Migrator) send(ctx context.Context, completion domain.Completion) (err error) {
	defer recovered(&err)
	return m.options.Completion.Queue.Send(ctx, completion)
}

// ask puts the attempt to the source.
func (m *Migrator) ask(ctx, whole context.Context, attempt domain.Attempt) (domain.Finding, error) {
	if attempt.Trigger == domain.TriggerForgotPassword {
		return m.find(ctx, attempt)
	}
	return m.prove(ctx, whole, attempt)
}

// find looks the user up. A panic of an adapter becomes an error: one attempt
// fails, and the process serves the next.
func (m *Migrator) find(ctx context.Context, attempt domain.Attempt) (finding domain.Finding, err error) {
	defer recovered(&err)
	return m.source.FindUser(ctx, attempt.Username)
}

// authenticate asks the source about the password, as find does about the user.
func (m *Migrator) authenticate(ctx context.Context, attempt domain.Attempt) (finding domain.Finding, err error) {
	defer recovered(&err)
	return m.source.Authenticate(ctx, attempt.Username, attempt.Password)
}

// record keeps the record in the reserve, even where the source used up its
// own time.
func (m *Migrator) record(ctx context.Context, record domain.AuditRecord) {
	err := m.keep(ctx, record)
	if err != nil {
		m.options.AuditFailed(ctx, err)
	}
}

func (m *Migrator) keep(ctx context.Context, record domain.AuditRecord) (err error) {
	defer recovered(&err)
	return m.audit.Record(ctx, record)
}

// panicError is a panic of an adapter: the type of what was thrown and where,
// but neither its text nor any argument, which may be a password.
type panicError struct {
	thrown string
	frames []string
}

func (p *panicError) Error() string {
	return "panic (" + p.thrown + ") at " + strings.Join(p.frames, " < ")
}

// recovered turns a panic into an error; it is deferred.
func recovered(err *error) {
	thrown := recover()
	if thrown == nil {
		return
	}
	*err = &panicError{thrown: fmt.Sprintf("%T", thrown), frames: frames()}
}

// frames lists the functions and lines that led to a panic, innermost first.
func frames() []string {
	const skip, most = 4, 16 // Callers, frames, recovered and the runtime's panic
	var counters [most]uintptr
	var list []string
	iterator := runtime.CallersFrames(counters[:runtime.Callers(skip, counters[:])])
	for {
		frame, more := iterator.Next()
		if frame.Function != "" {
			list = append(list, frame.Function+":"+strconv.Itoa(frame.Line))
		}
		if !more {
			return list
		}
	}
}
