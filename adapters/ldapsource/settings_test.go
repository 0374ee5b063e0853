package ldapsource_test

import (
	"encoding"
	"strings"
	"testing"

	"cognito-user-migration/adapters/ldapsource"
	"cognito-user-migration/domain"
)

func variable(name string) string { return "SOURCE_" + name }

// Settings that contradict each other are told so, each by its variable.
func TestSettingsThatContradictEachOther(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(*ldapsource.Settings)
		wrong  string // the variable that is named; none where all is fine
	}{
		"ldaps":                                {func(*ldapsource.Settings) {}, ""},
		"StartTLS":                             {func(s *ldapsource.Settings) { s.URL, s.StartTLS = "ldap://dc.example.org", true }, ""},
		"StartTLS over ldaps":                  {func(s *ldapsource.Settings) { s.StartTLS = true }, "STARTTLS"},
		"plain":                                {func(s *ldapsource.Settings) { s.URL = "ldap://dc.example.org" }, "URL"},
		"plain to a name that looks local":     {func(s *ldapsource.Settings) { s.URL = "ldap://localhost.example.org" }, "URL"},
		"plain to this machine":                {func(s *ldapsource.Settings) { s.URL = "ldap://127.0.0.1:1389" }, ""},
		"plain to this machine, IPv6":          {func(s *ldapsource.Settings) { s.URL = "ldap://[::1]" }, ""},
		"plain to localhost":                   {func(s *ldapsource.Settings) { s.URL = "ldap://localhost" }, ""},
		"plain as one wishes":                  {func(s *ldapsource.Settings) { s.URL, s.AllowPlaintext = "ldap://dc.example.org", true }, ""},
		"a CA for nothing":                     {func(s *ldapsource.Settings) { s.URL, s.CABundle = "ldap://localhost", "ca.pem" }, "CA_BUNDLE"},
		"a CA bundle that is not there":        {func(s *ldapsource.Settings) { s.CABundle = "/no/such/file" }, "CA_BUNDLE"},
		"a service account without a password": {func(s *ldapsource.Settings) { s.BindPassword = domain.Secret{} }, "BIND_DN"},
		"a password without a service account": {func(s *ldapsource.Settings) { s.BindDN = "" }, "BIND_DN"},
		"no service account":                   {func(s *ldapsource.Settings) { s.BindDN, s.BindPassword = "", domain.Secret{} }, ""},
		"two say who is verified": {func(s *ldapsource.Settings) {
			s.Verified.Email, s.Attributes = true, ldapsource.AttributeMap{"email_verified": "employeeType"}
		}, "VERIFIED"},
		"a base for no search": {func(s *ldapsource.Settings) { s.GroupBaseDN = base }, "GROUP_BASE_DN"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			settings := ldapsource.Settings{
				URL: "ldaps://dc.example.org", BindDN: serviceDN, BindPassword: domain.NewSecret(servicePassword), BaseDN: base,
			}
			test.change(&settings)
			problems := settings.Validate(variable)
			switch {
			case test.wrong == "" && len(problems) > 0:
				t.Errorf("got %v", problems)
			case test.wrong != "" && (len(problems) != 1 || !strings.HasPrefix(problems[0].Error(), variable(test.wrong)+": ")):
				t.Errorf("got %v, want a problem with %s", problems, test.wrong)
			}
		})
	}
}

// What is allowed but unwise is said at start.
func TestWarnings(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(*ldapsource.Settings)
		named  string
	}{
		"nothing":            {func(*ldapsource.Settings) {}, ""},
		"plain":              {func(s *ldapsource.Settings) { s.URL, s.AllowPlaintext = "ldap://dc.example.org", true }, "ALLOW_PLAINTEXT"},
		"anonymous":          {func(s *ldapsource.Settings) { s.BindDN = "" }, "BIND_DN"},
		"vouching":           {func(s *ldapsource.Settings) { s.Verified.PhoneNumber = true }, "VERIFIED"},
		"not found again":    {func(s *ldapsource.Settings) { s.Filter = "(employeeNumber={username})" }, "FILTER"},
		"nobody proved it":   {func(s *ldapsource.Settings) { s.Filter = "(|(uid={username})(mail={username}))" }, "FILTER"},
		"it is the username": {func(s *ldapsource.Settings) { s.Filter, s.UsernameAttribute = "(mail={username})", "mail" }, ""},
		"an attribute says which are proved": {func(s *ldapsource.Settings) {
			s.Filter, s.Attributes = "(|(uid={username})(mail={username}))", ldapsource.AttributeMap{"email_verified": "employeeType"}
		}, ""},
		"not found again, 2": {func(s *ldapsource.Settings) { s.UsernameAttribute = "cn" }, "FILTER"},
	} {
		settings := ldapsource.Settings{URL: "ldaps://dc.example.org", BindDN: serviceDN, BaseDN: base}
		test.change(&settings)
		warnings := settings.Warnings(variable)
		switch {
		case test.named == "" && len(warnings) > 0:
			t.Errorf("%s: got %q", name, warnings)
		case test.named != "" && (len(warnings) != 1 || !strings.HasPrefix(warnings[0], variable(test.named))):
			t.Errorf("%s: got %q, want one of %s", name, warnings, test.named)
		}
	}
}

// A value that a variable does not take is an error that does not show it.
func TestValues(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		into        func() encoding.TextUnmarshaler
		fine, wrong []string
	}{
		"URL": {
			func() encoding.TextUnmarshaler { return new(ldapsource.URL) },
			[]string{"ldaps://dc.example.org", "ldap://dc.example.org:389", "ldaps://dc.example.org/", "ldap://[::1]:389"},
			[]string{"dc.example.org", "https://dc.example.org", "ldapi:///", "ldaps://", "ldaps://user@dc.example.org", "ldaps://dc/dc=example", "ldaps://dc?x", "ldap://%zz"},
		},
		"FILTER": {
			func() encoding.TextUnmarshaler { return new(ldapsource.Filter) },
			[]string{"(uid={username})", "(&(objectClass=person)(|(uid={username})(mail={username}@example.org)))", "(&(!(employeeType=left))(uid={username}))"},
			[]string{"(uid=alice)", "uid={username", "(uid={username}*)", "(uid=*{username})", "(uid>={username})", "(uid~={username})", "(uid:caseExactMatch:={username})", "({username}=alice)", "(&(uid={username})(mail={username}*))"},
		},
		"GROUP_FILTER": {
			func() encoding.TextUnmarshaler { return new(ldapsource.GroupFilter) },
			[]string{"(member={dn})", "(memberUid={username})", "(member:1.2.840.113556.1.4.1941:={dn})"},
			[]string{"(member=*)", "(member={dn}", ""},
		},
		"ATTRIBUTES": {
			func() encoding.TextUnmarshaler { return new(ldapsource.AttributeMap) },
			[]string{"email=mail", "email=mail, nickname = displayName", "family_name=", "department=2.5.4.11"},
			[]string{"email", "=mail", "email=mail,email=other", "email=ma il", "sub=entryUUID", "username=cn", "email=*", "email=mail,"},
		},
		"USERNAME_ATTRIBUTE": {
			func() encoding.TextUnmarshaler { return new(ldapsource.AttributeName) },
			[]string{"uid", "msDS-PrincipalName", "2.5.4.3", "cn;lang-ja"},
			[]string{"", "*", "uid,cn", "uid)(x", "+"},
		},
		"BASE_DN": {
			func() encoding.TextUnmarshaler { return new(ldapsource.DN) },
			[]string{"dc=example,dc=org", `ou=a\,b,dc=example`},
			[]string{"example.org", "ou=a,b"},
		},
		"PRESET": {
			func() encoding.TextUnmarshaler { return new(ldapsource.Preset) },
			[]string{"openldap", "active_directory"}, []string{"ad", "OpenLDAP"},
		},
		"VERIFIED": {
			func() encoding.TextUnmarshaler { return new(ldapsource.Verified) },
			[]string{"email", "phone_number", "email, phone_number"}, []string{"all", "email,", "true"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, text := range test.fine {
				if err := test.into().UnmarshalText([]byte(text)); err != nil {
					t.Errorf("%q: %v", text, err)
				}
			}
			for _, text := range test.wrong {
				err := test.into().UnmarshalText([]byte(text))
				if err == nil {
					t.Errorf("%q is fine", text)
				}
			}
		})
	}
}

// Only Active Directory has one way to switch people off.
func TestWhatCanRetire(t *testing.T) {
	t.Parallel()
	for preset, want := range map[ldapsource.Preset]bool{ldapsource.PresetOpenLDAP: false, ldapsource.PresetActiveDirectory: true} {
		if got := (&ldapsource.Settings{Preset: preset}).CanRetire(); got != want {
			t.Errorf("%s: %t", preset, got)
		}
	}
}
