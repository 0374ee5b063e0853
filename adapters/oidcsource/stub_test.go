package oidcsource_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"

	"testing"
	"time"

	"cognito-user-migration/adapters/internal/webclient"
	"cognito-user-migration/adapters/oidcsource"
	"cognito-user-migration/domain"
)

const (
	username = "hanako@example.com"
	password = "Correct horse & 7+%"
	clientID = "client-of-ours"
)

// key signs the stub's tokens; another signs somebody else's.
var key, anothersKey = sync.OnceValue(newKey), sync.OnceValue(newKey)

func newKey() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
}

// sign makes a JWT.
func sign(key *rsa.PrivateKey, algorithm string, claims any) string {
	encode := func(part any) string {
		text, _ := json.Marshal(part)
		return base64.RawURLEncoding.EncodeToString(text)
	}
	signed := encode(map[string]string{"alg": algorithm, "kid": "k"}) + "." + encode(claims)
	if algorithm == "none" {
		return signed + "."
	}
	sum := sha256.Sum256([]byte(signed))
	signature, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, sum[:])
	if err != nil {
		panic(err)
	}
	return signed + "." + base64.RawURLEncoding.EncodeToString(signature)
}

// stub is a provider that answers what a test says.
type stub struct {
	url string
	// the answers, by path
	status map[string]int
	body   map[string]string
	// kind is userinfo's content type; JSON where it is empty
	kind string
	// asked are the requests for a token.
	mu    sync.Mutex
	asked []*http.Request
	// texts are the bodies of requests that are no forms, by path.
	texts map[string]string
}

// newStub answers a token request with a status and a body; the rest is in order.
func newStub(t *testing.T, status int, body string) *stub {
	t.Helper()
	s := &stub{texts: map[string]string{}, status: map[string]int{"/token": status}, body: map[string]string{"/token": body}}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	s.url = server.URL
	public := key().PublicKey
	s.body["/.well-known/openid-configuration"] = fmt.Sprintf(
		`{"issuer":%q,"token_endpoint":%q,"userinfo_endpoint":%q,"jwks_uri":%q,"id_token_signing_alg_values_supported":["none","HS256","RS256"]}`,
		s.url, s.url+"/token", s.url+"/userinfo", s.url+"/keys")
	s.body["/keys"] = fmt.Sprintf(`{"keys":[{"kty":"RSA","kid":"k","use":"sig","alg":"RS256","n":%q,"e":%q}]}`,
		base64.RawURLEncoding.EncodeToString(public.N.Bytes()), base64.RawURLEncoding.EncodeToString(big.NewInt(int64(public.E)).Bytes()))
	return s
}

// ServeHTTP implements [http.Handler].
func (s *stub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_ = r.ParseForm()
	text, _ := io.ReadAll(r.Body)
	s.mu.Lock()
	s.texts[r.URL.Path] = string(text)
	s.asked = append(s.asked, r)
	status, body := s.status[r.URL.Path], s.body[r.URL.Path]
	s.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	if s.kind != "" && r.URL.Path == "/userinfo" {
		w.Header().Set("Content-Type", s.kind)
	}
	if r.URL.Path == "/userinfo" && r.Header.Get("Authorization") != "Bearer access-token" {
		status = http.StatusUnauthorized
	}
	if status == 0 {
		status = http.StatusOK
	}
	if status/100 == 3 {
		w.Header().Set("Location", "/elsewhere")
	}
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body)
}

// sent is the body of the last request to a path.
func (s *stub) sent(path string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.texts[path]
}

// requests are those to a path.
func (s *stub) requests(path string) []*http.Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []*http.Request
	for _, r := range s.asked {
		if r.URL.Path == path {
			found = append(found, r)
		}
	}
	return found
}

func (s *stub) settings(change ...func(*oidcsource.Settings)) oidcsource.Settings {
	settings := oidcsource.Settings{
		Issuer: webclient.URL(s.url), ClientID: clientID, ClientSecret: domain.NewSecret("S3cret"), Scope: "openid email",
		Profile: oidcsource.ProfileIDToken, UsernameClaim: "preferred_username", GroupsClaim: "groups",
	}
	for _, change := range change {
		change(&settings)
	}
	return settings
}

func (s *stub) authenticate(t *testing.T, change ...func(*oidcsource.Settings)) (domain.Finding, error) {
	t.Helper()
	return open(t, s.settings(change...)).Authenticate(t.Context(), username, domain.NewPassword(password))
}

// tokens is the answer to a grant that was given.
func tokens(idToken string) string {
	return fmt.Sprintf(`{"access_token":"access-token","token_type":"Bearer","expires_in":300,"id_token":%q}`, idToken)
}

// idToken is one that is in order, but for the changes.
func (s *stub) idToken(change map[string]any) map[string]any {
	claims := map[string]any{
		"iss": s.url, "aud": clientID, "sub": "sub-of-hanako", "exp": time.Now().Add(time.Minute).Unix(), "iat": time.Now().Unix(),
		"preferred_username": "hanako", "email": username, "email_verified": true,
	}
	for name, value := range change {
		if value == nil {
			delete(claims, name)
			continue
		}
		claims[name] = value
	}
	return claims
}

// holdsNoSecret fails where an error shows who asked, or what with.
func holdsNoSecret(t *testing.T, err error) {
	t.Helper()
	for ; err != nil; err = unwrap(err) {
		for _, verb := range []string{"%v", "%+v", "%#v"} {
			printed := fmt.Sprintf(verb, err)
			for _, secret := range []string{username, "hanako", password, "S3cret", "access-token", "eyJ"} {
				if strings.Contains(printed, secret) {
					t.Errorf("the error holds %q: %s", secret, printed)
				}
			}
		}
	}
}

func unwrap(err error) error {
	if wrapping, ok := err.(interface{ Unwrap() error }); ok {
		return wrapping.Unwrap()
	}
	return nil
}
