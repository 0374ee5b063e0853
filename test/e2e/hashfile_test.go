package e2e_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cognito-user-migration/domain"
	"cognito-user-migration/test/lambdahost"
)

// peopleFile writes a file of people and gives the settings of a source over it.
func peopleFile(t *testing.T, format, text string) settings {
	t.Helper()
	path := filepath.Join(t.TempDir(), "people."+format)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return settings{"SOURCE_KIND": "file", "SOURCE_PATH": path, "SOURCE_FORMAT": format}
}

// initErrorOf starts a function that must not start, and gives its error.
func initErrorOf(t *testing.T, s settings, hidden ...string) string {
	t.Helper()
	f := launch(t, s)
	f.hide(hidden...)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var initError *lambdahost.InitError
	if err := f.Ready(ctx); !errors.As(err, &initError) {
		t.Fatalf("got %v, want an init error", err)
	}
	var body lambdahost.FunctionError
	if err := json.Unmarshal(initError.Body, &body); err != nil {
		t.Fatal(err)
	}
	return body.Message
}

// A hash that the password Canary-File-1234! has (bcrypt, cost 4).
const (
	filePassword = "Canary-File-1234!"
	fileHash     = "$2a$04$5BzXl.gSpKEFgp9IRMFo8u5KLnCelyTv8FR/BI3nZrC7w8x2x3jKa"
)

// Whoever a file disables is not moved, however its header writes that.
func TestADisabledUserIsRefusedHoweverTheHeaderIsWritten(t *testing.T) {
	t.Parallel()
	for _, header := range []string{"username,password_hash,enabled,email,email_verified", "Username, Password_Hash, Enabled,Email,EMAIL_VERIFIED"} {
		f := start(t, peopleFile(t, "csv", header+"\nanna,"+fileHash+",0,anna@example.com,1\nberta,"+fileHash+",1,berta@example.com,1\n"))
		f.hide(filePassword, fileHash, "anna", "berta")
		f.refuses(signIn("anna", filePassword), domain.ReasonUserDisabled)
		f.refuses(forgotPassword("anna"), domain.ReasonUserDisabled)
		if got := f.migrates(signIn("berta", filePassword), domain.ReasonPasswordAccepted).UserAttributes; got["email_verified"] != "true" {
			t.Errorf("attributes %v", got)
		}
		f.migrates(forgotPassword("berta"), domain.ReasonForgotPassword)
	}
}

func TestAFileThatDoesNotSayWhatItMeansEndsTheStart(t *testing.T) {
	t.Parallel()
	const secret = "canary-value"
	for name, test := range map[string]struct{ format, text, want string }{
		"a name that is almost ours": {"csv", "username,Enabld\n" + secret + ",false\n", `column 2: "Enabld" is almost enabled`},
		"semicolons":                 {"csv", "username;enabled\n" + secret + ";false\n", "separated by semicolons"},
		"Shift_JIS":                  {"csv", "username,name\n" + secret + ",\x89\xd4\x8e\x71\n", "Shift_JIS: convert it with iconv -f CP932 -t UTF-8"},
		"UTF-16":                     {"json", "\xff\xfe[\x00]\x00", "UTF-16LE: convert it with iconv -f UTF-16 -t UTF-8"},
		"a field of JSON":            {"json", `[{"username": "` + secret + `", "enabled": "` + secret + `"}]`, "entry 1: enabled: takes true or false, 1 or 0"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := initErrorOf(t, peopleFile(t, test.format, test.text), secret); !strings.Contains(got, test.want) {
				t.Errorf("the init error does not say %q: %s", test.want, got)
			}
		})
	}
}

func TestColumnsThatNothingUsesAreListedAtStart(t *testing.T) {
	t.Parallel()
	f := start(t, peopleFile(t, "csv", "username,department,state,email\nanna,canary-department,canary-state,\n").with("MIGRATE_ATTRIBUTES", "*,custom:state=state"))
	f.hide("canary-department", "canary-state")
	eventually(t, "a line that lists the column", func() bool { return strings.Contains(f.Stdout(), `"names":["department"]`) })
}
