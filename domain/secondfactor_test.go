package domain_test

import (
	"slices"
	"strings"
	"testing"

	"cognito-user-migration/domain"

	"pgregory.net/rapid"
)

func TestHowADestinationAsksForSecondFactors(t *testing.T) {
	t.Parallel()
	for text, valid := range map[string]bool{
		"OFF": true, "ON,SMS_MFA": true, " OPTIONAL , SMS_MFA, EMAIL_OTP ,SOFTWARE_TOKEN_MFA,WEB_AUTHN": true,
		"": false, "ON": false, "OFF,SMS_MFA": false, "ON,SMS": false, "ON,SMS_MFA,SMS_MFA": false, "SMS_MFA": false, "ON,": false, "on,SMS_MFA": false,
	} {
		var read domain.DestinationMFA
		if err := read.UnmarshalText([]byte(text)); (err == nil) != valid {
			t.Errorf("%q: %v, %v", text, read, err)
		}
		if want := strings.ReplaceAll(text, " ", ""); valid && read.String() != want {
			t.Errorf("%q is written as %q", text, read)
		}
	}
	var read domain.DestinationMFA
	if err := read.UnmarshalText([]byte("OPTIONAL,EMAIL_OTP")); err != nil || read.Mode != domain.MFAOptional || !read.Takes(domain.MFAEmail) || read.Takes(domain.MFASMS) {
		t.Errorf("got %v, %v", read, err)
	}
}

func TestTheWordsThatDirectoriesHaveForSecondFactors(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]domain.MFAMethod{
		"": nil, "false": nil, "0": nil, "None": nil, "off": nil, "[]": nil, "{}": nil, "no-mfa": nil,
		"SMS_MFA": {domain.MFASMS}, "sms": {domain.MFASMS}, "TOTP": {domain.MFASoftwareToken}, "software_token_mfa": {domain.MFASoftwareToken},
		"email-otp": {domain.MFAEmail}, "FIDO2": {domain.MFAPasskey}, "true": {domain.MFAOther}, "1": {domain.MFAOther}, "t": {domain.MFAOther},
		`["sms","totp"]`: {domain.MFASMS, domain.MFASoftwareToken}, "{sms,sms}": {domain.MFASMS}, "duo": {domain.MFAOther},
	} {
		if got := domain.ParseMFA(text); !slices.Equal(got, want) {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}

// paths are the ways to a decision, by the finding that a source gives.
func paths() map[string]struct {
	trigger domain.Trigger
	kind    domain.FindingKind
	status  domain.UserStatus
} {
	type path = struct {
		trigger domain.Trigger
		kind    domain.FindingKind
		status  domain.UserStatus
	}
	return map[string]path{
		"sign-in":            {domain.TriggerAuthentication, domain.MFARequired, domain.StatusConfirmed},
		"temporary password": {domain.TriggerAuthentication, domain.TemporaryPasswordAccepted, domain.StatusForceChangePassword},
		"required reset":     {domain.TriggerAuthentication, domain.ResetRequired, domain.StatusResetRequired},
		"forgot-password":    {domain.TriggerForgotPassword, domain.UserFound, domain.StatusConfirmed},
	}
}

// factor is a second factor as a source shows it.
type factor struct {
	methods   []domain.MFAMethod
	preferred domain.MFAMethod
	required  bool
}

func factors() map[string]factor {
	return map[string]factor{
		"SMS":                  {methods: []domain.MFAMethod{domain.MFASMS}},
		"SMS, preferred alone": {preferred: domain.MFASMS},
		"email":                {methods: []domain.MFAMethod{domain.MFAEmail}},
		"TOTP":                 {methods: []domain.MFAMethod{domain.MFASoftwareToken}},
		"passkey":              {methods: []domain.MFAMethod{domain.MFAPasskey}},
		"several":              {methods: []domain.MFAMethod{domain.MFASMS, domain.MFASoftwareToken}, preferred: domain.MFASoftwareToken},
		"a word nobody knows":  {methods: []domain.MFAMethod{domain.MFAOther}},
		"required by the pool": {required: true},
	}
}

func decideWith(rules domain.Rules, trigger domain.Trigger, kind domain.FindingKind, status domain.UserStatus, f factor) domain.Decision {
	user := changed(func(u *domain.SourceUser) {
		u.Status, u.MFA, u.PreferredMFA, u.MFARequired = status, f.methods, f.preferred, f.required
		u.Attributes["phone_number"], u.Attributes["phone_number_verified"] = "+81901234567", "true"
	})
	attempt := domain.Attempt{Trigger: trigger, Username: "alice"}
	if trigger == domain.TriggerAuthentication {
		attempt.Password = domain.NewPassword("Right-Password-1")
	}
	return domain.Decide(rules, attempt, domain.Finding{Kind: kind, User: user})
}

func TestNoPathStepsAroundASecondFactor(t *testing.T) {
	t.Parallel()
	for name, f := range factors() {
		for way, path := range paths() {
			decision := decideWith(domain.DefaultRules(), path.trigger, path.kind, path.status, f)
			if decision.Verdict == domain.Migrate || decision.Reason != domain.ReasonMFARequired {
				t.Errorf("%s, %s: %v %s", name, way, decision.Verdict, decision.Reason)
			}
		}
	}
}

func TestCarryMigratesWhoseSMSCodeMovesAndNobodyElse(t *testing.T) {
	t.Parallel()
	carry := domain.DefaultRules()
	carry.OnMFA = domain.MFACarry
	carry.DestinationMFA = domain.DestinationMFA{Mode: domain.MFAOptional, Methods: []domain.MFAMethod{domain.MFASMS}}
	for name, f := range factors() {
		for way, path := range paths() {
			decision := decideWith(carry, path.trigger, path.kind, path.status, f)
			moves := name == "SMS" || name == "SMS, preferred alone"
			switch {
			case moves && (decision.Verdict != domain.Migrate || !decision.User.EnableSMSMFA):
				t.Errorf("%s, %s: %v %s", name, way, decision.Verdict, decision.Reason)
			case !moves && (decision.Verdict == domain.Migrate || decision.Reason != domain.ReasonMFANotCarried):
				t.Errorf("%s, %s: %v %s", name, way, decision.Verdict, decision.Reason)
			}
		}
	}
	t.Run("a user without a second factor migrates", func(t *testing.T) {
		t.Parallel()
		decision := decideWith(carry, domain.TriggerAuthentication, domain.PasswordAccepted, domain.StatusConfirmed, factor{})
		if decision.Verdict != domain.Migrate || decision.User.EnableSMSMFA {
			t.Errorf("%v", decision)
		}
	})
	t.Run("the challenge tells the factor where the profile does not", func(t *testing.T) {
		t.Parallel()
		user := changed(func(u *domain.SourceUser) { u.Attributes["phone_number"] = "+81901234567" })
		for challenge, want := range map[string]domain.Verdict{"SMS_MFA": domain.Migrate, "SOFTWARE_TOKEN_MFA": domain.Refuse, "SELECT_MFA_TYPE": domain.Refuse} {
			decision := domain.Decide(carry, domain.Attempt{Trigger: domain.TriggerAuthentication, Username: "alice", Password: domain.NewPassword("x")},
				domain.Finding{Kind: domain.MFARequired, Challenge: challenge, User: user})
			if decision.Verdict != want {
				t.Errorf("%s: %v %s", challenge, decision.Verdict, decision.Reason)
			}
		}
	})
	t.Run("a phone number of another user's choice is no factor", func(t *testing.T) {
		t.Parallel()
		other := carry
		other.Attributes = mapping("email,phone_number='+15550100'")
		if decision := decideWith(other, domain.TriggerAuthentication, domain.MFARequired, domain.StatusConfirmed, factors()["SMS"]); decision.Verdict == domain.Migrate {
			t.Errorf("%v", decision)
		}
	})
}

// carrying are the rules that carry factors by a completion. The destination requires one
// of all users.
func carrying(choice domain.OnMFA) domain.Rules {
	r := domain.DefaultRules()
	r.OnMFA, r.SetsMFAPreference, r.MFAGroup = choice, true, "new-factor"
	r.DestinationMFA = domain.DestinationMFA{Mode: domain.MFAOn, Methods: []domain.MFAMethod{domain.MFASMS, domain.MFAEmail, domain.MFASoftwareToken}}
	return r
}

func TestCarryMovesACodeByEmailOnlyWhereNobodyGetsInWithoutIt(t *testing.T) {
	t.Parallel()
	email := domain.MFAEmail
	withEmail := factor{methods: []domain.MFAMethod{email}, preferred: email}
	signIn := paths()["sign-in"]
	if decision := decideWith(carrying(domain.MFACarry), signIn.trigger, signIn.kind, signIn.status, withEmail); decision.Verdict != domain.Migrate ||
		decision.SecondFactor != email || decision.User.EnableSMSMFA || decision.MFAGroup != "" {
		t.Errorf("%v, second factor %q, group %q", decision, decision.SecondFactor, decision.MFAGroup)
	}
	for name, change := range map[string]func(*domain.Rules){
		"a destination that asks only users who have a factor": func(r *domain.Rules) { r.DestinationMFA.Mode = domain.MFAOptional },
		"a destination without codes by email":                 func(r *domain.Rules) { r.DestinationMFA.Methods = []domain.MFAMethod{domain.MFASMS} },
		"no completion":                                        func(r *domain.Rules) { r.SetsMFAPreference = false },
		"the address does not move":                            func(r *domain.Rules) { r.Attributes = mapping("name") },
		"the address is not the user's own":                    func(r *domain.Rules) { r.Attributes = mapping("email='x@example.com',email_verified='true'") },
	} {
		rules := carrying(domain.MFACarry)
		change(&rules)
		if decision := decideWith(rules, signIn.trigger, signIn.kind, signIn.status, withEmail); decision.Verdict == domain.Migrate || decision.Reason != domain.ReasonMFANotCarried {
			t.Errorf("%s: %v", name, decision)
		}
	}
	t.Run("an address that nobody proved", func(t *testing.T) {
		t.Parallel()
		user := changed(func(u *domain.SourceUser) { u.PreferredMFA, u.Attributes["email_verified"] = email, "false" })
		decision := domain.Decide(carrying(domain.MFACarry), domain.Attempt{Trigger: domain.TriggerAuthentication, Username: "alice", Password: domain.NewPassword("x")},
			domain.Finding{Kind: domain.MFARequired, User: user})
		if decision.Reason != domain.ReasonMFANotCarried {
			t.Errorf("%v", decision)
		}
	})
	t.Run("who resets the password by the same inbox would need nothing else", func(t *testing.T) {
		t.Parallel()
		for way, path := range paths() {
			decision := decideWith(carrying(domain.MFACarry), path.trigger, path.kind, path.status, withEmail)
			if moves := way == "sign-in"; moves != (decision.Verdict == domain.Migrate) || !moves && decision.Reason != domain.ReasonMFANotCarried {
				t.Errorf("%s: %v", way, decision)
			}
		}
		weak := carrying(domain.MFACarry)
		weak.OnWeakPassword, weak.PasswordPolicy = domain.WeakPasswordReset, domain.PasswordPolicy{MinimumLength: 99}
		if decision := decideWith(weak, signIn.trigger, signIn.kind, signIn.status, withEmail); decision.Reason != domain.ReasonMFANotCarried {
			t.Errorf("a weak password: %v", decision)
		}
		kept := carrying(domain.MFACarry)
		kept.OnTemporaryPassword = domain.TemporaryPasswordConfirm
		temporary := paths()["temporary password"]
		if decision := decideWith(kept, temporary.trigger, temporary.kind, temporary.status, withEmail); decision.SecondFactor != email {
			t.Errorf("a temporary password that is kept: %v", decision)
		}
	})
	t.Run("a weak password is told as one where it is refused", func(t *testing.T) {
		t.Parallel()
		weak := carrying(domain.MFACarry)
		weak.OnWeakPassword, weak.PasswordPolicy = domain.WeakPasswordRefuse, domain.PasswordPolicy{MinimumLength: 99}
		if decision := decideWith(weak, signIn.trigger, signIn.kind, signIn.status, withEmail); decision.Reason != domain.ReasonWeakPassword {
			t.Errorf("%v", decision)
		}
	})
}

// Cognito sends no reset code by SMS to a user whose second factor is SMS.
func TestAnSMSFactorNeedsAnotherWayToTheResetCode(t *testing.T) {
	t.Parallel()
	for _, choice := range []domain.OnMFA{domain.MFACarry, domain.MFAEnroll, domain.MFAMigrate} {
		for way, path := range paths() {
			user := changed(func(u *domain.SourceUser) {
				u.Status, u.MFA, u.PreferredMFA = path.status, []domain.MFAMethod{domain.MFASMS}, domain.MFASMS
				u.Attributes["phone_number"], u.Attributes["phone_number_verified"] = "+81901234567", "true"
				u.Attributes["email_verified"] = "false"
			})
			attempt := domain.Attempt{Trigger: path.trigger, Username: "alice", Password: domain.NewPassword("x")}
			decision := domain.Decide(carrying(choice), attempt, domain.Finding{Kind: path.kind, User: user})
			migrates, sms := way == "sign-in" || choice != domain.MFACarry, way == "sign-in"
			if migrates != (decision.Verdict == domain.Migrate) || sms != decision.User.EnableSMSMFA {
				t.Errorf("%s, %s: %v, SMS %t", choice, way, decision, decision.User.EnableSMSMFA)
			}
		}
	}
}

func TestOfSeveralFactorsThePreferredOneMustSurvive(t *testing.T) {
	t.Parallel()
	const sms, email, totp = domain.MFASMS, domain.MFAEmail, domain.MFASoftwareToken
	signIn := paths()["sign-in"]
	for name, row := range map[string]struct {
		factor factor
		want   domain.MFAMethod
	}{
		"SMS preferred to TOTP":            {factor{methods: []domain.MFAMethod{sms, totp}, preferred: sms}, sms},
		"email preferred to SMS":           {factor{methods: []domain.MFAMethod{sms, email}, preferred: email}, email},
		"TOTP preferred to SMS and email":  {factor{methods: []domain.MFAMethod{sms, email, totp}, preferred: totp}, ""},
		"SMS or email, by choice":          {factor{methods: []domain.MFAMethod{email, sms}}, sms},
		"email or TOTP, by choice":         {factor{methods: []domain.MFAMethod{totp, email}}, email},
		"TOTP or passkey, by choice":       {factor{methods: []domain.MFAMethod{totp, domain.MFAPasskey}}, ""},
		"a factor in words nobody can set": {factor{methods: []domain.MFAMethod{domain.MFAOther}}, ""},
	} {
		decision := decideWith(carrying(domain.MFACarry), signIn.trigger, signIn.kind, signIn.status, row.factor)
		if decision.SecondFactor != row.want || (row.want == "") != (decision.Verdict == domain.Refuse) || decision.User.EnableSMSMFA != (row.want == sms) {
			t.Errorf("%s: %v, second factor %q", name, decision, decision.SecondFactor)
		}
	}
}

func TestEnrollMovesEveryoneWithAFactorIntoTheGroup(t *testing.T) {
	t.Parallel()
	for name, f := range factors() {
		for way, path := range paths() {
			decision := decideWith(carrying(domain.MFAEnroll), path.trigger, path.kind, path.status, f)
			if decision.Verdict != domain.Migrate || decision.MFAGroup != "new-factor" {
				t.Errorf("%s, %s: %v, group %q", name, way, decision, decision.MFAGroup)
			}
		}
	}
	if decision := decideWith(carrying(domain.MFAEnroll), domain.TriggerAuthentication, domain.PasswordAccepted, domain.StatusConfirmed, factor{}); decision.MFAGroup != "" {
		t.Errorf("without a factor: group %q", decision.MFAGroup)
	}
}

func TestACompletionKnowsTheSecondFactor(t *testing.T) {
	t.Parallel()
	sms := changed(func(u *domain.SourceUser) {
		u.MFA, u.PreferredMFA = []domain.MFAMethod{domain.MFASMS}, domain.MFASMS
		u.Attributes["phone_number"] = "+81901234567"
	})
	attempt := domain.Attempt{ID: "attempt-1", Trigger: domain.TriggerAuthentication, Username: "alice", Password: domain.NewPassword("x")}
	for _, user := range []domain.SourceUser{sms, alice()} {
		has := user.PreferredMFA != ""
		finding := domain.Finding{Kind: domain.PasswordAccepted, User: user}
		if has {
			finding.Kind = domain.MFARequired
		}
		decision := domain.Decide(carrying(domain.MFAEnroll), attempt, finding)
		sent := domain.NewCompletion(keys(), attempt, attempted, user, decision)
		hand := byHand(carrying(domain.MFAEnroll), "alice", user)
		for _, completion := range []domain.Completion{sent, hand} {
			if completion.ConcernsMFA() != has || (completion.SecondFactor == domain.MFASMS) != has || (completion.MFAGroup == "new-factor") != has {
				t.Errorf("second factor %q, group %q", completion.SecondFactor, completion.MFAGroup)
			}
		}
	}
	if completion := byHand(rules(onMFA(domain.MFARefuse)), "alice", sms); completion.ConcernsMFA() {
		t.Errorf("second factor %q, group %q", completion.SecondFactor, completion.MFAGroup)
	}
}

// A source that names factors and never asks for one proves nothing by a right
// password.
func TestAFactorThatTheSourceNeverAsksForCountsToo(t *testing.T) {
	t.Parallel()
	user := changed(func(u *domain.SourceUser) { u.MFA, u.MFAUnasked = []domain.MFAMethod{domain.MFASoftwareToken}, true })
	attempt := domain.Attempt{Trigger: domain.TriggerAuthentication, Username: "alice", Password: domain.NewPassword("x")}
	if decision := domain.Decide(domain.DefaultRules(), attempt, domain.Finding{Kind: domain.PasswordAccepted, User: user}); decision.Reason != domain.ReasonMFARequired {
		t.Errorf("%v %s", decision.Verdict, decision.Reason)
	}
	user.MFA = nil
	if decision := domain.Decide(domain.DefaultRules(), attempt, domain.Finding{Kind: domain.PasswordAccepted, User: user}); decision.Verdict != domain.Migrate {
		t.Errorf("%v %s", decision.Verdict, decision.Reason)
	}
}

// asCognitoSays checks a password by the sentences of "Adding user pool password
// requirements", rune by rune.
func asCognitoSays(policy domain.PasswordPolicy, password string) bool {
	runes := []rune(password)
	var upper, lower, digit, symbol bool
	for i, r := range runes {
		switch {
		case r >= 'A' && r <= 'Z':
			upper = true
		case r >= 'a' && r <= 'z':
			lower = true
		case r >= '0' && r <= '9':
			digit = true
		case r == ' ':
			symbol = symbol || i > 0 && i < len(runes)-1 && slices.ContainsFunc(runes[:i], notSpace) && slices.ContainsFunc(runes[i:], notSpace)
		case slices.Contains([]rune("^$*.[]{}()?\"!@#%&/\\,><':;|_~`=+-"), r):
			symbol = true
		}
	}
	return len(runes) >= policy.MinimumLength && len(runes) <= 256 && (upper || !policy.RequireUppercase) &&
		(lower || !policy.RequireLowercase) && (digit || !policy.RequireNumbers) && (symbol || !policy.RequireSymbols)
}

func notSpace(r rune) bool { return r != ' ' }

func TestWeakPasswordsAreThoseThatCognitosRulesReject(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		policy := domain.PasswordPolicy{
			MinimumLength: rapid.IntRange(1, 20).Draw(t, "length"), RequireUppercase: rapid.Bool().Draw(t, "upper"),
			RequireLowercase: rapid.Bool().Draw(t, "lower"), RequireNumbers: rapid.Bool().Draw(t, "numbers"), RequireSymbols: rapid.Bool().Draw(t, "symbols"),
		}
		password := rapid.OneOf(rapid.StringMatching(`[A-Za-z0-9 !é^-]{1,24}`), rapid.StringN(1, 300, -1)).Draw(t, "password")
		rules := domain.DefaultRules()
		rules.OnWeakPassword, rules.PasswordPolicy = domain.WeakPasswordRefuse, policy
		decision := domain.Decide(rules, domain.Attempt{Trigger: domain.TriggerAuthentication, Username: "alice", Password: domain.NewPassword(password)},
			domain.Finding{Kind: domain.PasswordAccepted, User: alice()})
		if migrates := decision.Verdict == domain.Migrate; migrates != asCognitoSays(policy, password) || !migrates && decision.Reason != domain.ReasonWeakPassword {
			t.Errorf("%v: %v %s", policy, decision.Verdict, decision.Reason)
		}
	})
}

func TestWhatBecomesOfAWeakPassword(t *testing.T) {
	t.Parallel()
	unverified := changed(func(u *domain.SourceUser) {
		u.Attributes["email_verified"] = "false"
		u.Attributes["phone_number_verified"] = "false"
	})
	for name, test := range map[string]struct {
		on      domain.OnWeakPassword
		user    domain.SourceUser
		verdict domain.Verdict
		status  domain.FinalStatus
		reason  domain.Reason
	}{
		"migrate: it is kept":                       {domain.WeakPasswordMigrate, alice(), domain.Migrate, domain.FinalConfirmed, domain.ReasonPasswordAccepted},
		"reset: a new one by a code":                {domain.WeakPasswordReset, alice(), domain.Migrate, domain.FinalResetRequired, domain.ReasonWeakPassword},
		"reset: refused without a verified contact": {domain.WeakPasswordReset, unverified, domain.Refuse, "", domain.ReasonWeakPassword},
		"refuse": {domain.WeakPasswordRefuse, alice(), domain.Refuse, "", domain.ReasonWeakPassword},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rules := domain.DefaultRules()
			rules.OnWeakPassword, rules.PasswordPolicy = test.on, domain.PasswordPolicy{MinimumLength: 12}
			decision := domain.Decide(rules, domain.Attempt{Trigger: domain.TriggerAuthentication, Username: "alice", Password: domain.NewPassword("short")},
				domain.Finding{Kind: domain.PasswordAccepted, User: test.user})
			if decision.Verdict != test.verdict || decision.Reason != test.reason || decision.User.FinalStatus != test.status {
				t.Errorf("got %v %s %s", decision.Verdict, decision.Reason, decision.User.FinalStatus)
			}
		})
	}
}

func TestAPasswordPolicyIsReadAsItIsWritten(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]domain.PasswordPolicy{
		"MinimumLength=8": {MinimumLength: 8},
		" MinimumLength=12 , RequireUppercase,RequireLowercase,RequireNumbers,RequireSymbols": {MinimumLength: 12, RequireUppercase: true, RequireLowercase: true, RequireNumbers: true, RequireSymbols: true},
		"RequireSymbols": {RequireSymbols: true},
	} {
		var read, again domain.PasswordPolicy
		if err := read.UnmarshalText([]byte(text)); err != nil || read != want || read.IsZero() {
			t.Errorf("%q: %v, %v", text, read, err)
		}
		if err := again.UnmarshalText([]byte(read.String())); err != nil || again != read {
			t.Errorf("%q was written as %q: %v, %v", text, read, again, err)
		}
	}
	for _, text := range []string{"", "MinimumLength=0", "MinimumLength=257", "MinimumLength=x", "MinimumLength=8,MinimumLength=9", "8", "RequireUppercase,,"} {
		if err := new(domain.PasswordPolicy).UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q was taken", text)
		}
	}
	var choice domain.OnWeakPassword
	if err := choice.UnmarshalText([]byte("never")); err == nil {
		t.Error("an unknown choice was taken")
	}
	if !new(domain.PasswordPolicy).IsZero() {
		t.Error("no demands are a demand")
	}
}

func TestTheRecordOfACompletedMoveHasBothSubs(t *testing.T) {
	t.Parallel()
	var record domain.CompletionRecord
	record.AreSame(alice(), domain.DestinationUser{Attributes: domain.Attributes{"sub": "sub-new"}})
	if record.SourceSub != "sub-1" || record.DestinationSub != "sub-new" {
		t.Errorf("got %q, %q", record.SourceSub, record.DestinationSub)
	}
}

// A further question is worth its time only where the answer can change the
// decision, and then it must be put.
func TestTheSourceIsAskedForMoreFactorsWhereTheyDecide(t *testing.T) {
	t.Parallel()
	with := func(change func(*domain.Rules)) domain.Rules {
		rules := domain.DefaultRules()
		change(&rules)
		return rules
	}
	carry := with(func(r *domain.Rules) { r.OnMFA = domain.MFACarry })
	for name, row := range map[string]struct {
		rules  domain.Rules
		kind   domain.FindingKind
		change func(*domain.SourceUser)
		want   bool
	}{
		"a forgotten password":                               {kind: domain.UserFound, want: true},
		"a temporary password":                               {kind: domain.TemporaryPasswordAccepted, want: true},
		"a demanded reset":                                   {kind: domain.ResetRequired, want: true},
		"a forgotten password, with carry":                   {rules: carry, kind: domain.UserFound, want: true},
		"a completed sign-in":                                {kind: domain.PasswordAccepted},
		"a completed sign-in with a temporary password":      {kind: domain.PasswordAccepted, change: func(u *domain.SourceUser) { u.Status = domain.StatusForceChangePassword }, want: true},
		"a completed sign-in that must be followed by reset": {kind: domain.PasswordAccepted, change: func(u *domain.SourceUser) { u.Status = domain.StatusResetRequired }, want: true},
		"a challenge":                                        {kind: domain.MFARequired},
		"a challenge, with carry":                            {rules: carry, kind: domain.MFARequired},
		"a factor that the profile lists":                    {kind: domain.UserFound, change: func(u *domain.SourceUser) { u.MFA = []domain.MFAMethod{domain.MFASMS} }},
		"a disabled user":                                    {kind: domain.UserFound, change: func(u *domain.SourceUser) { u.Enabled = false }},
		"an unknown user":                                    {kind: domain.UserUnknown},
		"a wrong password":                                   {kind: domain.PasswordWrong},
		"nothing found":                                      {},
		"everybody migrates":                                 {rules: with(func(r *domain.Rules) { r.OnMFA = domain.MFAMigrate }), kind: domain.UserFound},
		"temporary passwords are refused":                    {rules: with(func(r *domain.Rules) { r.OnTemporaryPassword = domain.TemporaryPasswordRefuse }), kind: domain.TemporaryPasswordAccepted},
		"resets are refused":                                 {rules: with(func(r *domain.Rules) { r.OnResetRequired = domain.ResetRequiredRefuse }), kind: domain.ResetRequired},
	} {
		rules := row.rules
		if rules.OnMFA == "" {
			rules = domain.DefaultRules()
		}
		user := changed(func(u *domain.SourceUser) {
			if row.change != nil {
				row.change(u)
			}
		})
		if got := rules.NeedsSecondFactors(domain.Finding{Kind: row.kind, User: user}); got != row.want {
			t.Errorf("%s: got %v, want %v", name, got, row.want)
		}
	}
}

// If second factors are not read, they would not have changed a decision to migrate into
// a refusal. So no factor gets around the rule.
func TestAFactorThatIsNotAskedForChangesNoDecisionToMigrate(t *testing.T) {
	t.Parallel()
	for way, path := range paths() {
		for _, mfa := range []domain.OnMFA{domain.MFARefuse, domain.MFACarry} {
			rules := domain.DefaultRules()
			rules.OnMFA = mfa
			for name, f := range factors() {
				user := changed(func(u *domain.SourceUser) {
					u.Status, u.MFA, u.PreferredMFA, u.MFARequired = path.status, f.methods, f.preferred, f.required
				})
				if rules.NeedsSecondFactors(domain.Finding{Kind: path.kind, User: user}) {
					t.Errorf("%s, %s, %s: asked, although the profile shows a factor", way, mfa, name)
				}
			}
			none := changed(func(u *domain.SourceUser) { u.Status = path.status })
			if path.kind != domain.MFARequired && !rules.NeedsSecondFactors(domain.Finding{Kind: path.kind, User: none}) {
				t.Errorf("%s, %s: not asked, although the profile shows none", way, mfa)
			}
		}
	}
}
