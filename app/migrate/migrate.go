// Package migrate is the first use case: find, decide and record, within one
// deadline. It imports only domain and ports.
package migrate

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
)

// DefaultReserve is the time reserved for the record and the response.
const DefaultReserve = 500 * time.Millisecond

// RequiredReserve is the time reserved if the record is required. The first
// record may take longer, and a second record follows if the first one fails.
const RequiredReserve = time.Second

// share is the fraction of the reserve for the response, and for the second
// record.
const share = 5

// Options are the choices of a [Migrator].
type Options struct {
	// Rules are the rules of decisions.
	Rules domain.Rules
	// Pseudonymizer returns the recorded form of usernames.
	Pseudonymizer domain.Pseudonymizer
	// Reserve is the part of the context's time that is reserved for the record
	// and the response. Zero means [DefaultReserve], or [RequiredReserve] with
	// AuditRequired. A record never gets more, however much time is left.
	Reserve time.Duration
	// Earlier asks the sources before the one that knows the user; nil with one
	// source.
	Earlier EarlierSources
	// SecondFactors completes findings; nil if profiles list all second
	// factors.
	SecondFactors SecondFactors
	// SourcePools are the IDs of the source user pools. An attempt of one of
	// them fails, because the trigger is attached to the pool that it would
	// ask.
	SourcePools []string
	// Completion says what follows a decision to migrate; it may be nil.
	Completion *Completion
	// Lockout limits password attempts; if it is nil, only the source limits them.
	Lockout *Lockout
	// AuditRequired fails a migration that could not be recorded. Without it,
	// the user migrates even if a sink fails.
	AuditRequired bool
	// AuditFailed is called if a record of the attempt could not be stored.
	AuditFailed func(ctx context.Context, attemptID string, err error)
	// Now is the clock; nil means [time.Now].
	Now func() time.Time
}

// EarlierSources are the sources before the one whose finding led to a decision to
// migrate.
type EarlierSources interface {
	// FindEarlier looks the names up at every source before the given one. It
	// returns the findings in the order of the sources. With an error, which is
	// one of a source's, it returns the findings of the sources that answered.
	FindEarlier(ctx context.Context, source, typed string, names []string) ([]domain.Finding, error)
}

// SecondFactors reads second factors that a profile does not list.
type SecondFactors interface {
	// WithSecondFactors returns the finding, completed by its source. Its error
	// is one of a source's, and means that the factors are not known.
	WithSecondFactors(ctx context.Context, finding domain.Finding) (domain.Finding, error)
}

// Completion says what follows a decision to migrate.
type Completion struct {
	// Queue receives the completions.
	Queue ports.CompletionQueue
	// Keys compute the digests in a completion.
	Keys domain.CompletionKeys
	// Required fails an attempt whose completion cannot be queued. Without it,
	// the user migrates, and the record says that the completion is pending.
	Required bool
	// OnlySecondFactors queues nothing for users whose second factor needs no
	// completion.
	OnlySecondFactors bool
	// Unsent receives the queue's error, for the log. It may be nil.
	Unsent func(ctx context.Context, err error)
}

// Migrator decides attempts by the answers of a source.
type Migrator struct {
	source  ports.SourceDirectory
	audit   ports.AuditSink
	options Options
}

// New returns the use case for a source and a sink of records.
func New(source ports.SourceDirectory, audit ports.AuditSink, options Options) *Migrator {
	switch {
	case options.Reserve != 0:
	case options.AuditRequired:
		options.Reserve = RequiredReserve
	default:
		options.Reserve = DefaultReserve
	}
	if options.Now == nil {
		options.Now = time.Now
	}
	if options.AuditFailed == nil {
		options.AuditFailed = func(context.Context, string, error) {}
	}
	return &Migrator{source: source, audit: audit, options: options}
}

// Failure is an attempt that ended without a decision.
type Failure struct {
	// Reason is one of the domain's reasons to fail.
	Reason domain.Reason
	// Err is the source's error, or a panic.
	Err error
}

// Error returns the reason and the cause. It contains no user's data.
func (f *Failure) Error() string {
	return string(f.Reason) + ": " + f.Err.Error()
}

// Unwrap returns the cause.
func (f *Failure) Unwrap() error {
	return f.Err
}

// Migrate asks the source and decides. Before it returns, it stores a record,
// whatever the result. It returns a [*Failure] if there is no decision, or if a
// required record of a migration could not be stored. A second record reports the
// latter. It returns before the context's deadline.
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
	record.Source, record.Challenge, record.UnknownCode = decision.Source, decision.Challenge, decision.UnknownCode
	if failure != nil {
		record.UnknownCode = ports.UnknownCodeOf(failure)
	}
	record.FinalStatus = decision.User.FinalStatus
	record.OmittedAttributes = decision.Omitted
	if err := m.record(ctx, record); err != nil && m.options.AuditRequired && record.Outcome == domain.OutcomeMigrated {
		failure = &Failure{Reason: domain.ReasonAuditUnkept, Err: err}
		_ = m.record(ctx, m.unkept(record)) // record already reported the error
	}
	if failure != nil {
		return domain.Decision{}, failure
	}
	return decision, nil
}

// unkept returns the record of an attempt that failed because the given record
// could not be stored. A queued completion stays in the queue, and does nothing
// because the user did not migrate. A completion that was not queued is no
// longer pending.
func (m *Migrator) unkept(record domain.AuditRecord) domain.AuditRecord {
	record.Outcome, record.Reason = domain.OutcomeFailed, domain.ReasonAuditUnkept
	record.FinalStatus, record.OmittedAttributes = "", nil
	record.Duration = m.options.Now().Sub(record.Time)
	if record.Completion != domain.CompletionQueued {
		record.Completion = domain.CompletionNone
	}
	return record
}

// failureOf returns the failure for an error.
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

// errOwnSource is the error for an attempt of a user pool that is itself a
// source. Asking it would invoke the trigger again, endlessly.
var errOwnSource = fmt.Errorf("the event's user pool is itself a source; remove the trigger from it and attach the function to the destination: %w", ports.ErrMisconfigured)

// errUnsent is the error for a required completion that could not be queued.
var errUnsent = errors.New("the completion could not be queued")

// decide asks the source in the remaining time, decides by its answer, and
// queues the completion.
func (m *Migrator) decide(whole context.Context, attempt domain.Attempt) (domain.Decision, domain.CompletionState, error) {
	ctx, cancel := before(whole, m.options.Reserve)
	defer cancel()
	if slices.Contains(m.options.SourcePools, attempt.UserPoolID) {
		return domain.Decision{}, domain.CompletionNone, errOwnSource
	}
	finding, err := m.ask(ctx, whole, attempt)
	if err != nil {
		return domain.Decision{}, domain.CompletionNone, err
	}
	if finding, err = m.withSecondFactors(ctx, finding); err != nil {
		return domain.Decision{}, domain.CompletionNone, err
	}
	decision, err := m.afterEarlier(ctx, attempt, domain.Decide(m.options.Rules, attempt, finding))
	if err != nil {
		return domain.Decision{}, domain.CompletionNone, err
	}
	if decision.Verdict != domain.Migrate {
		return decision, domain.CompletionNone, nil
	}
	// Whether or not the completion was queued: our own outage must not count
	// against a user who proved the password.
	defer m.clear(whole, attempt, finding)
	if m.options.Completion == nil {
		return decision, domain.CompletionNone, nil
	}
	if m.options.Completion.OnlySecondFactors && decision.SecondFactor == "" && decision.MFAGroup == "" {
		return decision, domain.CompletionNone, nil
	}
	if err := m.send(ctx, domain.NewCompletion(m.options.Completion.Keys, attempt, m.options.Now(), finding.User, decision)); err != nil {
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

// afterEarlier checks a decision to migrate against the earlier sources'
// knowledge of the new user's names. A refusal stands even if another source
// did not answer; a migration needs every answer.
func (m *Migrator) afterEarlier(ctx context.Context, attempt domain.Attempt, decision domain.Decision) (domain.Decision, error) {
	if m.options.Earlier == nil || decision.Verdict != domain.Migrate {
		return decision, nil
	}
	findings, err := m.options.Earlier.FindEarlier(ctx, decision.Source, attempt.Username, decision.Names(attempt))
	if decision = decision.After(findings); err != nil && decision.Verdict == domain.Migrate {
		return domain.Decision{}, err
	}
	return decision, nil
}

func (m *Migrator) send(ctx context.Context, completion domain.Completion) (err error) {
	defer Recovered(&err)
	return m.options.Completion.Queue.Send(ctx, completion)
}

// ask asks the source, unless the rules decide without it.
func (m *Migrator) ask(ctx, whole context.Context, attempt domain.Attempt) (domain.Finding, error) {
	if !m.options.Rules.AsksSource(attempt.Trigger) {
		return domain.Finding{}, nil
	}
	if attempt.Trigger == domain.TriggerForgotPassword {
		return m.find(ctx, attempt)
	}
	return m.prove(ctx, whole, attempt)
}

// withSecondFactors completes a finding if the decision depends on it. If the
// factors are not known, nothing is decided: a user with a second factor must
// not migrate because of an outage.
func (m *Migrator) withSecondFactors(ctx context.Context, finding domain.Finding) (_ domain.Finding, err error) {
	if m.options.SecondFactors == nil || !m.options.Rules.NeedsSecondFactors(finding) {
		return finding, nil
	}
	defer Recovered(&err)
	return m.options.SecondFactors.WithSecondFactors(ctx, finding)
}

// find looks the user up. A panic of an adapter becomes an error, so that only
// this attempt fails.
func (m *Migrator) find(ctx context.Context, attempt domain.Attempt) (finding domain.Finding, err error) {
	defer Recovered(&err)
	return m.source.FindUser(ctx, attempt.Username)
}

// authenticate asks the source about the password. It handles panics as find
// does.
func (m *Migrator) authenticate(ctx context.Context, attempt domain.Attempt) (finding domain.Finding, err error) {
	defer Recovered(&err)
	return m.source.Authenticate(ctx, attempt.Username, attempt.Password)
}

// record stores the record within the reserve, even if the source used up its
// own time. The rest of the reserve is for the response.
func (m *Migrator) record(ctx context.Context, record domain.AuditRecord) error {
	within, cancel := m.reserved(ctx, record)
	defer cancel()
	err := m.keep(within, record)
	if err != nil {
		m.options.AuditFailed(ctx, record.AttemptID, err)
	}
	return err
}

// reserved returns the context for a record. If the attempt depends on the
// record, it leaves time for a second one.
func (m *Migrator) reserved(ctx context.Context, record domain.AuditRecord) (context.Context, context.CancelFunc) {
	after, most := m.options.Reserve/share, m.options.Reserve*(share-1)/share
	switch {
	case !m.options.AuditRequired:
	case record.Reason == domain.ReasonAuditUnkept:
		most = m.options.Reserve / share
	case record.Outcome == domain.OutcomeMigrated:
		after, most = 2*after, most-after
	}
	end := time.Now().Add(most)
	if deadline, ok := ctx.Deadline(); ok && deadline.Add(-after).Before(end) {
		end = deadline.Add(-after)
	}
	return context.WithDeadline(ctx, end)
}

func (m *Migrator) keep(ctx context.Context, record domain.AuditRecord) (err error) {
	defer Recovered(&err)
	return m.audit.Record(ctx, record)
}

// panicError describes a panic of an adapter by the type of its value and its
// location. It contains neither the value's text nor any argument, which may be
// a password.
type panicError struct {
	thrown string
	frames []string
}

func (p *panicError) Error() string {
	return "panic (" + p.thrown + ") at " + strings.Join(p.frames, " < ")
}

// Recovered turns a panic of an adapter into an error; call it with defer. The
// error contains the type of the value and the location, and nothing else.
func Recovered(err *error) {
	thrown := recover()
	if thrown == nil {
		return
	}
	*err = &panicError{thrown: fmt.Sprintf("%T", thrown), frames: frames()}
}

// frames lists the functions and lines that led to a panic, innermost first.
func frames() []string {
	const skip, most = 4, 16 // Callers, frames, Recovered and the runtime's panic
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
