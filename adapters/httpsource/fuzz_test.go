package httpsource

import (
	"slices"
	"strings"
	"testing"

	"cognito-user-migration/adapters/internal/profiles"
	"cognito-user-migration/adapters/internal/webclient"
	"cognito-user-migration/domain"
)

// Whatever a service answers to a question: no panic, one finding or one error,
// and none that is a proof where the contract has no such status.
func FuzzAnswers(f *testing.F) {
	for _, body := range []string{
		`{"user":{"id":"1","email":"a@b.c","verified":true,"data":{"x":[1,{}]},"twoFactor":{"methods":[{"method":"sms"}]}}}`,
		`{"status":"password_match"}`, `{"commands":[{"type":"com.okta.action.update","value":{"credential":"VERIFIED"}}]}`,
		`{"status":"SUCCESS","_embedded":{"user":{"id":"1","profile":{"login":"a@b.c"}}}}`, `{"status":"MFA_REQUIRED","_embedded":{"factors":[{"factorType":"sms"}]}}`,
		`{"access_token":"t","user":{"id":"1","phone":"81312345678","user_metadata":{"name":["x"],"phone_number_verified":true}}}`, `{"errorCode":"E0000004"}`,
		`{"commands":null,"error":{}}`, `{"user":{"data":null}}`, `null`, `[]`, `"x"`, `{`, ``,
	} {
		for _, status := range []int{200, 202, 204, 242, 302, 400, 401, 403, 404, 423, 429, 500} {
			f.Add(status, body)
		}
	}
	f.Fuzz(func(t *testing.T, status int, body string) {
		for name, contract := range map[Contract]contract{Keycloak: keycloak{}, FusionAuth: fusionAuth{}, Kratos: kratos{}, Okta: okta{}, OktaAuthn: oktaAuthn{}, Supabase: supabase{}} {
			kind, user, err := contract.answer(webclient.Answer{Status: status, Body: []byte(body)})
			if err != nil && err != profiles.ErrFormat { //nolint:errorlint // the very one: any other text could hold the body
				t.Errorf("%s: the text goes further: %v", name, err)
			}
			if err != nil {
				continue
			}
			if kind != 0 && !slices.Contains(domain.FindingKinds(), kind) {
				t.Errorf("%s: no finding: %d", name, kind)
			}
			if kind == domain.PasswordAccepted && status != 200 && (name != FusionAuth || status < 200 || status > 299) {
				t.Errorf("%s: %d is a proof", name, status)
			}
			if kind == domain.PasswordAccepted && name == Kratos && !strings.Contains(body, "password_match") && !strings.Contains(body, `\u`) {
				t.Errorf("%s: a proof by %s", name, body)
			}
			if kind != 0 && (status >= 500 || status == 429 || status/100 == 3) {
				t.Errorf("%s: %d is a finding: %v", name, status, kind)
			}
			if (name == FusionAuth || name == OktaAuthn || name == Supabase) && kind == domain.PasswordAccepted {
				inOrder(t, user)
			}
		}
	})
}

// Whatever stands for a profile: no panic, a name, and nothing vouched for by
// the back door.
func FuzzProfiles(f *testing.F) {
	for _, body := range []string{
		`{"id":1,"username":"u","enabled":"true","emailVerified":true,"email":"a@b.c","attributes":{"a":["b"],"email_verified":["true"]},"groups":["g"],"requiredActions":["UPDATE_PASSWORD"],"totps":[{}]}`,
		`{"username":"u","sub":"s","email_verified":false,"enabled":false,"status":"UNCONFIRMED","mfa":["SMS_MFA"],"groups":null,"x":{"y":1}}`,
		`{"id":"1","status":"ACTIVE","profile":{"login":"u","email":"a@b.c","phone_number_verified":true},"credentials":{"emails":[{"value":"a@b.c","status":"VERIFIED"}]}}`,
		`{"username":"../u"}`, `{"username":"u","attributes":{"":null}}`, `{"USERNAME":"u"}`, `null`, `[]`, `{`, ``, `{"username":"\ud800"}`,
	} {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body string) {
		for name, read := range map[string]func([]byte) (*domain.SourceUser, error){"keycloak": profiles.Keycloak, "profile": readProfile, "fusionauth": readFusionUser, "okta": readOktaUser, "supabase": readSupabaseUser} {
			user, err := read([]byte(body))
			if err != nil && err != profiles.ErrFormat && err != errLockedOut { //nolint:errorlint // the very one: any other text could hold the body
				t.Errorf("%s: the text goes further: %v", name, err)
			}
			if err != nil || user == nil {
				continue
			}
			inOrder(t, user)
			if user.Status != "" && !slices.Contains(domain.UserStatuses(), user.Status) {
				t.Errorf("%s: status %q", name, user.Status)
			}
		}
	})
}

func inOrder(t *testing.T, user *domain.SourceUser) {
	t.Helper()
	if user == nil || user.Username == "" {
		t.Fatal("a profile without a name")
	}
	for name, value := range user.Attributes {
		if name == "" || value == "" {
			t.Errorf("%q=%q is an attribute", name, value)
		}
	}
	if verified := user.Attributes["email_verified"]; verified != "" && verified != "true" && verified != "false" {
		t.Errorf("email_verified=%q", verified)
	}
	if user.Attributes["sub"] != user.Sub {
		t.Error("sub is one thing as an attribute and another as Sub")
	}
}

// Whatever a username is, it stays where it is put.
func FuzzAddresses(f *testing.F) {
	for _, name := range []string{"a", "a/b", "..", "%2e", "?", "#", "{username}", "\x00", "名", "\xff", "a&b=c"} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		base := webclient.URL("https://a.example/users?key=1").Parsed()
		for _, address := range []string{below(base, name), fill("https://a.example/users/{username}?key=1", name), fill("https://a.example/users/x?name={username}&key=1", name)} {
			parsed := webclient.URL(address).Parsed()
			if parsed.Host != "a.example" || strings.Count(parsed.EscapedPath(), "/") != 2 || parsed.Query().Get("key") != "1" || parsed.Fragment != "" {
				t.Errorf("%q made %s", name, address)
			}
			if got := parsed.Path; got != "/users/"+name && (got != "/users/x" || parsed.Query().Get("name") != name) {
				t.Errorf("%q is asked for as %s", name, address)
			}
		}
	})
}
