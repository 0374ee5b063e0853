package firebasesource_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"cognito-user-migration/adapters/firebasesource"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
	"cognito-user-migration/ports/parts"
	"cognito-user-migration/test/process"
)

// examined is the examination as lines: aspect, status, what was seen and the remedy.
func examined(t *testing.T, settings firebasesource.Settings, username string, exists bool) string {
	t.Helper()
	examiner := firebasesource.Examiner()
	if examiner.Kind != "firebase" {
		t.Errorf("the examiner is of %s", examiner.Kind)
	}
	var lines []string
	for _, found := range examiner.Examine(t.Context(), &settings, parts.SourceOptions{Name: "old", Rules: domain.DefaultRules(), Note: func(ports.Note) {}}, ports.Probe{
		Username: username, Exists: exists, Variable: func(name string) string { return "OLD_" + name }, Now: time.Unix(1795935470, 0),
	}) {
		line := fmt.Sprintf("%s %s: %s", found.Aspect, found.Status, found.Saw)
		if found.Remedy != "" {
			line += "; " + found.Remedy
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

func TestWhatDoctorSaysOfFirebase(t *testing.T) {
	t.Parallel()
	unknownStatus, unknown := told(400, "EMAIL_NOT_FOUND")
	denied, insufficient := told(403, "INSUFFICIENT_PERMISSION")
	blocked, referrer := gateway(403, "Requests from referer <empty> are blocked.", "API_KEY_HTTP_REFERRER_BLOCKED", "PERMISSION_DENIED")
	g := startGoogle(t)
	refusing := startGoogle(t)
	refusing.status.Store(400)
	noOne := stub{"accounts:signInWithPassword": {unknownStatus, unknown}, "admin accounts:lookup": {200, `{}`}}
	for name, test := range map[string]struct {
		stub   stub
		change func(*firebasesource.Settings)
		user   string
		says   []string
	}{
		"in order": {noOne, func(s *firebasesource.Settings) { s.ServiceAccount = g.account(t) }, "", []string{
			"certificate skip: the connection has no TLS", "credentials pass: Firebase accepts OLD_API_KEY and OLD_SERVICE_ACCOUNT, and refuses an unknown user",
			"look-up pass: it answers; the probe user does not exist, as expected"}},
		"a user": {stub{"accounts:signInWithPassword": {unknownStatus, unknown}, "admin accounts:lookup": {200, users(`{"localId":"a","email":"alice@example.com","passwordHash":"x"}`)}},
			func(*firebasesource.Settings) {}, "alice@example.com", []string{"credentials pass: Firebase accepts OLD_API_KEY, and", "look-up pass: the named user was found: it has email, sub, username"}},
		"a key for websites": {stub{"accounts:signInWithPassword": {blocked, referrer}}, func(*firebasesource.Settings) {}, "", []string{
			"credentials fail: Firebase source: sign-in: status 403: the API key is restricted to websites, addresses or apps; make one for the function: misconfigured; correct OLD_API_KEY"}},
		"a deleted key of the service account": {noOne, func(s *firebasesource.Settings) { s.ServiceAccount = refusing.account(t) }, "", []string{
			"credentials fail: Firebase source: service account token: status 400: the service account's key was rejected", "create a new key of the service account, and store it as OLD_SERVICE_ACCOUNT"}},
		"a service account without the role": {stub{"accounts:signInWithPassword": {unknownStatus, unknown}, "admin accounts:lookup": {denied, insufficient}}, func(*firebasesource.Settings) {}, "", []string{
			"look-up fail: Firebase source: look-up: status 403: the credentials have no permission for this: misconfigured; give the service account the role roles/firebaseauth.viewer"}},
		"a service that accepts everything": {stub{"accounts:signInWithPassword": {200, signedIn}, "accounts:lookup": {200, users(`{"localId":"alice"}`)}}, func(*firebasesource.Settings) {}, "", []string{
			"credentials fail: the service accepts an unknown user with any password"}},
		"a blocking function": {stub{"accounts:signInWithPassword": {400, `{"error":{"message":"BLOCKING_FUNCTION_ERROR_RESPONSE"}}`}, "admin accounts:lookup": {200, `{}`}}, func(*firebasesource.Settings) {}, "", []string{
			"credentials warn: the service answered sign-in denied about a user who does not exist"}},
		"throttled": {stub{"accounts:signInWithPassword": {429, ``}}, func(*firebasesource.Settings) {}, "", []string{"credentials fail: ", "raise the quota of the Identity Toolkit API"}},
		"an outage": {stub{"accounts:signInWithPassword": {503, ``}}, func(*firebasesource.Settings) {}, "", []string{"credentials fail: ", "status.firebase.google.com"}},
		"nothing there": {stub{}, func(s *firebasesource.Settings) { s.EmulatorHost = hostOf("http://" + process.ClosedAddress(t)) }, "", []string{
			"reached fail: ", "start the server, or correct host and port in OLD_EMULATOR_HOST", "look-up skip"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			settings := settingsAt(test.stub.serve(t))
			test.change(&settings)
			username := test.user
			if username == "" {
				username = "a-name-that-no-user-has"
			}
			got := examined(t, settings, username, test.user != "")
			for _, want := range test.says {
				if !strings.Contains(got, want) {
					t.Errorf("%q is missing in\n%s", want, got)
				}
			}
			if strings.Contains(got, apiKey) {
				t.Errorf("the API key is in\n%s", got)
			}
		})
	}
}
