package firebasesource

import (
	"context"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"cognito-user-migration/adapters/internal/webclient"
	"cognito-user-migration/domain"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// serviceAccount is the JSON key of a service account.
type serviceAccount struct {
	Type         string `json:"type"`
	ProjectID    string `json:"project_id"`
	PrivateKeyID string `json:"private_key_id"`
	PrivateKey   string `json:"private_key"`
	ClientEmail  string `json:"client_email"`
	TokenURI     string `json:"token_uri"`

	key *rsa.PrivateKey
}

// readServiceAccount reads a key, or the file that has it. Its errors contain
// nothing of the key.
func readServiceAccount(secret domain.Secret) (serviceAccount, error) {
	text := strings.TrimSpace(secret.Reveal())
	if !strings.HasPrefix(text, "{") {
		file, err := os.ReadFile(text) //nolint:gosec // the operator names the file
		if err != nil {
			return serviceAccount{}, errors.New("expected the JSON key of a service account; the text is not JSON, and there is no such file")
		}
		text = string(file)
	}
	var account serviceAccount
	if json.Unmarshal([]byte(text), &account) != nil || account.Type != "service_account" ||
		account.PrivateKey == "" || account.ClientEmail == "" || account.TokenURI == "" {
		return serviceAccount{}, errors.New("expected the JSON key of a service account, with type=service_account, private_key, client_email and token_uri")
	}
	var id ID
	if id.UnmarshalText([]byte(account.ProjectID)) != nil {
		return serviceAccount{}, errors.New("its project_id is not a project ID")
	}
	block, _ := pem.Decode([]byte(account.PrivateKey))
	if block == nil {
		return serviceAccount{}, errors.New("its private_key is not in PEM format")
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		parsed, err = x509.ParsePKCS1PrivateKey(block.Bytes)
	}
	key, isRSA := parsed.(*rsa.PrivateKey)
	if err != nil || !isRSA {
		return serviceAccount{}, errors.New("its private_key is not an RSA key")
	}
	account.key = key
	return account, nil
}

// scope is the OAuth 2 scope of every method that is called (the discovery
// document of the Identity Toolkit API, v1). The service account's roles limit
// what the token is good for.
const scope = "https://www.googleapis.com/auth/cloud-platform"

const (
	// assertionLifetime is the longest that Google accepts ("Using OAuth 2.0 for
	// Server to Server Applications", Google Identity).
	assertionLifetime = time.Hour
	// renewBefore is how long before its expiry a token is replaced.
	renewBefore = 2 * time.Minute
)

// tokens gives access tokens of the service account (RFC 7523). A token serves
// until shortly before its expiry.
type tokens struct {
	account serviceAccount
	client  *webclient.Client
	now     func() time.Time
	// turn is a semaphore that guards token and expiry.
	turn   chan struct{}
	token  string
	expiry time.Time
}

func newTokens(account serviceAccount, client *webclient.Client) *tokens {
	return &tokens{account: account, client: client, now: time.Now, turn: make(chan struct{}, 1)}
}

// get returns a token. One caller requests it while the others wait until their
// contexts end. Errors are not cached.
func (t *tokens) get(ctx context.Context) (string, error) {
	if err := t.lock(ctx); err != nil {
		return "", err
	}
	defer t.unlock()
	if t.token != "" && t.now().Before(t.expiry) {
		return t.token, nil
	}
	token, lifetime, err := t.request(ctx)
	if err != nil {
		return "", err
	}
	t.token, t.expiry = token, t.now().Add(lifetime-renewBefore)
	return token, nil
}

// drop forgets a token that the API rejected, if no other replaced it.
func (t *tokens) drop(token string) {
	t.turn <- struct{}{}
	defer t.unlock()
	if t.token == token {
		t.token = ""
	}
}

func (t *tokens) lock(ctx context.Context) error {
	select {
	case t.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (t *tokens) unlock() { <-t.turn }

// request exchanges a signed assertion for a token.
func (t *tokens) request(ctx context.Context) (token string, lifetime time.Duration, err error) {
	assertion, err := t.assertion()
	if err != nil {
		return "", 0, t.client.Misconfigured(opToken, "the service account's key cannot sign")
	}
	form := url.Values{"grant_type": {"urn:ietf:params:oauth:grant-type:jwt-bearer"}, "assertion": {assertion}}
	header := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
	answer, err := t.client.Post(ctx, opToken, t.account.TokenURI, header, []byte(form.Encode()))
	if err != nil {
		return "", 0, err
	}
	var given struct {
		AccessToken string `json:"access_token"`
		ExpiresIn   int64  `json:"expires_in"`
	}
	switch {
	case answer.Status == http.StatusBadRequest || answer.Status == http.StatusUnauthorized:
		return "", 0, &webclient.Fault{Adapter: adapter, Operation: opToken, Status: answer.Status, Kind: webclient.KindOf(answer.Status),
			Cause: "the service account's key was rejected; it may be deleted or disabled, or this machine's clock may be wrong"}
	case answer.Status != http.StatusOK:
		return "", 0, t.client.Status(opToken, answer.Status)
	case json.Unmarshal(answer.Body, &given) != nil || !isToken(given.AccessToken):
		return "", 0, t.client.Malformed(opToken, "the response has no access token")
	}
	return given.AccessToken, time.Duration(min(max(given.ExpiresIn, 0), int64(assertionLifetime/time.Second))) * time.Second, nil
}

func (t *tokens) assertion() (string, error) {
	signer, err := jose.NewSigner(
		jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: t.account.key, KeyID: t.account.PrivateKeyID}},
		(&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		return "", err
	}
	now := t.now()
	return jwt.Signed(signer).Claims(struct {
		Issuer   string `json:"iss"`
		Scope    string `json:"scope"`
		Audience string `json:"aud"`
		IssuedAt int64  `json:"iat"`
		Expiry   int64  `json:"exp"`
	}{t.account.ClientEmail, scope, t.account.TokenURI, now.Unix(), now.Add(assertionLifetime).Unix()}).Serialize()
}

// isToken reports whether the text can be a part of a header.
func isToken(text string) bool {
	return text != "" && !strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' })
}
