package oidcsource_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"cognito-user-migration/adapters/internal/webclient"
	"cognito-user-migration/adapters/oidcsource"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
	"cognito-user-migration/test/process"
)

func TestAGrantAsIsSent(t *testing.T) {
	t.Parallel()
	const realm = "http://auth0.com/oauth/grant-type/password-realm"
	for name, test := range map[string]struct {
		change              func(*oidcsource.Settings)
		form                map[string]string
		basicName, basicKey string
	}{
		"by HTTP Basic": {
			func(s *oidcsource.Settings) { s.ClientSecret = domain.NewSecret("S3cret:/+ %") },
			map[string]string{"grant_type": "password", "username": username, "password": password, "scope": "openid email"},
			clientID, "S3cret%3A%2F%2B+%25",
		},
		"in the form": {
			func(s *oidcsource.Settings) { s.AuthStyle = oidcsource.AuthPost },
			map[string]string{"grant_type": "password", "username": username, "password": password, "scope": "openid email", "client_id": clientID, "client_secret": "S3cret"}, "", "",
		},
		"without a secret": {
			func(s *oidcsource.Settings) { s.ClientSecret = domain.Secret{} },
			map[string]string{"grant_type": "password", "username": username, "password": password, "scope": "openid email", "client_id": clientID}, "", "",
		},
		"Auth0's realm": {
			func(s *oidcsource.Settings) {
				s.Realm, s.Audience, s.AuthStyle = "employees", "https://api.example", oidcsource.AuthPost
			},
			map[string]string{"grant_type": realm, "username": username, "password": password, "scope": "openid email", "client_id": clientID, "client_secret": "S3cret", "realm": "employees", "audience": "https://api.example"}, "", "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStub(t, 401, `{"error":"invalid_grant"}`)
			if finding, err := s.authenticate(t, test.change); err != nil || finding.Kind != domain.PasswordWrong {
				t.Fatalf("%v, %v", finding, err)
			}
			asked := s.requests("/token")
			if len(asked) != 1 {
				t.Fatalf("asked %d times", len(asked))
			}
			form := asked[0].PostForm
			for field, want := range test.form {
				if got := form.Get(field); got != want {
					t.Errorf("%s is %q, want %q", field, got, want)
				}
			}
			if len(form) != len(test.form) {
				t.Errorf("the form has %d fields: %v", len(form), form)
			}
			if name, key, _ := asked[0].BasicAuth(); name != test.basicName || key != test.basicKey {
				t.Errorf("by HTTP Basic: %q, %q", name, key)
			}
			if asked[0].URL.RawQuery != "" {
				t.Error("something is in the address")
			}
		})
	}
}

func TestAnEmptyNameOrPasswordIsNotAskedAbout(t *testing.T) {
	t.Parallel()
	s := newStub(t, 200, "")
	source := open(t, s.settings())
	for _, test := range []struct{ username, password string }{{username, ""}, {"", password}, {"", ""}} {
		finding, err := source.Authenticate(t.Context(), test.username, domain.NewPassword(test.password))
		if err != nil || finding.Kind != domain.PasswordWrong {
			t.Errorf("%v, %v", finding, err)
		}
	}
	for _, name := range []string{username, ""} {
		finding, err := source.FindUser(t.Context(), name)
		if err != nil || finding.Kind != domain.LookUpUnsupported || finding.Challenge != "" {
			t.Errorf("%v, %v", finding, err)
		}
	}
	if len(s.asked) != 0 {
		t.Error("the provider was asked")
	}
}

// While the function slept, the provider closed the connection. The request that
// finds out was not seen by anybody, and is sent again, once. One that breaks on
// a new connection may have been judged, and is not.
//
// In a bubble no timer fires while somebody waits for the network. So net/http does
// not give up a connection because its writer is slow to report: that would be luck.
func TestAGrantIsSentAgainOnlyWhereNobodySawIt(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		hangsUp func(request int64) bool
		fails   bool // the second sign-in
		sent    int64
	}{
		"a stale connection":                      {func(n int64) bool { return n == 2 }, false, 3},
		"a stale connection, and one that breaks": {func(n int64) bool { return n >= 2 }, true, 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var requests atomic.Int64
				server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					_, _ = io.ReadAll(r.Body)
					if test.hangsUp(requests.Add(1)) {
						hangUp(w)
						return
					}
					w.WriteHeader(http.StatusUnauthorized)
					_, _ = io.WriteString(w, `{"error":"invalid_grant"}`)
				}))
				t.Cleanup(server.Close)
				source := open(t, newStub(t, 0, "").settings(func(s *oidcsource.Settings) { s.TokenURL = webclient.URL(server.URL) }))
				seen := &watcher{}
				watched := ports.WithCallWatcher(t.Context(), seen)
				calls, retries := 0, 0
				for i, fails := range []bool{false, test.fails} {
					ctx, meter := ports.WithMeter(watched) // each sign-in is an attempt
					finding, err := source.Authenticate(ctx, username, domain.NewPassword(password))
					calls, retries = calls+meter.Calls(), retries+meter.Retries()
					if fails != errors.Is(err, ports.ErrUnreachable) || !fails && finding.Kind != domain.PasswordWrong {
						t.Errorf("sign-in %d: %v, %v", i+1, finding, err)
					}
					holdsNoSecret(t, err)
				}
				if requests.Load() != test.sent {
					t.Errorf("%d requests, want %d", requests.Load(), test.sent)
				}
				// They are counted where they are sent, whoever sends them.
				grant := ports.Call{Service: "OIDC source", Operation: "password grant"}
				again := grant
				again.Again = true
				if want := []ports.Call{grant, grant, again}; !slices.Equal(seen.grants(), want) {
					t.Errorf("seen were %v, want %v", seen.calls, want)
				}
				if calls != len(seen.calls) || retries != 1 {
					t.Errorf("%d calls and %d retries were counted, and %d seen", calls, retries, len(seen.calls))
				}
			})
		})
	}
	t.Run("a new connection that breaks", func(t *testing.T) {
		t.Parallel()
		var requests atomic.Int64
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.ReadAll(r.Body)
			requests.Add(1)
			hangUp(w)
		}))
		t.Cleanup(server.Close)
		finding, err := newStub(t, 0, "").authenticate(t, func(s *oidcsource.Settings) { s.TokenURL = webclient.URL(server.URL) })
		if !errors.Is(err, ports.ErrUnreachable) || finding.Kind != 0 || requests.Load() != 1 {
			t.Errorf("%v, %v after %d requests", finding, err, requests.Load())
		}
		holdsNoSecret(t, err)
	})
}

// watcher notes the calls of an attempt.
type watcher struct{ calls []ports.Call }

// Begin implements [ports.CallWatcher].
func (w *watcher) Begin(_ context.Context, call ports.Call) func(int) {
	w.calls = append(w.calls, call)
	return func(int) {}
}

func (w *watcher) grants() []ports.Call {
	return slices.DeleteFunc(slices.Clone(w.calls), func(call ports.Call) bool { return call.Operation != "password grant" })
}

func hangUp(w http.ResponseWriter) {
	if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
		_ = conn.Close()
	}
}

func TestNobodyListening(t *testing.T) {
	t.Parallel()
	s := &stub{url: "http://" + process.ClosedAddress(t)}
	finding, err := s.authenticate(t)
	if !errors.Is(err, ports.ErrUnreachable) || finding.Kind != 0 {
		t.Errorf("%v, %v", finding, err)
	}
	holdsNoSecret(t, err)
	if err := open(t, s.settings()).Warm(t.Context()); !errors.Is(err, ports.ErrUnreachable) {
		t.Errorf("warming up: %v", err)
	}
}

// A connection that served this attempt is not stale: the provider read the grant
// and then closed it, and may have judged the password.
//
// In a bubble no timer fires while somebody waits for the network. So net/http does
// not give up a connection because its writer is slow to report: that would be luck.
func TestAGrantIsNotSentAgainOnAConnectionThatServedThisAttempt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var grants, connections atomic.Int64
		server := httptest.NewUnstartedServer(nil)
		server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/.well-known/openid-configuration" {
				_, _ = io.WriteString(w, `{"issuer":"`+server.URL+`","token_endpoint":"`+server.URL+`/token","authorization_endpoint":"`+server.URL+`/a"}`)
				return
			}
			_, _ = io.ReadAll(r.Body)
			grants.Add(1)
			hangUp(w)
		})
		server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
			if state == http.StateNew {
				connections.Add(1)
			}
		}
		server.Start()
		t.Cleanup(server.Close)
		source := open(t, newStub(t, 0, "").settings(func(s *oidcsource.Settings) { s.TokenURL, s.Issuer = "", webclient.URL(server.URL) }))
		finding, err := source.Authenticate(t.Context(), username, domain.NewPassword(password))
		if !errors.Is(err, ports.ErrUnreachable) || errors.Is(err, ports.ErrNotJudged) || finding.Kind != 0 {
			t.Errorf("%v, %v", finding, err)
		}
		if grants.Load() != 1 || connections.Load() != 1 {
			t.Errorf("%d grants over %d connections, want 1 over 1", grants.Load(), connections.Load())
		}
	})
}

// An answer to a password counts in the lockout, whatever we make of it.
func TestWhichErrorsCertifyThatNoPasswordWasJudged(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		status    int
		body      string
		certified bool
	}{
		"fewer requests asked for":            {429, "", true},
		"fewer requests asked for, by a code": {400, `{"error":"slow_down"}`, true},
		"an error that nobody knows":          {400, `{"error":"wrong_password_i_think"}`, false},
		"the client rejected":                 {401, `{"error":"invalid_client"}`, false},
		"not found":                           {404, "", false},
		"a fault of the provider":             {500, `{"error":"server_error"}`, false},
		"a gateway's fault":                   {502, "<html>", false},
		"out of service":                      {503, "", false},
		"a redirect":                          {302, "", false},
		"no token":                            {200, `{}`, false},
		"no JSON":                             {200, `<html>`, false},
		"a token without a profile":           {200, `{"access_token":"a","token_type":"Bearer"}`, false},
		"an error in a right answer":          {200, `{"error":"whatever"}`, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			finding, err := newStub(t, test.status, test.body).authenticate(t)
			if err == nil || errors.Is(err, ports.ErrNotJudged) != test.certified {
				t.Errorf("%v, %v; certified %t", finding, err, errors.Is(err, ports.ErrNotJudged))
			}
		})
	}
	t.Run("a provider that dies after the grant", func(t *testing.T) {
		t.Parallel()
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, `{"access_token":"a","token_type":"Bearer"}`)
		}))
		t.Cleanup(server.Close)
		closed := webclient.URL("http://" + process.ClosedAddress(t))
		finding, err := newStub(t, 0, "").authenticate(t, func(s *oidcsource.Settings) {
			s.TokenURL, s.UserinfoURL, s.Profile = webclient.URL(server.URL), closed, oidcsource.ProfileUserinfo
		})
		if !errors.Is(err, ports.ErrUnreachable) || errors.Is(err, ports.ErrNotJudged) {
			t.Errorf("%v, %v", finding, err)
		}
	})
}
