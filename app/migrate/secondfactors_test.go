package migrate_test

import (
	"context"
	"errors"
	"testing"

	"cognito-user-migration/app/migrate"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
	"cognito-user-migration/ports/mocks"

	"github.com/golang/mock/gomock"
)

// incomplete are the ways to migrate without a completed sign-in, each with the
// finding that the source gives.
func incomplete() map[string]struct {
	attempt domain.Attempt
	finding domain.Finding
	reason  domain.Reason
} {
	user := func(status domain.UserStatus) domain.SourceUser {
		return domain.SourceUser{Username: "alice", Enabled: true, Status: status, Attributes: domain.Attributes{
			"email": "alice@example.com", "email_verified": "true",
		}}
	}
	forgot := domain.Attempt{ID: "request-1", Trigger: domain.TriggerForgotPassword, Username: "alice"}
	return map[string]struct {
		attempt domain.Attempt
		finding domain.Finding
		reason  domain.Reason
	}{
		"forgot-password":    {forgot, domain.Finding{Kind: domain.UserFound, Source: "SOURCE", User: user(domain.StatusConfirmed)}, domain.ReasonForgotPassword},
		"temporary password": {signIn(), domain.Finding{Kind: domain.TemporaryPasswordAccepted, Source: "SOURCE", User: user(domain.StatusForceChangePassword)}, domain.ReasonTemporaryPassword},
		"required reset":     {signIn(), domain.Finding{Kind: domain.ResetRequired, Source: "SOURCE", User: user(domain.StatusResetRequired)}, domain.ReasonResetRequired},
	}
}

func (f *fixture) finds(finding domain.Finding) {
	f.source.EXPECT().Authenticate(gomock.Any(), gomock.Any(), gomock.Any()).Return(finding, nil).AnyTimes()
	f.source.EXPECT().FindUser(gomock.Any(), gomock.Any()).Return(finding, nil).AnyTimes()
}

func TestWithoutACompletedSignInTheSourceIsAskedForSecondFactors(t *testing.T) {
	t.Parallel()
	for way, row := range incomplete() {
		for name, answer := range map[string]struct {
			change func(*domain.SourceUser)
			err    error
			reason domain.Reason
			policy domain.OnMFA
			never  bool
		}{
			"none":                 {reason: row.reason},
			"required by the pool": {change: func(u *domain.SourceUser) { u.MFARequired = true }, reason: domain.ReasonMFARequired},
			"a passkey":            {change: func(u *domain.SourceUser) { u.MFA = []domain.MFAMethod{domain.MFAPasskey} }, reason: domain.ReasonMFARequired},
			"a passkey, carry":     {change: func(u *domain.SourceUser) { u.MFA = []domain.MFAMethod{domain.MFAPasskey} }, reason: domain.ReasonMFANotCarried, policy: domain.MFACarry},
			"not permitted to ask": {err: ports.ErrMisconfigured, reason: domain.ReasonSourceMisconfigured},
			"throttled":            {err: ports.ErrThrottled, reason: domain.ReasonSourceThrottled},
			"unreachable, carry":   {err: ports.ErrUnreachable, reason: domain.ReasonSourceUnreachable, policy: domain.MFACarry},
			"everybody migrates":   {reason: row.reason, policy: domain.MFAMigrate, never: true},
		} {
			t.Run(way+", "+name, func(t *testing.T) {
				t.Parallel()
				f := newFixture(t)
				reader := mocks.NewMockSecondFactorReader(gomock.NewController(t))
				f.finds(row.finding)
				if answer.policy != "" {
					f.options.Rules.OnMFA = answer.policy
				}
				completed := row.finding.User
				if answer.change != nil {
					answer.change(&completed)
				}
				if !answer.never {
					reader.EXPECT().SecondFactors(gomock.Any(), row.finding.User).Return(completed, answer.err)
				}
				f.options.SecondFactors = migrate.Chain{
					{Name: "OTHER", Source: ports.Source{SecondFactors: mocks.NewMockSecondFactorReader(gomock.NewController(t))}},
					{Name: "SOURCE", Source: ports.Source{SecondFactors: reader}},
				}
				record := f.records()
				decision, err := f.migrate(context.Background(), row.attempt)
				if !errors.Is(err, answer.err) || record.Reason != answer.reason {
					t.Errorf("got %v, %v, recorded %s, want %s", decision, err, record.Reason, answer.reason)
				}
				if refused := answer.change != nil || answer.err != nil; refused && decision.Verdict == domain.Migrate {
					t.Error("the user migrates")
				}
			})
		}
	}
}

func TestACompletedSignInAsksForNoSecondFactor(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.finds(accepted())
	f.options.SecondFactors = migrate.Chain{{Name: "SOURCE", Source: ports.Source{SecondFactors: mocks.NewMockSecondFactorReader(gomock.NewController(t))}}}
	f.records()
	if decision, err := f.migrate(context.Background(), signIn()); err != nil || decision.Verdict != domain.Migrate {
		t.Errorf("got %v, %v", decision, err)
	}
}

func TestASourceWhoseProfilesTellEverythingIsAskedNothingMore(t *testing.T) {
	t.Parallel()
	for way, row := range incomplete() {
		f := newFixture(t)
		f.finds(row.finding)
		f.options.SecondFactors = migrate.Chain{{Name: "SOURCE"}}
		f.records()
		if decision, err := f.migrate(context.Background(), row.attempt); err != nil || decision.Verdict != domain.Migrate {
			t.Errorf("%s: got %v, %v", way, decision, err)
		}
	}
}

// A panic of an adapter, and an error that follows a judged password, are what they
// are elsewhere.
func TestAFailureToReadSecondFactorsIsTreatedAsOthersAre(t *testing.T) {
	t.Parallel()
	row := incomplete()["temporary password"]
	reader := mocks.NewMockSecondFactorReader(gomock.NewController(t))
	chain := migrate.Chain{{Name: "SOURCE", Source: ports.Source{SecondFactors: reader}}}
	reader.EXPECT().SecondFactors(gomock.Any(), gomock.Any()).Return(domain.SourceUser{}, ports.NotJudged(ports.ErrUnreachable))
	if _, err := chain.WithSecondFactors(context.Background(), row.finding); !errors.Is(err, ports.ErrUnreachable) || errors.Is(err, ports.ErrNotJudged) {
		t.Errorf("got %v", err)
	}
	f := newFixture(t)
	f.finds(row.finding)
	f.options.SecondFactors = chain
	reader.EXPECT().SecondFactors(gomock.Any(), gomock.Any()).Do(func(context.Context, domain.SourceUser) { panic(canary) })
	record := f.records()
	if _, err := f.migrate(context.Background(), row.attempt); err == nil || record.Reason != domain.ReasonInternal {
		t.Errorf("got %v, recorded %s", err, record.Reason)
	}
}
