package oidcsource_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"testing"

	"cognito-user-migration/adapters/internal/webclient"
	"cognito-user-migration/adapters/oidcsource"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
	"cognito-user-migration/ports/sourcetest"
	"cognito-user-migration/test/process"
)

// secret is the peer's clients'; it has what must be escaped in HTTP Basic and
// in a form (RFC 6749, 2.3.1).
const secret = "secret of the client+/%"

// peer is npm's oidc-provider, behind a proxy that counts the sign-ins. The
// provider calls itself by the proxy's address.
type peer struct {
	issuer  string
	signIns atomic.Int64
}

// startPeer starts the provider with these people, or skips the test with a line
// that says so, or fails where E2E=required.
func startPeer(t *testing.T, people []sourcetest.User) *peer {
	t.Helper()
	folder, err := filepath.Abs(filepath.Join("testdata", "provider"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(folder, "node_modules", "oidc-provider")); err != nil {
		process.Missing(t, "npm's oidc-provider is missing, so nothing was tested against it: npm ci --prefix adapters/oidcsource/testdata/provider")
	}
	p := &peer{}
	var behind atomic.Pointer[url.URL]
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost && r.URL.Path == "/token" {
			p.signIns.Add(1)
		}
		(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(behind.Load())
			r.Out.Host = r.In.Host
		}}).ServeHTTP(w, r)
	}))
	t.Cleanup(front.Close)
	p.issuer = front.URL
	file := filepath.Join(t.TempDir(), "people.json")
	if err := os.WriteFile(file, peopleFile(t, people), 0o600); err != nil {
		t.Fatal(err)
	}
	address := process.Program{
		Name: "node", Install: "Node.js 20 or later",
		Arguments: func(port int) []string {
			return []string{filepath.Join(folder, "provider.mjs"), strconv.Itoa(port), p.issuer, file}
		},
		Ready: "/.well-known/openid-configuration",
	}.Start(t)
	target, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	behind.Store(target)
	return p
}

// peopleFile writes people as the provider reads them.
func peopleFile(t *testing.T, people []sourcetest.User) []byte {
	t.Helper()
	entries := make([]map[string]any, len(people))
	for i, person := range people {
		claims := map[string]any{"preferred_username": person.Username}
		for name, value := range person.Attributes {
			switch name {
			case "email_verified", "phone_number_verified":
				claims[name] = value == "true"
			case "updated_at":
				claims[name], _ = strconv.Atoi(value)
			default:
				claims[name] = value
			}
		}
		entries[i] = map[string]any{
			"username": person.Username, "password": person.Password, "sub": person.Sub, "claims": claims,
			"disabled": person.Disabled, "mfa": person.MFA != "",
		}
	}
	text, err := json.Marshal(entries)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func (p *peer) settings(change ...func(*oidcsource.Settings)) oidcsource.Settings {
	settings := oidcsource.Settings{
		Issuer: webclient.URL(p.issuer), ClientID: "client_secret_basic", ClientSecret: domain.NewSecret(secret),
		Scope: "openid profile email phone", Profile: oidcsource.ProfileIDToken,
		UsernameClaim: "preferred_username", GroupsClaim: "groups",
	}
	for _, change := range change {
		change(&settings)
	}
	return settings
}

func open(t *testing.T, settings oidcsource.Settings) *oidcsource.Directory {
	t.Helper()
	directory, err := oidcsource.Open("legacy", settings)
	if err != nil {
		t.Fatal(err)
	}
	return directory
}

// Against software that no one here wrote, in each way of asking.
func TestTheOIDCSourceKeepsTheContractAgainstOIDCProvider(t *testing.T) {
	t.Parallel()
	declared := []sourcetest.Capability{
		sourcetest.DisabledUsers, sourcetest.SMSMFA, sourcetest.SoftwareTokenMFA, sourcetest.EmailMFA,
		sourcetest.EmailAliases, sourcetest.SubForAliases, sourcetest.HidesUnknownUsers, sourcetest.NoLookUps, sourcetest.KeepsSubs,
		sourcetest.CountsQuestions, sourcetest.Unreachability, sourcetest.Throttling, sourcetest.Misconfiguration, sourcetest.Silence,
		sourcetest.Closure, sourcetest.Unreadability, sourcetest.CertifiesUnjudged,
	}
	p := startPeer(t, sourcetest.Users(declared...))
	ways := map[string]func(*oidcsource.Settings){
		"profile from the ID token": func(*oidcsource.Settings) {},
		"profile from userinfo, client in the form": func(s *oidcsource.Settings) {
			s.Profile, s.AuthStyle, s.ClientID = oidcsource.ProfileUserinfo, oidcsource.AuthPost, "client_secret_post"
		},
		"endpoints given, public client": func(s *oidcsource.Settings) {
			s.TokenURL, s.JWKSURL = webclient.URL(p.issuer+"/token"), webclient.URL(p.issuer+"/jwks")
			s.ClientID, s.ClientSecret = "none", domain.Secret{}
		},
		"endpoints given, userinfo without keys": func(s *oidcsource.Settings) {
			s.TokenURL, s.UserinfoURL = webclient.URL(p.issuer+"/token"), webclient.URL(p.issuer+"/me")
			s.Issuer, s.Profile = "", oidcsource.ProfileUserinfo
		},
		"preset auth0 with its input": func(s *oidcsource.Settings) {
			s.Preset, s.Domain, s.ClientID = oidcsource.Auth0, oidcsource.Domain(s.Issuer), "client_secret_post"
			s.Issuer, s.Profile, s.UsernameClaim = "", "", ""
		},
	}
	for _, preset := range everyPreset() {
		ways["preset "+string(preset)+" with the peer's issuer"] = func(s *oidcsource.Settings) {
			s.Preset, s.Profile, s.GroupsClaim = preset, "", ""
			switch preset {
			case oidcsource.B2C, oidcsource.Entra, oidcsource.Auth0:
				s.ClientID = "client_secret_post"
			case oidcsource.Okta, oidcsource.Keycloak:
				s.UsernameClaim = ""
			}
		}
	}
	for name, way := range ways {
		t.Run(name, func(t *testing.T) {
			elsewhere := func(address string) func(*oidcsource.Settings) {
				return func(s *oidcsource.Settings) {
					if s.Issuer != "" {
						s.Issuer = webclient.URL(address)
					}
					if s.Domain != "" {
						s.Domain = oidcsource.Domain(address)
					}
					if s.TokenURL != "" {
						s.TokenURL = webclient.URL(address + "/token")
					}
				}
			}
			answering := func(status int) func(t *testing.T) ports.SourceDirectory {
				return func(t *testing.T) ports.SourceDirectory {
					server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
						w.WriteHeader(status)
						_, _ = io.Copy(w, r.Body) // what was asked comes back in the answer
					}))
					t.Cleanup(server.Close)
					return open(t, p.settings(way, elsewhere(server.URL)))
				}
			}
			sourcetest.Run(t, sourcetest.Harness{
				Name: "legacy", Declared: declared,
				Open: func(t *testing.T, _ []sourcetest.User) ports.SourceDirectory {
					return open(t, p.settings(way))
				},
				Questions:   func() int { return int(p.signIns.Load()) },
				Unreachable: answering(http.StatusBadGateway),
				Throttled:   answering(http.StatusTooManyRequests),
				Misconfigured: func(t *testing.T) ports.SourceDirectory {
					return open(t, p.settings(way, func(s *oidcsource.Settings) { s.ClientID, s.ClientSecret = "unheard-of", domain.NewSecret("x") }))
				},
				Silent: func(t *testing.T) ports.SourceDirectory {
					return open(t, p.settings(way, elsewhere("http://"+process.SilentAddress(t))))
				},
				Closed: func(t *testing.T) ports.SourceDirectory {
					return open(t, p.settings(way, elsewhere("http://"+process.ClosedAddress(t))))
				},
				Unreadable: func(t *testing.T) ports.SourceDirectory {
					server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) }))
					t.Cleanup(server.Close)
					return open(t, p.settings(way, func(s *oidcsource.Settings) {
						s.TokenURL = webclient.URL(server.URL + "/token")
						if s.Domain != "" {
							s.Issuer = webclient.URL(p.issuer)
						}
						if s.JWKSURL == "" {
							s.JWKSURL = webclient.URL(p.issuer + "/jwks")
						}
					}))
				},
			})
		})
	}
	t.Run("warming up spares the first sign-in the rest", func(t *testing.T) {
		source := open(t, p.settings())
		before := p.signIns.Load()
		if err := source.Warm(t.Context()); err != nil {
			t.Fatal(err)
		}
		if asked := p.signIns.Load() - before; asked != 0 {
			t.Errorf("warming up signed in %d times", asked)
		}
	})
}
