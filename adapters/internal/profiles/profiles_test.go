package profiles_test

import (
	"testing"

	"cognito-user-migration/adapters/internal/profiles"
	"cognito-user-migration/domain"
)

// The profile corrects the finding in the domain's order: a temporary password comes
// before a second factor.
func TestAProfileCorrectsARightPassword(t *testing.T) {
	t.Parallel()
	totp := []domain.MFAMethod{domain.MFASoftwareToken}
	for name, test := range map[string]struct {
		said domain.FindingKind
		user domain.SourceUser
		want domain.FindingKind
	}{
		"nothing to correct":                                {domain.PasswordAccepted, domain.SourceUser{Status: domain.StatusConfirmed}, domain.PasswordAccepted},
		"a second factor":                                   {domain.PasswordAccepted, domain.SourceUser{MFA: totp}, domain.MFARequired},
		"a temporary password":                              {domain.PasswordAccepted, domain.SourceUser{Status: domain.StatusForceChangePassword}, domain.TemporaryPasswordAccepted},
		"a temporary password and a second factor":          {domain.PasswordAccepted, domain.SourceUser{Status: domain.StatusForceChangePassword, MFA: totp}, domain.TemporaryPasswordAccepted},
		"a required reset and a second factor":              {domain.PasswordAccepted, domain.SourceUser{Status: domain.StatusResetRequired, MFA: totp}, domain.ResetRequired},
		"the service asked for a factor that is not listed": {domain.MFARequired, domain.SourceUser{Status: domain.StatusForceChangePassword}, domain.MFARequired},
		"a wrong password":                                  {domain.PasswordWrong, domain.SourceUser{Status: domain.StatusForceChangePassword, MFA: totp}, domain.PasswordWrong},
	} {
		finding := profiles.Proved("main", test.said, test.user)
		if finding.Kind != test.want || finding.Source != "main" {
			t.Errorf("%s: %v of %q, want %v", name, finding.Kind, finding.Source, test.want)
		}
		if hasUser := finding.User.Status == test.user.Status && len(finding.User.MFA) == len(test.user.MFA); hasUser != (test.want != domain.PasswordWrong) {
			t.Errorf("%s: the user is %v", name, finding.User)
		}
		// A listed factor is never lost, whatever the finding is.
		if decision := domain.Decide(domain.DefaultRules(), domain.Attempt{Trigger: domain.TriggerAuthentication}, finding); test.want == domain.MFARequired && decision.Reason != domain.ReasonMFARequired {
			t.Errorf("%s: decided %v", name, decision)
		}
	}
}
