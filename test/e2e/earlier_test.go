package e2e_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cognito-user-migration/domain"
	"cognito-user-migration/test/process"
)

// twoFiles are the settings of a source OLD that is asked before a source NEW.
// Everybody's password is filePassword.
func twoFiles(t *testing.T, old, added []map[string]any) settings {
	t.Helper()
	s := settings{"MIGRATE_SOURCES": "OLD,NEW"}
	for name, people := range map[string][]map[string]any{"OLD": old, "NEW": added} {
		for _, person := range people {
			if _, set := person["password_hash"]; !set {
				person["password_hash"] = fileHash
			}
		}
		text, err := json.Marshal(people)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), name+".json")
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		s[name+"_KIND"], s[name+"_PATH"] = "file", path
	}
	return s
}

// entry is a person of a file with a verified email address.
func entry(username, email string, more ...string) map[string]any {
	attributes := map[string]any{"email": email, "email_verified": "true"}
	for i := 0; i+1 < len(more); i += 2 {
		attributes[more[i]] = more[i+1]
	}
	return map[string]any{"username": username, "attributes": attributes}
}

// state is the person in another state.
func state(person map[string]any, field string, value any) map[string]any {
	person[field] = value
	return person
}

// Nobody of a later source is created by a name or verified contact that an
// earlier source knows, whatever was typed and whatever MATCH says.
func TestALaterSourceCreatesNobodyWhomAnEarlierOneKnows(t *testing.T) {
	t.Parallel()
	const typed = "mallory@evil.example"
	for name, test := range map[string]struct {
		old, added map[string]any
		typed      string
		settings   []string
	}{
		"by the username": {entry("alice", "alice@corp.example"), entry("alice", typed), typed, nil},
		"by the username, with MATCH patterns apart": {entry("alice", "alice@corp.example"), entry("alice", typed), typed,
			[]string{"OLD_MATCH", "*@corp.example", "NEW_MATCH", "*@evil.example"}},
		"by the username in another letter case": {entry("alice", "alice@corp.example"), entry("ALICE", typed), typed, nil},
		"by a verified email address":            {entry("alice", "alice@corp.example"), entry("mallory", "alice@corp.example"), "mallory", nil},
		"by a verified email address in another letter case, with MATCH patterns apart": {
			entry("alice", "alice@corp.example"), entry("mallory", "Alice@Corp.Example"), "mallory",
			[]string{"OLD_MATCH", "*@corp.example", "NEW_MATCH", "m*"}},
		"by a verified phone number": {
			entry("alice", "alice@corp.example", "phone_number", "+819012345678", "phone_number_verified", "true"),
			entry("mallory", typed, "phone_number", "+819012345678", "phone_number_verified", "true"), typed, nil},
		"by an address that a rule verifies": {entry("alice", "alice@corp.example"), entry("mallory", typed, "mail", "alice@corp.example"), "mallory",
			[]string{"MIGRATE_ATTRIBUTES", "email=mail,email_verified='true'"}},
		"by what was typed, which Cognito uses where no name is returned": {entry("mallory", "alice@corp.example"), entry("mallory", typed), "mallory",
			[]string{"MIGRATE_USERNAME", "omit", "OLD_MATCH", "*@corp.example"}},
		"by the name of a disabled user":     {state(entry("alice", "alice@corp.example"), "enabled", false), entry("alice", typed), typed, nil},
		"by the name of an unconfirmed user": {state(entry("alice", "alice@corp.example"), "status", "UNCONFIRMED"), entry("alice", typed), typed, nil},
		"by the name of a federated user": {
			state(state(entry("alice", "alice@corp.example"), "status", "EXTERNAL_PROVIDER"), "password_hash", ""), entry("alice", typed), typed, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := start(t, twoFiles(t, []map[string]any{test.old}, []map[string]any{test.added}).with(test.settings...))
			f.hide(filePassword, fileHash, "mallory", "corp.example")
			f.refuses(signIn(test.typed, filePassword), domain.ReasonIdentityOfEarlierSource)
			f.refuses(forgotPassword(test.typed), domain.ReasonIdentityOfEarlierSource)
		})
	}
}

func TestWhomTheEarlierSourceDoesNotKnowIsCreatedByTheLater(t *testing.T) {
	t.Parallel()
	f := start(t, twoFiles(t, []map[string]any{entry("alice", "alice@corp.example")}, []map[string]any{entry("bob", "bob@corp.example")}).
		with("MIGRATE_REFUSAL", "explain"))
	f.migrates(signIn("bob@corp.example", filePassword), domain.ReasonPasswordAccepted)
	f.migrates(forgotPassword("bob"), domain.ReasonForgotPassword)
	f.migrates(signIn("alice", filePassword), domain.ReasonPasswordAccepted)
	f.explains(signIn("nobody", filePassword), domain.ReasonUserUnknown)
}

// A source that gives no answer about the name could know it.
func TestAnEarlierSourceThatDoesNotAnswerFailsTheLatersMigration(t *testing.T) {
	t.Parallel()
	s := twoFiles(t, nil, []map[string]any{entry("bob", "bob@corp.example")}).with(
		"OLD_KIND", "http", "OLD_PATH", "", "OLD_URL", "http://"+process.ClosedAddress(t), "OLD_MATCH", "*@old.example")
	f := start(t, s)
	f.fails(signIn("bob", filePassword), domain.ReasonSourceUnreachable)
	f.fails(forgotPassword("bob"), domain.ReasonSourceUnreachable)
}

// A source that looks nobody up cannot say that it does not know the name.
func TestAnEarlierSourceWithoutLookUpsRefusesTheLatersMigration(t *testing.T) {
	t.Parallel()
	s := twoFiles(t, nil, []map[string]any{entry("bob", "bob@corp.example")}).with(
		"OLD_KIND", "oidc", "OLD_PATH", "", "OLD_ISSUER", "https://127.0.0.1:1/", "OLD_CLIENT_ID", "c", "OLD_MATCH", "*@old.example")
	f := start(t, s)
	eventually(t, "a warning", func() bool { return strings.Contains(f.Stdout(), "OLD cannot look users up without their password") })
	f.refuses(signIn("bob", filePassword), domain.ReasonLookUpUnsupported)
	f.refuses(forgotPassword("bob"), domain.ReasonLookUpUnsupported)
}
