package domain_test

import (
	"strings"
	"testing"

	"cognito-user-migration/domain"
)

func TestOnlyWhatLooksLikeACodeIsLogged(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		code, username, password string
		want                     domain.ResponseCode
	}{
		"no code":                        {"", "", "", ""},
		"a word":                         {"invalid_resource_owner", "", "", "invalid_resource_owner"},
		"a number of a provider":         {"AADSTS500011", "", "", "AADSTS500011"},
		"a status":                       {"418", "", "", "418"},
		"a dotted code":                  {"user.locked-out", "", "", "user.locked-out"},
		"a sentence":                     {"Invalid password", "", "", domain.UnprintableCode},
		"an email address":               {"hanako@example.com", "", "", domain.UnprintableCode},
		"another alphabet":               {"名", "", "", domain.UnprintableCode},
		"a line break":                   {"a\nb", "", "", domain.UnprintableCode},
		"a phone number":                 {"4912345678", "", "", domain.UnprintableCode},
		"a UUID":                         {"5c0e7a44-1f2b-4c3d-8e9f-0a1b2c3d4e5f", "", "", domain.UnprintableCode},
		"longer than a code":             {strings.Repeat("a", 49), "", "", domain.UnprintableCode},
		"as long as a code can be":       {strings.Repeat("a", 48), "", "", domain.ResponseCode(strings.Repeat("a", 48))},
		"the username":                   {"hanako", "Hanako", "pw", domain.UnprintableCode},
		"a part of the username":         {"hanako", "hanako@example.com", "pw", domain.UnprintableCode},
		"a word of the username":         {"no_user_hanako", "hanako@example.com", "pw", domain.UnprintableCode},
		"a short word of the username":   {"no_user_abc", "abc@example.com", "pw", "no_user_abc"},
		"a short username":               {"no_user_bob", "Bob", "pw", domain.UnprintableCode},
		"a code that holds the password": {"bad_S3cret", "hanako", "s3cret", domain.UnprintableCode},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := domain.NewResponseCode(row.code, row.username, domain.NewPassword(row.password)); got != row.want {
				t.Errorf("got %q, want %q", got, row.want)
			}
		})
	}
}

// An operator may map a code to a refusal, and to nothing that can lead to a user.
func TestACodeCanBeMappedToRefusalsAlone(t *testing.T) {
	t.Parallel()
	rules := domain.DefaultRules()
	rules.OnMFA, rules.VerifiedContacts = domain.MFAMigrate, domain.VerifiedAlways
	user := domain.SourceUser{Username: "alice", Enabled: true, Attributes: domain.Attributes{"email": "alice@example.com"}}
	names := domain.RefusalNames()
	for _, name := range names {
		kind, known := domain.RefusalNamed(name)
		if !known {
			t.Errorf("%s is listed and not known", name)
		}
		for _, trigger := range []domain.Trigger{domain.TriggerAuthentication, domain.TriggerForgotPassword} {
			decision := domain.Decide(rules, domain.Attempt{Trigger: trigger, Username: "alice"}, domain.Finding{Kind: kind, User: user})
			if decision.Verdict != domain.Refuse || string(decision.Reason) != name {
				t.Errorf("%s: %v", name, decision)
			}
		}
		if kind.ProvesPassword() {
			t.Errorf("%s proves a password", name)
		}
	}
	for _, kind := range domain.FindingKinds() {
		named, listed := domain.RefusalNamed(strings.ReplaceAll(kind.String(), " ", "_"))
		if listed && named != kind {
			t.Errorf("%s is %s", kind, named)
		}
	}
	for _, name := range []string{"password_accepted", "forgot_password", "user_found", "temporary_password", "mfa_required", "reset_required", "look_up_unsupported", "finding_unexpected", "", "Password_Wrong"} {
		if kind, known := domain.RefusalNamed(name); known {
			t.Errorf("%q is %s", name, kind)
		}
	}
	if len(names) != 10 {
		t.Errorf("%d names: %q", len(names), names)
	}
}
