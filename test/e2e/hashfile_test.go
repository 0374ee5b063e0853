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
		"a name that looks like ours": {"csv", "username,Enabld\n" + secret + ",false\n", `column 2: "Enabld" looks like enabled`},
		"semicolons":                  {"csv", "username;enabled\n" + secret + ";false\n", "separated by semicolons"},
		"Shift_JIS":                   {"csv", "username,name\n" + secret + ",\x89\xd4\x8e\x71\n", "Shift_JIS; convert it with iconv -f CP932 -t UTF-8"},
		"UTF-16":                      {"json", "\xff\xfe[\x00]\x00", "UTF-16LE; convert it with iconv -f UTF-16 -t UTF-8"},
		"a field of JSON":             {"json", `[{"username": "` + secret + `", "enabled": "` + secret + `"}]`, "entry 1: enabled: expected true or false, 1 or 0"},
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

// WordPress hashes the slashed password and phpBB the escaped one; their hashes
// say so. What Meteor and Devise do, no hash says.
func TestAPasswordIsComparedAsItsApplicationHashedIt(t *testing.T) {
	t.Parallel()
	const people = "username,password_hash\n" +
		"wordpress,$P$9IQRaTwmf4yahpd4/UeSFjf4biPv3y0\n" +
		"wordpress-6.8,$wp$2y$05$CCCCCCCCCCCCCCCCCCCCC.A8p2HJmWSyLfk7qXcLLm9rUIGX7I0qK\n" +
		"phpbb,$H$9IQRaTwmf/U3cfkAcWwVmRYpSLcuCA/\n" +
		"meteor,$2b$05$CCCCCCCCCCCCCCCCCCCCC.SvOa.e3rdrLKvyDTsRXeykC4pQPwg1q\n" +
		"devise,{bcrypt}$2b$05$CCCCCCCCCCCCCCCCCCCCC.6UeU/VNlwWwBxivzZejgJhVihsEu87C\n"
	const pepper = "pepper-of-devise"
	for _, test := range []struct {
		name     string
		settings []string
		username string
		password string
		right    bool
	}{
		{"WordPress", nil, "wordpress", "it's", true},
		{"WordPress, wrong", nil, "wordpress", "its", false},
		{"WordPress 6.8", nil, "wordpress-6.8", "it's", true},
		{"phpBB", nil, "phpbb", `a&b"<c>'`, true},
		{"Meteor, and nobody said so", nil, "meteor", "it's", false},
		{"Meteor", []string{"SOURCE_PASSWORD_PREPARE", "sha256-hex"}, "meteor", "it's", true},
		{"Devise, and nobody said so", nil, "devise", "it's", false},
		{"Devise", []string{"SOURCE_PASSWORD_PEPPER", pepper}, "devise", "it's", true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f := start(t, peopleFile(t, "csv", people).with(test.settings...))
			f.hide(pepper, "$2b$05", "CCCCCC")
			if test.right {
				f.migrates(signIn(test.username, test.password), domain.ReasonPasswordAccepted)
			} else {
				f.refuses(signIn(test.username, test.password), domain.ReasonPasswordWrong)
			}
		})
	}
}

// Who has no usable hash is refused as for a wrong password. Forms that are not
// supported end the start, by their name.
func TestAHashThatProvesNothingIsAWrongPassword(t *testing.T) {
	t.Parallel()
	f := start(t, peopleFile(t, "csv", "username,password_hash\nanna,!\nberta,*LK*\ncarl,\ndora,"+fileHash+"\n"))
	f.hide(filePassword, fileHash)
	for _, username := range []string{"anna", "berta", "carl"} {
		f.refuses(signIn(username, filePassword), domain.ReasonPasswordWrong)
	}
	f.migrates(signIn("dora", filePassword), domain.ReasonPasswordAccepted)
	for hash, want := range map[string]string{
		"{noop}canary-value":               "line 2: password_hash: unsupported password hash format: it looks like a password in plain text (Spring's {noop})",
		"5f4dcc3b5aa765d61d8327deb882cf99": "it looks like an unsalted MD5 in hexadecimal",
	} {
		if got := initErrorOf(t, peopleFile(t, "csv", "username,password_hash\nanna,"+hash+"\n"), "canary-value", "5f4dcc"); !strings.Contains(got, want) {
			t.Errorf("the init error does not say %q: %s", want, got)
		}
	}
}

// A user of another identity provider is refused in every way, and claims that
// cannot be read keep nobody out.
func TestAnExportOfFirebaseKeepsUsersOfOtherProvidersOut(t *testing.T) {
	t.Parallel()
	const signerKey = "jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA=="
	firebase := func(users string) settings {
		return peopleFile(t, "firebase", `{"users": [`+users+`]}`).with("SOURCE_FIREBASE_SIGNER_KEY", signerKey)
	}
	f := start(t, firebase(`{"localId": "apple", "email": "apple@example.com", "emailVerified": true, "providerUserInfo": []},
		{"localId": "broken", "email": "broken@example.com", "emailVerified": true, "customAttributes": "{\"plan\": ", "salt": "42xEC+ixf3L2lw==",
		 "passwordHash": "lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ=="}`))
	f.hide(signerKey, "user1password")
	f.refuses(signIn("apple@example.com", "user1password"), domain.ReasonUserFederated)
	f.refuses(forgotPassword("apple@example.com"), domain.ReasonUserFederated)
	f.migrates(signIn("broken@example.com", "user1password"), domain.ReasonPasswordAccepted)
	eventually(t, "a line that names the user by its place", func() bool { return strings.Contains(f.Stdout(), `"names":["user 2"]`) })
	if got := initErrorOf(t, firebase(`{"localId": "x", "passwordHash": "UkVEQUNURUQ="}`)); !strings.Contains(got, "user 1: passwordHash: is redacted") {
		t.Errorf("the init error does not tell of redacted hashes: %s", got)
	}
}
