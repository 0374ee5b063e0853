package sourcetest

import (
	"slices"
	"testing"
	"time"

	"cognito-user-migration/domain"
)

// Run checks an adapter against the contract. It opens one directory and asks
// all questions.
func Run(t *testing.T, harness Harness) {
	t.Helper()
	run(t, harness, time.Minute)
}

// run waits at most the safety net for each answer.
func run(t *testing.T, harness Harness, safetyNet time.Duration) {
	t.Helper()
	harness.check(t)
	users := Users(harness.Declared...)
	s := &suite{
		harness:   harness,
		users:     users,
		exercised: make(map[Capability]bool),
		source: &source{
			name:      harness.Name,
			directory: harness.Open(t, users),
			secrets:   secretsOf(users),
			noLookUps: harness.declares(NoLookUps),
			safetyNet: safetyNet,
		},
	}
	ran := 0
	for _, section := range sections() {
		t.Run(section.name, func(t *testing.T) {
			ran++
			section.run(t, s)
		})
	}
	undeclared := slices.DeleteFunc(Capabilities(), harness.declares)
	t.Logf("not declared, so not tested: %q", undeclared)
	if ran < len(sections()) {
		return // with a -run filter, untested capabilities are expected
	}
	for _, capability := range harness.Declared {
		if !s.exercised[capability] {
			t.Errorf("%s: declared, but no test covers it", capability)
		}
	}
}

// suite is one run of the tests.
type suite struct {
	*source
	harness   Harness
	users     []User
	exercised map[Capability]bool
}

// can reports whether the capability is declared, and marks it as tested.
func (s *suite) can(capability Capability) bool {
	if !s.harness.declares(capability) {
		return false
	}
	s.exercised[capability] = true
	return true
}

// user returns a user of the directory.
func (s *suite) known(username string) User {
	i := slices.IndexFunc(s.users, func(p User) bool { return p.Username == username })
	return s.users[i]
}

// ordinary returns the users who can sign in without obstacles.
func (s *suite) ordinary() []User {
	return slices.DeleteFunc(slices.Clone(s.users), func(p User) bool {
		return p.Disabled || p.Status != domain.StatusConfirmed || p.MFA != "" || p.needs == Ambiguity
	})
}

// section is a part of the tests.
type section struct {
	name string
	run  func(*testing.T, *suite)
}

func sections() []section {
	return []section{
		{"the right password is accepted", rightPassword},
		{"a wrong password is refused", wrongPassword},
		{"an empty password is refused without asking", emptyPassword},
		{"an unknown user is unknown", unknownUser},
		{"a disabled user is refused", disabledUser},
		{"an unconfirmed user is refused", unconfirmedUser},
		{"a federated user is refused", federatedUser},
		{"a temporary password leads to a reset", temporaryPassword},
		{"a demanded reset leads to a reset", demandedReset},
		{"a second factor is not dropped", secondFactor},
		{"an email address names its user", emailAlias},
		{"an identifier of two users names neither", ambiguousIdentifier},
		{"letter case of usernames is as declared", letterCase},
		{"the profile is the user's, whole and unchanged", profile},
		{"a contact is verified only where the directory says so", verifiedContacts},
		{"a username is a name and never a pattern", hostileUsernames},
		{"every user is listed once, with the same profile", listsAllUsers},
		{"an ended context comes back as its own error", endedContext},
		{"many can ask at a time", concurrentQuestions},
		{"a password is asked about once", oneQuestion},
		{"a directory out of reach is no unknown user", unreachable},
		{"a directory that asks for fewer requests is no unknown user", throttled},
		{"a directory that turns us away is no unknown user", misconfigured},
		{"a directory that never answers is left at the deadline", silent},
		{"a directory without a connection is no unknown user", closed},
		{"an answer without a meaning may have judged the password", unreadable},
		{"what is computed does not tell who is there", equalWork},
	}
}
