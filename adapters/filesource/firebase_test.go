package filesource_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"cognito-user-migration/adapters/filesource"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
	"cognito-user-migration/ports/parts"
	"cognito-user-migration/test/process"
)

// Who signs in elsewhere has no password here: a sign-in and a forgotten password
// say the same. firebase auth:export leaves out most providers, so that nothing
// but the missing hash tells.
func TestAUserOfAnotherIdentityProviderIsFederatedInEveryWay(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		providers string
		want      domain.UserStatus
	}{
		"Google":                            {`"providerUserInfo": [{"providerId": "google.com"}]`, domain.StatusExternalProvider},
		"Google and a link by email":        {`"providerUserInfo": [{"providerId": "password"}, {"providerId": "google.com"}]`, domain.StatusExternalProvider},
		"SAML, as the Admin SDK has it":     {`"providerUserInfo": [{"providerId": "saml.corp"}]`, domain.StatusExternalProvider},
		"Apple or SAML, which are left out": {`"providerUserInfo": []`, domain.StatusExternalProvider},
		"a token of somebody's own":         {`"disabled": false`, domain.StatusExternalProvider},
		"null for the providers":            {`"providerUserInfo": null`, domain.StatusExternalProvider},
		"a link by email":                   {`"providerUserInfo": [{"providerId": "password"}]`, domain.StatusConfirmed},
		"a phone number":                    {`"providerUserInfo": [{"providerId": "phone"}]`, domain.StatusConfirmed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			directory := openAs(t, `{"users": [{"localId": "x", "email": "x@example.com", "emailVerified": true, `+test.providers+`}]}`, project(4))
			signedIn, err := directory.Authenticate(t.Context(), "x@example.com", domain.NewPassword("a password"))
			if err != nil {
				t.Fatal(err)
			}
			found, err := directory.FindUser(t.Context(), "x@example.com")
			if err != nil || found.User.Status != test.want {
				t.Errorf("%v, %v: %s", found, err, found.User.Status)
			}
			if federated := test.want == domain.StatusExternalProvider; federated != (signedIn.Kind == domain.UserFederated) {
				t.Errorf("a sign-in finds %v", signedIn)
			}
			decision := domain.Decide(domain.DefaultRules(), domain.Attempt{Trigger: domain.TriggerForgotPassword, Username: "x@example.com"}, found)
			if test.want == domain.StatusExternalProvider && decision.Reason != domain.ReasonUserFederated {
				t.Errorf("a forgotten password: %v", decision)
			}
		})
	}
}

// One user's claims that cannot be read keep nobody out; the operator is told.
func TestCustomClaimsThatCannotBeReadAreLeftOut(t *testing.T) {
	t.Parallel()
	var notes []ports.Note
	settings := project(4)
	settings.Path = fileAs(t, `{"users": [
		{"localId": "a", "customAttributes": "{\"plan\": \"gold\"}"},
		{"localId": "b", "customAttributes": "{\"plan\": \"S3cret"},
		{"localId": "c", "customAttributes": "[1]"},
		{"localId": "d", "customAttributes": {"plan": "silver"}},
		{"localId": "e", "customAttributes": 7},
		{"localId": "f", "customAttributes": null},
		{"localId": "g", "customAttributes": ""}]}`, filesource.FormatFirebase).Path
	directory, err := filesource.Open("people", settings, filesource.Options{Note: func(note ports.Note) { notes = append(notes, note) }})
	if err != nil {
		t.Fatal(err)
	}
	for username, plan := range map[string]string{"a": "gold", "b": "", "c": "", "d": "silver", "e": "", "f": "", "g": ""} {
		found, err := directory.FindUser(t.Context(), username)
		if err != nil || found.Kind != domain.UserFound || found.User.Attributes["custom:plan"] != plan {
			t.Errorf("%s: %v, %v: the plan is %q", username, found, err, found.User.Attributes["custom:plan"])
		}
	}
	if len(notes) != 1 || !slices.Equal(notes[0].Names, []string{"user 2", "user 3", "user 5"}) {
		t.Errorf("notes %v", notes)
	}
}

// Newer exports list second factors. A file never asks for them, so they count at
// a sign-in too.
func TestSecondFactorsOfAnExport(t *testing.T) {
	t.Parallel()
	settings := project(4)
	hash := firebaseHash(t, settings, "Right-Password-1", "salt")
	for name, test := range map[string]struct {
		factors string
		want    []domain.MFAMethod
	}{
		"none":                     {`[]`, nil},
		"null":                     {`null`, nil},
		"codes by SMS":             {`[{"mfaEnrollmentId": "1", "phoneInfo": "+15555550100", "enrolledAt": "2020-01-01T00:00:00Z"}]`, []domain.MFAMethod{domain.MFASMS}},
		"an authenticator app":     {`[{"mfaEnrollmentId": "1", "totpInfo": {}}]`, []domain.MFAMethod{domain.MFASoftwareToken}},
		"a factor without details": {`[{}]`, []domain.MFAMethod{domain.MFAOther}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			directory := openAs(t, `{"users": [{"localId": "x", "email": "x@example.com", "emailVerified": true, "passwordHash": "`+hash+`", "salt": "c2FsdA==", "mfaInfo": `+test.factors+`}]}`, settings)
			finding, err := directory.Authenticate(t.Context(), "x@example.com", domain.NewPassword("Right-Password-1"))
			if err != nil || !slices.Equal(finding.User.MFA, test.want) {
				t.Errorf("%v, %v: %v", finding, err, finding.User.MFA)
			}
			decision := domain.Decide(domain.DefaultRules(), domain.Attempt{Trigger: domain.TriggerAuthentication, Username: "x@example.com"}, finding)
			if wanted := map[bool]domain.Reason{true: domain.ReasonPasswordAccepted, false: domain.ReasonMFARequired}[test.want == nil]; decision.Reason != wanted {
				t.Errorf("%v, want %v", decision, wanted)
			}
		})
	}
	for text, tells := range map[string]bool{`{"localId": "x"}`: false, `{"localId": "x"}, {"localId": "y", "mfaInfo": [{"totpInfo": {}}]}`: true} {
		settings := settings
		settings.Path = fileAs(t, `{"users": [`+text+`]}`, filesource.FormatFirebase).Path
		source, err := settings.Open(t.Context(), parts.SourceOptions{Name: "people", Rules: domain.DefaultRules(), Note: func(ports.Note) {}})
		if err != nil || source.TellsSecondFactors != tells {
			t.Errorf("%s: %v, %t", text, err, source.TellsSecondFactors)
		}
	}
}

// The exporter of firebase-tools itself writes users of its Auth emulator, which
// stands for Firebase: each has what Firebase knows.
func TestAnExportThatFirebaseToolsWrote(t *testing.T) {
	t.Parallel()
	tools, err := filepath.Abs(filepath.Join("..", "firebasesource", "testdata", "emulator"))
	if err != nil {
		t.Fatal(err)
	}
	const name, password = "demo-export", "Right-Password-1"
	emulator := process.FirebaseAuth(tools, name).Start(t)
	settings := project(4)
	hash := firebaseHash(t, settings, password, "salt")
	body := `{"users": [
		{"localId": "anna", "email": "anna@example.com", "emailVerified": true, "passwordHash": "` + hash + `", "salt": "c2FsdA==", "displayName": "Anna", "photoUrl": "https://example.com/p.png",
		 "phoneNumber": "+815012345678", "createdAt": "1508893925000", "lastLoginAt": "1508893925000", "customAttributes": "{\"plan\":\"gold\"}"},
		{"localId": "berta", "email": "berta@example.com", "emailVerified": true, "passwordHash": "` + hash + `", "salt": "c2FsdA==", "disabled": true},
		{"localId": "clara", "email": "clara@example.com", "emailVerified": true, "providerUserInfo": [{"providerId": "google.com", "rawId": "1"}]},
		{"localId": "dora", "email": "dora@example.com", "emailVerified": true, "passwordHash": "` + hash + `", "salt": "c2FsdA==", "mfaInfo": [{"phoneInfo": "+15555550100"}]}]}`
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, emulator+"/identitytoolkit.googleapis.com/v1/projects/"+name+"/accounts:batchCreate", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer owner")
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	if _ = response.Body.Close(); response.StatusCode != http.StatusOK {
		t.Fatal(response.Status)
	}
	// Firebase says the version of each hash, which the emulator leaves out. The
	// exporter writes hashes of version 0 only.
	target, err := url.Parse(emulator + "/www.googleapis.com")
	if err != nil {
		t.Fatal(err)
	}
	google := httptest.NewServer(&httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			r.Out.Header.Del("Accept-Encoding")
		},
		ModifyResponse: func(response *http.Response) error {
			text, err := io.ReadAll(response.Body)
			text = []byte(strings.ReplaceAll(string(text), `"passwordHash":`, `"version":0,"passwordHash":`))
			response.Body, response.ContentLength = io.NopCloser(bytes.NewReader(text)), int64(len(text))
			response.Header.Set("Content-Length", strconv.Itoa(len(text)))
			return err
		},
	})
	t.Cleanup(google.Close)
	settings.Path = filepath.Join(t.TempDir(), "users.json")
	if output, err := exec.CommandContext(t.Context(), "node", filepath.Join(tools, "export.mjs"), name, google.URL, settings.Path).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	directory, err := filesource.Open("people", settings, filesource.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for username, want := range map[string]struct{ signIn, forgotPassword domain.Reason }{
		"anna":  {domain.ReasonPasswordAccepted, domain.ReasonForgotPassword},
		"berta": {domain.ReasonUserDisabled, domain.ReasonUserDisabled},
		"clara": {domain.ReasonUserFederated, domain.ReasonUserFederated},
		"dora":  {domain.ReasonMFARequired, domain.ReasonMFARequired},
	} {
		signedIn, err := directory.Authenticate(t.Context(), username+"@example.com", domain.NewPassword(password))
		if err != nil {
			t.Fatal(err)
		}
		found, err := directory.FindUser(t.Context(), username+"@example.com")
		if err != nil {
			t.Fatal(err)
		}
		for trigger, row := range map[domain.Trigger]struct {
			finding domain.Finding
			want    domain.Reason
		}{domain.TriggerAuthentication: {signedIn, want.signIn}, domain.TriggerForgotPassword: {found, want.forgotPassword}} {
			decision := domain.Decide(domain.DefaultRules(), domain.Attempt{Trigger: trigger, Username: username + "@example.com"}, row.finding)
			if decision.Reason != row.want {
				t.Errorf("%s: %v by %v, want %v", username, decision, row.finding, row.want)
			}
		}
		if username == "anna" {
			for name, value := range map[string]string{
				"email": "anna@example.com", "email_verified": "true", "name": "Anna", "picture": "https://example.com/p.png", "phone_number": "+815012345678",
				"custom:plan": "gold", "sub": "anna", "last_sign_in": "1508893925000",
			} {
				if got := signedIn.User.Attributes[name]; got != value {
					t.Errorf("%s is %q, want %q", name, got, value)
				}
			}
		}
	}
	wrong, err := directory.Authenticate(t.Context(), "anna@example.com", domain.NewPassword("wrong"))
	if err != nil || wrong.Kind != domain.PasswordWrong {
		t.Errorf("%v, %v", wrong, err)
	}
}
