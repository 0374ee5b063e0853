package e2e_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"path/filepath"
	"strings"
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
}
