package ldapsource

import (
	"slices"
	"strings"
	"testing"

	"cognito-user-migration/domain"

	"github.com/go-ldap/ldap/v3"
)

// A refused bind is a proof only where the password must be changed, whatever its
// message says. A sub-code is a short number and nothing else.
func FuzzBindMessages(f *testing.F) {
	for _, code := range []string{"525", "52e", "530", "531", "532", "533", "701", "773", "775", "51f", "2030", "0"} {
		f.Add(uint16(ldap.LDAPResultInvalidCredentials), "80090308: LdapErr: DSID-0C09044E, comment: AcceptSecurityContext error, data "+code+", v4563\x00")
	}
	f.Add(uint16(ldap.LDAPResultBusy), "AcceptSecurityContext error, data ")
	f.Add(uint16(ldap.LDAPResultUnwillingToPerform), "Account inactivated. Contact system administrator.")
	f.Fuzz(func(t *testing.T, result uint16, message string) {
		code := subCode(message)
		if len(code) > 8 || strings.Trim(code, "0123456789abcdef") != "" {
			t.Errorf("sub-code %q", code)
		}
		kind := readBind(result, message, nil)
		if result != ldap.LDAPResultSuccess && kind == domain.PasswordAccepted {
			t.Errorf("result %d is a proof", result)
		}
		if kind == domain.TemporaryPasswordAccepted && (result != ldap.LDAPResultInvalidCredentials || code != "773") {
			t.Errorf("result %d, data %s is a temporary password", result, code)
		}
		fault := faultOf(t.Context(), "bind", &ldap.Error{ResultCode: result, Err: errorText(message)})
		if len(message) > 8 && strings.Contains(fault.Error(), message) {
			t.Error("the error holds the message")
		}
	})
}

type errorText string

func (e errorText) Error() string { return string(e) }

// Whatever a username is: the filter has the template's form, and compares with
// that very name.
func FuzzFilters(f *testing.F) {
	for _, username := range []string{
		"alice", "*", "a*", ")(uid=*", "*)(uid=*))(|(uid=*", `\2a`, `\`, "{username}", "{dn}", "(", ")", "\x00", "名前", "\xff", " a ", "a@b", "alice)(|(uid=*",
	} {
		f.Add(username, "uid="+username+",dc=example")
	}
	const template = Filter("(&(objectClass=person)(|(uid={username})(mail={username}@example.com)))")
	const groups = GroupFilter("(|(member={dn})(memberUid={username}))")
	type compared = []assertion
	read := func(t *testing.T, filter string) compared {
		packet, err := ldap.CompileFilter(filter)
		if err != nil {
			t.Fatalf("%q: %v", filter, err)
		}
		var found compared
		walk(packet, func(attribute, value string) { found = append(found, assertion{attribute, value}) })
		return found
	}
	f.Fuzz(func(t *testing.T, username, dn string) {
		want := compared{{"objectClass", "person"}, {"uid", username}, {"mail", username + "@example.com"}}
		if got := read(t, template.of(username)); username != "" && !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
		want = compared{{"member", dn}, {"memberUid", username}}
		if got := read(t, groups.of(username, dn)); username != "" && dn != "" && !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

// Whatever template is taken, it finds nobody by a name that is not in it.
func FuzzTemplates(f *testing.F) {
	for _, template := range []string{"(uid={username})", "(|(uid={username})(mail={username}))", "(!(uid={username}))", "(uid={username}*)", "({username}=*)", "{username}"} {
		f.Add(template)
	}
	f.Fuzz(func(t *testing.T, template string) {
		var filter Filter
		if filter.UnmarshalText([]byte(template)) != nil {
			return
		}
		asserts, err := filter.assertions()
		if err != nil || len(asserts) == 0 {
			t.Fatalf("%q was taken: %q, %v", template, asserts, err)
		}
		stranger := ldap.NewEntry("uid=stranger", map[string][]string{"uid": {"stranger"}, asserts[0].attribute: {"stranger"}})
		if len((loginFilter{filter, asserts}).namedBy(stranger, "alice")) > 0 {
			t.Errorf("%q takes a stranger for alice", template)
		}
	})
}
