package sourcetest_test

import (
	"flag"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
	"cognito-user-migration/ports/sourcetest"
)

// A directory that keeps the contract passes, whatever it can do.
func TestADirectoryThatKeepsTheContractPasses(t *testing.T) {
	t.Parallel()
	for name, capabilities := range map[string][]sourcetest.Capability{
		"all that goes together":      everything(),
		"nothing beyond the contract": nil,
		"case-insensitive":            {sourcetest.CaseInsensitive, sourcetest.MakesSubs},
		"hides unknown users":         {sourcetest.HidesUnknownUsers, sourcetest.VerifiesHashes},
		"tells nothing of anybody":    append(everything(), sourcetest.NoLookUps),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := harness("", capabilities...)
			if slices.Contains(capabilities, sourcetest.MakesSubs) {
				h = harness("makes up subs", capabilities...) // it is no bug there
			}
			sourcetest.Run(t, h)
		})
	}
}

// bugs are broken directories, each with a part of the contract that must fail
// for it.
func bugs() map[bug]string {
	return map[bug]string{
		"accepts any password":                            "a wrong password is refused",
		"accepts no password":                             "the right password is accepted",
		"accepts an empty password":                       "an empty password is refused without asking",
		"asks about an empty password":                    "an empty password is refused without asking",
		"accepts anybody's password":                      "a wrong password is refused",
		"trims passwords":                                 "a wrong password is refused",
		"ignores letter case of passwords":                "a wrong password is refused",
		"compares only the beginning of passwords":        "a wrong password is refused",
		"asks twice":                                      "a password is asked about once",
		"hides unknown users":                             "an unknown user is unknown",
		"shows somebody else's profile":                   "an unknown user is unknown",
		"takes disabled users for enabled ones":           "a disabled user is refused",
		"takes everyone for disabled":                     "the right password is accepted",
		"ignores what status a user has":                  "an unconfirmed user is refused",
		"ignores federation":                              "a federated user is refused",
		"takes temporary passwords for lasting ones":      "a temporary password leads to a reset",
		"ignores demanded resets":                         "a demanded reset leads to a reset",
		"ignores second factors":                          "a second factor is not dropped",
		"forgets second factors in a look-up":             "a second factor is not dropped",
		"knows no aliases":                                "an email address names its user",
		"returns the name that was typed":                 "an email address names its user",
		"takes the first of two":                          "an identifier of two users names neither",
		"takes letter case the other way":                 "letter case of usernames is as declared",
		"leaves attributes out":                           "the profile is the user's, whole and unchanged",
		"makes attributes up":                             "the profile is the user's, whole and unchanged",
		"changes attributes":                              "the profile is the user's, whole and unchanged",
		"gives everyone one sub":                          "the profile is the user's, whole and unchanged",
		"vouches for every email address":                 "a contact is verified only where the directory says so",
		"vouches for no email address":                    "a contact is verified only where the directory says so",
		"says something where the directory says nothing": "a contact is verified only where the directory says so",
		"takes usernames for patterns":                    "a username is a name and never a pattern",
		"takes % for a pattern":                           "a username is a name and never a pattern",
		"pastes usernames into a query":                   "a username is a name and never a pattern",
		"trims usernames":                                 "a username is a name and never a pattern",
		"cuts usernames at NUL":                           "a username is a name and never a pattern",
		"drops what is not ASCII":                         "the right password is accepted",
		"ignores the context":                             "an ended context comes back as its own error",
		"calls an ended context an outage":                "an ended context comes back as its own error",
		"shares its memory between callers":               "many can ask at a time",
		"takes a look-up for a proof":                     "a disabled user is refused",
		"finds nobody":                                    "the profile is the user's, whole and unchanged",
		"finds nothing at all":                            "the right password is accepted",
		"takes an outage for an unknown user":             "a directory out of reach is no unknown user",
		"takes an outage for a wrong password":            "a directory out of reach is no unknown user",
		"has errors of its own":                           "a directory out of reach is no unknown user",
		"returns a finding beside an error":               "a directory out of reach is no unknown user",
		"tells the username in errors":                    "a directory out of reach is no unknown user",
		"tells the password in errors":                    "a directory out of reach is no unknown user",
		"tells the username in a wrapped error":           "a directory out of reach is no unknown user",
		"tells the username in an error's fields":         "a directory out of reach is no unknown user",
		"calls every outage unreachable":                  "a directory that asks for fewer requests is no unknown user",
		"calls an outage by two names":                    "a directory that turns us away is no unknown user",
		"certifies the wrong way round":                   "a directory without a connection is no unknown user",
		"takes what it cannot read for a proof":           "an answer without a meaning may have judged the password",
		"waits on after the deadline":                     "a directory that never answers is left at the deadline",
		"is quick for unknown users":                      "what is computed does not tell who is there",
		"does not name itself":                            "the right password is accepted",
		"puts the name into the challenge":                "the right password is accepted",
		"calls everyone unknown":                          "an unknown user is unknown",
	}
}

// harnesses that contradict themselves are told so before anything is asked.
func contradictions() map[string]sourcetest.Harness {
	with := func(change func(*sourcetest.Harness)) sourcetest.Harness {
		h := harness("")
		change(&h)
		return h
	}
	return map[string]sourcetest.Harness{
		"no name":         with(func(h *sourcetest.Harness) { h.Name = "" }),
		"no directory":    with(func(h *sourcetest.Harness) { h.Open = nil }),
		"no such thing":   with(func(h *sourcetest.Harness) { h.Declared = []sourcetest.Capability{"flying"} }),
		"not shown":       with(func(h *sourcetest.Harness) { h.Declared = []sourcetest.Capability{sourcetest.Throttling} }),
		"not declared":    with(func(h *sourcetest.Harness) { h.Questions = func() int { return 0 } }),
		"two without one": with(func(h *sourcetest.Harness) { h.Declared = []sourcetest.Capability{sourcetest.Ambiguity} }),
		"both subs": with(func(h *sourcetest.Harness) {
			h.Declared = []sourcetest.Capability{sourcetest.MakesSubs, sourcetest.KeepsSubs}
		}),
	}
}

// child tells the test below that it runs in a process of its own, where to
// fail is what is wanted.
const child = "SOURCETEST_BROKEN_DIRECTORIES"

// TestBrokenDirectories is the child's: every directory here breaks the contract.
func TestBrokenDirectories(t *testing.T) {
	t.Parallel()
	if os.Getenv(child) == "" {
		return // the next test runs it
	}
	for broken := range bugs() {
		t.Run(string(broken), func(t *testing.T) {
			t.Parallel()
			capabilities := everything()
			switch broken {
			case "waits on after the deadline":
			case "calls everyone unknown":
				capabilities = append(capabilities, sourcetest.NoLookUps)
			case "is quick for unknown users":
				capabilities = append(capabilities, sourcetest.VerifiesHashes)
			default: // what waits is only waited for where it must be
				capabilities = slices.DeleteFunc(capabilities, func(c sourcetest.Capability) bool { return c == sourcetest.Silence })
			}
			if broken == "waits on after the deadline" {
				// It never answers, so however short the net, the test fails by it.
				sourcetest.RunWithin(t, harness(broken, capabilities...), time.Second)
				return
			}
			sourcetest.Run(t, harness(broken, capabilities...))
		})
	}
	for name, h := range contradictions() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sourcetest.Run(t, h)
		})
	}
}

var failedTest = regexp.MustCompile(`(?m)^\s*--- FAIL: TestBrokenDirectories/(.+?) \(`)

// Every way in which a directory can break the contract fails the part that
// speaks of it. The failures are another process's, so that they do not count
// as this one's.
func TestEveryBrokenDirectoryIsCaught(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("a second process runs every broken directory, which -short leaves out")
	}
	arguments := []string{"-test.run=^TestBrokenDirectories$", "-test.timeout=" + flag.Lookup("test.timeout").Value.String()}
	command := exec.CommandContext(t.Context(), os.Args[0], arguments...)
	command.Env = append(os.Environ(), child+"=1")
	output, err := command.CombinedOutput()
	if err == nil {
		t.Fatalf("no broken directory failed:\n%s", output)
	}
	failed := make(map[string]bool)
	for _, match := range failedTest.FindAllStringSubmatch(string(output), -1) {
		failed[match[1]] = true
	}
	inTestNames := strings.NewReplacer(" ", "_")
	for broken, section := range bugs() {
		t.Run(string(broken), func(t *testing.T) {
			t.Parallel()
			if !failed[inTestNames.Replace(string(broken)+"/"+section)] {
				t.Errorf("%q did not fail\n%s", section, output)
			}
		})
	}
	for name := range contradictions() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if !failed[inTestNames.Replace(name)] {
				t.Errorf("did not fail\n%s", output)
			}
		})
	}
}

// Every capability adds a user or a test. Users differ in their names, passwords and
// addresses.
func TestPeopleAreToldApart(t *testing.T) {
	t.Parallel()
	users := sourcetest.Users(sourcetest.Capabilities()...)
	seen := make(map[string]string)
	for _, known := range users {
		for what, value := range map[string]string{
			"username": known.Username, "password": known.Password, "sub": known.Sub,
		} {
			if value == "" {
				continue
			}
			if owner, twice := seen[value]; twice {
				t.Errorf("%s has the %s of %s", known.Username, what, owner)
			}
			seen[value] = known.Username
		}
		if !slices.Contains(domain.UserStatuses(), known.Status) {
			t.Errorf("%s has no status of Cognito's", known.Username)
		}
	}
	if fewer := sourcetest.Users(); len(fewer) >= len(users) {
		t.Errorf("%d people without any capability, %d with all", len(fewer), len(users))
	}
}

var _ ports.SourceDirectory = (*memory)(nil)
