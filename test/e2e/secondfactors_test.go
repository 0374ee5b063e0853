package e2e_test

import (
	"strings"
	"testing"

	"cognito-user-migration/domain"
)

// The pool requires a second factor of everybody, and lists none for this user.
func TestAFactorThatThePoolRequiresIsNotSteppedAround(t *testing.T) {
	t.Parallel()
	p := newPerson()
	s := newStubFor(t, p)
	f := start(t, s.settings().with("SOURCE_MFA", "ON"))
	f.hidePerson(p)
	f.refuses(forgotPassword(p.username), domain.ReasonMFARequired)
	s.on("AdminInitiateAuth", challenge("SMS_MFA"))
	f.refuses(signIn(p.username, p.password), domain.ReasonMFARequired)
	s.on("AdminInitiateAuth", challenge("NEW_PASSWORD_REQUIRED"))
	s.on("AdminGetUser", profile(p, map[string]any{"UserStatus": "FORCE_CHANGE_PASSWORD"}))
	f.refuses(signIn(p.username, p.password), domain.ReasonMFARequired)
}

func TestACodeBySMSIsCarriedOver(t *testing.T) {
	t.Parallel()
	p := newPerson()
	s := newStubFor(t, p)
	f := start(t, s.settings().with("MIGRATE_ON_MFA", "carry", "MIGRATE_DESTINATION_MFA", "OPTIONAL,SMS_MFA"))
	f.hidePerson(p)
	phone := map[string]any{
		"UserMFASettingList": []string{"SMS_MFA"}, "PreferredMfaSetting": "SMS_MFA",
		"UserAttributes": []map[string]string{
			{"Name": "sub", "Value": "1a9d6b0f-0000-4000-8000-00000000000a"}, {"Name": "email", "Value": p.username + "@example.com"}, {"Name": "email_verified", "Value": "true"},
			{"Name": "phone_number", "Value": "+81901234567"}, {"Name": "phone_number_verified", "Value": "true"},
		},
	}
	s.on("AdminInitiateAuth", challenge("SMS_MFA"))
	s.on("AdminGetUser", profile(p, phone))
	result := f.invoke(signIn(p.username, p.password))
	if !strings.Contains(string(result.Payload), `"enableSMSMFA":true`) || !strings.Contains(string(result.Payload), `"finalUserStatus":"CONFIRMED"`) {
		t.Errorf("got %s", result.Payload)
	}
	s.on("AdminInitiateAuth", challenge("SOFTWARE_TOKEN_MFA"))
	s.on("AdminGetUser", profile(p, map[string]any{"UserMFASettingList": []string{"SOFTWARE_TOKEN_MFA"}, "PreferredMfaSetting": "SOFTWARE_TOKEN_MFA"}))
	f.refuses(signIn(p.username, p.password), domain.ReasonMFANotCarried)
}

func TestAWeakPasswordIsKeptReplacedOrRefused(t *testing.T) {
	t.Parallel()
	p := newPerson()
	s := newStubFor(t, p)
	const policy = "MinimumLength=99"
	for choice, reason := range map[string]domain.Reason{"migrate": domain.ReasonPasswordAccepted, "reset": domain.ReasonWeakPassword} {
		t.Run(choice, func(t *testing.T) {
			f := start(t, s.settings().with("MIGRATE_ON_WEAK_PASSWORD", choice, "MIGRATE_PASSWORD_POLICY", policy))
			f.hidePerson(p)
			want := map[string]string{"migrate": "CONFIRMED", "reset": "RESET_REQUIRED"}[choice]
			if answer := f.migrates(signIn(p.username, p.password), reason); answer.status() != want {
				t.Errorf("got %s, want %s", answer.status(), want)
			}
		})
	}
	t.Run("refuse", func(t *testing.T) {
		f := start(t, s.settings().with("MIGRATE_ON_WEAK_PASSWORD", "refuse", "MIGRATE_PASSWORD_POLICY", policy))
		f.hidePerson(p)
		f.refuses(signIn(p.username, p.password), domain.ReasonWeakPassword)
	})
}
