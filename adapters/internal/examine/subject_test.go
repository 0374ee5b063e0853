package examine_test

import (
	"context"
	"strings"
	"testing"

	"cognito-user-migration/adapters/internal/examine"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
	"cognito-user-migration/ports/parts"
)

// settings are those of the kind, and others are those of another kind.
type (
	settings struct{ parts.SourceSettings }
	others   struct{ parts.SourceSettings }
)

func TestAnExaminerExaminesTheSettingsOfItsKindAlone(t *testing.T) {
	t.Parallel()
	examiner := examine.Kind("plain", func(_ context.Context, subject examine.Subject[*settings]) []ports.Examined {
		return []ports.Examined{{Saw: subject.Options.Name + " " + subject.Probe.Username + " " + subject.Variable("URL")}}
	})
	options, probe := parts.SourceOptions{Name: "OLD"}, ports.Probe{Username: "anna", Variable: variable}
	found := examiner.Examine(t.Context(), &settings{}, options, probe)
	if examiner.Kind != "plain" || len(found) != 1 || found[0].Saw != "OLD anna OLD_URL" {
		t.Errorf("%s: %v", examiner.Kind, found)
	}
	if found := examiner.Examine(t.Context(), &others{}, options, probe); found != nil {
		t.Errorf("settings of another kind: %v", found)
	}
}

func TestAStrangerIsAnotherEachTime(t *testing.T) {
	t.Parallel()
	username, password := examine.Stranger()
	again, other := examine.Stranger()
	if username == again || password.Reveal() == other.Reveal() || !strings.HasPrefix(username, "migratectl-doctor-") || password.Empty() {
		t.Errorf("%s, %s", username, again)
	}
}

// Every finding is judged: only a refusal is in order, and a service that accepts
// any password never is.
func TestOnlyTheRefusalOfAStrangerIsInOrder(t *testing.T) {
	t.Parallel()
	refusal := examine.Refusal{Service: "the provider", Saw: "it refuses", IfAccepted: "first", IfOther: "second", Expected: []domain.FindingKind{domain.SignInDenied}}
	want := map[domain.FindingKind]ports.Examined{
		domain.PasswordWrong: examine.Pass("it refuses"), domain.UserUnknown: examine.Pass("it refuses"), domain.LockedOut: examine.Pass("it refuses"),
		domain.SignInDenied:     examine.Pass("it refuses"),
		domain.PasswordAccepted: examine.Fail("the provider accepts an unknown user with any password", "first"),
	}
	for kind := domain.FindingKind(1); !strings.HasPrefix(kind.String(), "no finding") && kind.String() != domain.FindingKind(0).String(); kind++ {
		expected, listed := want[kind]
		if !listed {
			expected = examine.Warn("the provider answered "+kind.String()+" about a user who does not exist", "second")
		}
		if got := refusal.Judge(kind); got != expected {
			t.Errorf("%s: %v", kind, got)
		}
	}
	refusal.Expected = nil
	if got := refusal.Judge(domain.SignInDenied); got.Status != ports.ExaminedWarn {
		t.Errorf("got %v", got)
	}
}
