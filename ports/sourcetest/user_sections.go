package sourcetest

import (
	"maps"
	"strings"
	"testing"
	"unicode"

	"cognito-user-migration/domain"
)

func rightPassword(t *testing.T, s *suite) {
	for _, known := range s.ordinary() {
		s.signIn(t, known.Username, known.Password).
			migrated(t, known.Username, domain.ReasonPasswordAccepted, domain.FinalConfirmed)
	}
}

func wrongPassword(t *testing.T, s *suite) {
	users := s.ordinary()
	for i, known := range users {
		right := known.Password
		for name, wrong := range map[string]string{
			"another":              "Wrong-Password-0",
			"somebody else's":      users[(i+1)%len(users)].Password,
			"its beginning":        right[:len(right)-1],
			"with something after": right + "x",
			"with a space after":   right + " ",
			"with a space before":  " " + right,
			"with a NUL after":     right + "\x00",
			"in other letter case": swapCase(right),
			"a wildcard":           "*",
			"an injection":         "' OR '1'='1",
			"the username":         known.Username,
		} {
			t.Run(name, func(t *testing.T) {
				a := s.signIn(t, known.Username, wrong)
				a.refused(t, domain.ReasonPasswordWrong)
			})
		}
	}
}

// swapCase changes only the letter case of a password.
func swapCase(password string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsUpper(r) {
			return unicode.ToLower(r)
		}
		return unicode.ToUpper(r)
	}, password)
}

func emptyPassword(t *testing.T, s *suite) {
	before := s.questions()
	for _, known := range s.users {
		s.signIn(t, known.Username, "").refused(t, domain.ReasonPasswordWrong)
	}
	s.signIn(t, unknown, "").refused(t, domain.ReasonPasswordWrong)
	if asked := s.questions() - before; s.can(CountsQuestions) && asked > 0 {
		t.Errorf("the directory was asked about an empty password %d times", asked)
	}
}

func oneQuestion(t *testing.T, s *suite) {
	if !s.can(CountsQuestions) {
		return
	}
	for name, password := range map[string]string{
		"a right one": s.known(verified).Password,
		"a wrong one": "Wrong-Password-0",
	} {
		before := s.questions()
		s.signIn(t, verified, password)
		if asked := s.questions() - before; asked != 1 {
			t.Errorf("the directory was asked %d times about %s; each wrong password counts towards a lockout", asked, name)
		}
	}
}

func (s *suite) questions() int {
	if s.harness.Questions == nil {
		return 0
	}
	return s.harness.Questions()
}

func unknownUser(t *testing.T, s *suite) {
	reasons := []domain.Reason{domain.ReasonUserUnknown}
	s.can(NoLookUps) // every look-up in this suite checks it
	if s.can(HidesUnknownUsers) {
		reasons = append(reasons, domain.ReasonPasswordWrong)
	}
	for _, username := range []string{unknown, unknown + "@example.com", "無名.unknown"} {
		a := s.signIn(t, username, s.known(verified).Password)
		a.refused(t, reasons...)
		a.noUser(t)
		a = s.find(t, username)
		a.refused(t, domain.ReasonUserUnknown)
		a.noUser(t)
	}
	s.signIn(t, "", s.known(verified).Password).refused(t, domain.ReasonUserUnknown, domain.ReasonPasswordWrong)
	s.find(t, "").refused(t, domain.ReasonUserUnknown)
}

func disabledUser(t *testing.T, s *suite) {
	if !s.can(DisabledUsers) {
		return
	}
	s.signIn(t, disabled, s.known(disabled).Password).refused(t, domain.ReasonUserDisabled)
	s.signIn(t, disabled, "Wrong-Password-0").refused(t, domain.ReasonUserDisabled, domain.ReasonPasswordWrong)
	s.find(t, disabled).refused(t, domain.ReasonUserDisabled)
}

func unconfirmedUser(t *testing.T, s *suite) {
	if !s.can(UnconfirmedUsers) {
		return
	}
	s.signIn(t, unconfirmed, s.known(unconfirmed).Password).refused(t, domain.ReasonUserUnconfirmed)
	s.signIn(t, unconfirmed, "Wrong-Password-0").refused(t, domain.ReasonUserUnconfirmed, domain.ReasonPasswordWrong)
	s.find(t, unconfirmed).refused(t, domain.ReasonUserUnconfirmed)
}

func federatedUser(t *testing.T, s *suite) {
	if !s.can(FederatedUsers) {
		return
	}
	// The directory may only know that there is no such password.
	s.signIn(t, federated, "Wrong-Password-0").refused(t, domain.ReasonUserFederated, domain.ReasonPasswordWrong)
	s.find(t, federated).refused(t, domain.ReasonUserFederated)
}

func temporaryPassword(t *testing.T, s *suite) {
	if !s.can(TemporaryPasswords) {
		return
	}
	s.signIn(t, temporary, s.known(temporary).Password).
		migrated(t, temporary, domain.ReasonTemporaryPassword, domain.FinalResetRequired)
	s.signIn(t, temporary, "Wrong-Password-0").refused(t, domain.ReasonPasswordWrong)
	s.find(t, temporary).migrated(t, temporary, domain.ReasonForgotPassword, "")
}

func demandedReset(t *testing.T, s *suite) {
	if !s.can(Resets) {
		return
	}
	s.signIn(t, reset, s.known(reset).Password).
		migrated(t, reset, domain.ReasonResetRequired, domain.FinalResetRequired)
	// The directory may require a reset before it checks the password. Then the
	// user migrates to a reset, and a code proves the user's identity instead.
	if a := s.signIn(t, reset, "Wrong-Password-0"); a.err != nil || a.decision.Verdict == domain.Migrate {
		a.migrated(t, reset, domain.ReasonResetRequired, domain.FinalResetRequired)
	} else {
		a.refused(t, domain.ReasonPasswordWrong)
	}
	s.find(t, reset).migrated(t, reset, domain.ReasonForgotPassword, "")
}

func secondFactor(t *testing.T, s *suite) {
	for capability, username := range map[Capability]string{
		SMSMFA: smsUser, SoftwareTokenMFA: totpUser, EmailMFA: emailUser,
	} {
		if !s.can(capability) {
			continue
		}
		t.Run(string(factor(capability)), func(t *testing.T) {
			s.signIn(t, username, s.known(username).Password).refused(t, domain.ReasonMFARequired)
			s.signIn(t, username, "Wrong-Password-0").refused(t, domain.ReasonPasswordWrong)
			// A forgotten password must not bypass the factor either.
			s.find(t, username).refused(t, domain.ReasonMFARequired)
		})
	}
}

func emailAlias(t *testing.T, s *suite) {
	if !s.can(EmailAliases) {
		return
	}
	alice := s.known(verified)
	email := alice.Attributes["email"]
	name := verified
	if s.can(SubForAliases) {
		name = alice.Sub
	}
	s.signIn(t, email, alice.Password).migrated(t, name, domain.ReasonPasswordAccepted, domain.FinalConfirmed)
	s.signIn(t, email, "Wrong-Password-0").refused(t, domain.ReasonPasswordWrong)
	s.find(t, email).migrated(t, name, domain.ReasonForgotPassword, "")
	for _, username := range []string{unverified, unsaid} {
		unproved(t, s, s.known(username))
	}
}

// unproved asks for a user by an unverified address.
func unproved(t *testing.T, s *suite, known User) {
	t.Helper()
	email := known.Attributes["email"]
	if s.can(UnverifiedAliases) {
		s.signIn(t, email, known.Password).migrated(t, known.Username, domain.ReasonPasswordAccepted, domain.FinalConfirmed)
		s.find(t, email).refused(t, domain.ReasonNoVerifiedContact) // there is no contact for a code
		return
	}
	notOwned := []domain.Reason{domain.ReasonUserUnknown, domain.ReasonIdentifierNotOwned, domain.ReasonPasswordWrong}
	s.signIn(t, email, known.Password).refused(t, notOwned...)
	s.find(t, email).refused(t, notOwned...)
}

func ambiguousIdentifier(t *testing.T, s *suite) {
	if !s.can(Ambiguity) {
		return
	}
	for _, username := range []string{twin, otherTwin} {
		password := s.known(username).Password
		a := s.signIn(t, twinsEmail, password)
		a.refused(t, domain.ReasonUserAmbiguous)
		a.noUser(t)
		s.signIn(t, username, password).migrated(t, username, domain.ReasonPasswordAccepted, domain.FinalConfirmed)
	}
	a := s.find(t, twinsEmail)
	a.refused(t, domain.ReasonUserAmbiguous)
	a.noUser(t)
}

func letterCase(t *testing.T, s *suite) {
	typed, password := strings.ToUpper(verified), s.known(verified).Password
	if s.can(CaseInsensitive) {
		s.signIn(t, typed, password).migrated(t, verified, domain.ReasonPasswordAccepted, domain.FinalConfirmed)
		s.signIn(t, typed, "Wrong-Password-0").refused(t, domain.ReasonPasswordWrong)
		s.find(t, typed).migrated(t, verified, domain.ReasonForgotPassword, "")
		return
	}
	s.signIn(t, typed, password).refused(t, domain.ReasonUserUnknown, domain.ReasonPasswordWrong)
	s.find(t, typed).refused(t, domain.ReasonUserUnknown)
}

func profile(t *testing.T, s *suite) {
	subs := make(map[string]string)
	for _, known := range s.ordinary() {
		signedIn := s.signIn(t, known.Username, known.Password)
		s.sameAs(t, known, signedIn.finding.User, subs)
		if found := s.find(t, known.Username); !found.excused {
			s.sameAs(t, known, found.finding.User, subs)
		}
	}
}

// sameAs compares a profile with the user in the harness. subs has the
// identifiers seen so far, by user.
func (s *suite) sameAs(t *testing.T, known User, user domain.SourceUser, subs map[string]string) {
	t.Helper()
	if user.Username != known.Username {
		t.Errorf("the username is not the one in the directory")
	}
	if !user.Enabled {
		t.Errorf("the user is not enabled")
	}
	s.checkSub(t, known, user, subs)
	attributes := maps.Clone(user.Attributes)
	delete(attributes, "sub")
	for name, want := range known.Attributes {
		got, there := attributes[name]
		switch {
		case !there:
			t.Errorf("%s is missing", name)
		case got != want:
			t.Errorf("%s is not the value in the directory", name)
		}
		delete(attributes, name)
	}
	for name := range attributes {
		t.Errorf("%s is not in the directory", name)
	}
}

func (s *suite) checkSub(t *testing.T, known User, user domain.SourceUser, subs map[string]string) {
	t.Helper()
	if attribute, there := user.Attributes["sub"]; there && attribute != user.Sub {
		t.Errorf("sub is one thing as an attribute and another as Sub")
	}
	switch {
	case s.can(KeepsSubs):
		if user.Sub != known.Sub {
			t.Errorf("sub is not the one in the directory")
		}
	case s.can(MakesSubs):
		owner, seen := subs[user.Sub]
		if user.Sub == "" || seen && owner != known.Username {
			t.Errorf("sub is empty, or another user's too")
		}
		subs[user.Sub] = known.Username
	case user.Sub != "":
		t.Errorf("there is a sub, but neither %s nor %s is declared", MakesSubs, KeepsSubs)
	}
}

func verifiedContacts(t *testing.T, s *suite) {
	for username, want := range map[string]string{verified: "true", unverified: "false", unsaid: "false"} {
		for way, a := range map[string]answer{
			"by sign-in": s.signIn(t, username, s.known(username).Password),
			"by look-up": s.find(t, username),
		} {
			t.Run(username+" "+way, func(t *testing.T) {
				if a.excused {
					return
				}
				told := a.finding.User.Attributes["email_verified"]
				if strings.EqualFold(told, "true") != (want == "true") {
					t.Errorf("the source says email_verified=%q", told)
				}
				if told != "" && username == unsaid {
					t.Errorf("the source says email_verified=%q, but the directory does not know it", told)
				}
				if got := a.decision.User.Attributes["email_verified"]; a.decision.Verdict == domain.Migrate && got != want {
					t.Errorf("the user would be created with email_verified=%q, want %q", got, want)
				}
			})
		}
	}
	for _, username := range []string{unverified, unsaid} {
		s.find(t, username).refused(t, domain.ReasonNoVerifiedContact)
	}
}

// hostileNames lists usernames that no user has, and that have a meaning for a
// shell, LDAP, SQL, JSON, HTTP or a careless comparison.
func hostileNames() []string {
	return []string{
		"*", "**", "a*", "alice*", "*verified", "alice.verifie?", "alice?verified", "[a-z]*", "alice.{verified,x}",
		"%", "alice%", "%verified", "_", "alice_verified", "alice.verifie_",
		"' OR '1'='1", "' OR ''='", `" OR ""="`, "alice.verified'--", "alice.verified' -- ", "alice.verified'/*", "'; DROP TABLE users; --",
		`alice.verified\`, `\`, `alice.verified' OR username='bob.unverified`,
		")(uid=*", "*)(uid=*))(|(uid=*", "alice.verified)(|(uid=*", "alice.verified)(&)", ")(objectClass=*", `\2a`, `alice\2everified`,
		"\x00", "alice.verified\x00", "alice.verified\x00bob.unverified", "\x00alice.verified",
		" alice.verified", "alice.verified ", "\talice.verified", "alice.verified\n", "alice.verified\r\n", "\u00a0alice.verified", "alice.verified\u200b",
		"alice.verified,ou=people", "uid=alice.verified", "EXAMPLE\\alice.verified", "alice.verified@example.com",
		"../alice.verified", "alice.verified/../bob.unverified", "alice%2everified", "alice.verified?x=y", "alice.verified#x", "alice.verified;x",
		"$ne", `{"$gt":""}`, "${jndi:ldap://127.0.0.1/a}", "{{.}}", "`id`", "$(id)",
		"аlice.verified", // the first letter is Cyrillic
		"\u202ealice.verified", "\ufeffalice.verified",
		strings.Repeat("a", 128), strings.Repeat("(", 128), strings.Repeat("*", 128),
	}
}

func hostileUsernames(t *testing.T, s *suite) {
	s.can(HidesUnknownUsers)
	password := s.known(verified).Password
	for _, username := range hostileNames() {
		t.Run("", func(t *testing.T) {
			t.Logf("%q", username)
			a := s.find(t, username)
			a.refused(t, domain.ReasonUserUnknown)
			a.noUser(t)
			a = s.signIn(t, username, password)
			a.refused(t, domain.ReasonUserUnknown, domain.ReasonPasswordWrong)
			a.noUser(t)
		})
	}
}
