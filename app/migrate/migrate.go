// Package migrate is the use case: find, decide, record, inside one deadline. It
// sees domain and ports only.
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

// DefaultReserve is the time that is kept for the record and the answer.
const DefaultReserve = 500 * time.Millisecond

// RequiredReserve is the time that is kept if the record is required. The first
// record may take longer, and a second record follows if the first one fails.
const RequiredReserve = time.Second

// share is the part of the reserve that is the answer's, and that of the second
// record.
const share = 5

// Options are the choices of a [Migrator].
type Options struct {
	// Rules decide.
	Rules domain.Rules
	// Pseudonymizer gives the form in which usernames are recorded.
	Pseudonymizer domain.Pseudonymizer
	// Reserve is what is kept of the context's time for the record and the
	// answer; where it is zero, [DefaultReserve], or [RequiredReserve] with
	// AuditRequired. No record is given longer, however much time is left.
	Reserve time.Duration
	// Earlier asks the sources before the one that knows the user; nil where
	// there is one source.
	Earlier EarlierSources
	// SecondFactors completes findings; nil where profiles list all second factors.
	SecondFactors SecondFactors
	// SourcePools are the IDs of the user pools that are sources. An attempt of one
	// of them fails: the trigger is attached to the pool that it is to ask.
	SourcePools []string
	// Completion is what follows a decision to migrate; nothing where it is nil.
	Completion *Completion
	// Lockout limits password attempts; if it is nil, only the source limits them.
	Lockout *Lockout
	// AuditRequired fails a migration that could not be recorded. Without it the
	// user migrates although a sink is down.
	AuditRequired bool
	// AuditFailed is called if a record of the attempt could not be kept.
	AuditFailed func(ctx context.Context, attemptID string, err error)
	// Now is the clock; [time.Now] where it is nil.
	Now func() time.Time
}

// EarlierSources are the sources before the one whose finding led to a decision to
// migrate.
type EarlierSources interface {
	// FindEarlier looks the names up at every source before the one given and
	// returns what was found, in the order of the sources. With an error, which is
	// one of a source's, the findings are those of the sources that answered.
	FindEarlier(ctx context.Context, source, typed string, names []string) ([]domain.Finding, error)
}

// SecondFactors reads second factors that a profile does not list.
type SecondFactors interface {
	// WithSecondFactors returns the finding, completed by its source. Its error is
	// one of a source's, and means that the source cannot tell.
	WithSecondFactors(ctx context.Context, finding domain.Finding) (domain.Finding, error)
}

// Completion says what follows a decision to migrate.
type Completion struct {
	// Queue keeps the completions.
	Queue ports.CompletionQueue
	// Keys make the digests in a completion.
	Keys domain.CompletionKeys
	// Required fails an attempt whose completion cannot be queued. Without it the
	// user migrates, and the record says that completion is owed.
	Required bool
	// OnlySecondFactors queues nothing for users whose second factor needs no
	// completion.
	OnlySecondFactors bool
	// Unsent gets the error of the queue, for the log. It may be nil.
	Unsent func(ctx context.Context, err error)
}

// Migrator decides attempts by what a source says.
type Migrator struct {
	source  ports.SourceDirectory
	audit   ports.AuditSink
	options Options
}

// New returns the use case over a source and a sink for records.
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

// Error returns the reason and the cause. It holds no user's data.
func (f *Failure) Error() string {
	return string(f.Reason) + ": " + f.Err.Error()
}

// Unwrap returns the cause.
func (f *Failure) Unwrap() error {
	return f.Err
}

// Migrate asks the source and decides; a record is kept of it, whatever came of
// it, before it returns. It returns a [*Failure] when nothing was decided, or
// when a decision to migrate could not be recorded and has to be; then a second
// record says so. It returns before the context's deadline.
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

// unkept is the record of an attempt that failed because the record given could
// not be kept. A completion that is in the queue stays there, and finishes
// nothing, because nobody was moved; one that is not is owed no more.
func (m *Migrator) unkept(record domain.AuditRecord) domain.AuditRecord {
	record.Outcome, record.Reason = domain.OutcomeFailed, domain.ReasonAuditUnkept
	record.FinalStatus, record.OmittedAttributes = "", nil
	record.Duration = m.options.Now().Sub(record.Time)
	if record.Completion != domain.CompletionQueued {
		record.Completion = domain.CompletionNone
	}
	return record
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

// errOwnSource is an attempt of a user pool that is itself a source. To ask it
// would invoke the trigger again, and again.
var errOwnSource = fmt.Errorf("the event's user pool is itself a source; remove the trigger from it and attach the function to the destination: %w", ports.ErrMisconfigured)

// errUnsent is a completion that could not be queued and must be.
var errUnsent = errors.New("the completion could not be queued")

// decide asks the source in the time that is left, decides by its answer and
// queues what is owed after it.
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
	// Whether the completion is queued or not: an outage of ours must not count
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

// afterEarlier holds a decision to migrate against what the earlier sources know
// of the names that the user would be created with. A refusal stands although
// another source did not answer; a migration needs every answer.
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

// ask puts the attempt to the source, unless the rules decide without it.
func (m *Migrator) ask(ctx, whole context.Context, attempt domain.Attempt) (domain.Finding, error) {
	if !m.options.Rules.AsksSource(attempt.Trigger) {
		return domain.Finding{}, nil
	}
	if attempt.Trigger == domain.TriggerForgotPassword {
		return m.find(ctx, attempt)
	}
	return m.prove(ctx, whole, attempt)
}

// withSecondFactors completes a finding where the decision depends on it. If the
// source cannot tell, nothing is decided: a user with a second factor must not
// migrate because of an outage.
func (m *Migrator) withSecondFactors(ctx context.Context, finding domain.Finding) (_ domain.Finding, err error) {
	if m.options.SecondFactors == nil || !m.options.Rules.NeedsSecondFactors(finding) {
		return finding, nil
	}
	defer Recovered(&err)
	return m.options.SecondFactors.WithSecondFactors(ctx, finding)
}

// find looks the user up. A panic of an adapter becomes an error: one attempt
// fails, and the process serves the next.
func (m *Migrator) find(ctx context.Context, attempt domain.Attempt) (finding domain.Finding, err error) {
	defer Recovered(&err)
	return m.source.FindUser(ctx, attempt.Username)
}

// authenticate asks the source about the password, as find does about the user.
func (m *Migrator) authenticate(ctx context.Context, attempt domain.Attempt) (finding domain.Finding, err error) {
	defer Recovered(&err)
	return m.source.Authenticate(ctx, attempt.Username, attempt.Password)
}

// record keeps the record in the reserve, even where the source used up its
// own time; what is left of it is for the answer.
func (m *Migrator) record(ctx context.Context, record domain.AuditRecord) error {
	within, cancel := m.reserved(ctx, record)
	defer cancel()
	err := m.keep(within, record)
	if err != nil {
		m.options.AuditFailed(ctx, record.AttemptID, err)
	}
	return err
}

// reserved is the part of the time that a record has. Where the attempt hangs on
// it, there may have to be a second one, for which a part is kept too.
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

// panicError is a panic of an adapter: the type of what was thrown and where,
// but neither its text nor any argument, which may be a password.
type panicError struct {
	thrown string
	frames []string
}

func (p *panicError) Error() string {
	return "panic (" + p.thrown + ") at " + strings.Join(p.frames, " < ")
}

// Recovered turns a panic of an adapter into an error; it is deferred. The error
// names the type of what was thrown and where, and holds nothing of what was at
// hand.
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
