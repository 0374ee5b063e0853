package ldapsource_test

import (
	"strings"
	"testing"

	"cognito-user-migration/adapters/ldapsource"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
	"cognito-user-migration/ports/sourcetest"
	"cognito-user-migration/test/process"

	"github.com/go-ldap/ldap/v3"
	"github.com/jimlambrt/gldap"
)

// kept says where the tests' directory keeps the attributes of the contract's
// people. An inetOrgPerson must have cn and sn, which those have not.
func kept() ldapsource.AttributeMap {
	return ldapsource.AttributeMap{
		"name": "displayName", "family_name": "", "updated_at": "employeeNumber",
		"email_verified": "employeeType", "phone_number_verified": "departmentNumber",
	}
}

// Against software that no one here wrote, over both ways to secure a connection.
func TestTheLDAPSourceKeepsTheContractAgainstSlapd(t *testing.T) {
	t.Parallel()
	for name, overStartTLS := range map[string]bool{"ldaps": false, "StartTLS": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var server *slapd
			secured := func(s *ldapsource.Settings) {
				s.Attributes, s.MFAAttribute = kept(), "roomNumber"
				if overStartTLS {
					s.URL, s.StartTLS = ldapsource.URL(server.ldap), true
				}
			}
			elsewhere := func(t *testing.T, address string) ports.SourceDirectory {
				return open(t, server.settings(secured, func(s *ldapsource.Settings) {
					scheme, _, _ := strings.Cut(string(s.URL), ":")
					s.URL = ldapsource.URL(scheme + "://" + address)
				}))
			}
			var listed *ldapsource.Directory
			sourcetest.Run(t, sourcetest.Harness{
				Name: "corp",
				Declared: []sourcetest.Capability{
					sourcetest.DisabledUsers, sourcetest.TemporaryPasswords, sourcetest.Resets,
					sourcetest.EmailAliases, sourcetest.Ambiguity, sourcetest.CaseInsensitive, sourcetest.KeepsSubs,
					sourcetest.CountsQuestions, sourcetest.Unreachability, sourcetest.Throttling,
					sourcetest.Misconfiguration, sourcetest.Silence, sourcetest.Closure, sourcetest.CertifiesUnjudged,
					sourcetest.Lists,
					sourcetest.SMSMFA, sourcetest.SoftwareTokenMFA, sourcetest.EmailMFA,
				},
				Lister: func() ports.UserLister { return listed },
				Open: func(t *testing.T, people []sourcetest.User) ports.SourceDirectory {
					var entries []entry
					for _, person := range people {
						entries = append(entries, entryOf(person))
					}
					server = startSlapd(t, entries...)
					listed = open(t, server.settings(secured))
					return listed
				},
				Questions:   func() int { return server.binds(t) },
				Unreachable: func(t *testing.T) ports.SourceDirectory { return elsewhere(t, process.ClosedAddress(t)) },
				Closed:      func(t *testing.T) ports.SourceDirectory { return elsewhere(t, process.ClosedAddress(t)) },
				Silent:      func(t *testing.T) ports.SourceDirectory { return elsewhere(t, process.SilentAddress(t)) },
				Misconfigured: func(t *testing.T) ports.SourceDirectory {
					return open(t, server.settings(secured, func(s *ldapsource.Settings) {
						s.BindPassword = domain.NewSecret("not the service account's")
					}))
				},
				// slapd cannot be made busy at will.
				Throttled: func(t *testing.T) ports.SourceDirectory { return open(t, answering(t, gldap.ResultBusy)) },
			})
		})
	}
}

// entryOf is a person as an entry, in the state that their status stands for.
func entryOf(person sourcetest.User) entry {
	e := entry{
		"uid=" + ldap.EscapeDN(person.Username) + "," + people,
		"objectClass: inetOrgPerson", "uid: " + person.Username, "cn: " + person.Username, "sn: nobody",
		"userPassword: " + person.Password, "entryUUID: " + person.Sub,
	}
	for name, attribute := range map[string]string{
		"email": "mail", "phone_number": "mobile", "name": "displayName", "given_name": "givenName",
		"updated_at": "employeeNumber", "email_verified": "employeeType", "phone_number_verified": "departmentNumber",
	} {
		if value := person.Attributes[name]; value != "" {
			if strings.HasSuffix(name, "_verified") {
				value = strings.ToUpper(value)
			}
			e = append(e, attribute+": "+value)
		}
	}
	if person.MFA != "" {
		e = append(e, "roomNumber: "+string(person.MFA))
	}
	switch {
	case person.Disabled:
		e = append(e, "pwdAccountLockedTime: 000001010000Z")
	case person.Status == domain.StatusForceChangePassword:
		e = append(e, "pwdReset: TRUE")
	case person.Status == domain.StatusResetRequired:
		e = append(e, "pwdChangedTime: 19800101000000Z")
	}
	return e
}
