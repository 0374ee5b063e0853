package sourcetest

import (
	"slices"
	"testing"

	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
)

// Harness is a source adapter and a directory for it, as the adapter's test
// prepares them.
type Harness struct {
	// Name is the name that the source was opened with.
	Name string
	// Declared lists what the directory can do, beyond what each one must.
	Declared []Capability
	// Open makes a directory that holds these people and returns the adapter
	// over it, with [domain.DefaultRules]. It is called once; the people are
	// those that the declared capabilities call for.
	Open func(t *testing.T, people []Person) ports.SourceDirectory
	// Questions tells how often the directory that Open made was asked about a
	// password so far. It goes with [CountsQuestions].
	Questions func() int
	// Work tells what the adapter that Open made has computed of hashes so far, in
	// units and by names of the harness's own. It goes with [VerifiesHashes].
	Work func() map[string]int
	// Lister returns the lister of the directory that Open made. It goes with [Lists].
	Lister func() ports.UserLister
	// The others return the adapter over a directory that is out of order. Each
	// goes with the capability of its name.
	Unreachable, Throttled, Misconfigured, Silent, Closed, Unreadable func(t *testing.T) ports.SourceDirectory
}

// Capability is something that a directory can do, or that its harness can show.
type Capability string

// What directories differ in.
const (
	// DisabledUsers: an administrator can switch a user off.
	DisabledUsers Capability = "disabled users"
	// UnconfirmedUsers: a user can have signed up without confirming it.
	UnconfirmedUsers Capability = "unconfirmed users"
	// FederatedUsers: a user can have no password here.
	FederatedUsers Capability = "federated users"
	// TemporaryPasswords: a password can be one that must be changed.
	TemporaryPasswords Capability = "temporary passwords"
	// Resets: the directory can demand a new password of a user.
	Resets Capability = "demanded resets"
	// SMSMFA, SoftwareTokenMFA, EmailMFA: a second factor can be switched on for a user.
	SMSMFA           Capability = "second factor: SMS"
	SoftwareTokenMFA Capability = "second factor: software token"
	EmailMFA         Capability = "second factor: email"
	// EmailAliases: a user can be named by their email address.
	EmailAliases Capability = "email aliases"
	// UnverifiedAliases: the directory itself signs users in by an email address
	// that nobody proved, and gives each address to one user. Where it is not
	// declared, such an address names nobody. It goes with EmailAliases.
	UnverifiedAliases Capability = "unverified email aliases"
	// SubForAliases: the username of who typed an email address is the sub. It goes
	// with EmailAliases and KeepsSubs.
	SubForAliases Capability = "subs for aliases"
	// Ambiguity: two users can have one email address, by which either is
	// named. It goes with EmailAliases.
	Ambiguity Capability = "ambiguous identifiers"
	// CaseInsensitive: letter case of a username does not matter. Where it is
	// not declared, it must.
	CaseInsensitive Capability = "case-insensitive usernames"
	// HidesUnknownUsers: a sign-in does not tell an unknown user from a wrong
	// password. Where it is not declared, it must.
	HidesUnknownUsers Capability = "unknown users are hidden"
	// NoLookUps: the directory tells nothing of a user without their password, so
	// that whoever forgot it is turned away. Where it is not declared, it must.
	NoLookUps Capability = "no look-ups"
	// MakesSubs: the directory gives each user an immutable identifier.
	MakesSubs Capability = "subs made by the directory"
	// KeepsSubs: the directory keeps the identifier that [Person.Sub] is.
	KeepsSubs Capability = "subs as given"
	// VerifiesHashes: the adapter verifies passwords itself, so that what it
	// computes must not tell who is there. [Harness.Work] counts it.
	VerifiesHashes Capability = "verifies hashes itself"

	// CertifiesUnjudged: errors of sign-ins match [ports.ErrNotJudged] where the
	// directory certainly did not judge the password. Where it is not declared, each
	// outage counts in the lockout, which is safe. No directory may certify more.
	CertifiesUnjudged Capability = "certifies what was not judged"

	// Lists: the adapter lists all users of the directory.
	Lists Capability = "lists users"
	// CountsQuestions: [Harness.Questions] counts.
	CountsQuestions Capability = "counts questions"
	// Unreachability, Throttling, Misconfiguration, Silence: the harness can
	// give a directory that does not answer, asks for fewer requests, turns us
	// away, or takes a request and never answers.
	Unreachability   Capability = "unreachable directory"
	Throttling       Capability = "throttling directory"
	Misconfiguration Capability = "misconfigured directory"
	Silence          Capability = "silent directory"
	// Closure, Unreadability: the harness can give a directory to which no connection
	// can be made, or one that answers every password with something that has no
	// meaning, and whose people are those of Open.
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

// check ends the test where the harness contradicts itself.
func (h Harness) check(t *testing.T) {
	t.Helper()
	if h.Name == "" || h.Open == nil {
		t.Fatal("the harness takes at least Name and Open")
	}
	for _, capability := range h.Declared {
		if !slices.Contains(Capabilities(), capability) {
			t.Errorf("declared, but no capability: %q", capability)
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
			t.Errorf("%s: goes with %s", capability, EmailAliases)
		}
	}
	if h.declares(MakesSubs) && h.declares(KeepsSubs) {
		t.Errorf("%s: contradicts %s", MakesSubs, KeepsSubs)
	}
	if t.Failed() {
		t.FailNow()
	}
}

// factor is the second factor that a capability stands for.
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
