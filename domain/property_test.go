package domain_test

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"cognito-user-migration/domain"

	"pgregory.net/rapid"
)

// Generators of anything that could reach Decide, sensible or not.

func anyOf[T any](values ...T) *rapid.Generator[T] {
	return rapid.SampledFrom(values)
}

func anyIdentifier() *rapid.Generator[string] {
	return rapid.OneOf(anyOf("alice", "ALICE", "bob", "alice@example.com", "+819012345678", "sub-1", ""), rapid.String())
}

func anyAttributes() *rapid.Generator[domain.Attributes] {
	names := append(domain.StandardAttributes(), "email_verified", "phone_number_verified", "sub", "identities", "cognito:user_status", "custom:tenant", "username")
	values := rapid.OneOf(anyOf("true", "false", "", "alice@example.com", "+819012345678"), rapid.String())
	return rapid.Custom(func(t *rapid.T) domain.Attributes {
		return rapid.MapOf(anyOf(names...), values).Draw(t, "attributes")
	})
}

func anyFinding() *rapid.Generator[domain.Finding] {
	methods := anyOf(domain.MFASMS, domain.MFASoftwareToken, domain.MFAEmail)
	return rapid.Custom(func(t *rapid.T) domain.Finding {
		return domain.Finding{
			Kind:      domain.FindingKind(rapid.Uint8Range(0, uint8(len(domain.FindingKinds())+2)).Draw(t, "kind")),
			Challenge: anyOf("", "SMS_MFA", "SELECT_MFA_TYPE").Draw(t, "challenge"),
			User: domain.SourceUser{
				Username:     anyIdentifier().Draw(t, "username"),
				Sub:          anyOf("", "sub-1", "alice").Draw(t, "sub"),
				Status:       anyOf(append(domain.UserStatuses(), "", "NEW")...).Draw(t, "status"),
				Enabled:      rapid.Bool().Draw(t, "enabled"),
				Attributes:   anyAttributes().Draw(t, "attributes"),
				Identifiers:  rapid.SliceOfN(anyIdentifier(), 0, 2).Draw(t, "identifiers"),
				Disputed:     rapid.SliceOfN(anyIdentifier(), 0, 1).Draw(t, "disputed"),
				MFA:          rapid.SliceOfN(methods, 0, 2).Draw(t, "mfa"),
				PreferredMFA: anyOf("", domain.MFASMS, domain.MFASoftwareToken).Draw(t, "preferred"),
			},
		}
	})
}

func anyRules() *rapid.Generator[domain.Rules] {
	maps := []domain.AttributeMap{
		{}, mapping("*"), mapping("email"), mapping("phone_number,custom:legacy=sub,custom:tenant='acme'"),
		mapping("email=preferred_username,email_verified=name,custom:name=username"),
	}
	return rapid.Custom(func(t *rapid.T) domain.Rules {
		return domain.Rules{
			OnForgotPassword:    rapid.SampledFrom([]domain.OnForgotPassword{domain.ForgotPasswordMigrate, domain.ForgotPasswordRefuse}).Draw(t, "on forgot password"),
			Attributes:          anyOf(maps...).Draw(t, "map"),
			VerifiedContacts:    anyOf(domain.VerifiedBySource, domain.VerifiedAlways, "").Draw(t, "vouch"),
			Username:            anyOf(domain.UsernameAuto, domain.UsernameSubmitted, domain.UsernameSource, domain.UsernameOmit, "").Draw(t, "name"),
			OnTemporaryPassword: anyOf(domain.TemporaryPasswordReset, domain.TemporaryPasswordConfirm, domain.TemporaryPasswordRefuse, "").Draw(t, "temporary"),
			OnMFA:               anyOf(domain.MFARefuse, domain.MFAMigrate, "").Draw(t, "mfa"),
			OnResetRequired:     anyOf(domain.ResetRequiredReset, domain.ResetRequiredRefuse, "").Draw(t, "reset"),
			ForceAliasCreation:  rapid.Bool().Draw(t, "force"),
			MessageAction:       anyOf(domain.MessageSuppress, domain.MessageSend, "").Draw(t, "message"),
		}
	})
}

func anyAttempt() *rapid.Generator[domain.Attempt] {
	return rapid.Custom(func(t *rapid.T) domain.Attempt {
		return domain.Attempt{
			Trigger:  domain.Trigger(rapid.Uint8Range(0, 3).Draw(t, "trigger")),
			Username: anyIdentifier().Draw(t, "typed"),
		}
	})
}

// holds checks an invariant of Decide for all there is.
func holds(t *testing.T, invariant func(*rapid.T, domain.Rules, domain.Attempt, domain.Finding, domain.Decision)) {
	t.Helper()
	rapid.Check(t, func(t *rapid.T) {
		rules, attempt, finding := anyRules().Draw(t, "rules"), anyAttempt().Draw(t, "attempt"), anyFinding().Draw(t, "finding")
		// Half of the names are the user's own, or little would be migrated.
		if rapid.Bool().Draw(t, "own") && attempt.Username != "" {
			finding.User.Username = attempt.Username
		}
		invariant(t, rules, attempt, finding, domain.Decide(rules, attempt, finding))
	})
}

func TestEveryDecisionHasAReason(t *testing.T) {
	t.Parallel()
	holds(t, func(t *rapid.T, _ domain.Rules, _ domain.Attempt, _ domain.Finding, decision domain.Decision) {
		if decision.Reason == "" {
			t.Fatal("no reason")
		}
		if decision.Verdict == domain.Refuse && !slices.Contains(domain.RefusalReasons(), decision.Reason) {
			t.Fatalf("%s is no reason to refuse", decision.Reason)
		}
	})
}

func TestConfirmedOnlyAfterThePasswordWasAcceptedOrTheRuleSaysOtherwise(t *testing.T) {
	t.Parallel()
	holds(t, func(t *rapid.T, rules domain.Rules, attempt domain.Attempt, finding domain.Finding, decision domain.Decision) {
		if decision.User.FinalStatus != domain.FinalConfirmed {
			return
		}
		if attempt.Trigger != domain.TriggerAuthentication {
			t.Fatal("confirmed without a sign-in")
		}
		temporary := finding.Kind == domain.TemporaryPasswordAccepted || finding.User.Status == domain.StatusForceChangePassword
		switch {
		case finding.Kind == domain.MFARequired && rules.OnMFA == domain.MFAMigrate && !temporary && finding.User.Status != domain.StatusResetRequired:
		case temporary && rules.OnTemporaryPassword == domain.TemporaryPasswordConfirm:
		case finding.Kind == domain.PasswordAccepted && !temporary && finding.User.Status != domain.StatusResetRequired:
		default:
			t.Fatalf("confirmed after %v", finding)
		}
	})
}

func TestNobodyIsMigratedWithoutAPasswordWhoCouldNotReceiveACode(t *testing.T) {
	t.Parallel()
	holds(t, func(t *rapid.T, _ domain.Rules, _ domain.Attempt, _ domain.Finding, decision domain.Decision) {
		if decision.Verdict != domain.Migrate || decision.User.FinalStatus == domain.FinalConfirmed {
			return
		}
		a := decision.User.Attributes
		if (a["email"] == "" || a["email_verified"] != "true") && (a["phone_number"] == "" || a["phone_number_verified"] != "true") {
			t.Fatalf("no contact to send a code to")
		}
	})
}

func TestNoAttributeThatNoRuleNamesNoSubAndNoEmptyValue(t *testing.T) {
	t.Parallel()
	holds(t, func(t *rapid.T, rules domain.Rules, _ domain.Attempt, _ domain.Finding, decision domain.Decision) {
		for name, value := range decision.User.Attributes {
			flagOf, isFlag := strings.CutSuffix(name, "_verified")
			named := slices.Contains(rules.Attributes.Targets(), name) ||
				isFlag && decision.User.Attributes[flagOf] != ""
			if !named || name == "sub" || name == "identities" || strings.HasPrefix(name, "cognito:") || value == "" {
				t.Fatalf("%s=%q is among the attributes", name, value)
			}
			if isFlag && value != "true" && value != "false" {
				t.Fatalf("%s is neither true nor false", name)
			}
		}
	})
}

// Cognito creates every migrated user. accepted follows AWS's documentation, and shares
// no code with the product.
func TestWhoeverIsMigratedIsOneWhomCognitoCreates(t *testing.T) {
	t.Parallel()
	name := regexp.MustCompile(`^([\p{L}\p{M}\p{S}\p{N}\p{P}]{1,128})?$`)
	holds(t, func(t *rapid.T, _ domain.Rules, _ domain.Attempt, _ domain.Finding, decision domain.Decision) {
		if decision.Verdict != domain.Migrate {
			return
		}
		if username := decision.User.Username; !utf8.ValidString(username) || !name.MatchString(username) {
			t.Fatalf("nobody can be created as %q", username)
		}
		for name, value := range decision.User.Attributes {
			if !accepted(name, value) {
				t.Fatalf("%s=%q is none that a user pool takes", name, value)
			}
		}
	})
}

func TestARefusalCarriesNothingOfTheUser(t *testing.T) {
	t.Parallel()
	holds(t, func(t *rapid.T, _ domain.Rules, _ domain.Attempt, _ domain.Finding, decision domain.Decision) {
		u := decision.User
		if decision.Verdict == domain.Refuse && (u.Attributes != nil || u.Username != "" || u.FinalStatus != "" || u.EnableSMSMFA || u.ForceAliasCreation) {
			t.Fatal("a refusal carries a user")
		}
	})
}

func TestNobodyIsMigratedUnderANameThatIsNotTheirsOrOutOfGoodStanding(t *testing.T) {
	t.Parallel()
	holds(t, func(t *rapid.T, rules domain.Rules, attempt domain.Attempt, finding domain.Finding, decision domain.Decision) {
		if decision.Verdict != domain.Migrate {
			return
		}
		user := finding.User
		if rules.VerifiedContacts == domain.VerifiedAlways { // the operator vouches for them
			user.Attributes = maps.Clone(user.Attributes)
			maps.Copy(user.Attributes, domain.Attributes{"email_verified": "true", "phone_number_verified": "true"})
		}
		if !user.Owns(attempt.Username) {
			t.Fatal("the name is somebody else's")
		}
		if name := decision.User.Username; name != "" && slices.ContainsFunc(user.Disputed, func(disputed string) bool { return strings.EqualFold(name, disputed) }) {
			t.Fatal("the user is created by another user's verified contact")
		}
		if !finding.User.Enabled {
			t.Fatal("the user is disabled")
		}
		if !slices.Contains([]domain.UserStatus{"", domain.StatusConfirmed, domain.StatusForceChangePassword, domain.StatusResetRequired}, finding.User.Status) {
			t.Fatalf("the user is %s", finding.User.Status)
		}
	})
}

func TestNoSecondFactorIsSteppedAround(t *testing.T) {
	t.Parallel()
	holds(t, func(t *rapid.T, rules domain.Rules, _ domain.Attempt, finding domain.Finding, decision domain.Decision) {
		completed := finding.Kind == domain.PasswordAccepted && decision.Reason == domain.ReasonPasswordAccepted
		if decision.Verdict == domain.Migrate && !completed && rules.OnMFA != domain.MFAMigrate &&
			(finding.Kind == domain.MFARequired || len(finding.User.MFA) > 0) {
			t.Fatalf("moved past a second factor after %v", finding)
		}
	})
}

func TestAProfileThatIsNotNeededDoesNotMatter(t *testing.T) {
	t.Parallel()
	holds(t, func(t *rapid.T, rules domain.Rules, attempt domain.Attempt, finding domain.Finding, decision domain.Decision) {
		if rules.NeedsProfile(finding.Kind) {
			return
		}
		finding.User = domain.SourceUser{}
		if without := domain.Decide(rules, attempt, finding); without.Verdict != decision.Verdict || without.Reason != decision.Reason {
			t.Fatalf("%v with the profile, %v without", decision, without)
		}
	})
}
