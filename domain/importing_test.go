package domain_test

import (
	"testing"
	"time"

	"cognito-user-migration/domain"
)

func TestTheCandidateOfAnImport(t *testing.T) {
	t.Parallel()
	user := func(verified string) domain.SourceUser {
		return domain.SourceUser{Username: "alice", Sub: "s-1", Enabled: true, Attributes: domain.Attributes{"email": "a@example.com", "email_verified": verified}}
	}
	rules := domain.DefaultRules()
	rules.OnForgotPassword = domain.ForgotPasswordRefuse // imports do not depend on it
	forecast, candidate := domain.ForecastOf(rules, user("true"))
	if !forecast.Import.Possible || candidate.Username != "alice" || candidate.Attributes["email_verified"] != "true" {
		t.Errorf("a verified user: %v, %q, %q", forecast, candidate.Username, map[string]string(candidate.Attributes))
	}
	forecast, candidate = domain.ForecastOf(rules, user("false"))
	if forecast.Import.Possible || candidate.Username != "alice" || candidate.Attributes["email_verified"] != "false" {
		t.Errorf("a user to vouch for: %v, %q, %q", forecast, candidate.Username, map[string]string(candidate.Attributes))
	}
	disabled := user("true")
	disabled.Enabled = false
	if forecast, candidate = domain.ForecastOf(rules, disabled); forecast.Import.Possible || candidate.Attributes != nil {
		t.Errorf("a disabled user: %v", forecast)
	}
	without := user("true")
	without.Attributes = nil
	if forecast, candidate = domain.ForecastOf(rules, without); forecast.Import.Reason != domain.ReasonNoVerifiedContact || candidate.Attributes != nil {
		t.Errorf("a user without a contact: %v", forecast)
	}
}

func TestASchemaChecksValues(t *testing.T) {
	t.Parallel()
	most := int64(3)
	schema := domain.NewSchema(domain.SchemaAttribute{Name: "name", Required: true}, domain.SchemaAttribute{Name: "custom:code", Most: &most})
	for _, row := range []struct {
		name, value    string
		fits, required bool
	}{
		{"name", "Ann", true, true}, {"name", " Ann", false, true}, {"name", "", true, true},
		{"custom:code", "abc", true, false}, {"custom:code", "abcd", false, false},
		{"birthdate", "1985-02-01", true, false}, {"birthdate", "1985-2-1", false, false},
	} {
		if check := schema.Check(row.name); check.Fits(row.value) != row.fits || check.Required() != row.required {
			t.Errorf("%v: fits %t, required %t", row, check.Fits(row.value), check.Required())
		}
	}
	if !domain.IsUsername("alice") || domain.IsUsername("a b") {
		t.Error("usernames are not told from others")
	}
}

func TestTheLastUsefulDay(t *testing.T) {
	t.Parallel()
	today := time.Date(2026, 11, 29, 0, 0, 0, 0, time.UTC)
	for name, test := range map[string]struct {
		figures         domain.TailFigures
		soonest, latest int
	}{
		"nobody can sign in":                      {domain.TailFigures{ShutOut: 10, Last30Days: 100}, 0, 0},
		"nobody has moved":                        {domain.TailFigures{CanSignIn: 1000}, 0, 0},
		"as many are shut out as can sign in":     {domain.TailFigures{CanSignIn: 500, ShutOut: 500, Last30Days: 500}, 0, 0},
		"half of them move in 30 days, half stay": {domain.TailFigures{CanSignIn: 1000, ShutOut: 500, Last30Days: 1000}, 29, 30},
		"nobody is shut out":                      {domain.TailFigures{CanSignIn: 1000, Last30Days: 1000}, 130, 140},
		"less than one user a day":                {domain.TailFigures{CanSignIn: 100_000, Last30Days: 1}, 0, 0},
		"very many users":                         {domain.TailFigures{CanSignIn: 1 << 60, Last30Days: 1 << 50}, 3653, 3653},
	} {
		days := int(test.figures.LastUsefulDay(today.Add(5*time.Hour)).Sub(today).Hours() / 24)
		if days < test.soonest || days > test.latest {
			t.Errorf("%s: %d days", name, days)
		}
	}
}

func TestWhenAUserLastSignedIn(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int64{"": 0, "never": 0, "1700000000": 1700000000, "1700000000123": 1700000000, " 2023-11-14T22:13:20Z ": 1700000000, "2023-11-14": 0} {
		user := domain.SourceUser{Attributes: domain.Attributes{"last_sign_in": text}}
		if got := user.LastSignIn(); got.IsZero() != (want == 0) || want != 0 && got.Unix() != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}
