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

// TestAFirebaseSourceMigratesUsers signs users of Firebase's Auth emulator in
// through the real binary.
func TestAFirebaseSourceMigratesUsers(t *testing.T) {
	t.Parallel()
	folder, err := filepath.Abs(filepath.Join("..", "..", "adapters", "firebasesource", "testdata", "emulator"))
	if err != nil {
		t.Fatal(err)
	}
	const project, password, apiKey = "demo-e2e", "Right-Password-1", "AIza-of-the-e2e-test"
	emulator := process.FirebaseAuth(folder, project).Start(t)
	owner := func(method, path string, body any) {
		t.Helper()
		text, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		request, err := http.NewRequestWithContext(t.Context(), method, emulator+"/identitytoolkit.googleapis.com"+path, bytes.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Authorization", "Bearer owner")
		request.Header.Set("Content-Type", "application/json")
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		answer, _ := io.ReadAll(response.Body) // an incomplete answer is not the expected one
		_ = response.Body.Close()
		if response.StatusCode != http.StatusOK || bytes.Contains(answer, []byte(`"message"`)) {
			t.Fatalf("%s: %s", path, answer)
		}
	}
	type object = map[string]any
	owner(http.MethodPost, "/v1/projects/"+project+"/accounts:batchCreate", object{"users": []object{
		{"localId": "id-anna", "email": "anna@example.com", "emailVerified": true, "rawPassword": password, "displayName": "Anna", "customAttributes": `{"plan":"gold"}`},
		{"localId": "id-berta", "email": "berta@example.com", "emailVerified": true, "rawPassword": password, "disabled": true},
		{"localId": "id-clara", "email": "clara@example.com", "emailVerified": true, "providerUserInfo": []object{{"providerId": "google.com", "rawId": "1"}}},
		{"localId": "id-dora", "email": "dora@example.com", "emailVerified": true, "rawPassword": password, "mfaInfo": []object{{"phoneInfo": "+15555550100"}}},
	}})
	owner(http.MethodPatch, "/v2/projects/"+project+"/config?updateMask=mfa", object{"mfa": object{"state": "ENABLED", "enabledProviders": []string{"PHONE_SMS"}}})
	f := start(t, outOfTheWay().with(
		"SOURCE_KIND", "firebase", "SOURCE_API_KEY", apiKey, "SOURCE_EMULATOR_HOST", strings.TrimPrefix(emulator, "http://"), "SOURCE_PROJECT_ID", project,
		"MIGRATE_ATTRIBUTES", "email,email_verified,name,custom:plan=custom:plan"))
	f.hide(password, apiKey)
	for hides, unknown := range map[bool]domain.Reason{false: domain.ReasonUserUnknown, true: domain.ReasonPasswordWrong} {
		owner(http.MethodPatch, "/v2/projects/"+project+"/config?updateMask=emailPrivacyConfig", object{"emailPrivacyConfig": object{"enableImprovedEmailPrivacy": hides}})
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
			f := start(t, outOfTheWay().with(
				"SOURCE_KIND", "firebase", "SOURCE_API_KEY", apiKey, "SOURCE_EMULATOR_HOST", strings.TrimPrefix(emulator, "http://"), "SOURCE_SERVICE_ACCOUNT", given))
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
