package migrate_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"cognito-user-migration/app/migrate"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"

	"github.com/golang/mock/gomock"
)

// earlier answers for the earlier sources.
type earlier func(source, typed string, names []string) ([]domain.Finding, error)

func (e earlier) FindEarlier(_ context.Context, source, typed string, names []string) ([]domain.Finding, error) {
	return e(source, typed, names)
}

func TestAMigrationNeedsTheWordOfEveryEarlierSource(t *testing.T) {
	t.Parallel()
	unknown, known := found(domain.UserUnknown, "OLD"), found(domain.UserFound, "OLD")
	for name, row := range map[string]struct {
		findings []domain.Finding
		err      error
		reason   domain.Reason
		source   string
		outcome  domain.Outcome
	}{
		"none knows the user":                             {[]domain.Finding{unknown, unknown}, nil, domain.ReasonPasswordAccepted, "SOURCE", domain.OutcomeMigrated},
		"one knows the user":                              {[]domain.Finding{unknown, known}, nil, domain.ReasonIdentityOfEarlierSource, "OLD", domain.OutcomeRefused},
		"one knows the user, and another does not answer": {[]domain.Finding{known}, ports.ErrUnreachable, domain.ReasonIdentityOfEarlierSource, "OLD", domain.OutcomeRefused},
		"one does not answer":                             {[]domain.Finding{unknown}, ports.ErrThrottled, domain.ReasonSourceThrottled, "", domain.OutcomeFailed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := newOwing(t, false)
			o.options.Earlier = earlier(func(source, typed string, names []string) ([]domain.Finding, error) {
				if source != "SOURCE" || typed != "alice" || !slices.Contains(names, "alice") {
					t.Errorf("asked before %s about %q, after %q", source, names, typed)
				}
				return row.findings, row.err
			})
			o.source.EXPECT().Authenticate(gomock.Any(), gomock.Any(), gomock.Any()).Return(accepted(), nil)
			if row.outcome == domain.OutcomeMigrated {
				o.queue.EXPECT().Send(gomock.Any(), gomock.Any()).Return(nil)
			}
			record := o.records()
			_, err := o.migrate(t.Context(), signIn())
			failure, failed := errors.AsType[*migrate.Failure](err)
			if failed != (row.outcome == domain.OutcomeFailed) || failed && failure.Reason != row.reason {
				t.Errorf("got %v", err)
			}
			if record.Outcome != row.outcome || record.Reason != row.reason || record.Source != row.source {
				t.Errorf("recorded %+v", record)
			}
		})
	}
}

func TestEarlierSourcesAreNotAskedAboutARefusal(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.options.Earlier = earlier(func(string, string, []string) ([]domain.Finding, error) {
		t.Error("asked")
		return nil, nil
	})
	f.source.EXPECT().Authenticate(gomock.Any(), gomock.Any(), gomock.Any()).Return(found(domain.PasswordWrong, "SOURCE"), nil)
	f.records()
	if _, err := f.migrate(t.Context(), signIn()); err != nil {
		t.Error(err)
	}
}
