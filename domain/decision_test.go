package domain_test

import (
	"fmt"
	"maps"
	"testing"

	"cognito-user-migration/domain"
)

// alice is a user in good standing with both contacts verified.
func alice() domain.SourceUser {
	return domain.SourceUser{
		Username: "alice",
		Sub:      "sub-1",
		Status:   domain.StatusConfirmed,
		Enabled:  true,
		Attributes: domain.Attributes{
			"sub": "sub-1", "email": "alice@example.com", "email_verified": "true",
			"phone_number": "+819012345678", "phone_number_verified": "true", "custom:tenant": "acme",
		},
	}
}

// changed is alice with something else about her.
func changed(change func(*domain.SourceUser)) domain.SourceUser {
	user := alice()
	change(&user)
	return user
}

func status(status domain.UserStatus) domain.SourceUser {
	return changed(func(u *domain.SourceUser) { u.Status = status })
}

func unverified() domain.SourceUser {
	return changed(func(u *domain.SourceUser) {
		u.Attributes["email_verified"], u.Attributes["phone_number_verified"] = "false", "false"
	})
}

func withMFA(preferred domain.MFAMethod, methods ...domain.MFAMethod) domain.SourceUser {
	return changed(func(u *domain.SourceUser) { u.MFA, u.PreferredMFA = methods, preferred })
}

// rules are the defaults with something chosen.
func rules(choose ...func(*domain.Rules)) domain.Rules {
	rules := domain.DefaultRules()
	for _, choose := range choose {
		choose(&rules)
	}
	return rules
}

func onTemporary(choice domain.OnTemporaryPassword) func(*domain.Rules) {
	return func(r *domain.Rules) { r.OnTemporaryPassword = choice }
}

func onMFA(choice domain.OnMFA) func(*domain.Rules) {
	return func(r *domain.Rules) { r.OnMFA = choice }
}

func onReset(choice domain.OnResetRequired) func(*domain.Rules) {
	return func(r *domain.Rules) { r.OnResetRequired = choice }
}

func onForgot(choice domain.OnForgotPassword) func(*domain.Rules) {
	return func(r *domain.Rules) { r.OnForgotPassword = choice }
}

func vouchAlways(r *domain.Rules) { r.VerifiedContacts = domain.VerifiedAlways }

const (
	signIn = domain.TriggerAuthentication
	forgot = domain.TriggerForgotPassword
)

func TestDecide(t *testing.T) {
	t.Parallel()
	const migrate, refuse = domain.Migrate, domain.Refuse
	for _, row := range []struct {
		name      string
		rules     domain.Rules
		trigger   domain.Trigger
		finding   domain.FindingKind
		user      domain.SourceUser
		challenge string

		verdict domain.Verdict
		reason  domain.Reason
		status  domain.FinalStatus
	}{
		// Sign-in.
		{name: "an accepted password migrates, confirmed",
			trigger: signIn, finding: domain.PasswordAccepted, user: alice(),
			verdict: migrate, reason: domain.ReasonPasswordAccepted, status: domain.FinalConfirmed},
		{name: "a source without statuses means a confirmed user",
			trigger: signIn, finding: domain.PasswordAccepted, user: status(""),
			verdict: migrate, reason: domain.ReasonPasswordAccepted, status: domain.FinalConfirmed},
		{name: "an accepted password needs no verified contact",
			trigger: signIn, finding: domain.PasswordAccepted, user: unverified(),
			verdict: migrate, reason: domain.ReasonPasswordAccepted, status: domain.FinalConfirmed},
		{name: "a sign-in that the source completed without a second factor is proof enough",
			trigger: signIn, finding: domain.PasswordAccepted, user: withMFA(domain.MFASMS, domain.MFASMS),
			verdict: migrate, reason: domain.ReasonPasswordAccepted, status: domain.FinalConfirmed},
		{name: "a wrong password is refused",
			trigger: signIn, finding: domain.PasswordWrong, user: alice(), verdict: refuse, reason: domain.ReasonPasswordWrong},
		{name: "an unknown user is refused",
			trigger: signIn, finding: domain.UserUnknown, verdict: refuse, reason: domain.ReasonUserUnknown},
		{name: "an ambiguous user is refused",
			trigger: signIn, finding: domain.UserAmbiguous, verdict: refuse, reason: domain.ReasonUserAmbiguous},
		{name: "a disabled user is refused",
			trigger: signIn, finding: domain.UserDisabled, verdict: refuse, reason: domain.ReasonUserDisabled},
		{name: "a disabled profile is refused though the password was right",
			trigger: signIn, finding: domain.PasswordAccepted, user: changed(func(u *domain.SourceUser) { u.Enabled = false }),
			verdict: refuse, reason: domain.ReasonUserDisabled},
		{name: "an unconfirmed user is refused",
			trigger: signIn, finding: domain.UserUnconfirmed, verdict: refuse, reason: domain.ReasonUserUnconfirmed},
		{name: "an unconfirmed profile is refused though the password was right",
			trigger: signIn, finding: domain.PasswordAccepted, user: status(domain.StatusUnconfirmed),
			verdict: refuse, reason: domain.ReasonUserUnconfirmed},
		{name: "a federated user is refused",
			trigger: signIn, finding: domain.UserFederated, verdict: refuse, reason: domain.ReasonUserFederated},
		{name: "a federated profile is refused",
			trigger: signIn, finding: domain.PasswordAccepted, user: status(domain.StatusExternalProvider),
			verdict: refuse, reason: domain.ReasonUserFederated},
		{name: "an archived profile is refused",
			trigger: signIn, finding: domain.PasswordAccepted, user: status(domain.StatusArchived),
			verdict: refuse, reason: domain.ReasonUserArchived},
		{name: "a compromised profile is refused",
			trigger: signIn, finding: domain.PasswordAccepted, user: status(domain.StatusCompromised),
			verdict: refuse, reason: domain.ReasonUserCompromised},
		{name: "a profile of unknown status is refused",
			trigger: signIn, finding: domain.PasswordAccepted, user: status(domain.StatusUnknown),
			verdict: refuse, reason: domain.ReasonStatusUnknown},
		{name: "a profile of a status that Cognito does not have yet is refused",
			trigger: signIn, finding: domain.PasswordAccepted, user: status("SOMETHING_NEW"),
			verdict: refuse, reason: domain.ReasonStatusUnknown},

		// Temporary passwords.
		{name: "a temporary password migrates into a reset where a verified contact remains",
			trigger: signIn, finding: domain.TemporaryPasswordAccepted, user: status(domain.StatusForceChangePassword),
			verdict: migrate, reason: domain.ReasonTemporaryPassword, status: domain.FinalResetRequired},
		{name: "a temporary password without a verified contact is refused",
			trigger: signIn, finding: domain.TemporaryPasswordAccepted, user: unverified(),
			verdict: refuse, reason: domain.ReasonNoVerifiedContact},
		{name: "a temporary password is made to last where the rule says so",
			rules: rules(onTemporary(domain.TemporaryPasswordConfirm)), trigger: signIn,
			finding: domain.TemporaryPasswordAccepted, user: unverified(),
			verdict: migrate, reason: domain.ReasonTemporaryPassword, status: domain.FinalConfirmed},
		{name: "a temporary password is refused where the rule says so",
			rules: rules(onTemporary(domain.TemporaryPasswordRefuse)), trigger: signIn,
			finding: domain.TemporaryPasswordAccepted, user: alice(),
			verdict: refuse, reason: domain.ReasonTemporaryPassword},
		{name: "an accepted password of a user who must change it is a temporary one",
			trigger: signIn, finding: domain.PasswordAccepted, user: status(domain.StatusForceChangePassword),
			verdict: migrate, reason: domain.ReasonTemporaryPassword, status: domain.FinalResetRequired},
		{name: "and is refused where temporary ones are",
			rules: rules(onTemporary(domain.TemporaryPasswordRefuse)), trigger: signIn,
			finding: domain.PasswordAccepted, user: status(domain.StatusForceChangePassword),
			verdict: refuse, reason: domain.ReasonTemporaryPassword},
		{name: "an expired temporary password is refused",
			trigger: signIn, finding: domain.TemporaryPasswordExpired, verdict: refuse, reason: domain.ReasonTemporaryPasswordExpired},
		{name: "a temporary password does not step around a second factor",
			rules: rules(onTemporary(domain.TemporaryPasswordConfirm)), trigger: signIn,
			finding: domain.TemporaryPasswordAccepted, user: withMFA(domain.MFASoftwareToken, domain.MFASoftwareToken),
			verdict: refuse, reason: domain.ReasonMFARequired},

		// Second factors and other challenges.
		{name: "a second factor is refused, so that none is dropped in silence",
			trigger: signIn, finding: domain.MFARequired, challenge: "SMS_MFA", verdict: refuse, reason: domain.ReasonMFARequired},
		{name: "a second factor is left behind where the rule says so",
			rules: rules(onMFA(domain.MFAMigrate)), trigger: signIn, finding: domain.MFARequired,
			user: withMFA(domain.MFASoftwareToken, domain.MFASoftwareToken), challenge: "SOFTWARE_TOKEN_MFA",
			verdict: migrate, reason: domain.ReasonMFARequired, status: domain.FinalConfirmed},
		{name: "a second factor left behind does not make a temporary password last",
			rules: rules(onMFA(domain.MFAMigrate)), trigger: signIn, finding: domain.MFARequired,
			user: status(domain.StatusForceChangePassword), challenge: "SMS_MFA",
			verdict: migrate, reason: domain.ReasonTemporaryPassword, status: domain.FinalResetRequired},
		{name: "any other challenge is refused",
			trigger: signIn, finding: domain.ChallengeUnsupported, challenge: "CUSTOM_CHALLENGE",
			verdict: refuse, reason: domain.ReasonChallengeUnsupported},
		{name: "who forgot the password is refused where the source looks nobody up",
			trigger: forgot, finding: domain.LookUpUnsupported, verdict: refuse, reason: domain.ReasonLookUpUnsupported},
		{name: "that a source looks nobody up is no answer to a sign-in",
			trigger: signIn, finding: domain.LookUpUnsupported, verdict: refuse, reason: domain.ReasonFindingUnexpected},
		{name: "a sign-in that a rule of the source denied is refused",
			trigger: signIn, finding: domain.SignInDenied, verdict: refuse, reason: domain.ReasonSignInDenied},
		{name: "a user who is locked out is refused",
			trigger: signIn, finding: domain.LockedOut, verdict: refuse, reason: domain.ReasonLockedOut},

		// A demanded reset.
		{name: "a demanded reset migrates into a reset where a verified contact remains",
			trigger: signIn, finding: domain.ResetRequired, user: status(domain.StatusResetRequired),
			verdict: migrate, reason: domain.ReasonResetRequired, status: domain.FinalResetRequired},
		{name: "a demanded reset without a verified contact is refused",
			trigger: signIn, finding: domain.ResetRequired, user: unverified(),
			verdict: refuse, reason: domain.ReasonNoVerifiedContact},
		{name: "a demanded reset is refused where the rule says so",
			rules: rules(onReset(domain.ResetRequiredRefuse)), trigger: signIn, finding: domain.ResetRequired, user: alice(),
			verdict: refuse, reason: domain.ReasonResetRequired},
		{name: "an accepted password of a user who must reset it is a demanded reset",
			trigger: signIn, finding: domain.PasswordAccepted, user: status(domain.StatusResetRequired),
			verdict: migrate, reason: domain.ReasonResetRequired, status: domain.FinalResetRequired},
		{name: "and is refused where those are",
			rules: rules(onReset(domain.ResetRequiredRefuse)), trigger: signIn,
			finding: domain.PasswordAccepted, user: status(domain.StatusResetRequired),
			verdict: refuse, reason: domain.ReasonResetRequired},
		{name: "a reset does not step around a second factor",
			trigger: signIn, finding: domain.ResetRequired, user: withMFA("", domain.MFAEmail),
			verdict: refuse, reason: domain.ReasonMFARequired},

		// Forgotten passwords.
		{name: "a forgotten password migrates with the status left out",
			trigger: forgot, finding: domain.UserFound, user: alice(), verdict: migrate, reason: domain.ReasonForgotPassword},
		{name: "a forgotten password migrates by a verified phone alone",
			trigger: forgot, finding: domain.UserFound,
			user:    changed(func(u *domain.SourceUser) { delete(u.Attributes, "email") }),
			verdict: migrate, reason: domain.ReasonForgotPassword},
		{name: "a forgotten password without a verified contact is refused",
			trigger: forgot, finding: domain.UserFound, user: unverified(), verdict: refuse, reason: domain.ReasonNoVerifiedContact},
		{name: "a contact that no rule maps is none to send a code to",
			rules:   rules(func(r *domain.Rules) { r.Attributes = mapping("name") }),
			trigger: forgot, finding: domain.UserFound, user: alice(), verdict: refuse, reason: domain.ReasonNoVerifiedContact},
		{name: "a contact that the operator vouches for is one",
			rules: rules(vouchAlways), trigger: forgot, finding: domain.UserFound, user: unverified(),
			verdict: migrate, reason: domain.ReasonForgotPassword},
		{name: "a disabled user who forgot the password is refused",
			trigger: forgot, finding: domain.UserFound, user: changed(func(u *domain.SourceUser) { u.Enabled = false }),
			verdict: refuse, reason: domain.ReasonUserDisabled},
		{name: "an unconfirmed user who forgot the password is refused",
			trigger: forgot, finding: domain.UserFound, user: status(domain.StatusUnconfirmed),
			verdict: refuse, reason: domain.ReasonUserUnconfirmed},
		{name: "a federated user who forgot the password is refused",
			trigger: forgot, finding: domain.UserFound, user: status(domain.StatusExternalProvider),
			verdict: refuse, reason: domain.ReasonUserFederated},
		{name: "an unknown user who forgot the password is refused",
			trigger: forgot, finding: domain.UserUnknown, verdict: refuse, reason: domain.ReasonUserUnknown},
		{name: "a forgotten password does not step around a second factor",
			trigger: forgot, finding: domain.UserFound, user: withMFA(domain.MFASMS, domain.MFASMS),
			verdict: refuse, reason: domain.ReasonMFARequired},
		{name: "unless the rule leaves second factors behind",
			rules: rules(onMFA(domain.MFAMigrate)), trigger: forgot, finding: domain.UserFound,
			user: withMFA(domain.MFASMS, domain.MFASMS), verdict: migrate, reason: domain.ReasonForgotPassword},

		{name: "a forgotten password is refused where the rule says so",
			rules: rules(onForgot(domain.ForgotPasswordRefuse)), trigger: forgot, finding: domain.UserFound, user: alice(),
			verdict: refuse, reason: domain.ReasonForgotPasswordRefused},
		{name: "and for the same reason whoever it is",
			rules: rules(onForgot(domain.ForgotPasswordRefuse)), trigger: forgot, finding: domain.UserUnknown,
			verdict: refuse, reason: domain.ReasonForgotPasswordRefused},
		{name: "which changes no sign-in",
			rules: rules(onForgot(domain.ForgotPasswordRefuse)), trigger: signIn, finding: domain.PasswordAccepted, user: alice(),
			verdict: migrate, reason: domain.ReasonPasswordAccepted, status: domain.FinalConfirmed},

		// Whose name it is.
		{name: "a name that is somebody else's is refused",
			trigger: signIn, finding: domain.PasswordAccepted,
			user: changed(func(u *domain.SourceUser) {
				u.Username, u.Sub, u.Attributes = "bob", "sub-2", domain.Attributes{"email": "bob@example.com"}
			}),
			verdict: refuse, reason: domain.ReasonIdentifierNotOwned},
		{name: "and so it is on a forgotten password",
			trigger: forgot, finding: domain.UserFound, user: changed(func(u *domain.SourceUser) { u.Username = "bob" }),
			verdict: refuse, reason: domain.ReasonIdentifierNotOwned},
		{name: "a finding without the profile it should have is refused",
			trigger: signIn, finding: domain.PasswordAccepted, verdict: refuse, reason: domain.ReasonIdentifierNotOwned},

		// Answers to questions that were not asked.
		{name: "no finding is refused", trigger: signIn, user: alice(), verdict: refuse, reason: domain.ReasonFindingUnexpected},
		{name: "a finding beyond the set is refused",
			trigger: signIn, finding: 250, user: alice(), verdict: refuse, reason: domain.ReasonFindingUnexpected},
		{name: "a found user is no answer to a sign-in",
			trigger: signIn, finding: domain.UserFound, user: alice(), verdict: refuse, reason: domain.ReasonFindingUnexpected},
		{name: "an accepted password is no answer to a forgotten one",
			trigger: forgot, finding: domain.PasswordAccepted, user: alice(), verdict: refuse, reason: domain.ReasonFindingUnexpected},
		{name: "nor is a temporary one",
			trigger: forgot, finding: domain.TemporaryPasswordAccepted, user: alice(), verdict: refuse, reason: domain.ReasonFindingUnexpected},
		{name: "nor a second factor",
			trigger: forgot, finding: domain.MFARequired, user: alice(), verdict: refuse, reason: domain.ReasonFindingUnexpected},
		{name: "nor a demanded reset",
			trigger: forgot, finding: domain.ResetRequired, user: alice(), verdict: refuse, reason: domain.ReasonFindingUnexpected},
		{name: "an attempt of no known trigger is refused",
			finding: domain.PasswordAccepted, user: alice(), verdict: refuse, reason: domain.ReasonFindingUnexpected},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			chosen := row.rules
			if chosen.OnMFA == "" {
				chosen = domain.DefaultRules()
			}
			attempt := domain.Attempt{ID: "1", Trigger: row.trigger, Username: "alice", Password: domain.NewPassword("secret")}
			finding := domain.Finding{Kind: row.finding, Source: "SOURCE", User: row.user, Challenge: row.challenge}
			got := domain.Decide(chosen, attempt, finding)
			if got.Verdict != row.verdict || got.Reason != row.reason || got.User.FinalStatus != row.status {
				t.Errorf("got %v with status %q, want verdict %d for %s with status %q",
					got, got.User.FinalStatus, row.verdict, row.reason, row.status)
			}
			if got.Source != "SOURCE" || got.Challenge != row.challenge {
				t.Errorf("the decision rests on source %q and challenge %q", got.Source, got.Challenge)
			}
		})
	}
}

func TestTheWelcomeMessageGoesWhereTheUserCanRead(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		action     domain.MessageAction
		user       domain.SourceUser
		suppressed bool
		email, sms bool
	}{
		"none unless it is asked for":          {domain.MessageSuppress, alice(), true, false, false},
		"to both where both are verified":      {domain.MessageSend, alice(), false, true, true},
		"to none where neither is":             {domain.MessageSend, unverified(), false, false, false},
		"to the phone where there is no email": {domain.MessageSend, changed(func(u *domain.SourceUser) { delete(u.Attributes, "email") }), false, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			decided := domain.Decide(rules(func(r *domain.Rules) { r.MessageAction = row.action }),
				domain.Attempt{Trigger: signIn, Username: "alice"}, domain.Finding{Kind: domain.PasswordAccepted, User: row.user}).User
			if decided.SuppressMessage != row.suppressed || decided.DeliverByEmail != row.email || decided.DeliverBySMS != row.sms {
				t.Errorf("suppressed %t, by email %t, by SMS %t", decided.SuppressMessage, decided.DeliverByEmail, decided.DeliverBySMS)
			}
		})
	}
}

func TestSMSMFAFollowsAnSMSPreferenceWithAPhone(t *testing.T) {
	t.Parallel()
	noPhone := withMFA(domain.MFASMS, domain.MFASMS)
	delete(noPhone.Attributes, "phone_number")
	for name, row := range map[string]struct {
		rule      domain.OnMFA
		user      domain.SourceUser
		challenge string
		want      bool
	}{
		"a preference for SMS with a phone":         {domain.MFAMigrate, withMFA(domain.MFASMS, domain.MFASMS), "SMS_MFA", true},
		"no preference, but the challenge was SMS":  {domain.MFAMigrate, alice(), "SMS_MFA", true},
		"no preference and a choice of challenges":  {domain.MFAMigrate, alice(), "SELECT_MFA_TYPE", false},
		"a preference for another factor":           {domain.MFAMigrate, withMFA(domain.MFASoftwareToken, domain.MFASMS, domain.MFASoftwareToken), "SMS_MFA", false},
		"a preference for SMS without a phone":      {domain.MFAMigrate, noPhone, "SMS_MFA", false},
		"a rule that moves no second factor at all": {domain.MFARefuse, withMFA(domain.MFASMS, domain.MFASMS), "SMS_MFA", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			decided := domain.Decide(rules(onMFA(row.rule)), domain.Attempt{Trigger: signIn, Username: "alice"},
				domain.Finding{Kind: domain.MFARequired, User: row.user, Challenge: row.challenge})
			if decided.User.EnableSMSMFA != row.want {
				t.Errorf("enableSMSMFA is %t", decided.User.EnableSMSMFA)
			}
		})
	}
}

func TestTheUsernameOfTheNewUser(t *testing.T) {
	t.Parallel()
	byEmail := changed(func(u *domain.SourceUser) { u.Username = "sub-1" })
	nameless := changed(func(u *domain.SourceUser) { u.Username, u.Sub = "sub-1", "" })
	for name, row := range map[string]struct {
		rule  domain.UsernameRule
		typed string
		user  domain.SourceUser
		want  string
	}{
		"auto: what was typed, where it is the username":           {domain.UsernameAuto, "alice", alice(), "alice"},
		"auto: what was typed, whatever the letter case":           {domain.UsernameAuto, "ALICE", alice(), "ALICE"},
		"auto: the source's, where an alias was typed":             {domain.UsernameAuto, "alice@example.com", alice(), "alice"},
		"auto: the source's, where the sub was typed":              {domain.UsernameAuto, "sub-1", alice(), "alice"},
		"auto: none, where the source's name is the sub":           {domain.UsernameAuto, "alice@example.com", byEmail, ""},
		"auto: none, where that sub was typed":                     {domain.UsernameAuto, "sub-1", byEmail, ""},
		"auto: none, where the sub is known by its attribute only": {domain.UsernameAuto, "alice@example.com", nameless, ""},
		"submitted: what was typed":                                {domain.UsernameSubmitted, "alice@example.com", alice(), "alice@example.com"},
		"source: the source's":                                     {domain.UsernameSource, "alice@example.com", alice(), "alice"},
		"omit: none":                                               {domain.UsernameOmit, "alice", alice(), ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			decided := domain.Decide(rules(func(r *domain.Rules) { r.Username = row.rule }),
				domain.Attempt{Trigger: signIn, Username: row.typed}, domain.Finding{Kind: domain.PasswordAccepted, User: row.user})
			if decided.Verdict != domain.Migrate || decided.User.Username != row.want {
				t.Errorf("%v creates %q, want %q", decided, decided.User.Username, row.want)
			}
		})
	}
}

// An alias is taken from another user only after a right password, and only with a
// verified contact.
func TestAnAliasIsTakenOnlyByAProvedPasswordAndWithAVerifiedContact(t *testing.T) {
	t.Parallel()
	force := func(r *domain.Rules) { r.ForceAliasCreation = true }
	for name, row := range map[string]struct {
		rules   domain.Rules
		trigger domain.Trigger
		finding domain.FindingKind
		user    domain.SourceUser
		want    bool
	}{
		"a completed sign-in":                       {rules(force), signIn, domain.PasswordAccepted, alice(), true},
		"a completed sign-in, without the rule":     {rules(), signIn, domain.PasswordAccepted, alice(), false},
		"a completed sign-in, no verified contact":  {rules(force), signIn, domain.PasswordAccepted, unverified(), false},
		"a completed sign-in, no contact is moved":  {rules(force, func(r *domain.Rules) { r.Attributes = mapping("name") }), signIn, domain.PasswordAccepted, alice(), false},
		"a temporary password":                      {rules(force), signIn, domain.TemporaryPasswordAccepted, alice(), true},
		"a second factor that was dropped":          {rules(force, onMFA(domain.MFAMigrate)), signIn, domain.MFARequired, alice(), true},
		"a password that was right, and must reset": {rules(force), signIn, domain.PasswordAccepted, status(domain.StatusResetRequired), true},
		"a demanded reset, whatever was typed":      {rules(force), signIn, domain.ResetRequired, alice(), false},
		"a forgotten password":                      {rules(force), forgot, domain.UserFound, alice(), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			decided := domain.Decide(row.rules, domain.Attempt{Trigger: row.trigger, Username: "alice"}, domain.Finding{Kind: row.finding, User: row.user})
			if decided.Verdict != domain.Migrate || decided.User.ForceAliasCreation != row.want {
				t.Errorf("%v: forceAliasCreation is %t, want %t", decided, decided.User.ForceAliasCreation, row.want)
			}
		})
	}
}

func TestDecideLeavesTheProfileAsItWas(t *testing.T) {
	t.Parallel()
	user := alice()
	domain.Decide(domain.DefaultRules(), domain.Attempt{Trigger: signIn, Username: "alice"},
		domain.Finding{Kind: domain.PasswordAccepted, User: user})
	if !maps.Equal(user.Attributes, alice().Attributes) {
		t.Error("the attributes were changed")
	}
}

func TestNamesOfFindingsAndTriggers(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, kind := range domain.FindingKinds() {
		name := kind.String()
		if seen[name] || name == "no finding" {
			t.Errorf("finding %d has no name of its own: %q", kind, name)
		}
		seen[name] = true
	}
	if got := domain.FindingKind(0).String(); got != "no finding" {
		t.Errorf("the zero finding is called %q", got)
	}
	for trigger, want := range map[domain.Trigger]string{
		signIn: "UserMigration_Authentication", forgot: "UserMigration_ForgotPassword", 0: "unknown",
	} {
		if got := trigger.String(); got != want {
			t.Errorf("trigger is called %q, want %q", got, want)
		}
	}
	if got := fmt.Sprint(domain.Decision{Reason: domain.ReasonUserUnknown}); got != "decision(refuse: user_unknown)" {
		t.Errorf("a decision prints as %q", got)
	}
}

// TestTheFindingsTable holds each row against what must be true of every row.
func TestTheFindingsTable(t *testing.T) {
	t.Parallel()
	everyRule := domain.DefaultRules()
	everyRule.OnMFA = domain.MFAMigrate
	for _, kind := range append(domain.FindingKinds(), 0, 200) {
		if kind.LockoutEffect() == domain.LockoutClears && !kind.ProvesPassword() {
			t.Errorf("%v clears the count and proves no password", kind)
		}
		for _, trigger := range []domain.Trigger{signIn, forgot} {
			decision := domain.Decide(everyRule, domain.Attempt{Trigger: trigger, Username: "alice"},
				domain.Finding{Kind: kind, User: alice()})
			if decision.Reason == "" {
				t.Errorf("%v on %v has no reason", kind, trigger)
			}
			if decision.Verdict == domain.Migrate && !everyRule.NeedsProfile(kind) {
				t.Errorf("%v on %v migrates without the profile", kind, trigger)
			}
			if decision.Verdict == domain.Migrate && trigger == forgot && kind.ProvesPassword() {
				t.Errorf("%v proves a password on a trigger that carries none", kind)
			}
		}
	}
}
