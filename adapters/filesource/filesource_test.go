package filesource_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cognito-user-migration/adapters/filesource"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
	"cognito-user-migration/ports/sourcetest"

	"github.com/zitadel/passwap/argon2"
	"github.com/zitadel/passwap/bcrypt"
)

// hasher makes hashes as a directory would that people are exported from.
type hasher interface {
	Hash(password string) (string, error)
}

func TestTheFileSourceKeepsTheContract(t *testing.T) {
	t.Parallel()
	for name, hashes := range map[string]hasher{
		"with bcrypt":   bcrypt.New(4, nil),
		"with argon2id": argon2.NewArgon2id(argon2.Params{Time: 1, Memory: 64, Threads: 1, KeyLen: 32, SaltLen: 16}, nil),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var work counted
			var listed *filesource.Directory
			sourcetest.Run(t, sourcetest.Harness{
				Name: "people",
				Work: work.read,
				Declared: []sourcetest.Capability{
					sourcetest.DisabledUsers, sourcetest.UnconfirmedUsers, sourcetest.FederatedUsers,
					sourcetest.TemporaryPasswords, sourcetest.Resets, sourcetest.SMSMFA, sourcetest.SoftwareTokenMFA, sourcetest.EmailMFA,
					sourcetest.EmailAliases, sourcetest.Ambiguity, sourcetest.CaseInsensitive,
					sourcetest.KeepsSubs, sourcetest.VerifiesHashes, sourcetest.CertifiesUnjudged, sourcetest.Lists,
				},
				Lister: func() ports.UserLister { return listed },
				Open: func(t *testing.T, snapshot []sourcetest.User) ports.SourceDirectory {
					listed = open(t, fileOf(t, snapshot, hashes))
					return work.of(listed)
				},
			})
		})
	}
}

// counted is what a directory computes of hashes.
type counted struct{ work func() map[string]int }

func (c *counted) of(d *filesource.Directory) *filesource.Directory {
	c.work = filesource.CountHashes(d)
	return d
}

func (c *counted) read() map[string]int { return c.work() }

// fileOf writes people as the file has them.
func fileOf(t *testing.T, snapshot []sourcetest.User, hashes hasher) string {
	t.Helper()
	entries := make([]map[string]any, len(snapshot))
	for i, person := range snapshot {
		attributes := map[string]any{"sub": person.Sub}
		for name, value := range person.Attributes {
			attributes[name] = value
		}
		entries[i] = map[string]any{
			"username": person.Username, "status": person.Status, "enabled": !person.Disabled, "attributes": attributes,
		}
		if person.MFA != "" {
			entries[i]["mfa"] = []domain.MFAMethod{person.MFA}
		}
		if person.Password != "" {
			hash, err := hashes.Hash(person.Password)
			if err != nil {
				t.Fatal(err)
			}
			entries[i]["password_hash"] = hash
		}
	}
	text, err := json.Marshal(entries)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "people.json")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func open(t *testing.T, path string) *filesource.Directory {
	t.Helper()
	directory, err := filesource.Open("people", filesource.Settings{Path: path}, filesource.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return directory
}

func read(t *testing.T, text string) *filesource.Directory {
	t.Helper()
	directory, err := filesource.Read("people", strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return directory
}

// The password of every hash in the tests below is "U*U" (crypt_blowfish 1.3,
// wrapper.c).
const hash = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"

// The file that the documentation shows means what it says.
func TestAFileOfPeople(t *testing.T) {
	t.Parallel()
	directory := open(t, filepath.Join("testdata", "people.json"))
	for typed, want := range map[string]struct {
		kind domain.FindingKind
		user domain.SourceUser
	}{
		"hanako": {domain.PasswordAccepted, domain.SourceUser{
			Username: "hanako", Sub: "11111111-2222-4333-8444-555555555555", Status: domain.StatusConfirmed, Enabled: true,
			Attributes: domain.Attributes{
				"sub": "11111111-2222-4333-8444-555555555555", "email": "hanako@example.com", "email_verified": "true",
				"updated_at": "1700000000", "custom:score": "-1.5e3", "name": "花子",
			},
			Groups: []string{"staff", "tokyo"},
		}},
		"HANAKO@example.com": {domain.PasswordAccepted, domain.SourceUser{Username: "hanako"}},
		"taro":               {domain.PasswordAccepted, domain.SourceUser{Username: "taro", Status: domain.StatusConfirmed, Enabled: true, Attributes: domain.Attributes{}}},
		"old":                {domain.ResetRequired, domain.SourceUser{Username: "old", Status: domain.StatusResetRequired, Enabled: true, Attributes: domain.Attributes{}}},
		"lost":               {domain.PasswordWrong, domain.SourceUser{Username: "lost", Status: domain.StatusConfirmed, Enabled: true, Attributes: domain.Attributes{}}},
	} {
		t.Run(typed, func(t *testing.T) {
			t.Parallel()
			finding, err := directory.Authenticate(t.Context(), typed, domain.NewPassword("U*U"))
			if err != nil || finding.Kind != want.kind {
				t.Fatalf("%v, %v; want %v", finding, err, want.kind)
			}
			if want.user.Status == "" {
				if finding.User.Username != want.user.Username {
					t.Error("another user was found")
				}
				return
			}
			if got, want := show(finding.User), show(want.user); got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
		})
	}
}

// show prints a user with everything, which the user's own type keeps from
// being printed.
func show(user domain.SourceUser) string {
	text, _ := json.Marshal(map[string]any{
		"username": user.Username, "sub": user.Sub, "status": user.Status, "enabled": user.Enabled,
		"attributes": map[string]string(user.Attributes), "groups": user.Groups,
	})
	return string(text)
}

func TestWhoIsNamedByAnIdentifier(t *testing.T) {
	t.Parallel()
	directory := read(t, `[
		{"username": "anna", "attributes": {"email": "shared@example.com", "email_verified": true, "phone_number": "+49 123-45", "phone_number_verified": true, "preferred_username": "Ännchen"}},
		{"username": "Bert", "attributes": {"email": "shared@example.com", "email_verified": "True", "sub": "sub-of-bert"}},
		{"username": "bert", "attributes": {"email": "small@example.com", "phone_number": "+4999"}},
		{"username": "anna@example.com", "attributes": {"email": "other@example.com", "email_verified": true}},
		{"username": "carl", "attributes": {"email": "ANNA@example.com", "email_verified": true}},
		{"username": "dora", "attributes": {"email": "dora", "preferred_username": "DORA"}},
		{"username": "mallory", "attributes": {"email": "dora", "phone_number": "+4912345", "preferred_username": "other@example.com"}}
	]`)
	for typed, want := range map[string]struct {
		kind     domain.FindingKind
		username string
	}{
		"anna":               {domain.UserFound, "anna"},
		"ANNA":               {domain.UserFound, "anna"},
		"+4912345":           {domain.UserFound, "anna"},
		"+49 123-45":         {domain.UserFound, "anna"},
		"SUB-of-bert":        {domain.UserFound, "Bert"},
		"shared@example.com": {domain.UserAmbiguous, ""},
		"Bert":               {domain.UserFound, "Bert"},
		"bert":               {domain.UserFound, "bert"},
		"BERT":               {domain.UserAmbiguous, ""},
		"dora":               {domain.UserFound, "dora"},
		// A username goes before another's address.
		"anna@example.com":  {domain.UserFound, "anna@example.com"},
		"Anna@Example.com":  {domain.UserFound, "anna@example.com"},
		"Other@example.com": {domain.UserFound, "anna@example.com"},
		// Nobody proved these.
		"ännchen":           {domain.UserUnknown, ""},
		"small@example.com": {domain.UserUnknown, ""},
		"+4999":             {domain.UserUnknown, ""},
		"":                  {domain.UserUnknown, ""},
		"nobody":            {domain.UserUnknown, ""},
	} {
		t.Run(typed, func(t *testing.T) {
			t.Parallel()
			finding, err := directory.FindUser(t.Context(), typed)
			if err != nil || finding.Kind != want.kind || finding.User.Username != want.username {
				t.Errorf("%v of %q, %v; want %v of %q", finding, finding.User.Username, err, want.kind, want.username)
			}
		})
	}
}

// A user whose username is another's verified address is found by it, and is not
// created under it: however the user is found, and whoever else may be.
func TestAUsernameThatIsAnothersVerifiedAddressIsDisputed(t *testing.T) {
	t.Parallel()
	directory := read(t, `[
		{"username": "victim@example.com", "attributes": {"email": "mallory@evil.example", "email_verified": true, "sub": "sub-of-mallory"}},
		{"username": "victim", "attributes": {"email": "Victim@example.com", "email_verified": true}},
		{"username": "own@example.com", "attributes": {"email": "own@example.com", "email_verified": true}}
	]`)
	for typed, want := range map[string]domain.Reason{
		"victim@example.com": domain.ReasonIdentifierNotOwned, "mallory@evil.example": domain.ReasonIdentifierNotOwned,
		"sub-of-mallory": domain.ReasonIdentifierNotOwned, "victim": domain.ReasonForgotPassword, "own@example.com": domain.ReasonForgotPassword,
	} {
		finding, err := directory.FindUser(t.Context(), typed)
		decision := domain.Decide(domain.DefaultRules(), domain.Attempt{Trigger: domain.TriggerForgotPassword, Username: typed}, finding)
		if err != nil || decision.Reason != want {
			t.Errorf("%s: %v, %v; want %s", typed, decision, err, want)
		}
	}
}

func TestAnOperatorWhoVouchesForAllContactsLetsThemBeTyped(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "people.csv")
	if err := os.WriteFile(path, []byte("username,email\nanna,anna@example.com\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	directory, err := filesource.Open("people", filesource.Settings{Path: path, Format: filesource.FormatCSV}, filesource.Options{VerifiedContacts: domain.VerifiedAlways})
	if err != nil {
		t.Fatal(err)
	}
	if finding, err := directory.FindUser(t.Context(), "anna@example.com"); err != nil || finding.User.Username != "anna" {
		t.Errorf("%v of %q, %v", finding, finding.User.Username, err)
	}
}

func TestAttributesAreTexts(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{
		`"text"`: "text", `"\u00e9\n"`: "é\n", `""`: "",
		`true`: "true", `false`: "false", `0`: "0", `-1.50`: "-1.50", `1e400`: "1e400", `12345678901234567890`: "12345678901234567890",
	} {
		finding, err := read(t, `[{"username": "x", "attributes": {"a":  `+value+` }}]`).FindUser(t.Context(), "x")
		if got, there := finding.User.Attributes["a"]; err != nil || !there || got != want {
			t.Errorf("%s is read as %q (%v)", value, got, err)
		}
	}
	finding, err := read(t, `[{"username": "x", "attributes": {"a": null}}]`).FindUser(t.Context(), "x")
	if _, there := finding.User.Attributes["a"]; err != nil || there {
		t.Errorf("null is read as an attribute (%v)", err)
	}
}

// Every fault of a file is named by its entry, all in one error, and none of
// them shows what stands there.
func TestFaultsAreNamedByTheirEntry(t *testing.T) {
	t.Parallel()
	const secret = "S3cret-value"
	for name, test := range map[string]struct{ file, want string }{
		"no file at all":        {``, "not a JSON array of users"},
		"no array":              {`{"username": "` + secret + `"}`, "not a JSON array of users"},
		"null":                  {`null`, "not a JSON array of users"},
		"broken":                {`[{"username": "` + secret + `"`, "not a JSON array of users (JSON syntax error at byte"},
		"something after it":    {`[] ` + secret, "not a JSON array of users (JSON syntax error at byte"},
		"a text for a person":   {`["` + secret + `"]`, "entry 1: expected an object"},
		"a field that is none":  {`[{"username": "x", "department": "` + secret + `"}]`, `entry 1: expected username, password_hash, status, enabled, attributes, groups and mfa, and no other field; found "department"`},
		"a password":            {`[{"username": "x", "password": "` + secret + `"}]`, "entry 1: expected username"},
		"enabled as a text":     {`[{"username": "x", "enabled": "` + secret + `"}]`, "entry 1: enabled: expected true or false, 1 or 0"},
		"no username":           {`[{"password_hash": "` + hash + `"}]`, "entry 1: username: is required"},
		"an empty username":     {`[{"username": ""}]`, "entry 1: username: is required"},
		"null for a person":     {`[null]`, "entry 1: username: is required"},
		"a status that is none": {`[{"username": "x", "status": "` + secret + `"}]`, "entry 1: status: expected one of [UNCONFIRMED CONFIRMED"},
		"a password for a hash": {`[{"username": "x", "password_hash": "` + secret + `"}]`, "entry 1: password_hash: unknown password hash format"},
		"a hash that is too dear": {`[{"username": "x", "password_hash": "$2a$31$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"}]`,
			"entry 1: password_hash: a hash parameter is out of bounds"},
		"a hash that cannot be computed": {`[{"username": "x", "password_hash": "$2a$10$!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!"}]`,
			"entry 1: password_hash: unknown password hash format"},
		"an object for a value": {`[{"username": "x", "attributes": {"a": {"` + secret + `": 1}}}]`, "entry 1: attributes: a: expected a text, a number or a boolean"},
		"a list for a value":    {`[{"username": "x", "attributes": {"a": ["` + secret + `"]}}]`, "entry 1: attributes: a: expected a text, a number or a boolean"},
		"the same name twice":   {`[{"username": "` + secret + `"}, {"username": "` + secret + `"}]`, "entry 2: username: an earlier entry has the same username"},
		"two faults": {`[{"username": "a"}, {"username": ""}, {"username": "b"}, {"username": "c", "status": "` + secret + `"}]`,
			"entry 2: username: is required\nentry 4: status: expected one of"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			directory, err := filesource.Read("people", strings.NewReader(test.file))
			if err == nil {
				t.Fatalf("there is no error, but %v", directory)
			}
			text := fmt.Sprintf("%+v", err)
			if !strings.HasPrefix(text, test.want) {
				t.Errorf("got  %s\nwant %s", text, test.want)
			}
			if strings.Contains(text, secret) || strings.Contains(text, "CCCC") {
				t.Errorf("the error shows what stands in the file: %s", text)
			}
		})
	}
}

func TestAFileThatCannotBeRead(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	if _, err := filesource.Open("people", filesource.Settings{Path: filepath.Join(folder, "none.json")}, filesource.Options{}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
	if _, err := filesource.Open("people", filesource.Settings{Path: folder}, filesource.Options{}); err == nil {
		t.Error("a folder was read as a file")
	}
	broken := filepath.Join(folder, "broken.json")
	if err := os.WriteFile(broken, []byte(`[{"username": ""}]`), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := filesource.Open("people", filesource.Settings{Path: broken}, filesource.Options{}); err == nil || !strings.HasPrefix(err.Error(), broken+": entry 1:") {
		t.Errorf("a fault does not name its file: %v", err)
	}
}

func TestAnEmptyFileKnowsNobody(t *testing.T) {
	t.Parallel()
	finding, err := read(t, `[]`).Authenticate(t.Context(), "anybody", domain.NewPassword("any password"))
	if err != nil || finding.Kind != domain.UserUnknown {
		t.Errorf("%v, %v", finding, err)
	}
}

// A context that ends while a hash is computed ends the attempt: the answer
// would come too late.
func TestAContextThatEndsDuringTheHash(t *testing.T) {
	t.Parallel()
	directory := read(t, `[{"username": "x", "password_hash": "`+hash+`"}]`)
	ctx, cancel := context.WithCancel(t.Context())
	_, err := directory.Authenticate(&endsAfter{ctx, cancel, 1}, "x", domain.NewPassword("U*U"))
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// endsAfter is a context that ends once it has been looked at a few times.
type endsAfter struct {
	context.Context
	cancel context.CancelFunc
	looks  int
}

// Err implements context.Context.
func (e *endsAfter) Err() error {
	if e.looks == 0 {
		e.cancel()
	}
	e.looks--
	return e.Context.Err()
}

func TestTheFileSourceHasNoLockoutOfItsOwn(t *testing.T) {
	t.Parallel()
	settings := &filesource.Settings{Path: "people.json"}
	variable := func(name string) string { return "OLD_" + name }
	if problems := settings.Validate(variable); problems != nil {
		t.Errorf("problems: %v", problems)
	}
	if warnings := settings.Warnings(variable); len(warnings) != 0 || settings.LimitsAttempts() {
		t.Errorf("warnings: %q, limits tries: %v", warnings, settings.LimitsAttempts())
	}
}

// Whatever stands in a file: no panic, and whoever is in it can be asked about.
func FuzzRead(f *testing.F) {
	seed, err := os.ReadFile(filepath.Join("testdata", "people.json"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(seed)
	f.Add([]byte(`[null, {"username":"x","attributes":{"a":null}}, []]`))
	f.Add([]byte(`[{"username":"x","password_hash":"$2"}]`))
	f.Add([]byte("\ufeff" + `[{" UserName ": 7, "Enabled": "0", "groups": {"0": "a"}, "attributes": []}, {"username": " x ", "enabled": 1}]`))
	f.Add([]byte("\xff\xfe[\x00]\x00"))
	f.Add([]byte("[\"\x82\xa0\xb2\xd6\"]"))
	f.Fuzz(func(t *testing.T, text []byte) {
		directory, err := filesource.Read("people", bytes.NewReader(text))
		if err != nil {
			return
		}
		var snapshot []map[string]any
		if err := json.Unmarshal(bytes.TrimPrefix(text, []byte("\ufeff")), &snapshot); err != nil {
			t.Fatalf("read, and is no list of people: %v", err)
		}
		for _, person := range snapshot {
			username, ok := person["username"].(string)
			if !ok {
				continue // a number, or the name is written in another way
			}
			username = strings.TrimSpace(username)
			finding, err := directory.FindUser(t.Context(), username)
			if err != nil || finding.Kind != domain.UserFound || finding.User.Username != username {
				t.Errorf("%q is in the file and not found: %v, %v", username, finding, err)
			}
		}
	})
}
