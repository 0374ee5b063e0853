package firebasesource_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"iter"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"cognito-user-migration/adapters/firebasesource"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
	"cognito-user-migration/ports/sourcetest"
	"cognito-user-migration/test/process"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

const (
	project = "demo-people"
	// apiKey must be in no error.
	apiKey = "AIza-canary-key"
)

type object = map[string]any

// google is the token endpoint of service accounts. It checks assertions as Google
// documents it ("Using OAuth 2.0 for Server to Server Applications").
type google struct {
	url     string
	key     *rsa.PrivateKey
	granted atomic.Int64
	// lifetime is what the responses say, in seconds.
	lifetime atomic.Int64
	// status is another status than success; zero for none.
	status atomic.Int64
}

// testKey makes one key for all tests, because that takes a second.
var testKey = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })

func startGoogle(t testing.TB) *google {
	t.Helper()
	key, err := testKey()
	if err != nil {
		t.Fatal(err)
	}
	g := &google{key: key}
	g.lifetime.Store(3600)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if status := g.status.Load(); status != 0 {
			w.WriteHeader(int(status))
			_, _ = io.WriteString(w, `{"error":"invalid_grant","error_description":"Invalid JWT Signature."}`)
			return
		}
		if why := g.rejects(r); why != "" {
			t.Errorf("the assertion is not one that Google takes: %s", why)
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		n := g.granted.Add(1)
		_, _ = fmt.Fprintf(w, `{"access_token":"ya29.token-%d","expires_in":%d,"token_type":"Bearer"}`, n, g.lifetime.Load())
	}))
	t.Cleanup(server.Close)
	g.url = server.URL + "/token"
	return g
}

func (g *google) rejects(r *http.Request) string {
	if r.FormValue("grant_type") != "urn:ietf:params:oauth:grant-type:jwt-bearer" {
		return "grant_type"
	}
	token, err := jwt.ParseSigned(r.FormValue("assertion"), []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		return "the form"
	}
	var claims struct {
		jwt.Claims

		Scope string `json:"scope"`
	}
	switch {
	case token.Claims(&g.key.PublicKey, &claims) != nil:
		return "the signature"
	case token.Headers[0].KeyID != "key-1":
		return "kid"
	case claims.Issuer != "reader@demo-people.iam.gserviceaccount.com" || !claims.Audience.Contains(g.url):
		return "iss, aud"
	case claims.Scope != "https://www.googleapis.com/auth/cloud-platform":
		return "scope"
	case claims.Expiry.Time().Sub(claims.IssuedAt.Time()) != time.Hour:
		return "exp"
	}
	return ""
}

// account is the JSON key of the service account, with changes.
func (g *google) account(t testing.TB, change ...func(object)) domain.Secret {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(g.key)
	if err != nil {
		t.Fatal(err)
	}
	key := object{
		"type": "service_account", "project_id": project, "private_key_id": "key-1", "client_email": "reader@demo-people.iam.gserviceaccount.com",
		"private_key": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})), "token_uri": g.url,
	}
	for _, change := range change {
		change(key)
	}
	text, err := json.Marshal(key)
	if err != nil {
		t.Fatal(err)
	}
	return domain.NewSecret(string(text))
}

func open(t testing.TB, settings firebasesource.Settings) *firebasesource.Directory {
	t.Helper()
	for _, problem := range settings.Validate(func(name string) string { return "OLD_" + name }) {
		t.Fatal(problem)
	}
	directory, err := firebasesource.Open("people", settings)
	if err != nil {
		t.Fatal(err)
	}
	return directory
}

func hostOf(address string) firebasesource.HostPort {
	return firebasesource.HostPort(strings.TrimPrefix(address, "http://"))
}

// emulator is Firebase's own, behind a proxy that counts the sign-ins.
type emulator struct {
	url, behind string
	signIns     atomic.Int64
}

func startEmulator(t *testing.T) *emulator {
	t.Helper()
	folder, err := filepath.Abs(filepath.Join("testdata", "emulator"))
	if err != nil {
		t.Fatal(err)
	}
	e := &emulator{behind: process.FirebaseAuth(folder, project).Start(t)}
	e.url = e.proxy(t, nil)
	return e
}

// proxy is an address of the emulator; signIn answers sign-ins in its place.
func (e *emulator) proxy(t *testing.T, signIn http.HandlerFunc) string {
	t.Helper()
	target, err := url.Parse(e.behind)
	if err != nil {
		t.Fatal(err)
	}
	forward := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) }}
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.String(), apiKey) {
			t.Error("the API key is in a URL")
		}
		if strings.HasSuffix(r.URL.Path, ":signInWithPassword") {
			e.signIns.Add(1)
			if signIn != nil {
				signIn(w, r)
				return
			}
		}
		forward.ServeHTTP(w, r)
	}))
	t.Cleanup(front.Close)
	return front.URL
}

// call asks the emulator as its owner.
func (e *emulator) call(t testing.TB, method, path string, body any) object {
	t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(t.Context(), method, e.behind+"/identitytoolkit.googleapis.com"+path, bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer owner")
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	var answer object
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("%s: %v, %v", path, response.Status, answer)
	}
	return answer
}

// tenant makes a tenant, which has users of its own.
func (e *emulator) tenant(t testing.TB) firebasesource.ID {
	t.Helper()
	made := e.call(t, http.MethodPost, "/v2/projects/"+project+"/tenants", object{
		"displayName": "people", "allowPasswordSignup": true, "mfaConfig": object{"state": "ENABLED", "enabledProviders": []string{"PHONE_SMS"}},
	})
	path := strings.Split(made["name"].(string), "/")
	return firebasesource.ID(path[len(path)-1])
}

// create adds users to a tenant, or to the project.
func (e *emulator) create(t testing.TB, tenant firebasesource.ID, users ...object) {
	t.Helper()
	path := "/v1/projects/" + project
	if tenant != "" {
		path += "/tenants/" + string(tenant)
	}
	answer := e.call(t, http.MethodPost, path+"/accounts:batchCreate", object{"users": users})
	if failed, _ := answer["error"].([]any); len(failed) > 0 {
		t.Fatal(failed)
	}
}

// hideUnknown switches the protection against email enumeration.
func (e *emulator) hideUnknown(t testing.TB, hide bool) {
	t.Helper()
	e.call(t, http.MethodPatch, "/v2/projects/"+project+"/config?updateMask=emailPrivacyConfig", object{"emailPrivacyConfig": object{"enableImprovedEmailPrivacy": hide}})
}

// accountOf writes a person of the contract as Firebase has them. Firebase knows
// fewer attributes: the others are custom claims.
func accountOf(t testing.TB, person sourcetest.User) object {
	t.Helper()
	user := object{"localId": person.Username, "disabled": person.Disabled, "createdAt": "1508893925000"}
	claims := maps.Clone(person.Attributes)
	for claim, field := range map[string]string{"email": "email", "name": "displayName", "phone_number": "phoneNumber"} {
		if value, there := claims[claim]; there {
			user[field] = value
		}
		delete(claims, claim)
	}
	user["emailVerified"] = claims["email_verified"] == "true"
	delete(claims, "email_verified")
	if text, _ := json.Marshal(claims); len(claims) > 0 {
		user["customAttributes"] = string(text)
	}
	if person.Password == "" {
		user["providerUserInfo"] = []object{{"providerId": "google.com", "rawId": person.Username}}
	} else {
		user["rawPassword"] = person.Password
	}
	if person.MFA == domain.MFASMS {
		user["mfaInfo"] = []object{{"phoneInfo": "+15555550100"}}
	}
	return user
}

// plain gives the profiles the form that the contract compares. Custom claims get the
// names of attributes. The times are checked and then left out.
type plain struct {
	*firebasesource.Directory

	t *testing.T
	// unsaid is a user of whom the contract says nothing about the address, where
	// Firebase says that it is not verified.
	unsaid string
}

func (p plain) Authenticate(ctx context.Context, username string, password domain.Password) (domain.Finding, error) {
	finding, err := p.Directory.Authenticate(ctx, username, password)
	finding.User = p.user(finding.User)
	return finding, err
}

func (p plain) FindUser(ctx context.Context, username string) (domain.Finding, error) {
	finding, err := p.Directory.FindUser(ctx, username)
	finding.User = p.user(finding.User)
	return finding, err
}

func (p plain) Pages(ctx context.Context, request ports.ListRequest) iter.Seq2[ports.UserPage, error] {
	return func(yield func(ports.UserPage, error) bool) {
		for page, err := range p.Directory.Pages(ctx, request) {
			for i := range page.Users {
				page.Users[i] = p.user(page.Users[i])
			}
			if !yield(page, err) {
				return
			}
		}
	}
}

func (p plain) user(user domain.SourceUser) domain.SourceUser {
	if user.Username == "" {
		return user
	}
	attributes := make(domain.Attributes)
	for name, value := range user.Attributes {
		switch {
		case name == "last_sign_in" && user.LastSignIn().IsZero(), name == "created_at" && value != "2017-10-25T01:12:05Z":
			p.t.Errorf("%s is %q", name, value)
		case name == "last_sign_in", name == "created_at":
		case name == "email_verified" && value == "false" && user.Username == p.unsaid:
		default:
			attributes[strings.TrimPrefix(name, "custom:")] = value
		}
	}
	user.Attributes = attributes
	return user
}

// Against Firebase's own emulator, with and without the protection against email
// enumeration, in tenants and in the project itself.
func TestTheFirebaseSourceAgainstTheAuthEmulator(t *testing.T) {
	t.Parallel()
	e, g := startEmulator(t), startGoogle(t)
	settings := firebasesource.Settings{
		APIKey: domain.NewSecret(apiKey), ServiceAccount: g.account(t), EmulatorHost: hostOf(e.url), Rules: domain.DefaultRules(),
	}
	for _, hides := range []bool{false, true} {
		e.hideUnknown(t, hides)
		inTenant := settings
		inTenant.TenantID = e.tenant(t)
		t.Run(fmt.Sprintf("the contract in a tenant, unknown users hidden: %t", hides), func(t *testing.T) {
			keepsTheContract(t, e, inTenant, hides)
		})
	}
	e.hideUnknown(t, false)
	t.Run("the contract in the project, as the emulator's owner", func(t *testing.T) {
		owned := settings
		owned.ServiceAccount, owned.ProjectID = domain.Secret{}, project
		e.call(t, http.MethodPatch, "/v2/projects/"+project+"/config?updateMask=mfa", object{"mfa": object{"state": "ENABLED", "enabledProviders": []string{"PHONE_SMS"}}})
		keepsTheContract(t, e, owned, false)
	})
	t.Run("without a service account", func(t *testing.T) { withoutServiceAccount(t, e, settings) })
	t.Run("retiring", func(t *testing.T) { retires(t, e, settings) })
	t.Run("listing by pages", func(t *testing.T) { listsPages(t, e, settings) })
	t.Run("second factors", func(t *testing.T) { secondFactorsOfTheEmulator(t, e, settings) })
	t.Run("a tenant that does not take passwords", func(t *testing.T) {
		closed := settings
		made := e.call(t, http.MethodPost, "/v2/projects/"+project+"/tenants", object{"displayName": "closed"})
		path := strings.Split(made["name"].(string), "/")
		closed.TenantID = firebasesource.ID(path[len(path)-1])
		_, err := open(t, closed).Authenticate(t.Context(), "alice@example.com", domain.NewPassword("password"))
		if ports.ReasonOf(err) != domain.ReasonSourceMisconfigured || !strings.Contains(fmt.Sprint(err), "sign-in by email and password is switched off") {
			t.Errorf("%v", err)
		}
	})
	t.Run("one token serves many requests", func(t *testing.T) {
		before := g.granted.Load()
		directory := open(t, settings)
		if err := directory.Warm(t.Context()); err != nil {
			t.Fatal(err)
		}
		var asked sync.WaitGroup
		for range 8 {
			asked.Go(func() { _, _ = directory.FindUser(t.Context(), "nobody") })
		}
		asked.Wait()
		if n := g.granted.Load() - before; n != 1 {
			t.Errorf("%d tokens were requested", n)
		}
	})
}

func keepsTheContract(t *testing.T, e *emulator, settings firebasesource.Settings, hides bool) {
	t.Helper()
	declared := []sourcetest.Capability{
		sourcetest.DisabledUsers, sourcetest.FederatedUsers, sourcetest.SMSMFA, sourcetest.EmailAliases, sourcetest.UnverifiedAliases,
		sourcetest.MakesSubs, sourcetest.CertifiesUnjudged, sourcetest.Lists, sourcetest.CountsQuestions, sourcetest.Unreachability,
		sourcetest.Throttling, sourcetest.Misconfiguration, sourcetest.Silence, sourcetest.Closure, sourcetest.Unreadability,
	}
	if hides {
		declared = append(declared, sourcetest.HidesUnknownUsers)
	}
	at := func(t *testing.T, address string) ports.SourceDirectory {
		elsewhere := settings
		elsewhere.EmulatorHost = hostOf(address)
		return plain{open(t, elsewhere), t, "carol.unsaid"}
	}
	answering := func(status int, body string) func(*testing.T) ports.SourceDirectory {
		return func(t *testing.T) ports.SourceDirectory { return at(t, answers(t, status, body)) }
	}
	directory := at(t, e.url).(plain)
	sourcetest.Run(t, sourcetest.Harness{
		Name: "people", Declared: declared,
		Open: func(t *testing.T, people []sourcetest.User) ports.SourceDirectory {
			var users []object
			for _, person := range people {
				users = append(users, accountOf(t, person))
			}
			e.create(t, settings.TenantID, users...)
			return directory
		},
		Lister:        func() ports.UserLister { return directory },
		Questions:     func() int { return int(e.signIns.Load()) },
		Unreachable:   answering(http.StatusServiceUnavailable, `{"error":{"code":503,"message":"The service is currently unavailable.","status":"UNAVAILABLE"}}`),
		Throttled:     answering(http.StatusTooManyRequests, `{"error":{"code":429,"message":"QUOTA_EXCEEDED : Exceeded quota for verifying passwords."}}`),
		Misconfigured: answering(http.StatusBadRequest, keyNotValid),
		Silent:        func(t *testing.T) ports.SourceDirectory { return at(t, "http://"+process.SilentAddress(t)) },
		Closed:        func(t *testing.T) ports.SourceDirectory { return at(t, "http://"+process.ClosedAddress(t)) },
		Unreadable: func(t *testing.T) ports.SourceDirectory {
			return at(t, e.proxy(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"localId":`) }))
		},
	})
}

// answers is the address of a service that gives every request the same answer.
func answers(t testing.TB, status int, body string) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // a client that goes away is no matter here
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// keyNotValid is the answer of Google's gateway to a wrong API key.
const keyNotValid = `{"error":{"code":400,"message":"API key not valid. Please pass a valid API key.","errors":[{"message":"API key not valid. Please pass a valid API key.","domain":"global","reason":"badRequest"}],` +
	`"status":"INVALID_ARGUMENT","details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"API_KEY_INVALID","domain":"googleapis.com","metadata":{"service":"identitytoolkit.googleapis.com"}}]}}`

func withoutServiceAccount(t *testing.T, e *emulator, settings firebasesource.Settings) {
	settings.TenantID = e.tenant(t)
	e.create(t, settings.TenantID, object{"localId": "alice", "email": "alice@example.com", "rawPassword": "Right-Password-1", "emailVerified": true})
	// The emulator's host would make the look-ups its owner's.
	directory := firebasesource.WithoutLookUps(open(t, settings))
	found, err := directory.Authenticate(t.Context(), "alice@example.com", domain.NewPassword("Right-Password-1"))
	if err != nil || found.Kind != domain.PasswordAccepted || found.User.Username != "alice" || found.User.Attributes["email_verified"] != "true" {
		t.Errorf("%v, %v", found, err)
	}
	for name, want := range map[string]domain.FindingKind{"alice": domain.UserUnknown, "+15555550100": domain.UserUnknown, "bob@example.com": domain.UserUnknown} {
		if found, err := directory.Authenticate(t.Context(), name, domain.NewPassword("Right-Password-1")); err != nil || found.Kind != want {
			t.Errorf("%s: %v, %v", name, found, err)
		}
	}
	if found, err := directory.FindUser(t.Context(), "alice@example.com"); err != nil || found.Kind != domain.LookUpUnsupported {
		t.Errorf("%v, %v", found, err)
	}
}

func retires(t *testing.T, e *emulator, settings firebasesource.Settings) {
	settings.TenantID = e.tenant(t)
	e.create(t, settings.TenantID,
		object{"localId": "alice", "email": "alice@example.com", "rawPassword": "Right-Password-1"},
		object{"localId": "bob", "email": "bob@example.com", "rawPassword": "Right-Password-1"})
	directory := open(t, settings)
	is := func(username string, want domain.FindingKind) {
		t.Helper()
		found, err := directory.Authenticate(t.Context(), username+"@example.com", domain.NewPassword("Right-Password-1"))
		if err != nil || found.Kind != want {
			t.Errorf("%s: %v, %v; want %v", username, found, err, want)
		}
	}
	for _, step := range []struct {
		name string
		call func(context.Context, string) error
		then domain.FindingKind
	}{
		{"sign out", directory.SignOut, domain.PasswordAccepted}, {"disable", directory.Disable, domain.UserDisabled},
		{"delete", directory.Delete, domain.UserUnknown}, {"disable the deleted", directory.Disable, domain.UserUnknown},
		{"sign the deleted out", directory.SignOut, domain.UserUnknown},
	} {
		for range 2 { // each is repeated after a failure
			if err := step.call(t.Context(), "alice"); err != nil {
				t.Errorf("%s: %v", step.name, err)
			}
		}
		is("alice", step.then)
		is("bob", domain.PasswordAccepted)
	}
}

func listsPages(t *testing.T, e *emulator, settings firebasesource.Settings) {
	settings.TenantID = e.tenant(t)
	const people = 120
	var users []object
	for i := range people {
		users = append(users, object{"localId": fmt.Sprintf("user-%03d", i), "email": fmt.Sprintf("user-%d@example.com", i)})
	}
	e.create(t, settings.TenantID, users...)
	directory := open(t, settings)
	list := func(position string) (names, positions []string) {
		for page, err := range directory.Pages(t.Context(), ports.ListRequest{Slice: "all", Position: position}) {
			if err != nil {
				t.Fatal(err)
			}
			for _, user := range page.Users {
				names = append(names, user.Username)
			}
			positions = append(positions, page.Next)
		}
		return names, positions
	}
	all, positions := list("")
	if len(all) != people || len(positions) != 3 || positions[2] != "" {
		t.Fatalf("%d users, at %q", len(all), positions)
	}
	if rest, _ := list(positions[0]); len(rest) != people-50 {
		t.Errorf("from the second page on, there are %d users", len(rest))
	}
}

// A factor is named with the number that the codes go to, where the user's own
// number is the same or there is none.
func secondFactorsOfTheEmulator(t *testing.T, e *emulator, settings firebasesource.Settings) {
	settings.TenantID = e.tenant(t)
	settings.Rules.OnMFA = domain.MFACarry
	person := func(id, phone string) object {
		user := object{"localId": id, "email": id + "@example.com", "emailVerified": true, "rawPassword": "Right-Password-1", "mfaInfo": []object{{"phoneInfo": "+15555550100"}}}
		if phone != "" {
			user["phoneNumber"] = phone
		}
		return user
	}
	e.create(t, settings.TenantID, person("none", ""), person("same", "+15555550100"), person("other", "+15555550199"))
	directory := open(t, settings)
	for id, want := range map[string]struct {
		method          domain.MFAMethod
		phone, verified string
	}{
		"none":  {domain.MFASMS, "+15555550100", "true"},
		"same":  {domain.MFASMS, "+15555550100", "true"},
		"other": {domain.MFAOther, "+15555550199", ""},
	} {
		found, err := directory.Authenticate(t.Context(), id+"@example.com", domain.NewPassword("Right-Password-1"))
		user := found.User
		if err != nil || found.Kind != domain.MFARequired || user.Username != id || len(user.MFA) != 1 || user.MFA[0] != want.method ||
			user.Attributes["phone_number"] != want.phone || user.Attributes["phone_number_verified"] != want.verified {
			t.Errorf("%s: %v, %v: %v, %v", id, found, err, user.MFA, map[string]string(user.Attributes))
		}
	}
	// Without look-ups the number is obfuscated, so it cannot move.
	found, err := firebasesource.WithoutLookUps(open(t, settings)).Authenticate(t.Context(), "none@example.com", domain.NewPassword("Right-Password-1"))
	if err != nil || found.Kind != domain.MFARequired || found.User.Attributes["phone_number"] != "" || len(found.User.MFA) != 1 {
		t.Errorf("%v, %v: %v", found, err, map[string]string(found.User.Attributes))
	}
}
