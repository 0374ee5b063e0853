package httpsource_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"cognito-user-migration/adapters/httpsource"
	"cognito-user-migration/adapters/internal/webclient"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
	"cognito-user-migration/ports/sourcetest"
	"cognito-user-migration/test/process"
)

// service is a small server that speaks a contract as its documentation has it.
type service struct {
	people    []sourcetest.User
	questions atomic.Int64
	t         *testing.T
}

const token = "token-of-ours-at-the-service"

// guard lets nobody in without our credentials, and nothing beside the paths
// that there are: a username must not make one.
func (s *service) guard(next http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer "+token {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		next(w, r)
	})
}

// named gives the one segment of the path after a prefix.
func (s *service) named(r *http.Request, prefix string) string {
	segment, found := strings.CutPrefix(r.URL.EscapedPath(), prefix)
	if !found || strings.Contains(segment, "/") {
		s.t.Errorf("a username made another path: %q", r.URL.EscapedPath())
	}
	name, err := url.PathUnescape(segment)
	if err != nil {
		s.t.Errorf("the path is not escaped: %q", segment)
	}
	return name
}

func (s *service) lookUp(name string) (sourcetest.User, bool) {
	for _, person := range s.people {
		if name == person.Username || name == person.Attributes["email"] {
			return person, true
		}
	}
	return sourcetest.User{}, false
}

func (s *service) isRight(name, password string) bool {
	s.questions.Add(1)
	person, there := s.lookUp(name)
	return there && password != "" && password == person.Password
}

func decode[T any](s *service, r *http.Request) T {
	var body T
	if r.Header.Get("Content-Type") != "application/json" {
		s.t.Errorf("sent as %q", r.Header.Get("Content-Type"))
	}
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		s.t.Error(err)
	}
	return body
}

func encode(w http.ResponseWriter, body any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(body)
}

// keycloak answers as keycloak-user-migration's README says, and its example
// service: 404 for nobody, 400 for a wrong password.
func (s *service) keycloak(w http.ResponseWriter, r *http.Request) {
	name := s.named(r, "/users/")
	person, there := s.lookUp(name)
	if r.Method == http.MethodPost {
		if !s.isRight(name, decode[struct{ Password string }](s, r).Password) {
			w.WriteHeader(http.StatusBadRequest)
		}
		return
	}
	if !there {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	profile := map[string]any{
		"id": person.Sub, "username": person.Username, "email": person.Attributes["email"], "enabled": !person.Disabled,
		"firstName": person.Attributes["given_name"],
	}
	if verified, said := person.Attributes["email_verified"]; said {
		profile["emailVerified"] = verified // the README has it as a string
	}
	attributes := map[string][]string{}
	for name, value := range person.Attributes {
		switch name {
		case "email", "email_verified", "given_name":
		default:
			attributes[name] = []string{value}
		}
	}
	profile["attributes"] = attributes
	if person.Status == domain.StatusForceChangePassword {
		profile["requiredActions"] = []string{"UPDATE_PASSWORD"}
	}
	if person.MFA == domain.MFASoftwareToken {
		profile["totps"] = []map[string]any{{"name": "app", "secret": "secret", "digits": 6, "period": 30, "algorithm": "HmacSHA1", "encoding": nil}}
	}
	if person.MFA == domain.MFASMS || person.MFA == domain.MFAEmail {
		profile["mfa"] = person.MFA
	}
	encode(w, profile)
}

// fusionAuth answers as "Generic Connector" in FusionAuth's documentation says.
func (s *service) fusionAuth(w http.ResponseWriter, r *http.Request) {
	asked := decode[struct{ LoginID, Password string }](s, r)
	if !s.isRight(asked.LoginID, asked.Password) {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	person, _ := s.lookUp(asked.LoginID)
	user, data := map[string]any{}, map[string]any{}
	for name, value := range person.Attributes {
		switch name {
		case "email_verified":
			user["verified"] = value == "true"
		case "phone_number":
			user["mobilePhone"] = value
		case "name":
			user["fullName"] = value
		case "given_name":
			user["firstName"] = value
		case "email":
			user["email"] = value
		case "updated_at":
			data[name] = 1700000000
		default:
			data[name] = value
		}
	}
	user["id"], user["username"], user["active"], user["data"] = person.Sub, person.Username, !person.Disabled, data
	user["passwordChangeRequired"] = person.Status == domain.StatusForceChangePassword
	methods := map[domain.MFAMethod]string{domain.MFASMS: "sms", domain.MFASoftwareToken: "authenticator", domain.MFAEmail: "email"}
	if person.MFA != "" {
		user["twoFactor"] = map[string]any{"methods": []any{map[string]any{"id": "35VW", "method": methods[person.MFA]}}}
	}
	encode(w, map[string]any{"user": user})
}

// kratos answers as "Password migration using a web hook" in Ory's documentation
// says, and beside it there are profiles.
func (s *service) kratos(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodGet {
		s.profile(w, s.named(r, "/profiles/"))
		return
	}
	asked := decode[struct{ Identifier, Password string }](s, r)
	if !s.isRight(asked.Identifier, asked.Password) {
		w.WriteHeader(http.StatusForbidden)
		return
	}
	encode(w, map[string]string{"status": "password_match"})
}

// okta answers as "Password Import Inline Hook Reference" in Okta's documentation
// says, with profiles that are found by a query.
func (s *service) okta(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodGet {
		if len(r.URL.Query()) != 2 || r.URL.Query().Get("all") != "1" {
			s.t.Errorf("a username made another query: %q", r.URL.RawQuery)
		}
		s.profile(w, r.URL.Query().Get("name"))
		return
	}
	type event struct {
		EventType string
		Data      struct {
			Context struct {
				Credential struct{ Username, Password string }
			}
			Action struct{ Credential string }
		}
	}
	asked := decode[event](s, r)
	if asked.EventType != "com.okta.user.credential.password.import" || asked.Data.Action.Credential != "UNVERIFIED" {
		s.t.Errorf("asked %q with %q", asked.EventType, asked.Data.Action.Credential)
	}
	credential := asked.Data.Context.Credential
	if !s.isRight(credential.Username, credential.Password) {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	_, _ = io.WriteString(w, `{"commands":[{"type":"com.okta.action.update","value":{"credential":"VERIFIED"}}]}`)
}

// oktaToken opens the users API; the sign-in has no credentials of ours.
const oktaToken = "00token-of-the-api"

// oktaAuthn answers as "Authentication API", "Users" and "User Factors" in Okta's
// documentation say.
func (s *service) oktaAuthn(w http.ResponseWriter, r *http.Request) {
	fault := func(status int, code, summary string) {
		w.WriteHeader(status)
		encode(w, map[string]any{"errorCode": code, "errorSummary": summary, "errorLink": code, "errorId": "oae", "errorCauses": []any{}})
	}
	if r.Method == http.MethodGet {
		if r.Header.Get("Authorization") != "SSWS "+oktaToken {
			fault(http.StatusUnauthorized, "E0000011", "Invalid token provided")
			return
		}
		s.oktaUser(w, r, fault)
		return
	}
	if r.URL.Path != "/api/v1/authn" || r.Header.Get("Authorization") != "" {
		s.t.Errorf("asked %s with %q", r.URL.Path, r.Header.Get("Authorization"))
	}
	asked := decode[struct{ Username, Password string }](s, r)
	if !s.isRight(asked.Username, asked.Password) {
		fault(http.StatusUnauthorized, "E0000004", "Authentication failed")
		return
	}
	person, _ := s.lookUp(asked.Username)
	state, factors := "SUCCESS", []any{}
	switch {
	case person.MFA != "":
		state, factors = "MFA_REQUIRED", []any{map[string]any{"id": "f", "factorType": oktaFactor(person), "provider": "OKTA"}}
	case person.Status == domain.StatusResetRequired:
		state = "PASSWORD_EXPIRED"
	}
	encode(w, map[string]any{"status": state, "stateToken": "s", "_embedded": map[string]any{"factors": factors, "user": map[string]any{
		"id": person.Sub, "passwordChanged": "2015-09-08T20:14:45.000Z",
		"profile": map[string]any{"login": person.Username, "firstName": "x", "lastName": "y", "locale": "en_US", "timeZone": "America/Los_Angeles"},
	}}})
}

func oktaFactor(person sourcetest.User) string {
	return map[domain.MFAMethod]string{domain.MFASMS: "sms", domain.MFAEmail: "email", domain.MFASoftwareToken: "token:software:totp"}[person.MFA]
}

func (s *service) oktaUser(w http.ResponseWriter, r *http.Request, fault func(int, string, string)) {
	id, ofFactors := strings.CutSuffix(r.URL.EscapedPath(), "/factors")
	if ofFactors {
		factors := []any{}
		for _, person := range s.people {
			if person.Sub == strings.TrimPrefix(id, "/api/v1/users/") && person.MFA != "" {
				factors = append(factors, map[string]any{"factorType": oktaFactor(person), "status": "ACTIVE"})
			}
		}
		encode(w, factors)
		return
	}
	person, there := s.lookUp(s.named(r, "/api/v1/users/"))
	if !there {
		fault(http.StatusNotFound, "E0000007", "Not found: Resource not found: x (User)")
		return
	}
	status := map[domain.UserStatus]string{domain.StatusUnconfirmed: "STAGED", domain.StatusResetRequired: "PASSWORD_EXPIRED"}[person.Status]
	if status == "" {
		status = "ACTIVE"
	}
	if person.Disabled {
		status = "SUSPENDED"
	}
	provider := "OKTA"
	if person.Status == domain.StatusExternalProvider {
		provider = "FEDERATION"
	}
	profile := map[string]any{"login": person.Username}
	for name, value := range person.Attributes {
		okta := map[string]string{"given_name": "firstName", "family_name": "lastName", "name": "displayName", "phone_number": "mobilePhone", "zoneinfo": "timezone"}[name]
		if okta == "" {
			okta = name
		}
		profile[okta] = value
	}
	emails := []any{}
	if verified, told := person.Attributes["email_verified"]; told {
		delete(profile, "email_verified")
		state := map[string]string{"true": "VERIFIED", "false": "UNVERIFIED"}[verified]
		emails = append(emails, map[string]any{"value": person.Attributes["email"], "status": state, "type": "PRIMARY"})
	}
	encode(w, map[string]any{
		"id": person.Sub, "status": status, "profile": profile,
		"credentials": map[string]any{"password": map[string]any{}, "provider": map[string]any{"type": provider, "name": provider}, "emails": emails},
	})
}

// profile answers a profile URL.
func (s *service) profile(w http.ResponseWriter, name string) {
	person, there := s.lookUp(name)
	if !there {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	profile := map[string]any{"username": person.Username, "sub": person.Sub, "enabled": !person.Disabled, "status": person.Status}
	if person.MFA != "" {
		profile["mfa"] = []domain.MFAMethod{person.MFA}
	}
	for name, value := range person.Attributes {
		profile[name] = value
	}
	encode(w, profile)
}

func TestTheHTTPSourceKeepsTheContract(t *testing.T) {
	t.Parallel()
	outages := []sourcetest.Capability{
		sourcetest.CountsQuestions, sourcetest.Unreachability, sourcetest.Throttling, sourcetest.Misconfiguration, sourcetest.Silence,
		sourcetest.Closure, sourcetest.Unreadability, sourcetest.CertifiesUnjudged,
	}
	everything := []sourcetest.Capability{
		sourcetest.DisabledUsers, sourcetest.UnconfirmedUsers, sourcetest.FederatedUsers, sourcetest.TemporaryPasswords, sourcetest.Resets,
		sourcetest.SMSMFA, sourcetest.SoftwareTokenMFA, sourcetest.EmailMFA, sourcetest.EmailAliases, sourcetest.KeepsSubs,
	}
	for contract, test := range map[httpsource.Contract]struct {
		serve    func(*service) http.HandlerFunc
		settings func(url string) httpsource.Settings
		declared []sourcetest.Capability
	}{
		httpsource.Keycloak: {
			func(s *service) http.HandlerFunc { return s.keycloak },
			func(url string) httpsource.Settings { return httpsource.Settings{URL: webclient.URL(url + "/users/")} },
			[]sourcetest.Capability{
				sourcetest.DisabledUsers, sourcetest.TemporaryPasswords, sourcetest.SMSMFA, sourcetest.SoftwareTokenMFA, sourcetest.EmailMFA, sourcetest.EmailAliases, sourcetest.KeepsSubs,
			},
		},
		httpsource.FusionAuth: {
			func(s *service) http.HandlerFunc { return s.fusionAuth },
			func(url string) httpsource.Settings {
				return httpsource.Settings{URL: webclient.URL(url + "/connector")}
			},
			[]sourcetest.Capability{
				sourcetest.DisabledUsers, sourcetest.TemporaryPasswords, sourcetest.SMSMFA, sourcetest.SoftwareTokenMFA, sourcetest.EmailMFA,
				sourcetest.EmailAliases, sourcetest.KeepsSubs, sourcetest.HidesUnknownUsers, sourcetest.NoLookUps,
			},
		},
		httpsource.Kratos: {
			func(s *service) http.HandlerFunc { return s.kratos },
			func(url string) httpsource.Settings {
				return httpsource.Settings{URL: webclient.URL(url + "/hook"), ProfileURL: webclient.URL(url + "/profiles/{username}")}
			},
			everything,
		},
		httpsource.Okta: {
			func(s *service) http.HandlerFunc { return s.okta },
			func(url string) httpsource.Settings {
				return httpsource.Settings{URL: webclient.URL(url + "/hook?key=1"), ProfileURL: webclient.URL(url + "/profiles?name={username}&all=1")}
			},
			everything,
		},
		httpsource.OktaAuthn: {
			func(s *service) http.HandlerFunc { return s.oktaAuthn },
			func(url string) httpsource.Settings {
				return httpsource.Settings{URL: webclient.URL(url)}
			},
			[]sourcetest.Capability{
				sourcetest.DisabledUsers, sourcetest.UnconfirmedUsers, sourcetest.FederatedUsers, sourcetest.Resets,
				sourcetest.SMSMFA, sourcetest.SoftwareTokenMFA, sourcetest.EmailMFA, sourcetest.EmailAliases, sourcetest.KeepsSubs,
			},
		},
	} {
		t.Run(string(contract), func(t *testing.T) {
			t.Parallel()
			open := func(t *testing.T, url, token string) ports.SourceDirectory {
				settings := test.settings(url)
				settings.Contract, settings.BearerToken = contract, domain.NewSecret(token)
				if contract == httpsource.OktaAuthn {
					settings.APIToken, settings.BearerToken = domain.NewSecret(oktaToken+strings.TrimPrefix(token, "token-of-ours-at-the-service")), domain.Secret{}
				}
				return open(t, settings)
			}
			s := &service{t: t}
			handler := s.guard(test.serve(s))
			if contract == httpsource.OktaAuthn {
				handler = test.serve(s) // it has a token of its own
			}
			server := httptest.NewServer(handler)
			t.Cleanup(server.Close)
			answering := func(status int) func(*testing.T) ports.SourceDirectory {
				return func(t *testing.T) ports.SourceDirectory {
					return open(t, serve(t, func(w http.ResponseWriter, r *http.Request) {
						w.WriteHeader(status)
						_, _ = io.Copy(w, r.Body) // what was asked comes back in the answer
					}), token)
				}
			}
			sourcetest.Run(t, sourcetest.Harness{
				Name:     "legacy",
				Declared: append(test.declared, outages...),
				Open: func(t *testing.T, people []sourcetest.User) ports.SourceDirectory {
					s.people = people
					return open(t, server.URL, token)
				},
				Questions:     func() int { return int(s.questions.Load()) },
				Unreachable:   answering(http.StatusServiceUnavailable),
				Throttled:     answering(http.StatusTooManyRequests),
				Misconfigured: func(t *testing.T) ports.SourceDirectory { return open(t, server.URL, "another") },
				Silent:        func(t *testing.T) ports.SourceDirectory { return open(t, "http://"+process.SilentAddress(t), token) },
				Closed:        func(t *testing.T) ports.SourceDirectory { return open(t, "http://"+process.ClosedAddress(t), token) },
				Unreadable: func(t *testing.T) ports.SourceDirectory {
					return open(t, serve(t, func(w http.ResponseWriter, r *http.Request) {
						if r.Method == http.MethodPost {
							w.WriteHeader(http.StatusTeapot)
							return
						}
						server.Config.Handler.ServeHTTP(w, r)
					}), token)
				},
			})
		})
	}
}

func open(t *testing.T, settings httpsource.Settings) *httpsource.Directory {
	t.Helper()
	if settings.PasswordBy == "" {
		settings.PasswordBy = httpsource.PasswordByUsername
	}
	directory, err := httpsource.Open("legacy", settings)
	if err != nil {
		t.Fatal(err)
	}
	return directory
}

func serve(t *testing.T, handler http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.URL
}
