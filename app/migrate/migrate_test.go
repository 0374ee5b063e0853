package migrate_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
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

const canary = "canary-91c4"

// fixture is the use case over mocks, with a clock that is told the time.
type fixture struct {
	source  *mocks.MockSourceDirectory
	audit   *mocks.MockAuditSink
	clock   time.Time
	unkept  []error
	options migrate.Options
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	controller := gomock.NewController(t)
	f := &fixture{
		source: mocks.NewMockSourceDirectory(controller),
		audit:  mocks.NewMockAuditSink(controller),
		clock:  time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC),
	}
	f.options = migrate.Options{
		Rules:         domain.DefaultRules(),
		Pseudonymizer: domain.NewPseudonymizer(domain.AuditUsernamePlain, domain.Secret{}),
		AuditFailed:   func(_ context.Context, _ string, err error) { f.unkept = append(f.unkept, err) },
		Now:           func() time.Time { return f.clock },
	}
	return f
}

func (f *fixture) migrate(ctx context.Context, attempt domain.Attempt) (domain.Decision, error) {
	return migrate.New(f.source, f.audit, f.options).Migrate(ctx, attempt)
}

// records expects one record and returns where it will be.
func (f *fixture) records() *domain.AuditRecord {
	record := new(domain.AuditRecord)
	f.audit.EXPECT().Record(gomock.Any(), gomock.Any()).
		DoAndReturn(func(_ context.Context, r domain.AuditRecord) error {
			*record = r
			return nil
		})
	return record
}

func signIn() domain.Attempt {
	return domain.Attempt{
		ID: "request-1", Trigger: domain.TriggerAuthentication, Username: "alice", Password: domain.NewPassword(canary),
		UserPoolID: "ap-northeast-1_Dest00001", ClientID: "client-1",
	}
}

func accepted() domain.Finding {
	return domain.Finding{Kind: domain.PasswordAccepted, Source: "SOURCE", User: domain.SourceUser{
		Username: "alice", Enabled: true, Attributes: domain.Attributes{"email": canary + "@example.com"},
	}}
}

func TestASignInAsksTheSourceOnceAndIsRecorded(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.source.EXPECT().Authenticate(gomock.Any(), "alice", gomock.Any()).
		DoAndReturn(func(_ context.Context, _ string, password domain.Password) (domain.Finding, error) {
			if password.Reveal() != canary {
				t.Errorf("the password is %q", password.Reveal())
			}
			f.clock = f.clock.Add(123 * time.Millisecond)
			return accepted(), nil
		})
	record := f.records()

	decision, err := f.migrate(context.Background(), signIn())

	if err != nil || decision.Verdict != domain.Migrate {
		t.Fatalf("got %v, %v", decision, err)
	}
	want := domain.AuditRecord{
		AttemptID: "request-1", Time: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC), Duration: 123 * time.Millisecond,
		Trigger: domain.TriggerAuthentication, Outcome: domain.OutcomeMigrated, Reason: domain.ReasonPasswordAccepted,
		Source: "SOURCE", FinalStatus: domain.FinalConfirmed, UserPoolID: "ap-northeast-1_Dest00001", ClientID: "client-1", Username: "alice",
	}
	if !reflect.DeepEqual(*record, want) {
		t.Errorf("recorded %+v\nwant     %+v", *record, want)
	}
}

// The trigger on the source pool itself would be invoked by its own question.
func TestAnAttemptOfASourcePoolFails(t *testing.T) {
	t.Parallel()
	for _, trigger := range []domain.Trigger{domain.TriggerAuthentication, domain.TriggerForgotPassword} {
		f := newFixture(t)
		f.options.SourcePools = []string{"ap-northeast-1_Other0001", "ap-northeast-1_Dest00001"}
		record := f.records()
		attempt := signIn()
		attempt.Trigger = trigger
		_, err := f.migrate(context.Background(), attempt) // the mock of the source fails a question
		if !errors.Is(err, ports.ErrMisconfigured) || record.Reason != domain.ReasonSourceMisconfigured {
			t.Errorf("%s: got %v, recorded %s", trigger, err, record.Reason)
		}
	}
}

func TestAForgottenPasswordAsksForTheProfileAlone(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.source.EXPECT().FindUser(gomock.Any(), "alice").Return(domain.Finding{Kind: domain.UserUnknown, Source: "SOURCE"}, nil)
	record := f.records()
	decision, err := f.migrate(context.Background(), domain.Attempt{Trigger: domain.TriggerForgotPassword, Username: "alice"})
	if err != nil || decision.Verdict != domain.Refuse || decision.Reason != domain.ReasonUserUnknown {
		t.Errorf("got %v, %v", decision, err)
	}
	if record.Outcome != domain.OutcomeRefused || record.Reason != domain.ReasonUserUnknown || record.FinalStatus != "" {
		t.Errorf("recorded %+v", record)
	}
}

func TestAChallengeIsRecorded(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.source.EXPECT().Authenticate(gomock.Any(), gomock.Any(), gomock.Any()).
		Return(domain.Finding{Kind: domain.MFARequired, Source: "SOURCE", Challenge: "SMS_MFA"}, nil)
	record := f.records()
	if _, err := f.migrate(context.Background(), signIn()); err != nil {
		t.Fatal(err)
	}
	if record.Challenge != "SMS_MFA" || record.Reason != domain.ReasonMFARequired {
		t.Errorf("recorded %+v", record)
	}
}

func TestNoAnswerIsAFailureWithItsReason(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		err  error
		want domain.Reason
	}{
		"throttled":           {fmt.Errorf("source: %w", ports.ErrThrottled), domain.ReasonSourceThrottled},
		"unreachable":         {fmt.Errorf("source: %w", ports.ErrUnreachable), domain.ReasonSourceUnreachable},
		"misconfigured":       {fmt.Errorf("source: %w", ports.ErrMisconfigured), domain.ReasonSourceMisconfigured},
		"out of time":         {context.DeadlineExceeded, domain.ReasonDeadlineExceeded},
		"cancelled":           {context.Canceled, domain.ReasonDeadlineExceeded},
		"an error of no kind": {errors.New("strange"), domain.ReasonInternal},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			f.source.EXPECT().Authenticate(gomock.Any(), gomock.Any(), gomock.Any()).Return(domain.Finding{}, row.err)
			record := f.records()
			decision, err := f.migrate(context.Background(), signIn())
			failure, ok := errors.AsType[*migrate.Failure](err)
			if !ok || failure.Reason != row.want || !errors.Is(err, row.err) || !strings.Contains(err.Error(), string(row.want)) {
				t.Errorf("got %v", err)
			}
			if decision.Verdict != domain.Refuse || decision.User.Attributes != nil {
				t.Errorf("decided %v", decision)
			}
			if record.Outcome != domain.OutcomeFailed || record.Reason != row.want || record.AttemptID != "request-1" {
				t.Errorf("recorded %+v", record)
			}
		})
	}
}

func TestTheSourceHasTheTimeThatIsLeftButTheReserve(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		f.options.Reserve = 300 * time.Millisecond
		deadline := time.Now().Add(2 * time.Second)
		ctx, cancel := context.WithDeadline(context.Background(), deadline)
		defer cancel()
		f.source.EXPECT().Authenticate(gomock.Any(), gomock.Any(), gomock.Any()).
			DoAndReturn(func(ctx context.Context, _ string, _ domain.Password) (domain.Finding, error) {
				if got, ok := ctx.Deadline(); !ok || !got.Equal(deadline.Add(-300*time.Millisecond)) {
					t.Errorf("the source has until %v", got)
				}
				return accepted(), nil
			})
		f.audit.EXPECT().Record(gomock.Any(), gomock.Any()).DoAndReturn(func(ctx context.Context, _ domain.AuditRecord) error {
			if got, _ := ctx.Deadline(); got.After(time.Now().Add(240 * time.Millisecond)) {
				t.Errorf("the record has until %v, with %v left", got, time.Until(deadline))
			}
			return nil
		})
		if _, err := f.migrate(ctx, signIn()); err != nil {
			t.Fatal(err)
		}
	})
}

func TestASlowSourceIsGivenUpInTimeForTheRecord(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		f.options.Reserve = 200 * time.Millisecond
		ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
		defer cancel()
		f.source.EXPECT().Authenticate(gomock.Any(), gomock.Any(), gomock.Any()).
			DoAndReturn(func(ctx context.Context, _ string, _ domain.Password) (domain.Finding, error) {
				<-ctx.Done()
				return domain.Finding{}, ctx.Err()
			})
		f.audit.EXPECT().Record(gomock.Any(), gomock.Any()).DoAndReturn(func(ctx context.Context, record domain.AuditRecord) error {
			if ctx.Err() != nil || record.Reason != domain.ReasonDeadlineExceeded {
				t.Errorf("recorded %s with the context %v", record.Reason, ctx.Err())
			}
			return nil
		})
		if _, err := f.migrate(ctx, signIn()); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	})
}

func TestARecordThatIsNotKeptDoesNotTurnAnyoneAway(t *testing.T) {
	t.Parallel()
	full := errors.New("the sink is full")
	for name, sink := range map[string]func(context.Context, domain.AuditRecord) error{
		"because of an error": func(context.Context, domain.AuditRecord) error { return full },
		"because of a panic":  func(context.Context, domain.AuditRecord) error { panic(full) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			f.source.EXPECT().Authenticate(gomock.Any(), gomock.Any(), gomock.Any()).Return(accepted(), nil)
			f.audit.EXPECT().Record(gomock.Any(), gomock.Any()).DoAndReturn(sink)
			decision, err := f.migrate(context.Background(), signIn())
			if err != nil || decision.Verdict != domain.Migrate {
				t.Errorf("got %v, %v", decision, err)
			}
			if len(f.unkept) != 1 {
				t.Errorf("told of %v", f.unkept)
			}
		})
	}
}

func TestAPanicOfTheSourceIsAFailureThatShowsWhereButNotWhat(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.source.EXPECT().Authenticate(gomock.Any(), gomock.Any(), gomock.Any()).
		DoAndReturn(func(_ context.Context, _ string, password domain.Password) (domain.Finding, error) {
			panic("no way to serve " + password.Reveal())
		})
	record := f.records()
	_, err := f.migrate(context.Background(), signIn())
	failure, ok := errors.AsType[*migrate.Failure](err)
	if !ok || failure.Reason != domain.ReasonInternal || record.Outcome != domain.OutcomeFailed {
		t.Fatalf("got %v, recorded %+v", err, record)
	}
	if text := fmt.Sprintf("%v %+v %#v", err, failure, failure.Err.Error()); strings.Contains(text, canary) {
		t.Errorf("shown: %s", text)
	}
	if !strings.Contains(err.Error(), "TestAPanicOfTheSource") || !strings.Contains(err.Error(), "string") {
		t.Errorf("it does not say where: %v", err)
	}
}

func TestNothingNeedsToBeChosen(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.source.EXPECT().Authenticate(gomock.Any(), gomock.Any(), gomock.Any()).Return(accepted(), nil)
	f.audit.EXPECT().Record(gomock.Any(), gomock.Any()).Return(errors.New("not kept"))
	decision, err := migrate.New(f.source, f.audit, migrate.Options{}).Migrate(context.Background(), signIn())
	if err != nil || decision.Verdict != domain.Migrate {
		t.Errorf("got %v, %v", decision, err)
	}
}
