package e2e_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"cognito-user-migration/test/peers"
)

// The source as a stub has it.
const (
	stubRoleARN    = "arn:aws:iam::222222222222:role/migration"
	stubExternalID = "stub-external-id"
	stubUserPool   = "us-east-1_Stub12345"
	stubClient     = "stubclient1234567890"
)

// stub answers for STS and Cognito of the source account in the shapes that AWS
// documents (AWS query and AWS JSON 1.1), where no peer can: each operation does
// what the test says.
type stub struct {
	url        string
	mu         sync.Mutex
	operations map[string]operation
	calls      map[string][]map[string]any
}

// operation answers a call; the input is the JSON or the form that came.
type operation func(w http.ResponseWriter, r *http.Request, input map[string]any)

// newStub starts a stub where the role can be assumed and nothing else is known.
func newStub(t *testing.T) *stub {
	t.Helper()
	s := &stub{operations: make(map[string]operation), calls: make(map[string][]map[string]any)}
	s.on("AssumeRole", assumeRole)
	server := httptest.NewServer(s)
	t.Cleanup(func() {
		server.CloseClientConnections() // an operation may still hang
		server.Close()
	})
	s.url = server.URL
	return s
}

// newStubFor starts a stub where the person can sign in and has a profile.
func newStubFor(t *testing.T, p person) *stub {
	t.Helper()
	s := newStub(t)
	s.on("AdminInitiateAuth", signedIn(p, nil))
	s.on("AdminGetUser", profile(p, nil))
	s.on("GetUserPoolMfaConfig", mfaConfig("OFF", ""))
	return s
}

// on says what an operation does from now on.
func (s *stub) on(name string, o operation) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.operations[name] = o
}

// inputs lists the calls of an operation so far.
func (s *stub) inputs(name string) []map[string]any {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.calls[name])
}

// settings point the function at the stub.
func (s *stub) settings() settings {
	return outOfTheWay().with(
		"AWS_ACCESS_KEY_ID", "AKIAFUNCTION",
		"AWS_SECRET_ACCESS_KEY", "secret-of-the-function",
		"AWS_ENDPOINT_URL_STS", s.url,
		"AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER", s.url,
		"SOURCE_USER_POOL_ID", stubUserPool,
		"SOURCE_CLIENT_ID", stubClient,
		"SOURCE_ROLE_ARN", stubRoleARN,
		"SOURCE_EXTERNAL_ID", stubExternalID,
	)
}

// ServeHTTP implements [http.Handler].
func (s *stub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost { // a connection being warmed
		return
	}
	name, input, err := readCall(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	s.calls[name] = append(s.calls[name], input)
	o := s.operations[name]
	s.mu.Unlock()
	switch {
	case o == nil:
		awsError("UnknownOperationException", name)(w, r, input)
	case name != "AssumeRole" && !strings.Contains(r.Header.Get("Authorization"), "Credential=ASIASTUB/"):
		// Not the role's credentials: to the service a stranger.
		awsError("UnrecognizedClientException", "The security token included in the request is invalid.")(w, r, input)
	default:
		o(w, r, input)
	}
}

// readCall reads the name and the input of an operation in either protocol.
func readCall(r *http.Request) (string, map[string]any, error) {
	input := make(map[string]any)
	if target := r.Header.Get("X-Amz-Target"); target != "" {
		_, name, _ := strings.Cut(target, ".")
		return name, input, json.NewDecoder(r.Body).Decode(&input)
	}
	if err := r.ParseForm(); err != nil {
		return "", nil, err
	}
	for key := range r.PostForm {
		input[key] = r.PostForm.Get(key)
	}
	return r.PostForm.Get("Action"), input, nil
}

// assumeRole gives the role away to who has the right external ID.
func assumeRole(w http.ResponseWriter, r *http.Request, input map[string]any) {
	w.Header().Set("Content-Type", "text/xml")
	if input["RoleArn"] != stubRoleARN || input["ExternalId"] != stubExternalID {
		w.WriteHeader(http.StatusForbidden)
		_, _ = io.WriteString(w, `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>AccessDenied</Code>`+
			`<Message>User: arn:aws:sts::111111111111:assumed-role/function is not authorized to perform: sts:AssumeRole</Message></Error><RequestId>1</RequestId></ErrorResponse>`)
		return
	}
	_, _ = fmt.Fprintf(w, `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult>`+
		`<AssumedRoleUser><AssumedRoleId>AROA:s</AssumedRoleId><Arn>arn:aws:sts::222222222222:assumed-role/migration/s</Arn></AssumedRoleUser>`+
		`<Credentials><AccessKeyId>ASIASTUB</AccessKeyId><SecretAccessKey>stub</SecretAccessKey><SessionToken>FQoGZXIvYXdzstub</SessionToken>`+
		`<Expiration>%s</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`,
		time.Now().Add(15*time.Minute).UTC().Format(time.RFC3339))
}

// answer gives an output in AWS JSON 1.1.
func answer(output any) operation {
	return func(w http.ResponseWriter, _ *http.Request, _ map[string]any) {
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		_ = json.NewEncoder(w).Encode(output)
	}
}

// awsError gives an error in AWS JSON 1.1.
func awsError(code, message string) operation {
	return awsErrorStatus(http.StatusBadRequest, code, message)
}

func awsErrorStatus(status int, code, message string) operation {
	return func(w http.ResponseWriter, _ *http.Request, _ map[string]any) {
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		w.Header().Set("X-Amzn-Errortype", code+":")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(map[string]string{"__type": code, "message": message})
	}
}

// challenge leaves the sign-in at a challenge.
func challenge(name string) operation {
	return answer(map[string]any{
		"ChallengeName":       name,
		"ChallengeParameters": map[string]string{"USER_ID_FOR_SRP": "canary-challenge"},
		"Session":             "eyJ-session",
	})
}

// mfaConfig is the answer of a pool that asks for second factors in this way, and
// uses passkeys in this way.
func mfaConfig(mode, passkeys string) operation {
	config := map[string]any{"MfaConfiguration": mode}
	if passkeys != "" {
		config["WebAuthnConfiguration"] = map[string]string{"RelyingPartyId": "auth.example.com", "FactorConfiguration": passkeys}
	}
	return answer(config)
}

// authFactors is the answer about a user who can sign in in these ways.
func authFactors(p person, ways ...string) operation {
	return answer(map[string]any{"Username": p.username, "ConfiguredUserAuthFactors": ways})
}

// hang answers never.
func hang(_ http.ResponseWriter, r *http.Request, _ map[string]any) { <-r.Context().Done() }

// inTurn does the one thing first, and the other ever after.
func inTurn(first, after operation) operation {
	var once sync.Once
	return func(w http.ResponseWriter, r *http.Request, input map[string]any) {
		o := after
		once.Do(func() { o = first })
		o(w, r, input)
	}
}

// signedIn completes a sign-in. The ID token's claims are those of every token,
// and what is given.
func signedIn(p person, claims map[string]any) operation {
	token := map[string]any{
		"sub":              "5a7d9c1e-0000-4000-8000-000000000001",
		"cognito:username": p.username,
		"token_use":        "id",
		"aud":              stubClient,
		"iss":              "https://cognito-idp.us-east-1.amazonaws.com/" + stubUserPool,
		"auth_time":        1, "iat": 1, "exp": 4102444800,
	}
	for name, value := range claims {
		token[name] = value
	}
	return answer(map[string]any{
		"ChallengeParameters": map[string]string{},
		"AuthenticationResult": map[string]any{
			"AccessToken": jwt(map[string]any{"token_use": "access"}), "IdToken": jwt(token), "RefreshToken": "eyJ-refresh",
			"ExpiresIn": 3600, "TokenType": "Bearer",
		},
	})
}

// jwt writes a token; nobody here checks its signature.
func jwt(claims map[string]any) string {
	part := func(v any) string {
		text, err := json.Marshal(v)
		if err != nil {
			panic(err) // a claim in a test that is no JSON
		}
		return base64.RawURLEncoding.EncodeToString(text)
	}
	return part(map[string]string{"alg": "RS256", "kid": "k"}) + "." + part(claims) + ".c2lnbmF0dXJl"
}

// profile is a confirmed user as AdminGetUser shows one, but for what is changed.
func profile(p person, changes map[string]any) operation {
	attributes := []map[string]string{{"Name": "sub", "Value": "5a7d9c1e-0000-4000-8000-000000000001"}}
	for name, value := range p.attributes() {
		attributes = append(attributes, map[string]string{"Name": name, "Value": value})
	}
	output := map[string]any{
		"Username":             p.username,
		"UserAttributes":       attributes,
		"UserCreateDate":       1700000000.123,
		"UserLastModifiedDate": 1700000000.123,
		"Enabled":              true,
		"UserStatus":           "CONFIRMED",
	}
	for name, value := range changes {
		output[name] = value
	}
	return answer(output)
}

// motoSource makes a source pool in moto, and the settings that point at it.
func motoSource(t *testing.T, options peers.SourceOptions) (*peers.Source, settings) {
	t.Helper()
	peers.Require(t, peers.MotoServer)
	source, err := moto.get(t).NewSource(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	return source, outOfTheWay().with(
		"AWS_ACCESS_KEY_ID", source.Caller.AccessKeyID,
		"AWS_SECRET_ACCESS_KEY", source.Caller.SecretAccessKey,
		"AWS_ENDPOINT_URL_STS", source.Endpoint,
		"AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER", source.Endpoint,
		"SOURCE_USER_POOL_ID", source.UserPoolID,
		"SOURCE_CLIENT_ID", source.ClientID,
		"SOURCE_ROLE_ARN", source.RoleARN,
		"SOURCE_EXTERNAL_ID", source.ExternalID,
	)
}
