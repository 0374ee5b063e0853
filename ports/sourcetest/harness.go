package sourcetest

import (
	"slices"
	"testing"

	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
)

// Harness is a source adapter with a directory, prepared by the adapter's test.
type Harness struct {
	// Name is the source's name.
	Name string
	// Declared lists the capabilities of the directory.
	Declared []Capability
	// Open creates a directory that contains these users, and returns the
	// adapter over it, with [domain.DefaultRules]. It is called once. The users
	// depend on the declared capabilities.
	Open func(t *testing.T, users []User) ports.SourceDirectory
	// Questions returns how often the directory was asked about a password. It
	// requires [CountsQuestions].
	Questions func() int
	// Work returns the hash computations of the adapter, in units and by names
	// that the harness chooses. It requires [VerifiesHashes].
	Work func() map[string]int
	// Lister returns the lister of the directory. It requires [Lists].
	Lister func() ports.UserLister
	// These functions return the adapter over a directory that is out of order.
	// Each requires the capability of its name.
	Unreachable, Throttled, Misconfigured, Silent, Closed, Unreadable func(t *testing.T) ports.SourceDirectory
}

// Capability is an ability of a directory or of its harness.
type Capability string

// Capabilities.
const (
	// DisabledUsers: an administrator can disable a user.
	DisabledUsers Capability = "disabled users"
	// UnconfirmedUsers: a user can have signed up without confirming it.
	UnconfirmedUsers Capability = "unconfirmed users"
	// FederatedUsers: a user can have no password in this directory.
	FederatedUsers Capability = "federated users"
	// TemporaryPasswords: a password can be temporary.
	TemporaryPasswords Capability = "temporary passwords"
	// Resets: the directory can require a new password of a user.
	Resets Capability = "demanded resets"
	// SMSMFA, SoftwareTokenMFA, EmailMFA: a user can have this second factor.
	SMSMFA           Capability = "second factor: SMS"
	SoftwareTokenMFA Capability = "second factor: software token"
	EmailMFA         Capability = "second factor: email"
	// EmailAliases: an email address can identify a user.
	EmailAliases Capability = "email aliases"
	// UnverifiedAliases: the directory itself signs users in by an unverified
	// email address, and keeps addresses unique. Without this capability, such
	// an address identifies no user. It requires EmailAliases.
	UnverifiedAliases Capability = "unverified email aliases"
	// SubForAliases: for a typed email address, the username is the sub. It
	// requires EmailAliases and KeepsSubs.
	SubForAliases Capability = "subs for aliases"
	// Ambiguity: two users can have the same email address, which identifies
	// both. It requires EmailAliases.
	Ambiguity Capability = "ambiguous identifiers"
	// CaseInsensitive: usernames are case-insensitive. Without this capability,
	// they must be case-sensitive.
	CaseInsensitive Capability = "case-insensitive usernames"
	// HidesUnknownUsers: a sign-in does not distinguish an unknown user from a
	// wrong password. Without this capability, it must.
	HidesUnknownUsers Capability = "unknown users are hidden"
	// NoLookUps: the directory cannot look a user up without a password, so
	// users who forgot theirs are refused. Without this capability, it must
	// support look-ups.
	NoLookUps Capability = "no look-ups"
	// MakesSubs: the directory generates an immutable identifier for each user.
	MakesSubs Capability = "subs made by the directory"
	// KeepsSubs: the directory stores the identifier [User.Sub].
	KeepsSubs Capability = "subs as given"
	// VerifiesHashes: the adapter verifies passwords itself, so its
	// computations must not reveal which users exist. [Harness.Work] counts
	// them.
	VerifiesHashes Capability = "verifies hashes itself"

	// CertifiesUnjudged: errors of sign-ins match [ports.ErrNotJudged] if the
	// directory certainly did not check the password. Without this capability,
	// each outage counts in the lockout, which is safe. No directory may match
	// it in other cases.
	CertifiesUnjudged Capability = "certifies what was not judged"

	// Lists: the adapter lists all users of the directory.
	Lists Capability = "lists users"
	// CountsQuestions: [Harness.Questions] counts passwords.
	CountsQuestions Capability = "counts questions"
	// Unreachability, Throttling, Misconfiguration, Silence: the harness has a
	// directory that does not respond, throttles, rejects our credentials, or
	// accepts a request and never responds.
	Unreachability   Capability = "unreachable directory"
	Throttling       Capability = "throttling directory"
	Misconfiguration Capability = "misconfigured directory"
	Silence          Capability = "silent directory"
	// Closure: the harness has a directory that accepts no connection.
	// Unreadability: it has one with the users of Open that gives a meaningless
	// response to every password.
	Closure       Capability = "closed directory"
	Unreadability Capability = "unreadable directory"
)

// Capabilities lists every capability.
func Capabilities() []Capability {
	return []Capability{
		DisabledUsers, UnconfirmedUsers, FederatedUsers, TemporaryPasswords, Resets,
		SMSMFA, SoftwareTokenMFA, EmailMFA, EmailAliases, UnverifiedAliases, SubForAliases, Ambiguity, CaseInsensitive,
		HidesUnknownUsers, NoLookUps, MakesSubs, KeepsSubs, VerifiesHashes, CertifiesUnjudged, Lists,
		CountsQuestions, Unreachability, Throttling, Misconfiguration, Silence, Closure, Unreadability,
	}
}

func (h Harness) declares(capability Capability) bool {
	return slices.Contains(h.Declared, capability)
}

// check ends the test if the harness contradicts itself.
func (h Harness) check(t *testing.T) {
	t.Helper()
	if h.Name == "" || h.Open == nil {
		t.Fatal("the harness requires at least Name and Open")
	}
	for _, capability := range h.Declared {
		if !slices.Contains(Capabilities(), capability) {
			t.Errorf("declared, but not a capability: %q", capability)
		}
	}
	for capability, given := range map[Capability]bool{
		CountsQuestions:  h.Questions != nil,
		Lists:            h.Lister != nil,
		VerifiesHashes:   h.Work != nil,
		Unreachability:   h.Unreachable != nil,
		Throttling:       h.Throttled != nil,
		Misconfiguration: h.Misconfigured != nil,
		Silence:          h.Silent != nil,
		Closure:          h.Closed != nil,
		Unreadability:    h.Unreadable != nil,
	} {
		if h.declares(capability) && !given {
			t.Errorf("%s: declared, but the harness has no function for it", capability)
		}
		if given && !h.declares(capability) {
			t.Errorf("%s: the harness has a function for it, but does not declare it", capability)
		}
	}
	for _, capability := range []Capability{Ambiguity, UnverifiedAliases, SubForAliases} {
		if h.declares(capability) && !h.declares(EmailAliases) {
			t.Errorf("%s: requires %s", capability, EmailAliases)
		}
	}
	if h.declares(MakesSubs) && h.declares(KeepsSubs) {
		t.Errorf("%s: contradicts %s", MakesSubs, KeepsSubs)
	}
	if t.Failed() {
		t.FailNow()
	}
}

// factor returns the second factor of a capability.
func factor(capability Capability) domain.MFAMethod {
	switch capability {
	case SMSMFA:
		return domain.MFASMS
	case SoftwareTokenMFA:
		return domain.MFASoftwareToken
	case EmailMFA:
		return domain.MFAEmail
	default:
		return ""
	}
}
