package migrate_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"cognito-user-migration/app/migrate"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
	"cognito-user-migration/ports/mocks"

	"github.com/golang/mock/gomock"
)

// limited is the use case with a limiter.
type limited struct {
	*fixture
	limiter   *mocks.MockLimiter
	unsettled []error
}

func newLimited(t *testing.T) *limited {
	t.Helper()
	l := &limited{fixture: newFixture(t), limiter: mocks.NewMockLimiter(gomock.NewController(t))}
	l.options.Lockout = &migrate.Lockout{
		Limiter: l.limiter, Keys: lockoutKeys(),
		Unsettled: func(_ context.Context, err error) { l.unsettled = append(l.unsettled, err) },
	}
	return l
}

func lockoutKeys() domain.LockoutKeys {
	return domain.NewLockoutKeys(domain.NewSecret("a key of thirty-two characters, or more"))
}

func grantedTry() ports.LockoutAttempt {
	return ports.LockoutAttempt{Granted: true, ID: "try-1", After: domain.LockoutCount{Failures: 1}}
}

func TestATryIsCountedBeforeTheSourceIsAskedAndSettledByWhatItSays(t *testing.T) {
	t.Parallel()
	const keep, forget, giveBack = "keep", "forget", "give back"
	profile, reachable := accepted().User, accepted().User
	reachable.Attributes = domain.Attributes{"email": "alice@example.com", "email_verified": "true"}
	for name, row := range map[string]struct {
		finding domain.Finding
		err     error
		panics  bool
		then    string
		reason  domain.Reason
	}{
		"the right password":   {finding: accepted(), then: forget, reason: domain.ReasonPasswordAccepted},
		"a temporary password": {finding: domain.Finding{Kind: domain.TemporaryPasswordAccepted, User: reachable}, then: forget, reason: domain.ReasonTemporaryPassword},
		// A right password that is refused looks like a wrong one.
		"a temporary password of a user without a contact": {finding: domain.Finding{Kind: domain.TemporaryPasswordAccepted, User: profile}, then: keep, reason: domain.ReasonNoVerifiedContact},
		"a second factor":                          {finding: domain.Finding{Kind: domain.MFARequired}, then: keep, reason: domain.ReasonMFARequired},
		"the right password of somebody else":      {finding: domain.Finding{Kind: domain.PasswordAccepted, User: domain.SourceUser{Username: "bob", Enabled: true}}, then: keep, reason: domain.ReasonIdentifierNotOwned},
		"the right password of a disabled user":    {finding: domain.Finding{Kind: domain.PasswordAccepted, User: domain.SourceUser{Username: "alice"}}, then: keep, reason: domain.ReasonUserDisabled},
		"the right password of an unconfirmed one": {finding: domain.Finding{Kind: domain.PasswordAccepted, User: domain.SourceUser{Username: "alice", Enabled: true, Status: domain.StatusUnconfirmed}}, then: keep, reason: domain.ReasonUserUnconfirmed},
		"the right password of a federated one":    {finding: domain.Finding{Kind: domain.PasswordAccepted, User: domain.SourceUser{Username: "alice", Enabled: true, Status: domain.StatusExternalProvider}}, then: keep, reason: domain.ReasonUserFederated},
		// It migrates, and proves no password.
		"a demanded reset":                {finding: domain.Finding{Kind: domain.ResetRequired, User: reachable}, then: keep, reason: domain.ReasonResetRequired},
		"a wrong password":                {finding: domain.Finding{Kind: domain.PasswordWrong}, then: keep, reason: domain.ReasonPasswordWrong},
		"a name that nobody has":          {finding: domain.Finding{Kind: domain.UserUnknown}, then: keep, reason: domain.ReasonUserUnknown},
		"a name that several have":        {finding: domain.Finding{Kind: domain.UserAmbiguous}, then: keep, reason: domain.ReasonUserAmbiguous},
		"a disabled user":                 {finding: domain.Finding{Kind: domain.UserDisabled}, then: keep, reason: domain.ReasonUserDisabled},
		"the source's own lockout":        {finding: domain.Finding{Kind: domain.LockedOut}, then: keep, reason: domain.ReasonLockedOut},
		"an expired temporary password":   {finding: domain.Finding{Kind: domain.TemporaryPasswordExpired}, then: keep, reason: domain.ReasonTemporaryPasswordExpired},
		"a challenge that is unsupported": {finding: domain.Finding{Kind: domain.ChallengeUnsupported}, then: keep, reason: domain.ReasonChallengeUnsupported},
		"nothing that makes sense":        {finding: domain.Finding{}, then: keep, reason: domain.ReasonFindingUnexpected},
		"no connection":                   {err: ports.NotJudged(ports.ErrUnreachable), then: giveBack, reason: domain.ReasonSourceUnreachable},
		"that it is throttled":            {err: ports.NotJudged(ports.ErrThrottled), then: giveBack, reason: domain.ReasonSourceThrottled},
		"nothing in time":                 {err: ports.NotJudged(context.DeadlineExceeded), then: giveBack, reason: domain.ReasonDeadlineExceeded},
		"no credentials":                  {err: ports.NotJudged(ports.ErrMisconfigured), then: giveBack, reason: domain.ReasonSourceMisconfigured},
		// What is not certified may be an answer to the password.
		"something that cannot be read":    {err: ports.ErrUnreachable, then: keep, reason: domain.ReasonSourceUnreachable},
		"something about our settings":     {err: ports.ErrMisconfigured, then: keep, reason: domain.ReasonSourceMisconfigured},
		"that it is throttled, afterwards": {err: ports.MaybeJudged(ports.NotJudged(ports.ErrThrottled)), then: keep, reason: domain.ReasonSourceThrottled},
		"nothing in time, afterwards":      {err: context.DeadlineExceeded, then: keep, reason: domain.ReasonDeadlineExceeded},
		"an error of nobody's":             {err: errors.New("what is this"), then: keep, reason: domain.ReasonInternal},
		"nothing, by a panic":              {panics: true, then: keep, reason: domain.ReasonInternal},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLimited(t)
			key := lockoutKeys().Of("alice")
			asked := l.source.EXPECT().Authenticate(gomock.Any(), "alice", gomock.Any()).
				DoAndReturn(func(context.Context, string, domain.Password) (domain.Finding, error) {
					if row.panics {
						panic(canary)
					}
					return row.finding, row.err
				}).
				After(l.limiter.EXPECT().Take(gomock.Any(), key).Return(grantedTry(), nil))
			switch row.then {
			case forget:
				l.limiter.EXPECT().Clear(gomock.Any(), key).Return(nil).After(asked)
			case giveBack:
				l.limiter.EXPECT().GiveBack(gomock.Any(), key, grantedTry()).Return(nil).After(asked)
			}
			record := l.records()
			_, _ = l.migrate(context.Background(), signIn())
			if record.Reason != row.reason {
				t.Errorf("recorded %+v", record)
			}
			if len(l.unsettled) > 0 {
				t.Errorf("told of %v", l.unsettled)
			}
		})
	}
}

func TestALockedNameIsRefusedAndTheSourceIsNotAsked(t *testing.T) {
	t.Parallel()
	l := newLimited(t) // neither the source nor anything else of the limiter may be called
	l.limiter.EXPECT().Take(gomock.Any(), lockoutKeys().Of("alice")).Return(ports.LockoutAttempt{}, nil)
	record := l.records()
	decision, err := l.migrate(context.Background(), signIn())
	if err != nil || decision.Verdict != domain.Refuse || decision.Reason != domain.ReasonLockedOut || decision.User.Attributes != nil {
		t.Errorf("got %v, %v", decision, err)
	}
	if record.Outcome != domain.OutcomeRefused || record.Reason != domain.ReasonLockedOut || record.Source != "" {
		t.Errorf("recorded %+v", record)
	}
}

func TestAForgottenPasswordIsNotCounted(t *testing.T) {
	t.Parallel()
	l := newLimited(t) // the limiter must not be called
	l.source.EXPECT().FindUser(gomock.Any(), "alice").Return(domain.Finding{Kind: domain.UserUnknown}, nil)
	record := l.records()
	if _, err := l.migrate(context.Background(), domain.Attempt{Trigger: domain.TriggerForgotPassword, Username: "alice"}); err != nil || record.Reason != domain.ReasonUserUnknown {
		t.Errorf("got %v, recorded %+v", err, record)
	}
}

func TestForgottenPasswordsAreRefusedWithoutAskingTheSource(t *testing.T) {
	t.Parallel()
	l := newLimited(t) // neither the limiter nor the source may be called
	l.options.Rules.OnForgotPassword = domain.ForgotPasswordRefuse
	record := l.records()
	decision, err := l.migrate(context.Background(), domain.Attempt{Trigger: domain.TriggerForgotPassword, Username: "alice"})
	if err != nil || decision.Verdict != domain.Refuse || decision.Reason != domain.ReasonForgotPasswordRefused {
		t.Errorf("got %v, %v", decision, err)
	}
	if record.Outcome != domain.OutcomeRefused || record.Reason != domain.ReasonForgotPasswordRefused || record.Source != "" {
		t.Errorf("recorded %+v", record)
	}
}

func TestWhereTriesCannotBeCountedNothingIsTried(t *testing.T) {
	t.Parallel()
	for name, take := range map[string]func() (ports.LockoutAttempt, error){
		"throttled": func() (ports.LockoutAttempt, error) {
			return ports.LockoutAttempt{}, fmt.Errorf("table: %w", ports.ErrThrottled)
		},
		"unreachable": func() (ports.LockoutAttempt, error) {
			return ports.LockoutAttempt{}, fmt.Errorf("table: %w", ports.ErrUnreachable)
		},
		"misconfigured": func() (ports.LockoutAttempt, error) {
			return ports.LockoutAttempt{}, fmt.Errorf("table: %w", ports.ErrMisconfigured)
		},
		"out of time": func() (ports.LockoutAttempt, error) { return ports.LockoutAttempt{}, context.DeadlineExceeded },
		"a panic":     func() (ports.LockoutAttempt, error) { panic(canary) },
		// An error counts, whatever must be next to it.
		"granted, with an error": func() (ports.LockoutAttempt, error) { return grantedTry(), ports.ErrUnreachable },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLimited(t) // the source must not be called
			l.limiter.EXPECT().Take(gomock.Any(), gomock.Any()).DoAndReturn(func(context.Context, domain.LockoutKey) (ports.LockoutAttempt, error) { return take() })
			record := l.records()
			decision, err := l.migrate(context.Background(), signIn())
			failure, ok := errors.AsType[*migrate.Failure](err)
			if !ok || failure.Reason != domain.ReasonLockoutUnavailable || decision.Verdict != domain.Refuse {
				t.Errorf("got %v, %v", decision, err)
			}
			if strings.Contains(err.Error(), canary) || strings.Contains(err.Error(), "alice") {
				t.Errorf("the error shows: %v", err)
			}
			if record.Outcome != domain.OutcomeFailed || record.Reason != domain.ReasonLockoutUnavailable {
				t.Errorf("recorded %+v", record)
			}
		})
	}
}

// TestACountThatCannotBeSettledChangesNoAnswer: the source has spoken, and what
// is counted is forgotten by itself.
func TestACountThatCannotBeSettledChangesNoAnswer(t *testing.T) {
	t.Parallel()
	for name, settle := range map[string]func() error{
		"because of an error": func() error { return fmt.Errorf("table: %w", ports.ErrUnreachable) },
		"because of a panic":  func() error { panic(canary) },
	} {
		for told := range 2 {
			t.Run(fmt.Sprintf("%s, with %d to be told", name, told), func(t *testing.T) {
				t.Parallel()
				l := newLimited(t)
				if told == 0 {
					l.options.Lockout.Unsettled = nil
				}
				l.limiter.EXPECT().Take(gomock.Any(), gomock.Any()).Return(grantedTry(), nil).Times(2)
				l.limiter.EXPECT().Clear(gomock.Any(), gomock.Any()).DoAndReturn(func(context.Context, domain.LockoutKey) error { return settle() })
				l.limiter.EXPECT().GiveBack(gomock.Any(), gomock.Any(), gomock.Any()).DoAndReturn(func(context.Context, domain.LockoutKey, ports.LockoutAttempt) error { return settle() })
				l.audit.EXPECT().Record(gomock.Any(), gomock.Any()).Times(2)
				l.source.EXPECT().Authenticate(gomock.Any(), gomock.Any(), gomock.Any()).Return(accepted(), nil)
				if decision, err := l.migrate(context.Background(), signIn()); err != nil || decision.Verdict != domain.Migrate {
					t.Errorf("got %v, %v", decision, err)
				}
				l.source.EXPECT().Authenticate(gomock.Any(), gomock.Any(), gomock.Any()).Return(domain.Finding{}, ports.NotJudged(ports.ErrThrottled))
				if _, err := l.migrate(context.Background(), signIn()); !errors.Is(err, ports.ErrThrottled) {
					t.Errorf("got %v", err)
				}
				if len(l.unsettled) != 2*told {
					t.Errorf("told of %v", l.unsettled)
				}
				for _, err := range l.unsettled {
					if strings.Contains(err.Error(), canary) {
						t.Errorf("it shows: %v", err)
					}
				}
			})
		}
	}
}

func TestATryIsGivenBackEvenWhereTheSourceUsedUpItsTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLimited(t)
		l.options.Reserve = 400 * time.Millisecond
		deadline := time.Now().Add(450 * time.Millisecond)
		ctx, cancel := context.WithDeadline(context.Background(), deadline)
		defer cancel()
		l.limiter.EXPECT().Take(gomock.Any(), gomock.Any()).Return(grantedTry(), nil)
		l.source.EXPECT().Authenticate(gomock.Any(), gomock.Any(), gomock.Any()).
			DoAndReturn(func(ctx context.Context, _ string, _ domain.Password) (domain.Finding, error) {
				<-ctx.Done()
				return domain.Finding{}, ports.NotJudged(ctx.Err())
			})
		l.limiter.EXPECT().GiveBack(gomock.Any(), gomock.Any(), gomock.Any()).
			DoAndReturn(func(ctx context.Context, _ domain.LockoutKey, _ ports.LockoutAttempt) error {
				if until, ok := ctx.Deadline(); ctx.Err() != nil || !ok || !until.Equal(deadline.Add(-200*time.Millisecond)) {
					t.Errorf("it has until %v, %v before the end; %v", until, deadline.Sub(until), ctx.Err())
				}
				ports.BeginCall(ctx, ports.Call{Service: "DynamoDB", Operation: "PutItem"})(200)
				return nil
			})
		record := l.records()
		if _, err := l.migrate(ctx, signIn()); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		if record.Calls != 1 {
			t.Errorf("the call is not counted: %+v", record)
		}
	})
}

// An outage of ours does not count against a user who proved the password: the
// decision was to migrate.
func TestAFailureAfterADecisionToMigrateClearsTheCount(t *testing.T) {
	t.Parallel()
	for name, outage := range map[string]func(*limited){
		"the completion cannot be queued": func(l *limited) {
			queue := mocks.NewMockCompletionQueue(gomock.NewController(t))
			queue.EXPECT().Send(gomock.Any(), gomock.Any()).Return(ports.ErrUnreachable)
			l.options.Completion = &migrate.Completion{Queue: queue, Required: true}
			l.audit.EXPECT().Record(gomock.Any(), gomock.Any())
		},
		"the record cannot be kept": func(l *limited) {
			l.options.AuditRequired = true
			l.audit.EXPECT().Record(gomock.Any(), gomock.Any()).Return(ports.ErrUnreachable).Times(2)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLimited(t)
			outage(l)
			l.limiter.EXPECT().Take(gomock.Any(), gomock.Any()).Return(grantedTry(), nil)
			l.limiter.EXPECT().Clear(gomock.Any(), lockoutKeys().Of("alice")).Return(nil)
			l.source.EXPECT().Authenticate(gomock.Any(), gomock.Any(), gomock.Any()).Return(accepted(), nil)
			if _, err := l.migrate(context.Background(), signIn()); err == nil {
				t.Error("it did not fail")
			}
		})
	}
}

// TestWhatAnEarlierSourceSaysCountsTheTry: the limiter is neither told to clear
// nor to give back.
func TestWhatAnEarlierSourceSaysCountsTheTry(t *testing.T) {
	t.Parallel()
	for name, says := range map[string]earlier{
		"it knows the identity": func(string, string, []string) ([]domain.Finding, error) {
			return []domain.Finding{found(domain.UserFound, "OLD")}, nil
		},
		"it is down": func(string, string, []string) ([]domain.Finding, error) {
			return nil, ports.NotJudged(ports.ErrUnreachable) // of the look-up, not of the password
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLimited(t)
			l.options.Earlier = says
			l.limiter.EXPECT().Take(gomock.Any(), gomock.Any()).Return(grantedTry(), nil)
			l.source.EXPECT().Authenticate(gomock.Any(), gomock.Any(), gomock.Any()).Return(accepted(), nil)
			record := l.records()
			_, _ = l.migrate(t.Context(), signIn())
			if record.Outcome == domain.OutcomeMigrated {
				t.Errorf("recorded %+v", record)
			}
		})
	}
}
