package e2e_test

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"math/big"
	"net/http"
	"strings"
	"testing"
	"time"

	"cognito-user-migration/domain"
)

// signedToken is a JWT by RS256.
func signedToken(t *testing.T, key *rsa.PrivateKey, claims map[string]any) string {
	t.Helper()
	unsigned, _, _ := strings.Cut(jwt(claims), ".c2lnbmF0dXJl")
	sum := sha256.Sum256([]byte(unsigned))
	signature, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	return unsigned + "." + base64.RawURLEncoding.EncodeToString(signature)
}

// TestAB2CTenantNeedsItsNameAndPolicyAlone: the rest is the preset's, at the
// addresses and in the words of Microsoft's documentation.
func TestAB2CTenantNeedsItsNameAndPolicyAlone(t *testing.T) {
	t.Parallel()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	p, provider := newPerson(), newService(t)
	const policy = "/acme.onmicrosoft.com/B2C_1_ROPC"
	issuer := provider.url + "/6babcaad-604b-40ac-a9d7-9fd97c0b779f/v2.0/"
	answer := func(refusal string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			switch r.URL.Path {
			case policy + "/v2.0/.well-known/openid-configuration":
				saying(200, `{"issuer":`+quote(issuer)+`,"token_endpoint":`+quote(provider.url+policy+"/oauth2/v2.0/token")+`,"jwks_uri":`+quote(provider.url+policy+"/discovery/v2.0/keys")+`,"id_token_signing_alg_values_supported":["RS256"]}`)(w, r)
			case policy + "/discovery/v2.0/keys":
				saying(200, `{"keys":[{"kid":"k","use":"sig","kty":"RSA","alg":"RS256","e":"`+base64.RawURLEncoding.EncodeToString(big.NewInt(int64(key.E)).Bytes())+`","n":"`+base64.RawURLEncoding.EncodeToString(key.N.Bytes())+`"}]}`)(w, r)
			case policy + "/oauth2/v2.0/token":
				if refusal != "" {
					saying(400, `{"error":"access_denied","error_description":`+quote(refusal+"\r\nCorrelation ID: 8b7a\r\n")+`}`)(w, r)
					return
				}
				token := signedToken(t, key, map[string]any{
					"iss": issuer, "aud": "client", "sub": "o-1", "oid": "o-1", "exp": time.Now().Add(time.Hour).Unix(), "emails": []string{p.email}, "name": p.name, "tfp": "B2C_1_ROPC",
				})
				saying(200, `{"access_token":"access","token_type":"Bearer","expires_in":"3600","id_token":`+quote(token)+`}`)(w, r)
			default:
				t.Errorf("asked %s", r.URL.Path)
			}
		}
	}
	s := outOfTheWay().with("SOURCE_KIND", "oidc", "SOURCE_PRESET", "b2c", "SOURCE_DOMAIN", provider.url, "SOURCE_TENANT", "acme", "SOURCE_POLICY", "B2C_1_ROPC",
		"SOURCE_CLIENT_ID", "client", "MIGRATE_VERIFIED_CONTACTS", "always")
	provider.answers(answer(""))
	f := start(t, s)
	f.hidePerson(p)
	got := f.migrates(signIn(p.email, p.password), domain.ReasonPasswordAccepted)
	if got.UserAttributes["email"] != p.email || got.UserAttributes["name"] != p.name {
		t.Errorf("the user is %v", got.UserAttributes)
	}
	bodies, _ := provider.asked()
	if len(bodies) != 1 || !strings.Contains(bodies[0], "response_type=token+id_token") || !strings.Contains(bodies[0], "scope=openid+client") {
		t.Error("the request is not B2C's")
	}
	for said, reason := range map[string]domain.Reason{
		"AADB2C90225: The username or password provided in the request are invalid.": domain.ReasonPasswordWrong,
		"AADB2C90114: Your account is temporarily locked.":                           domain.ReasonLockedOut,
		"AADB2C90053: A user with the specified credential could not be found.":      domain.ReasonUserUnknown,
		"AADB2C98765: a code that nobody knows":                                      domain.ReasonSignInDenied,
	} {
		provider.answers(answer(said))
		f.refuses(signIn(p.email, p.password), reason)
	}
	provider.answers(answer("AADB2C90224: Resource owner flow has not been enabled for the application."))
	f.fails(signIn(p.email, p.password), domain.ReasonSourceMisconfigured)
}

// TestAUserPoolWithoutARoleIsASource: cognito-local stands for Cognito, with its own
// tokens and keys.
func TestAUserPoolWithoutARoleIsASource(t *testing.T) {
	t.Parallel()
	server := cognitoLocal.get(t)
	// The pool's own trigger knows nobody.
	pool, err := server.NewPool(t.Context(), http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }))
	if err != nil {
		t.Fatal(err)
	}
	call := func(operation string, body map[string]any) map[string]any {
		t.Helper()
		body["UserPoolId"] = pool.ID
		text, _ := json.Marshal(body)
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL, bytes.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("X-Amz-Target", "AWSCognitoIdentityProviderService."+operation)
		request.Header.Set("Content-Type", "application/x-amz-json-1.1")
		request.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=anyone/20260101/us-east-1/cognito-idp/aws4_request, SignedHeaders=host, Signature=x")
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = response.Body.Close() }()
		answer, _ := io.ReadAll(response.Body)
		if response.StatusCode != http.StatusOK {
			t.Fatalf("%s: %d %s", operation, response.StatusCode, answer)
		}
		var members map[string]any
		_ = json.Unmarshal(answer, &members) // some answers are empty
		return members
	}
	// Cognito's issuers are known; cognito-local's is what its tokens say.
	call("AdminCreateUser", map[string]any{"Username": "probe", "MessageAction": "SUPPRESS"})
	call("AdminSetUserPassword", map[string]any{"Username": "probe", "Password": "Probe-1!", "Permanent": true})
	session := call("InitiateAuth", map[string]any{
		"AuthFlow": "USER_PASSWORD_AUTH", "ClientId": pool.ClientID, "AuthParameters": map[string]string{"USERNAME": "probe", "PASSWORD": "Probe-1!"},
	})
	tokens, _ := session["AuthenticationResult"].(map[string]any)
	token, _ := tokens["IdToken"].(string)
	parts := strings.Split(token+"..", ".")
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	var claims struct{ Iss string }
	if err != nil || json.Unmarshal(payload, &claims) != nil || claims.Iss == "" {
		t.Fatalf("no token: %v", session)
	}
	p := newPerson()
	attributes := []map[string]string{}
	for name, value := range p.attributes() {
		attributes = append(attributes, map[string]string{"Name": name, "Value": value})
	}
	call("AdminCreateUser", map[string]any{"Username": p.username, "UserAttributes": attributes, "MessageAction": "SUPPRESS", "TemporaryPassword": p.password})
	s := outOfTheWay().with("SOURCE_KIND", "oidc", "SOURCE_PRESET", "cognito", "SOURCE_DOMAIN", server.URL, "SOURCE_USER_POOL_ID", pool.ID, "SOURCE_CLIENT_ID", pool.ClientID,
		"SOURCE_ISSUER", claims.Iss)
	f := start(t, s)
	f.hidePerson(p)
	f.refuses(signIn(p.username, p.password), domain.ReasonChallengeUnsupported) // the password is temporary
	call("AdminSetUserPassword", map[string]any{"Username": p.username, "Password": p.password, "Permanent": true})
	f.refuses(signIn(p.username, p.password+"x"), domain.ReasonPasswordWrong)
	got := f.migrates(signIn(p.username, p.password), domain.ReasonPasswordAccepted)
	if got.UserAttributes["email"] != p.email || got.UserAttributes["email_verified"] != "true" {
		t.Errorf("the user is %v", got.UserAttributes)
	}
	// A pool is never its own destination.
	launched := launch(t, s.with("MIGRATE_DESTINATION_USER_POOL_ID", pool.ID))
	if err := launched.Ready(t.Context()); err == nil || !strings.Contains(err.Error(), "MIGRATE_DESTINATION_USER_POOL_ID: is also a source") {
		t.Errorf("started with %v", err)
	}
}

// TestAPresetThatLacksAnInputDoesNotStart and names the setting.
func TestAPresetThatLacksAnInputDoesNotStart(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		pairs []string
		want  string
	}{
		"an unknown preset": {[]string{"SOURCE_PRESET", "azure"}, "SOURCE_PRESET: expected one of: b2c, entra, auth0, okta, keycloak, cognito"},
		"no policy":         {[]string{"SOURCE_PRESET", "b2c", "SOURCE_TENANT", "acme"}, "SOURCE_POLICY: is required with SOURCE_PRESET=b2c"},
		"no pool":           {[]string{"SOURCE_PRESET", "cognito"}, "SOURCE_USER_POOL_ID: is required with SOURCE_PRESET=cognito"},
		"another's input":   {[]string{"SOURCE_PRESET", "auth0", "SOURCE_DOMAIN", "acme.auth0.com", "SOURCE_POLICY", "p"}, "SOURCE_POLICY: is used only with SOURCE_PRESET=b2c"},
	} {
		f := launch(t, outOfTheWay().with("SOURCE_KIND", "oidc", "SOURCE_CLIENT_ID", "c").with(test.pairs...))
		if err := f.Ready(t.Context()); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %q", name, err, test.want)
		}
	}
}

// TestOktaTellsWhyItTurnsUsersAway, by its own Authentication API.
func TestOktaTellsWhyItTurnsUsersAway(t *testing.T) {
	t.Parallel()
	p := newPerson()
	org := newService(t)
	// says makes Okta answer a password, and have the user in a state.
	says := func(status int, body, profile string) {
		org.answers(func(w http.ResponseWriter, r *http.Request) {
			switch {
			case r.Method == http.MethodPost && r.URL.Path == "/api/v1/authn":
				saying(status, body)(w, r)
			case strings.HasSuffix(r.URL.Path, "/factors"):
				saying(200, `[{"factorType":"sms","status":"ACTIVE"}]`)(w, r)
			case r.Header.Get("Authorization") != "SSWS okta-api-token":
				saying(401, `{"errorCode":"E0000011","errorSummary":"Invalid token provided"}`)(w, r)
			default:
				saying(200, `{"id":"00u1","status":`+quote(profile)+`,"profile":{"login":`+quote(p.email)+`,"email":`+quote(p.email)+`,"firstName":"Canary"},"credentials":{"emails":[{"value":`+quote(p.email)+`,"status":"VERIFIED"}],"provider":{"type":"OKTA"}}}`)(w, r)
			}
		})
	}
	f := start(t, outOfTheWay().with("SOURCE_KIND", "http", "SOURCE_CONTRACT", "okta_authn", "SOURCE_URL", org.url, "SOURCE_API_TOKEN", "okta-api-token"))
	f.hidePerson(p)
	f.hide("okta-api-token")
	user := `"_embedded":{"user":{"id":"00u1","profile":{"login":` + quote(p.email) + `}}}`
	says(200, `{"status":"SUCCESS","sessionToken":"x",`+user+`}`, "ACTIVE")
	if got := f.migrates(signIn(p.email, p.password), domain.ReasonPasswordAccepted); got.UserAttributes["email_verified"] != "true" {
		t.Errorf("the user is %v", got.UserAttributes)
	}
	for state, reason := range map[string]domain.Reason{
		"LOCKED_OUT": domain.ReasonLockedOut, "MFA_REQUIRED": domain.ReasonMFARequired, "MFA_ENROLL": domain.ReasonMFARequired,
		"PASSWORD_EXPIRED": domain.ReasonMFARequired, // the active factors say so
		"RECOVERY":         domain.ReasonChallengeUnsupported,
	} {
		says(200, `{"status":`+quote(state)+`,"stateToken":"x",`+user+`}`, "ACTIVE")
		f.refuses(signIn(p.email, p.password), reason)
	}
	says(401, `{"errorCode":"E0000004","errorSummary":"Authentication failed"}`, "ACTIVE")
	f.refuses(signIn(p.email, p.password), domain.ReasonPasswordWrong)
	says(429, `{"errorCode":"E0000047","errorSummary":"API call exceeded rate limit"}`, "ACTIVE")
	f.fails(signIn(p.email, p.password), domain.ReasonSourceThrottled)
	says(401, `{"errorCode":"E0000004","errorSummary":"Authentication failed"}`, "LOCKED_OUT")
	f.refuses(signIn(p.email, p.password), domain.ReasonLockedOut)
}
