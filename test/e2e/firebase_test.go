package e2e_test

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"cognito-user-migration/domain"
	"cognito-user-migration/test/process"
)

const (
	firebasePassword = "Right-Password-1"
	firebaseKey      = "AIza-of-the-e2e-test"
)

type object = map[string]any

// firebase is Firebase's Auth emulator.
type firebase struct {
	t            *testing.T
	url, project string
}

func newFirebase(t *testing.T, project string) firebase {
	t.Helper()
	folder, err := filepath.Abs(filepath.Join("..", "..", "adapters", "firebasesource", "testdata", "emulator"))
	if err != nil {
		t.Fatal(err)
	}
	return firebase{t, process.FirebaseAuth(folder, project).Start(t), project}
}

// settings are those of the function.
func (f firebase) settings() settings {
	return settings{"SOURCE_KIND": "firebase", "SOURCE_API_KEY": firebaseKey, "SOURCE_EMULATOR_HOST": strings.TrimPrefix(f.url, "http://"), "SOURCE_PROJECT_ID": f.project}
}

func (f firebase) post(path string, body any) { f.ask(http.MethodPost, path, body) }

// configure sets one part of the project's configuration.
func (f firebase) configure(name string, value any) {
	f.ask(http.MethodPatch, "/v2/projects/"+f.project+"/config?updateMask="+name, object{name: value})
}

// ask calls the API as the emulator's owner.
func (f firebase) ask(method, path string, body any) {
	f.t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		f.t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(f.t.Context(), method, f.url+"/identitytoolkit.googleapis.com"+path, bytes.NewReader(text))
	if err != nil {
		f.t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer owner")
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		f.t.Fatal(err)
	}
	answer, _ := io.ReadAll(response.Body) // an incomplete answer is not the expected one
	_ = response.Body.Close()
	if response.StatusCode != http.StatusOK || bytes.Contains(answer, []byte(`"message"`)) {
		f.t.Fatalf("%s: %s", path, answer)
	}
}

// TestAFirebaseSourceMigratesUsers signs users of Firebase's Auth emulator in
// through the real binary.
func TestAFirebaseSourceMigratesUsers(t *testing.T) {
	t.Parallel()
	const project, password, apiKey = "demo-e2e", firebasePassword, firebaseKey
	emulator := newFirebase(t, project)
	emulator.post("/v1/projects/"+project+"/accounts:batchCreate", object{"users": []object{
		{"localId": "id-anna", "email": "anna@example.com", "emailVerified": true, "rawPassword": password, "displayName": "Anna", "customAttributes": `{"plan":"gold"}`},
		{"localId": "id-berta", "email": "berta@example.com", "emailVerified": true, "rawPassword": password, "disabled": true},
		{"localId": "id-clara", "email": "clara@example.com", "emailVerified": true, "providerUserInfo": []object{{"providerId": "google.com", "rawId": "1"}}},
		{"localId": "id-dora", "email": "dora@example.com", "emailVerified": true, "rawPassword": password, "mfaInfo": []object{{"phoneInfo": "+15555550100"}}},
	}})
	emulator.configure("mfa", object{"state": "ENABLED", "enabledProviders": []string{"PHONE_SMS"}})
	f := start(t, outOfTheWay().with(flat(emulator.settings())...).with("MIGRATE_ATTRIBUTES", "email,email_verified,name,custom:plan=custom:plan"))
	f.hide(password, apiKey)
	for hides, unknown := range map[bool]domain.Reason{false: domain.ReasonUserUnknown, true: domain.ReasonPasswordWrong} {
		emulator.configure("emailPrivacyConfig", object{"enableImprovedEmailPrivacy": hides})
		for _, typed := range []string{"anna@example.com", "Anna@Example.com"} {
			got := f.migrates(signIn(typed, password), domain.ReasonPasswordAccepted).UserAttributes
			if got["email"] != "anna@example.com" || got["email_verified"] != "true" || got["name"] != "Anna" || got["custom:plan"] != "gold" {
				t.Errorf("%s: attributes %v", typed, got)
			}
		}
		f.refuses(signIn("anna@example.com", "wrong-password"), domain.ReasonPasswordWrong)
		f.refuses(signIn("nobody@example.com", password), unknown)
		f.refuses(signIn("berta@example.com", password), domain.ReasonUserDisabled)
		f.refuses(signIn("clara@example.com", password), domain.ReasonPasswordWrong)
		f.refuses(signIn("dora@example.com", password), domain.ReasonMFARequired)
		f.migrates(forgotPassword("anna@example.com"), domain.ReasonForgotPassword)
		f.refuses(forgotPassword("nobody@example.com"), domain.ReasonUserUnknown)
		f.refuses(forgotPassword("berta@example.com"), domain.ReasonUserDisabled)
		f.refuses(forgotPassword("clara@example.com"), domain.ReasonUserFederated)
		f.refuses(forgotPassword("dora@example.com"), domain.ReasonMFARequired)
	}
	t.Run("with a service account, in a file and in the variable", func(t *testing.T) {
		key, granted := serviceAccount(t, project)
		path := filepath.Join(t.TempDir(), "key.json")
		if err := os.WriteFile(path, []byte(key), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, given := range []string{key, path} {
			before := granted.Load()
			f := start(t, outOfTheWay().with(flat(emulator.settings())...).with("SOURCE_PROJECT_ID", "", "SOURCE_SERVICE_ACCOUNT", given))
			f.hide(password, apiKey, "PRIVATE KEY")
			for range 2 {
				f.migrates(forgotPassword("anna@example.com"), domain.ReasonForgotPassword)
				f.migrates(signIn("id-anna", password), domain.ReasonPasswordAccepted)
				f.refuses(signIn("id-anna", "wrong-password"), domain.ReasonPasswordWrong)
				f.refuses(signIn("id-nobody", password), domain.ReasonUserUnknown)
			}
			if n := granted.Load() - before; n != 1 {
				t.Errorf("%d tokens were requested", n)
			}
		}
	})
}

// TestAFirebaseUserIsRetired: completion disables or deletes the user of Firebase,
// once the destination has the user.
func TestAFirebaseUserIsRetired(t *testing.T) {
	t.Parallel()
	emulator := newFirebase(t, "demo-completion")
	emulator.post("/v1/projects/demo-completion/accounts:batchCreate", object{"users": []object{
		{"localId": "id-anna", "email": "anna@example.com", "emailVerified": true, "rawPassword": firebasePassword},
		{"localId": "id-berta", "email": "berta@example.com", "emailVerified": true, "rawPassword": firebasePassword},
	}})
	for after, user := range map[string]struct {
		name string
		then domain.Reason
	}{"disable": {"anna@example.com", domain.ReasonUserDisabled}, "delete": {"berta@example.com", domain.ReasonUserUnknown}} {
		t.Run(after, func(t *testing.T) {
			t.Parallel()
			h := secondHalfOf(t, 50, emulator.settings(), "COMPLETION_AFTER", after)
			event := change(t, signIn(user.name, firebasePassword), someUserPool, h.here.UserPoolID)
			answer := h.mover.migrates(event, domain.ReasonPasswordAccepted)
			if err := h.here.CreateUser(t.Context(), user.name, firebasePassword, answer.UserAttributes); err != nil {
				t.Fatal(err)
			}
			h.waitForMessages(1)
			if came, back := h.deliver(); len(came) != 1 || back != 0 {
				t.Fatalf("%d messages came and %d came back: %q", len(came), back, h.records(h.worker))
			}
			h.ends(h.worker, "completed: "+after, 1)
			h.mover.refuses(event, user.then)
		})
	}
}

// serviceAccount is the JSON key of a service account whose token endpoint gives
// tokens that the emulator accepts, and counts them.
func serviceAccount(t *testing.T, project string) (key string, granted *atomic.Int64) {
	t.Helper()
	granted = new(atomic.Int64)
	google := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.FormValue("assertion") != "" {
			granted.Add(1)
			_, _ = io.WriteString(w, `{"access_token":"ya29.e2e","expires_in":3599,"token_type":"Bearer"}`)
		}
	}))
	t.Cleanup(google.Close)
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(map[string]string{
		"type": "service_account", "project_id": project, "private_key_id": "1", "client_email": "reader@example.iam.gserviceaccount.com", "token_uri": google.URL,
		"private_key": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})),
	})
	if err != nil {
		t.Fatal(err)
	}
	return string(text), granted
}
