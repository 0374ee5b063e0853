package httpsource_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"cognito-user-migration/adapters/httpsource"
	"cognito-user-migration/adapters/internal/pemfile"
	"cognito-user-migration/adapters/internal/webclient"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
	"cognito-user-migration/test/certificate"
	"cognito-user-migration/test/process"
)

// While the function slept, the service closed the connection. The question that
// finds out was not seen by anybody, and is sent again, once. One that breaks on
// a new connection may have been judged, and is not.
//
// In a bubble no timer fires while somebody waits for the network. So net/http does
// not give up a connection because its writer is slow to report: that would be luck.
func TestAPasswordIsSentAgainOnlyWhereNobodySawIt(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		breaks  func(question int64) bool
		signIns []bool // whether each one gets an answer
		sent    int64
	}{
		"a new connection that breaks":            {func(int64) bool { return true }, []bool{false}, 1},
		"a stale connection":                      {func(n int64) bool { return n == 2 }, []bool{true, true}, 3},
		"a stale connection, and one that breaks": {func(n int64) bool { return n >= 2 }, []bool{true, false}, 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var questions atomic.Int64
				server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					body, _ := io.ReadAll(r.Body)
					if !strings.Contains(string(body), "hanako") {
						t.Errorf("the question came without its body")
					}
					if test.breaks(questions.Add(1)) {
						if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
							_ = conn.Close()
						}
						return
					}
					w.WriteHeader(http.StatusForbidden)
				}))
				t.Cleanup(server.Close)
				source := open(t, httpsource.Settings{URL: webclient.URL(server.URL), Contract: httpsource.Kratos})
				for i, answered := range test.signIns {
					finding, err := authenticate(t, source)
					if answered != (finding.Kind == domain.PasswordWrong) || !answered && !errors.Is(err, ports.ErrUnreachable) {
						t.Errorf("sign-in %d: %v, %v", i+1, finding, err)
					}
					holdsNoSecret(t, err)
				}
				if questions.Load() != test.sent {
					t.Errorf("sent %d times, want %d", questions.Load(), test.sent)
				}
			})
		})
	}
}

func TestAnAnswerThatBreaksOff(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "1000")
		_, _ = io.WriteString(w, `{"status":"password_match"}`)
	}))
	t.Cleanup(server.Close)
	finding, err := authenticate(t, open(t, httpsource.Settings{URL: webclient.URL(server.URL), Contract: httpsource.Kratos}))
	if !errors.Is(err, ports.ErrUnreachable) || finding.Kind != 0 {
		t.Errorf("%v, %v", finding, err)
	}
}

func TestTLS(t *testing.T) {
	t.Parallel()
	own := certificate.New("migration", nil)
	certificate, key := own.PEM(), own.KeyPEM()
	clients := x509.NewCertPool()
	clients.AppendCertsFromPEM([]byte(certificate))
	start := func(t *testing.T, config *tls.Config) (address webclient.URL, bundle pemfile.Text) {
		server := httptest.NewUnstartedServer(&answering{get: someone})
		server.Config.ErrorLog = log.New(io.Discard, "", 0) // handshakes are to fail here
		server.TLS = config
		server.StartTLS()
		t.Cleanup(server.Close)
		return webclient.URL(server.URL), pemfile.Text(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}))
	}
	ask := func(t *testing.T, address webclient.URL, transport webclient.Transport) error {
		finding, err := authenticate(t, open(t, httpsource.Settings{URL: address, Contract: httpsource.Keycloak, Transport: transport}))
		if (err == nil) != (finding.Kind == domain.PasswordAccepted) {
			t.Errorf("%v, %v", finding, err)
		}
		holdsNoSecret(t, err)
		return err
	}
	t.Run("an authority of one's own", func(t *testing.T) {
		t.Parallel()
		address, bundle := start(t, nil)
		file := filepath.Join(t.TempDir(), "ca.pem")
		if err := os.WriteFile(file, []byte(bundle), 0o600); err != nil {
			t.Fatal(err)
		}
		for name, trusted := range map[string]pemfile.Text{
			"inline": bundle, "a file": pemfile.Text(file), "in one line": pemfile.Text(strings.ReplaceAll(string(bundle), "\n", `\n`)),
		} {
			if err := ask(t, address, webclient.Transport{CABundle: trusted}); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		if err := ask(t, address, webclient.Transport{}); !errors.Is(err, ports.ErrMisconfigured) || !strings.Contains(err.Error(), "x509") {
			t.Errorf("an authority that nobody vouches for: %v", err)
		}
		if err := ask(t, webclient.URL(strings.Replace(string(address), "https", "http", 1)), webclient.Transport{}); err == nil {
			t.Error("without TLS there was an answer")
		}
	})
	t.Run("a client certificate", func(t *testing.T) {
		t.Parallel()
		address, bundle := start(t, &tls.Config{ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: clients, MinVersion: tls.VersionTLS12})
		with := webclient.Transport{CABundle: bundle, ClientCertificate: pemfile.Text(certificate), ClientKey: domain.NewSecret(key)}
		if err := ask(t, address, with); err != nil {
			t.Error(err)
		}
		if err := ask(t, address, webclient.Transport{CABundle: bundle}); !errors.Is(err, ports.ErrMisconfigured) {
			t.Errorf("without the certificate: %v", err)
		}
	})
	t.Run("an old version", func(t *testing.T) {
		t.Parallel()
		address, bundle := start(t, &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11})
		if err := ask(t, address, webclient.Transport{CABundle: bundle}); err == nil {
			t.Error("TLS 1.1 was spoken")
		}
	})
	t.Run("no TLS", func(t *testing.T) {
		t.Parallel()
		plain := httptest.NewServer(&answering{get: someone})
		t.Cleanup(plain.Close)
		if err := ask(t, webclient.URL(strings.Replace(plain.URL, "http", "https", 1)), webclient.Transport{}); !errors.Is(err, ports.ErrMisconfigured) && !errors.Is(err, ports.ErrUnreachable) {
			t.Error(err)
		}
	})
	t.Run("files that are none", func(t *testing.T) {
		t.Parallel()
		for want, transport := range map[string]webclient.Transport{
			"CA_BUNDLE: the file cannot be read":          {CABundle: "/no/such/file"},
			"CA_BUNDLE: has no certificate":               {CABundle: pemfile.Text(key)},
			"CLIENT_CERTIFICATE: the file cannot be read": {ClientCertificate: "/no/such/file", ClientKey: domain.NewSecret(key)},
			"CLIENT_KEY: the file cannot be read":         {ClientCertificate: pemfile.Text(certificate), ClientKey: domain.NewSecret("S3cret")},
			"CLIENT_CERTIFICATE, CLIENT_KEY":              {ClientCertificate: pemfile.Text(certificate), ClientKey: domain.NewSecret(certificate)},
		} {
			_, err := httpsource.Open("legacy", httpsource.Settings{URL: "https://a.example", Contract: httpsource.Kratos, Transport: transport})
			if err == nil || !strings.HasPrefix(err.Error(), want) || strings.Contains(err.Error(), "S3cret") || strings.Contains(err.Error(), "BEGIN") {
				t.Errorf("got %v, want %s", err, want)
			}
		}
	})
}

func TestAnEmptyNameOrPasswordIsNotAskedAbout(t *testing.T) {
	t.Parallel()
	for _, contract := range []httpsource.Contract{httpsource.Keycloak, httpsource.FusionAuth, httpsource.Kratos, httpsource.Okta} {
		a := &answering{get: someone}
		source := a.open(t, contract)
		for _, test := range []struct{ username, password string }{{username, ""}, {"", password}, {"", ""}} {
			finding, err := source.Authenticate(t.Context(), test.username, domain.NewPassword(test.password))
			if err != nil || finding.Kind != domain.PasswordWrong {
				t.Errorf("%v, %v", finding, err)
			}
		}
		if a.gets.Load()+a.posts.Load() != 0 {
			t.Error("the service was asked")
		}
	}
}

func TestWarmingUpOpensTheConnection(t *testing.T) {
	t.Parallel()
	a := &answering{postStatus: http.StatusForbidden}
	if err := a.open(t, httpsource.Kratos).Warm(t.Context()); err != nil || a.posts.Load() != 0 {
		t.Errorf("%v, %d questions", err, a.posts.Load())
	}
	if err := open(t, httpsource.Settings{URL: webclient.URL("http://" + process.ClosedAddress(t)), Contract: httpsource.Kratos}).Warm(t.Context()); !errors.Is(err, ports.ErrUnreachable) {
		t.Errorf("with nobody listening: %v", err)
	}
}

// A connection that served this attempt is not stale: the service read the
// question and then closed it, and may have judged the password.
//
// In a bubble no timer fires while somebody waits for the network. So net/http does
// not give up a connection because its writer is slow to report: that would be luck.
func TestAPasswordIsNotSentAgainOnAConnectionThatServedThisAttempt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var questions, connections atomic.Int64
		server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodGet {
				_, _ = io.WriteString(w, someone)
				return
			}
			_, _ = io.ReadAll(r.Body)
			questions.Add(1)
			if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
				_ = conn.Close()
			}
		}))
		server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
			if state == http.StateNew {
				connections.Add(1)
			}
		}
		server.Start()
		t.Cleanup(server.Close)
		finding, err := authenticate(t, open(t, httpsource.Settings{URL: webclient.URL(server.URL), Contract: httpsource.Keycloak}))
		if !errors.Is(err, ports.ErrUnreachable) || errors.Is(err, ports.ErrNotJudged) || finding.Kind != 0 {
			t.Errorf("%v, %v", finding, err)
		}
		if questions.Load() != 1 || connections.Load() != 1 {
			t.Errorf("%d questions over %d connections, want 1 over 1", questions.Load(), connections.Load())
		}
	})
}

// An answer to a password counts in the lockout, whatever we make of it.
func TestWhichErrorsCertifyThatNoPasswordWasJudged(t *testing.T) {
	t.Parallel()
	for _, contract := range []httpsource.Contract{httpsource.Keycloak, httpsource.FusionAuth, httpsource.Kratos, httpsource.Okta} {
		for status := 200; status < 600; status++ {
			a := &answering{get: someone, postStatus: status}
			finding, err := authenticate(t, a.open(t, contract))
			if certified := errors.Is(err, ports.ErrNotJudged); certified != (status == http.StatusTooManyRequests) {
				t.Errorf("%s, %d: %v, %v; certified %t", contract, status, finding, err, certified)
			}
		}
	}
	// The time ends before the first byte of an answer, or just after it.
	for _, begins := range []bool{false, true} {
		ctx, cancel := context.WithCancel(t.Context())
		url := serve(t, func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.ReadAll(r.Body)
			if begins {
				w.WriteHeader(http.StatusOK)
				_ = http.NewResponseController(w).Flush()
			} else {
				cancel()
			}
			<-r.Context().Done()
		})
		traced := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotFirstResponseByte: cancel})
		source := open(t, httpsource.Settings{URL: webclient.URL(url), Contract: httpsource.Kratos})
		finding, err := source.Authenticate(traced, username, domain.NewPassword(password))
		if !errors.Is(err, context.Canceled) || errors.Is(err, ports.ErrNotJudged) == begins {
			t.Errorf("an answer begins %t: %v, %v; certified %t", begins, finding, err, errors.Is(err, ports.ErrNotJudged))
		}
	}
}
