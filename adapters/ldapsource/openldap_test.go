package ldapsource_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"cognito-user-migration/adapters/internal/pemfile"
	"cognito-user-migration/adapters/ldapsource"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
	"cognito-user-migration/test/certificate"
	"cognito-user-migration/test/process"

	"github.com/go-ldap/ldap/v3"
)

const password = "Right-Password-1"

// person is an entry of an ordinary person.
func person(uid string, more ...string) entry {
	return append(entry{
		"uid=" + ldap.EscapeDN(uid) + "," + people, "objectClass: inetOrgPerson", "uid: " + uid, "cn: " + uid, "sn: nobody",
		"userPassword: " + password, "mail: " + uid + "@example.com",
	}, more...)
}

// What OpenLDAP says of people by its password policy, and entries by theirs.
func TestWhatOpenLDAPSaysOfAPerson(t *testing.T) {
	t.Parallel()
	const strict = "pwdPolicySubentry: cn=strict," + base
	server := startSlapd(t,
		person("ordinary"),
		person("twofold", "mail: second@example.com", "telephoneNumber: +81 50-1234-5678"),
		person("guessed", strict),
		person("ended", "pwdEndTime: 20200101000000Z"),
		person("shadow-ended", "objectClass: shadowAccount", "shadowExpire: 18262"),
		person("shadow-unset", "objectClass: shadowAccount", "shadowExpire: -1", "shadowLastChange: 0"),
		entry{"uid=passwordless," + people, "objectClass: inetOrgPerson", "uid: passwordless", "cn: nobody", "sn: nobody"},
	)
	directory := open(t, server.settings(vouching))
	signIn := func(username, typed string) domain.Finding {
		t.Helper()
		finding, err := directory.Authenticate(t.Context(), username, domain.NewPassword(typed))
		if err != nil {
			t.Errorf("%s: %v", username, err)
		}
		return finding
	}
	for username, want := range map[string]domain.FindingKind{
		"ordinary": domain.PasswordAccepted, "second@example.com": domain.PasswordAccepted,
		"ended": domain.UserDisabled, "shadow-ended": domain.UserDisabled, "shadow-unset": domain.PasswordAccepted,
		"passwordless": domain.PasswordWrong,
	} {
		if got := signIn(username, password); got.Kind != want {
			t.Errorf("%s: got %v, want %v", username, got, want)
		}
	}
	if email := signIn("second@example.com", password).User.Attributes["email"]; email != "second@example.com" {
		t.Errorf("of two addresses the one that was typed is not the user's: %q", email)
	}
	if got := signIn("guessed", password); got.Kind != domain.PasswordAccepted {
		t.Errorf("guessed: %v", got)
	}
	for range 2 {
		if got := signIn("guessed", "Wrong-Password-0"); got.Kind != domain.PasswordWrong {
			t.Errorf("guessed, wrong: %v", got)
		}
	}
	if got := signIn("guessed", password); got.Kind != domain.LockedOut {
		t.Errorf("guessed too often: %v", got)
	}
	// A lockout ends by itself, and does not keep anyone from a reset.
	if got, err := directory.FindUser(t.Context(), "guessed"); err != nil || got.Kind != domain.UserFound || !got.User.Enabled {
		t.Errorf("guessed, look-up: %v, %v", got, err)
	}
}

// vouching says that every contact in the directory was proved.
func vouching(s *ldapsource.Settings) {
	s.Verified = ldapsource.Verified{Email: true, PhoneNumber: true}
}

// Names that a directory would fold are nobody's, but for a number's separators.
func TestATelephoneNumberIsANameToo(t *testing.T) {
	t.Parallel()
	server := startSlapd(t, person("hanako", "mobile: +81 50-1234-5678"))
	directory := open(t, server.settings(vouching, func(s *ldapsource.Settings) { s.Filter = "(|(uid={username})(mobile={username}))" }))
	for typed, want := range map[string]domain.FindingKind{
		"+815012345678": domain.UserFound, "+81 50-1234-5678": domain.UserFound, "+81 5012345678": domain.UserUnknown, "81 50-1234-5678": domain.UserUnknown, "han ako": domain.UserUnknown,
	} {
		if got, err := directory.FindUser(t.Context(), typed); err != nil || got.Kind != want {
			t.Errorf("%q: got %v, %v, want %v", typed, got, err, want)
		}
	}
}

// Nobody is found in another's place by an address that they entered themselves.
func TestWhoseNameItIs(t *testing.T) {
	t.Parallel()
	server := startSlapd(t,
		entry{"uid=victim," + people, "objectClass: inetOrgPerson", "uid: victim", "cn: x", "sn: x", "userPassword: " + password, "mail: victim@example.com", "employeeType: TRUE"},
		entry{"uid=mallory," + people, "objectClass: inetOrgPerson", "uid: mallory", "cn: x", "sn: x", "userPassword: " + password,
			"mail: victim", "mail: victim@example.com", "mobile: victim", "mail: ghost@example.com"},
		entry{"uid=victim@example.com," + people, "objectClass: inetOrgPerson", "uid: victim@example.com", "cn: x", "sn: x",
			"userPassword: " + password, "mail: trudy@evil.example", "employeeType: TRUE"},
		entry{"uid=trudy," + people, "objectClass: inetOrgPerson", "uid: trudy", "cn: x", "sn: x", "userPassword: " + password, "mail: own@example.com"},
	)
	type want struct {
		username string
		reason   domain.Reason
	}
	const disputed = domain.ReasonIdentifierNotOwned
	flagged := func(s *ldapsource.Settings) { s.Attributes = ldapsource.AttributeMap{"email_verified": "employeeType"} }
	everything := func(s *ldapsource.Settings) { s.Filter = "(|(uid={username})(mail={username})(mobile={username}))" }
	for name, test := range map[string]struct {
		settings []func(*ldapsource.Settings)
		wants    map[string]want
	}{
		"by the preset": {nil, map[string]want{
			"victim": {"victim", domain.ReasonPasswordAccepted}, "ghost@example.com": {"", domain.ReasonUserUnknown},
			"own@example.com": {"", domain.ReasonUserUnknown}, "victim@example.com": {"victim@example.com", domain.ReasonPasswordAccepted},
		}},
		"by a filter of contacts that nobody proved": {[]func(*ldapsource.Settings){everything}, map[string]want{
			"victim": {"victim", domain.ReasonPasswordAccepted}, "ghost@example.com": {"", domain.ReasonUserUnknown},
			"own@example.com": {"", domain.ReasonUserUnknown},
		}},
		"by an attribute that says which addresses are proved": {[]func(*ldapsource.Settings){flagged}, map[string]want{
			"victim": {"victim", domain.ReasonPasswordAccepted}, "ghost@example.com": {"", domain.ReasonUserUnknown},
			"victim@example.com": {"victim@example.com", disputed}, "trudy@evil.example": {"victim@example.com", disputed},
		}},
		"by a directory that vouches for every address": {[]func(*ldapsource.Settings){vouching}, map[string]want{
			"victim": {"victim", domain.ReasonPasswordAccepted}, "own@example.com": {"trudy", domain.ReasonPasswordAccepted},
		}},
		"by an operator who vouches for every address": {[]func(*ldapsource.Settings){func(s *ldapsource.Settings) { s.VerifiedContacts = domain.VerifiedAlways }}, map[string]want{
			"victim": {"victim", domain.ReasonPasswordAccepted}, "own@example.com": {"trudy", domain.ReasonPasswordAccepted},
		}},
		"where the address is the username": {[]func(*ldapsource.Settings){func(s *ldapsource.Settings) { s.UsernameAttribute = "mail" }}, map[string]want{
			"own@example.com": {"own@example.com", domain.ReasonPasswordAccepted},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			directory := open(t, server.settings(test.settings...))
			rules := domain.DefaultRules()
			for _, set := range test.settings {
				var s ldapsource.Settings
				if set(&s); s.VerifiedContacts != "" {
					rules.VerifiedContacts = s.VerifiedContacts
				}
			}
			for typed, want := range test.wants {
				finding, err := directory.Authenticate(t.Context(), typed, domain.NewPassword(password))
				decision := domain.Decide(rules, domain.Attempt{Trigger: domain.TriggerAuthentication, Username: typed}, finding)
				if err != nil || finding.User.Username != want.username || decision.Reason != want.reason {
					t.Errorf("%s: %v of %q, %v; want %s of %q", typed, decision, finding.User.Username, err, want.reason, want.username)
				}
			}
		})
	}
}

// Contacts are verified only where the settings say so.
func TestWhoVouches(t *testing.T) {
	t.Parallel()
	server := startSlapd(t, person("hanako", "mobile: +815012345678"))
	for name, test := range map[string]struct {
		verified            ldapsource.Verified
		username            string
		email, phone, given string
	}{
		"nobody":        {ldapsource.Verified{}, "hanako", "", "", "+815012345678"},
		"for addresses": {ldapsource.Verified{Email: true}, "hanako", "true", "", "+815012345678"},
		"for both":      {ldapsource.Verified{Email: true, PhoneNumber: true}, "hanako", "true", "true", "+815012345678"},
	} {
		directory := open(t, server.settings(func(s *ldapsource.Settings) { s.Verified = test.verified }))
		finding, err := directory.FindUser(t.Context(), test.username)
		got := finding.User.Attributes
		if err != nil || got["email_verified"] != test.email || got["phone_number_verified"] != test.phone || got["phone_number"] != test.given {
			t.Errorf("%s: %v, email %q, phone %q %q", name, err, got["email_verified"], got["phone_number"], got["phone_number_verified"])
		}
	}
}

// Groups are those of the overlay memberof, or those that a search finds.
func TestGroupsOfOpenLDAP(t *testing.T) {
	t.Parallel()
	staff, wheel := "cn=staff,ou=groups,"+base, "cn=wheel,ou=groups,"+base
	server := startSlapd(t,
		person("hanako", "memberOf: "+staff), person("taro"), person("o(*)\\'brien"),
		entry{staff, "objectClass: groupOfNames", "member: uid=hanako," + people, "member: uid=" + ldap.EscapeDN("o(*)\\'brien") + "," + people},
		entry{wheel, "objectClass: posixGroup", "gidNumber: 1", "memberUid: hanako", "memberUid: o(*)\\'brien"},
	)
	groups := "ou=groups," + ldapsource.DN(base)
	for name, test := range map[string]struct {
		filter ldapsource.GroupFilter
		want   map[string][]string
	}{
		"memberOf":     {"", map[string][]string{"hanako": {"staff"}, "taro": nil}},
		"by DN":        {"(member={dn})", map[string][]string{"hanako": {"staff"}, "taro": nil, "o(*)\\'brien": {"staff"}}},
		"by username":  {"(memberUid={username})", map[string][]string{"hanako": {"wheel"}, "taro": nil, "o(*)\\'brien": {"wheel"}}},
		"by either":    {"(|(member={dn})(memberUid={username}))", map[string][]string{"hanako": {"staff", "wheel"}}},
		"another name": {"(member={dn})", map[string][]string{"hanako@example.com": nil}},
	} {
		directory := open(t, server.settings(func(s *ldapsource.Settings) { s.GroupFilter, s.GroupBaseDN = test.filter, groups }))
		for username, want := range test.want {
			got, err := directory.Groups(t.Context(), username)
			if err != nil || !slices.Equal(got, want) {
				t.Errorf("%s, %s: got %q, %v, want %q", name, username, got, err, want)
			}
			if test.filter != "" {
				continue
			}
			if finding, err := directory.FindUser(t.Context(), username); err != nil || !finding.User.GroupsKnown || !slices.Equal(finding.User.Groups, want) {
				t.Errorf("%s, %s: the profile has %q, %v, want %q", name, username, finding.User.Groups, err, want)
			}
		}
	}
}

// Only a server that the authorities vouch for, under the name in the URL, hears
// a password.
func TestTheServerMustBeTrusted(t *testing.T) {
	t.Parallel()
	server := startSlapd(t, person("hanako"))
	other := certificate.New("another authority", nil).PEM()
	file := filepath.Join(t.TempDir(), "ca.pem")
	write(t, file, server.ca)
	startTLS := func(s *ldapsource.Settings) { s.URL, s.StartTLS = ldapsource.URL(server.ldap), true }
	for name, test := range map[string]struct {
		change []func(*ldapsource.Settings)
		want   error
	}{
		"ldaps":                       {nil, nil},
		"ldaps, CA from a file":       {[]func(*ldapsource.Settings){func(s *ldapsource.Settings) { s.CABundle = pemfile.Text(file) }}, nil},
		"ldaps, CA in one line":       {[]func(*ldapsource.Settings){func(s *ldapsource.Settings) { s.CABundle = pemfile.Text(strings.ReplaceAll(server.ca, "\n", `\n`)) }}, nil},
		"StartTLS":                    {[]func(*ldapsource.Settings){startTLS}, nil},
		"ldaps, another authority":    {[]func(*ldapsource.Settings){func(s *ldapsource.Settings) { s.CABundle = pemfile.Text(other) }}, ports.ErrMisconfigured},
		"ldaps, the system's":         {[]func(*ldapsource.Settings){func(s *ldapsource.Settings) { s.CABundle = "" }}, ports.ErrMisconfigured},
		"StartTLS, another authority": {[]func(*ldapsource.Settings){startTLS, func(s *ldapsource.Settings) { s.CABundle = pemfile.Text(other) }}, ports.ErrMisconfigured},
		"ldaps, another name":         {[]func(*ldapsource.Settings){localhost}, ports.ErrMisconfigured},
		"StartTLS, another name":      {[]func(*ldapsource.Settings){startTLS, localhost}, ports.ErrMisconfigured},
		"ldaps to a port without TLS": {[]func(*ldapsource.Settings){func(s *ldapsource.Settings) {
			s.URL = ldapsource.URL("ldaps" + strings.TrimPrefix(server.ldap, "ldap"))
		}}, ports.ErrUnreachable},
		"StartTLS to a port with TLS": {[]func(*ldapsource.Settings){func(s *ldapsource.Settings) {
			s.URL, s.StartTLS = ldapsource.URL("ldap"+strings.TrimPrefix(server.ldaps, "ldaps")), true
		}}, ports.ErrUnreachable},
		"a base that is not there":     {[]func(*ldapsource.Settings){func(s *ldapsource.Settings) { s.BaseDN = "ou=nowhere," + base }}, ports.ErrMisconfigured},
		"a search that is not allowed": {[]func(*ldapsource.Settings){func(s *ldapsource.Settings) { s.BindDN, s.BindPassword = "", domain.Secret{} }}, ports.ErrMisconfigured},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			directory := open(t, server.settings(test.change...))
			if _, err := directory.FindUser(t.Context(), "hanako"); !errors.Is(err, test.want) {
				t.Errorf("got %v, want %v", err, test.want)
			}
			if err := directory.Warm(t.Context()); test.want == nil && err != nil {
				t.Errorf("warm: %v", err)
			}
		})
	}
}

// localhost is another name of the server than its certificate's.
func localhost(s *ldapsource.Settings) {
	s.URL = ldapsource.URL(strings.Replace(string(s.URL), "127.0.0.1", "localhost", 1))
}

// A CA that cannot be used ends the start, not the first attempt.
func TestACAThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	empty := filepath.Join(t.TempDir(), "empty.pem")
	write(t, empty, "nothing")
	for _, ca := range []pemfile.Text{pemfile.Text(empty), "-----BEGIN CERTIFICATE-----\nx", pemfile.Text(empty + ".not")} {
		if _, err := ldapsource.Open("corp", ldapsource.Settings{URL: "ldaps://127.0.0.1", CABundle: ca}); err == nil {
			t.Errorf("%q is fine", ca)
		}
	}
	if _, err := ldapsource.Open("corp", ldapsource.Settings{URL: "ldaps://127.0.0.1", CABundle: pemfile.Text(empty + ".not")}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
}

// A server that stops in the middle of an answer is left when the context ends. It
// may stop after the connection, StartTLS or the handshake.
func TestASilentServerIsLeftWherever(t *testing.T) {
	t.Parallel()
	for name, url := range map[string]string{"plain": "ldap://", "handshake": "ldaps://"} {
		for _, startTLS := range []bool{false, true} {
			if startTLS && url == "ldaps://" {
				continue
			}
			directory := open(t, ldapsource.Settings{URL: ldapsource.URL(url + process.SilentAddress(t)), StartTLS: startTLS, BaseDN: base})
			ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
			_, err := directory.FindUser(ctx, "hanako")
			cancel()
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%s, StartTLS %t: %v", name, startTLS, err)
			}
		}
	}
}
