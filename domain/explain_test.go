package domain_test

import (
	"slices"
	"strings"
	"testing"

	"cognito-user-migration/domain"
)

func TestALiteralThatDoesNotFitIsToldWhatItsAttributeTakes(t *testing.T) {
	t.Parallel()
	schema, err := domain.ParseSchema("custom:d=DateTime,custom:n=Number,custom:b=Boolean,custom:s=2..4")
	if err != nil {
		t.Fatal(err)
	}
	for rule, want := range map[string]string{
		"email='nobody'":       "an email address such as alice@example.com",
		"phone_number='12'":    "a phone number such as +14325551212",
		"birthdate='x'":        "a date such as 1980-01-05",
		"updated_at='x'":       "a time in seconds since 1970",
		"custom:b='x'":         "true or false",
		"custom:d='x'":         "a time such as 2006-01-02T15:04:05Z",
		"custom:n='x'":         "a whole number",
		"custom:s='too much.'": "text without control characters, of 2..4 characters",
	} {
		mapped, err := domain.ParseAttributeMap(rule)
		if err == nil {
			_, err = mapped.In(schema)
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", rule, err, want)
		}
	}
}

func TestASchemaSaysWhatItRequires(t *testing.T) {
	t.Parallel()
	schema, err := domain.ParseSchema("email=required,custom:age=Number 0..150")
	if err != nil || !schema.Requires("email") || schema.Requires("custom:age") || schema.Requires("name") {
		t.Errorf("got %v", err)
	}
}

func TestTheSourceAttributesThatRulesRead(t *testing.T) {
	t.Parallel()
	mapped, err := domain.ParseAttributeMap("email,custom:a=sub,custom:t='acme'")
	if got := mapped.Sources(); err != nil || !slices.Equal(got, []string{"email", "sub"}) {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestARefusalStandsWhateverEarlierSourcesSay(t *testing.T) {
	t.Parallel()
	refusal := domain.Decision{Reason: domain.ReasonPasswordWrong, Source: "NEW"}
	got := refusal.After([]domain.Finding{{Kind: domain.UserFound, Source: "OLD"}})
	if got.Verdict != domain.Refuse || got.Reason != domain.ReasonPasswordWrong || got.Source != "NEW" {
		t.Errorf("got %v of %s", got, got.Source)
	}
}

func TestNobodyIsCreatedUnderANameThatIsAnothersContact(t *testing.T) {
	t.Parallel()
	user := changed(func(u *domain.SourceUser) { u.Disputed = []string{"ALICE"} })
	attempt := domain.Attempt{Trigger: signIn, Username: "alice@example.com"}
	if got := domain.Decide(rules(), attempt, domain.Finding{Kind: domain.PasswordAccepted, User: user}); got.Reason != domain.ReasonIdentifierNotOwned {
		t.Errorf("got %v", got)
	}
}

func TestANameThatCouldBeAContact(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{"alice@example.com": true, "+819012345678": true, "alice": false, "": false} {
		if got := domain.LooksLikeContact(name); got != want {
			t.Errorf("%q: got %t", name, got)
		}
	}
}

func TestAChoiceOfWhatBecomesOfAForgottenPassword(t *testing.T) {
	t.Parallel()
	var on domain.OnForgotPassword
	if err := on.UnmarshalText([]byte("refuse")); err != nil || on != domain.ForgotPasswordRefuse {
		t.Errorf("got %s, %v", on, err)
	}
	if err := on.UnmarshalText([]byte("never")); err == nil || err.Error() != "expected one of: migrate, refuse" {
		t.Errorf("got %v", err)
	}
}

func TestSmallKanaShareACountWithTheirFullSize(t *testing.T) {
	t.Parallel()
	keys := domain.NewLockoutKeys(domain.NewSecret("a key of thirty-two characters, or more"))
	for small, full := range map[string]string{"ヵ": "か", "ヶ": "け", "ゃ": "ヤ"} {
		if keys.Of(small) != keys.Of(full) {
			t.Errorf("%s and %s count apart", small, full)
		}
	}
}
