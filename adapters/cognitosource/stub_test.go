package cognitosource_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"cognito-user-migration/adapters/cognitosource"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
)

// The operations that are called of the service.
const (
	signIn  = "AdminInitiateAuth"
	getUser = "AdminGetUser"
)

// What the tests ask with, unless they say otherwise. None of it may come back
// in an error.
const (
	username = "hanako.yamada"
	password = "Right-Password-1"
)

// settings name a pool that does not exist.
func settings() cognitosource.Settings {
	return cognitosource.Settings{
		UserPoolID: "ap-northeast-1_AbCdEf123",
		ClientID:   "3n4b5urk1ft4fl3mg5e62d9ado",
		Profile:    cognitosource.ProfileAdminGetUser,
	}
}

// call is a request as the stub received it.
type call struct {
	operation string
	header    http.Header
	body      struct {
		AuthFlow, UserPoolID, ClientID, Username string
		AuthParameters                           map[string]string
	}
}

// reply is what the stub answers: a body with a status, or something worse.
type reply struct {
	status int // 200 where it is 0
	body   string
	header map[string]string
	// after the reply was written so far, or before, the connection breaks.
	breaks bool
}

// stub is a server that speaks the service's JSON 1.1 and says what a test wants.
type stub struct {
	url    string
	mu     sync.Mutex
	calls  []call
	answer func(call) reply
}

// newStub answers each call by the function; calls are numbered by their
// operation through [stub.count].
func newStub(t *testing.T, answer func(call) reply) *stub {
	t.Helper()
	s := &stub{answer: answer}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	s.url = server.URL
	return s
}

// ServeHTTP implements http.Handler.
func (s *stub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodHead { // a connection that is being warmed
		return
	}
	c := call{header: r.Header}
	c.operation = strings.TrimPrefix(r.Header.Get("X-Amz-Target"), "AWSCognitoIdentityProviderService.")
	text, err := io.ReadAll(r.Body)
	if err == nil {
		err = json.Unmarshal(text, &c.body)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	s.calls = append(s.calls, c)
	s.mu.Unlock()
	answer := s.answer(c)
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	w.Header().Set("X-Amzn-RequestId", "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee")
	for name, value := range answer.header {
		w.Header().Set(name, value)
	}
	if answer.breaks {
		w.Header().Set("Content-Length", "100000")
		if answer.body == "" {
			hangUp(w)
			return
		}
	}
	if answer.status != 0 {
		w.WriteHeader(answer.status)
	}
	_, _ = io.WriteString(w, answer.body)
	if answer.breaks {
		hangUp(w)
	}
}

// hangUp ends the connection where it is.
func hangUp(w http.ResponseWriter) {
	_ = http.NewResponseController(w).Flush() // nothing to flush is no fault
	if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
		_ = conn.Close()
	}
}

// count tells how often an operation was called.
func (s *stub) count(operation string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, c := range s.calls {
		if c.operation == operation {
			n++
		}
	}
	return n
}

// last is the latest call of an operation.
func (s *stub) last(t *testing.T, operation string) call {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := len(s.calls) - 1; i >= 0; i-- {
		if s.calls[i].operation == operation {
			return s.calls[i]
		}
	}
	t.Fatalf("%s was not called", operation)
	return call{}
}

// open returns the source over the stub, as production opens it but for the
// address.
func (s *stub) open(change ...func(*cognitosource.Settings)) *cognitosource.Directory {
	return s.openAs(static{}, domain.DefaultRules(), change...)
}

func (s *stub) openAs(credentials ports.CredentialProvider, rules domain.Rules, change ...func(*cognitosource.Settings)) *cognitosource.Directory {
	settings := settings()
	for _, c := range change {
		c(&settings)
	}
	return cognitosource.Open("old", configFor(s.url), credentials, settings, rules.NeedsProfile)
}

func configFor(url string) aws.Config {
	return aws.Config{BaseEndpoint: aws.String(url), HTTPClient: awshttp.NewBuildableClient()}
}

// static are credentials that never change.
type static struct{}

// Retrieve implements ports.CredentialProvider.
func (static) Invalidate() {}

func (static) Retrieve(context.Context) (ports.Credentials, error) {
	return ports.Credentials{
		AccessKeyID:     "AKIDEXAMPLE",
		SecretAccessKey: domain.NewSecret("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
		SessionToken:    domain.NewSecret("session-token-of-the-test"),
	}, nil
}

func authenticate(t *testing.T, source ports.SourceDirectory) (domain.Finding, error) {
	t.Helper()
	return source.Authenticate(t.Context(), username, domain.NewPassword(password))
}

// ask puts the question that leads to the operation.
func ask(t *testing.T, source ports.SourceDirectory, operation string) (domain.Finding, error) {
	t.Helper()
	if operation == getUser {
		return source.FindUser(t.Context(), username)
	}
	return authenticate(t, source)
}

// exception is an error as the service sends it.
func exception(code, message string) reply {
	status := http.StatusBadRequest
	if code == "InternalErrorException" {
		status = http.StatusInternalServerError
	}
	return reply{status: status, body: marshal(map[string]string{"__type": code, "message": message})}
}

// signedIn is the answer to a sign-in that is complete.
func signedIn(claims map[string]any) reply {
	return reply{body: marshal(map[string]any{
		"AuthenticationResult": map[string]any{
			"AccessToken": "access-token", "ExpiresIn": 3600, "TokenType": "Bearer", "IdToken": idToken(claims),
		},
		"ChallengeParameters": map[string]string{},
	})}
}

func idToken(claims map[string]any) string {
	encode := func(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }
	return encode(`{"kid":"k","alg":"RS256"}`) + "." + encode(marshal(claims)) + "." + encode("signature")
}

// challenge is the answer to a sign-in that is not done.
func challenge(name string) reply {
	return reply{body: marshal(map[string]any{
		"ChallengeName": name, "Session": "session-of-the-challenge",
		"ChallengeParameters": map[string]string{"USER_ID_FOR_SRP": username, "CODE_DELIVERY_DESTINATION": "h***@e***"},
	})}
}

// profile is the answer to AdminGetUser; what is given replaces what it says.
func profile(change map[string]any) reply {
	user := map[string]any{
		"Username": username, "Enabled": true, "UserStatus": "CONFIRMED",
		"UserAttributes": attributes(map[string]string{
			"sub": "11111111-2222-4333-8444-555555555555", "email": "hanako@example.com", "email_verified": "true",
		}),
		"UserCreateDate": 1.700000000123e9, "UserLastModifiedDate": 1.700000000456e9,
	}
	for key, value := range change {
		user[key] = value
	}
	return reply{body: marshal(user)}
}

func attributes(values map[string]string) []map[string]string {
	list := []map[string]string{}
	for name, value := range values {
		list = append(list, map[string]string{"Name": name, "Value": value})
	}
	return list
}

// both answers a sign-in and a look-up, each in its way.
func both(toSignIn, toGetUser reply) func(call) reply {
	return func(c call) reply {
		if c.operation == getUser {
			return toGetUser
		}
		return toSignIn
	}
}

// always answers everything alike.
func always(r reply) func(call) reply {
	return func(call) reply { return r }
}

func marshal(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// holdsNoSecret fails where an error tells of the person or of credentials.
func holdsNoSecret(t *testing.T, err error) {
	t.Helper()
	for _, verb := range []string{"%v", "%+v", "%#v", "%q"} {
		text := fmt.Sprintf(verb, err)
		for _, secret := range []string{
			username, password, "hanako@example.com", "access-token", "session-", "wJalrXUtnFEMI", "AKIDEXAMPLE", "s3cret-of-the-client",
		} {
			if strings.Contains(text, secret) {
				t.Errorf("the error holds %q: %s", secret, text)
			}
		}
	}
}
