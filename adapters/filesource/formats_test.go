package filesource_test

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"cognito-user-migration/adapters/filesource"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
	"cognito-user-migration/ports/sourcetest"

	"github.com/zitadel/passwap/bcrypt"
	"golang.org/x/crypto/scrypt"
)

func TestACSVFileKeepsTheContract(t *testing.T) {
	t.Parallel()
	var work counted
	sourcetest.Run(t, sourcetest.Harness{
		Name: "people",
		Work: work.read,
		Declared: []sourcetest.Capability{
			sourcetest.DisabledUsers, sourcetest.UnconfirmedUsers, sourcetest.FederatedUsers,
			sourcetest.TemporaryPasswords, sourcetest.Resets, sourcetest.SMSMFA, sourcetest.SoftwareTokenMFA, sourcetest.EmailMFA,
			sourcetest.EmailAliases, sourcetest.Ambiguity, sourcetest.CaseInsensitive,
			sourcetest.KeepsSubs, sourcetest.VerifiesHashes, sourcetest.CertifiesUnjudged,
		},
		Open: func(t *testing.T, snapshot []sourcetest.User) ports.SourceDirectory {
			return work.of(openAs(t, csvOf(t, snapshot, bcrypt.New(4, nil)), filesource.Settings{Format: filesource.FormatCSV}))
		},
	})
}

// csvOf writes people as a spreadsheet would.
func csvOf(t *testing.T, snapshot []sourcetest.User, hashes hasher) string {
	t.Helper()
	columns := []string{"sub", "email", "email_verified", "phone_number", "phone_number_verified", "name", "given_name", "updated_at"}
	var text strings.Builder
	rows := csv.NewWriter(&text)
	_ = rows.Write(append([]string{"username", "password_hash", "status", "enabled", "groups", "mfa"}, columns...))
	for _, person := range snapshot {
		hash := ""
		if person.Password != "" {
			var err error
			if hash, err = hashes.Hash(person.Password); err != nil {
				t.Fatal(err)
			}
		}
		row := []string{person.Username, hash, string(person.Status), strings.ToUpper(fmt.Sprint(!person.Disabled)), "staff; tokyo", string(person.MFA)}
		for _, column := range columns {
			value := person.Attributes[column]
			if column == "sub" {
				value = person.Sub
			}
			row = append(row, value)
		}
		_ = rows.Write(row)
	}
	rows.Flush()
	return text.String()
}

// openAs writes the text to a file and opens it.
func openAs(t *testing.T, text string, settings filesource.Settings) *filesource.Directory {
	t.Helper()
	settings.Path = filepath.Join(t.TempDir(), "people")
	if err := os.WriteFile(settings.Path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	directory, err := filesource.Open("people", settings, filesource.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return directory
}

func TestACSVFileOfPeople(t *testing.T) {
	t.Parallel()
	directory := openAs(t, "\ufeffusername,password_hash,enabled,groups,email,email_verified,custom:note\r\n"+
		`hanako,`+hash+`,,"staff; Domain Users;",hanako@example.com,true,"a ""note"",`+"\r\nof two lines\"\r\n"+
		"\r\n"+
		"taro,,false,,,,\r\n", filesource.Settings{Format: filesource.FormatCSV})
	finding, err := directory.Authenticate(t.Context(), "HANAKO@example.com", domain.NewPassword("U*U"))
	if err != nil || finding.Kind != domain.PasswordAccepted {
		t.Fatalf("%v, %v", finding, err)
	}
	if got, want := show(finding.User), show(domain.SourceUser{
		Username: "hanako", Status: domain.StatusConfirmed, Enabled: true, Groups: []string{"staff", "Domain Users"},
		Attributes: domain.Attributes{"email": "hanako@example.com", "email_verified": "true", "custom:note": "a \"note\",\nof two lines"},
	}); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	finding, err = directory.FindUser(t.Context(), "taro")
	if err != nil || finding.User.Enabled || len(finding.User.Attributes) > 0 || len(finding.User.Groups) > 0 {
		t.Errorf("%s, %v", show(finding.User), err)
	}
}

func TestFaultsOfACSVFileAreNamedByTheirLine(t *testing.T) {
	t.Parallel()
	const secret = "S3cret-value"
	for name, test := range map[string]struct{ file, want string }{
		"nothing":                     {"", "not a CSV file: the header row is missing"},
		"no username":                 {secret + ",email\n", "the header row lacks the column username"},
		"a column twice":              {"username,email,email\n", "the header row: columns 2 and 3 have the same name"},
		"a column without a name":     {"username,\n", "the header row: column 2: has no name"},
		"a field too few":             {"username,email\n" + secret + "\nx,y\n" + secret + ",z," + secret + "\n", "line 2: the number of fields differs from the header row\nline 4: the number of fields differs"},
		"a quote out of place":        {"username,email\nx,a\"" + secret + "\n", "line 2: not valid CSV: unexpected quote"},
		"a quote that is not closed":  {"username,email\nx,\"" + secret + "\ny,z\n", "line 2: not valid CSV: unexpected quote"},
		"enabled that is not":         {"username,enabled\n" + secret + ",yes\n", "line 2: enabled: expected true or false"},
		"a status that is none":       {"username,status\nx," + secret + "\n", "line 2: status: expected one of [UNCONFIRMED"},
		"a password for a hash":       {"username,password_hash\nx," + secret + "\n", "line 2: password_hash: unknown password hash format"},
		"an empty username":           {"username,email\n," + secret + "\n", "line 2: username: is required"},
		"a username twice":            {"username\n" + secret + "\n" + secret + "\n", "line 3: username: an earlier entry has the same username"},
		"more faults than are wanted": {"username,status\n" + strings.Repeat("x,"+secret+"\n", 150), "line 2: status: expected"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			faultOf(t, test.file, filesource.Settings{Format: filesource.FormatCSV}, test.want, secret)
		})
	}
}

// faultOf opens a file that cannot be opened, and looks at the error.
func faultOf(t *testing.T, file string, settings filesource.Settings, want, secret string) {
	t.Helper()
	settings.Path = filepath.Join(t.TempDir(), "people")
	if err := os.WriteFile(settings.Path, []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	directory, err := filesource.Open("people", settings, filesource.Options{})
	if err == nil {
		t.Fatalf("there is no error, but %v", directory)
	}
	text := strings.TrimPrefix(err.Error(), settings.Path+": ")
	if !strings.HasPrefix(text, want) {
		t.Errorf("got  %s\nwant %s", text, want)
	}
	if strings.Contains(text, secret) {
		t.Errorf("the error shows what stands in the file: %s", text)
	}
	if lines := strings.Count(text, "\n") + 1; lines > 101 {
		t.Errorf("the error has %d lines", lines)
	}
}

// project has the parameters of firebase/scrypt's README.md, but for a cost
// that tests can pay.
func project(memCost int) filesource.Settings {
	return filesource.Settings{
		Format:                filesource.FormatFirebase,
		FirebaseSignerKey:     domain.NewSecret("jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA=="),
		FirebaseSaltSeparator: "Bw==", FirebaseRounds: 8, FirebaseMemCost: memCost,
	}
}

// firebaseHash makes a hash as Firebase would.
func firebaseHash(t *testing.T, settings filesource.Settings, password, salt string) string {
	t.Helper()
	signer, _ := base64.StdEncoding.DecodeString(settings.FirebaseSignerKey.Reveal())
	separator, _ := base64.StdEncoding.DecodeString(settings.FirebaseSaltSeparator)
	derived, err := scrypt.Key([]byte(password), append([]byte(salt), separator...), 1<<settings.FirebaseMemCost, settings.FirebaseRounds, 1, 64)
	if err != nil {
		t.Fatal(err)
	}
	block, err := aes.NewCipher(derived[:32])
	if err != nil {
		t.Fatal(err)
	}
	cipher.NewCTR(block, make([]byte, aes.BlockSize)).XORKeyStream(signer, signer)
	return base64.StdEncoding.EncodeToString(signer)
}

// Firebase knows fewer attributes than the contract's people have: the others
// are custom claims here, and renamed as MIGRATE_ATTRIBUTES would.
func TestAnExportOfFirebaseKeepsTheContract(t *testing.T) {
	t.Parallel()
	settings := project(4)
	var work counted
	sourcetest.Run(t, sourcetest.Harness{
		Name: "people",
		Work: work.read,
		Declared: []sourcetest.Capability{
			sourcetest.DisabledUsers, sourcetest.FederatedUsers, sourcetest.EmailAliases, sourcetest.UnverifiedAliases, sourcetest.Ambiguity,
			sourcetest.CaseInsensitive, sourcetest.MakesSubs, sourcetest.VerifiesHashes,
		},
		Open: func(t *testing.T, snapshot []sourcetest.User) ports.SourceDirectory {
			var users []map[string]any
			for i, person := range snapshot {
				user := map[string]any{"localId": person.Username, "disabled": person.Disabled, "createdAt": "1508893925000"}
				claims := maps.Clone(person.Attributes)
				for claim, field := range map[string]string{"email": "email", "name": "displayName", "phone_number": "phoneNumber"} {
					if value, there := claims[claim]; there {
						user[field] = value
						delete(claims, claim)
					}
				}
				if verified, said := claims["email_verified"]; said {
					user["emailVerified"] = verified == "true"
					delete(claims, "email_verified")
				}
				if text, _ := json.Marshal(claims); len(claims) > 0 {
					user["customAttributes"] = string(text)
				}
				if person.Password == "" {
					user["providerUserInfo"] = []map[string]any{{"providerId": "google.com", "rawId": "1"}}
				} else {
					salt := fmt.Sprintf("salt-of-%d", i)
					user["passwordHash"] = firebaseHash(t, settings, person.Password, salt)
					user["salt"] = base64.StdEncoding.EncodeToString([]byte(salt))
				}
				users = append(users, user)
			}
			text, err := json.Marshal(map[string]any{"users": users})
			if err != nil {
				t.Fatal(err)
			}
			return claimless{work.of(openAs(t, string(text), settings))}
		},
	})
}

// claimless gives custom claims the names of attributes.
type claimless struct {
	ports.SourceDirectory
}

func (c claimless) Authenticate(ctx context.Context, username string, password domain.Password) (domain.Finding, error) {
	return c.rename(c.SourceDirectory.Authenticate(ctx, username, password))
}

func (c claimless) FindUser(ctx context.Context, username string) (domain.Finding, error) {
	return c.rename(c.SourceDirectory.FindUser(ctx, username))
}

func (c claimless) rename(finding domain.Finding, err error) (domain.Finding, error) {
	renamed := make(domain.Attributes)
	for name, value := range finding.User.Attributes {
		renamed[strings.TrimPrefix(name, "custom:")] = value
	}
	finding.User.Attributes = renamed
	return finding, err
}

// The export of testdata has the account of firebase/scrypt's README.md, as the
// JSON of `firebase auth:export` would have it, and others around it.
func TestAnExportOfFirebase(t *testing.T) {
	t.Parallel()
	settings := project(14)
	settings.Path = filepath.Join("testdata", "firebase.json")
	directory, err := filesource.Open("people", settings, filesource.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for typed, want := range map[string]struct {
		kind domain.FindingKind
		user domain.SourceUser
	}{
		"user1@test.com": {domain.PasswordAccepted, domain.SourceUser{
			Username: "kYi4EvWQlQTKSfnJ3dRSP6IH3ed2", Sub: "kYi4EvWQlQTKSfnJ3dRSP6IH3ed2", Status: domain.StatusConfirmed, Enabled: true,
			Attributes: domain.Attributes{
				"sub": "kYi4EvWQlQTKSfnJ3dRSP6IH3ed2", "email": "user1@test.com", "email_verified": "false", "name": "Test User 1", "last_sign_in": "1508893925000",
				"custom:plan": "gold", "custom:level": "99", "custom:staff": "true", "custom:teams": `["a","b"]`,
			},
		}},
		"google@example.com": {domain.UserFederated, domain.SourceUser{
			Username: "google", Sub: "google", Status: domain.StatusExternalProvider, Enabled: true,
			Attributes: domain.Attributes{
				"sub": "google", "email": "google@example.com", "email_verified": "true", "picture": "https://example.com/p.png",
			},
		}},
		"+815012345678": {domain.PasswordWrong, domain.SourceUser{
			Username: "phone", Sub: "phone", Status: domain.StatusConfirmed, Enabled: false,
			Attributes: domain.Attributes{"sub": "phone", "phone_number": "+815012345678"},
		}},
	} {
		t.Run(typed, func(t *testing.T) {
			t.Parallel()
			finding, err := directory.Authenticate(t.Context(), typed, domain.NewPassword("user1password"))
			if err != nil || finding.Kind != want.kind {
				t.Fatalf("%v, %v; want %v", finding, err, want.kind)
			}
			if got, want := show(finding.User), show(want.user); got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
		})
	}
}

func TestFaultsOfAnExportAreNamedByTheirUser(t *testing.T) {
	t.Parallel()
	const secret = "S3cret-value"
	for name, test := range map[string]struct{ file, want string }{
		"nothing":               {``, "not a JSON file of firebase auth:export"},
		"a list":                {`[{"localId": "` + secret + `"}]`, "not a JSON file of firebase auth:export"},
		"no users":              {`{"accounts": []}`, "not a JSON file of firebase auth:export: the field users is missing"},
		"null for users":        {`{"users": null}`, "not a JSON file of firebase auth:export: the field users is missing"},
		"a text for a user":     {`{"users": ["` + secret + `"]}`, "user 1: not a user in the format of firebase auth:export"},
		"another type":          {`{"users": [{"localId": "x", "disabled": "` + secret + `"}]}`, "user 1: disabled: not in the format of firebase auth:export"},
		"a redacted hash":       {`{"users": [{"localId": "x", "salt": "", "passwordHash": "UkVEQUNURUQ="}]}`, "user 1: passwordHash: is redacted; export again with an account that has the permission firebaseauth.configs.getHashConfig"},
		"no localId":            {`{"users": [{"email": "` + secret + `"}]}`, "user 1: localId: is required"},
		"a hash that is none":   {`{"users": [{"localId": "x"}, {"localId": "y", "passwordHash": "` + secret + `"}]}`, "user 2: password_hash: unknown password hash format"},
		"a hash without a salt": {`{"users": [{"localId": "x", "passwordHash": "` + firebaseHash(t, project(4), "p", "s") + `"}]}`, "user 1: password_hash: unknown password hash format"},
		"a localId twice":       {`{"users": [{"localId": "` + secret + `"}, {"localId": "` + secret + `"}]}`, "user 2: username: an earlier entry has the same username"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			faultOf(t, test.file, project(14), test.want, secret)
		})
	}
}

// An export of nobody, as it comes, is one of nobody.
func TestAnEmptyExport(t *testing.T) {
	t.Parallel()
	finding, err := openAs(t, `{"users": []}`, project(14)).FindUser(t.Context(), "x")
	if err != nil || finding.Kind != domain.UserUnknown {
		t.Errorf("%v, %v", finding, err)
	}
}

func TestOnlyOurOwnJSONIsWrittenAgain(t *testing.T) {
	t.Parallel()
	for format, text := range map[filesource.Format]string{
		filesource.FormatCSV:      "username\nx\n",
		filesource.FormatFirebase: `{"users": [{"localId": "x"}]}`,
	} {
		settings := project(14)
		settings.Format = format
		directory := openAs(t, text, settings)
		if settings.Retires() {
			t.Errorf("%s: says that people can be taken out", format)
		}
		for _, username := range []string{"x", "nobody"} {
			if err := directory.Disable(t.Context(), username); !errors.Is(err, ports.ErrMisconfigured) {
				t.Errorf("%s: Disable: %v", format, err)
			}
			if err := directory.Delete(t.Context(), username); !errors.Is(err, ports.ErrMisconfigured) {
				t.Errorf("%s: Delete: %v", format, err)
			}
		}
	}
	if settings := (&filesource.Settings{}); !settings.Retires() {
		t.Error("nobody can be taken out of our own JSON")
	}
}

func TestTheSettingsOfForms(t *testing.T) {
	t.Parallel()
	change := func(change func(*filesource.Settings)) filesource.Settings {
		settings := project(14)
		change(&settings)
		return settings
	}
	for name, test := range map[string]struct {
		settings filesource.Settings
		want     []string
	}{
		"JSON":     {filesource.Settings{Format: filesource.FormatJSON, FirebaseSaltSeparator: "Bw==", FirebaseRounds: 8, FirebaseMemCost: 14}, nil},
		"Firebase": {project(14), nil},
		"Firebase's other alphabet": {change(func(s *filesource.Settings) {
			s.FirebaseSignerKey = domain.NewSecret("jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9Wm-_==")
		}), []string{"OLD_FIREBASE_SIGNER_KEY: expected the base64_signer_key"}}, // its last bits are left over
		"a key for JSON": {change(func(s *filesource.Settings) { s.Format = filesource.FormatJSON }), []string{"OLD_FIREBASE_SIGNER_KEY: is used only with OLD_FORMAT=firebase"}},
		"no key":         {change(func(s *filesource.Settings) { s.FirebaseSignerKey = domain.Secret{} }), []string{"OLD_FIREBASE_SIGNER_KEY: is required with OLD_FORMAT=firebase"}},
		"what is no key": {change(func(s *filesource.Settings) { s.FirebaseSignerKey = domain.NewSecret("S3cret!") }), []string{"OLD_FIREBASE_SIGNER_KEY: expected the base64_signer_key"}},
		"all else is none": {change(func(s *filesource.Settings) {
			s.FirebaseSaltSeparator, s.FirebaseRounds, s.FirebaseMemCost = "!", 9, 15
		}), []string{"OLD_FIREBASE_SALT_SEPARATOR: expected", "OLD_FIREBASE_ROUNDS: expected 1 to 8", "OLD_FIREBASE_MEM_COST: expected 1 to 14"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			problems := test.settings.Validate(func(name string) string { return "OLD_" + name })
			if !slices.EqualFunc(problems, test.want, func(problem error, want string) bool { return strings.HasPrefix(problem.Error(), want) }) {
				t.Errorf("got %q, want %q", problems, test.want)
			}
			for _, problem := range problems {
				if strings.Contains(problem.Error(), "S3cret") {
					t.Errorf("%v shows a key", problem)
				}
			}
		})
	}
	var format filesource.Format
	if err := format.UnmarshalText([]byte("xml")); err == nil || err.Error() != "expected one of: json, csv, firebase" {
		t.Errorf("xml: %v", err)
	}
	if err := format.UnmarshalText([]byte("csv")); err != nil || format != filesource.FormatCSV {
		t.Errorf("csv: %v, %v", format, err)
	}
}

// Whatever stands in a file of the other forms: no panic.
func FuzzOtherForms(f *testing.F) {
	f.Add("username,password_hash\nx,"+hash+"\n", true)
	f.Add("username,enabled,groups,\"a\nb\"\nx,true,a;b,c\n", true)
	f.Add("UserName; Enabled\nx;0\n", true)
	f.Add("username,enabld, Password_Hash\rx,0,!\r", true)
	f.Add(`{"users": [{"localId": "x", "customAttributes": {"a": [1 ]}, "passwordHash": "UkVEQUNURUQ="}, {"localId": "y", "customAttributes": "{"}]}`, false)
	f.Add(`{"users": [{"localId": "x", "customAttributes": "{\"a\": null, \"b\": [1]}"}, null]}`, false)
	f.Fuzz(func(t *testing.T, text string, isCSV bool) {
		settings := project(14)
		if isCSV {
			settings.Format = filesource.FormatCSV
		}
		settings.Path = filepath.Join(t.TempDir(), "people")
		if err := os.WriteFile(settings.Path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		directory, err := filesource.Open("people", settings, filesource.Options{})
		if err != nil {
			return
		}
		if _, err := directory.FindUser(t.Context(), "x"); err != nil {
			t.Error(err)
		}
	})
}

// BenchmarkOpen reads a hundred thousand people.
func BenchmarkOpen(b *testing.B) {
	const size = 100_000
	var ours, table, export strings.Builder
	ours.WriteString("[")
	table.WriteString("username,password_hash,email,email_verified,sub\n")
	export.WriteString(`{"users": [`)
	for i := range size {
		comma := strings.Repeat(",", min(i, 1))
		fmt.Fprintf(&ours, `%s{"username":"user-%d","password_hash":"%s","attributes":{"email":"user-%d@example.com","email_verified":"true","sub":"sub-%d"}}`, comma, i, hash, i, i)
		fmt.Fprintf(&table, "user-%d,%s,user-%d@example.com,true,sub-%d\n", i, hash, i, i)
		fmt.Fprintf(&export, `%s{"localId":"user-%d","email":"user-%d@example.com","emailVerified":true,"salt":"42xEC+ixf3L2lw==","passwordHash":"lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ=="}`, comma, i, i)
	}
	ours.WriteString("]")
	export.WriteString("]}")
	for format, text := range map[filesource.Format]string{
		filesource.FormatJSON: ours.String(), filesource.FormatCSV: table.String(), filesource.FormatFirebase: export.String(),
	} {
		b.Run(string(format), func(b *testing.B) {
			settings := project(14)
			settings.Format = format
			settings.Path = filepath.Join(b.TempDir(), "people")
			if err := os.WriteFile(settings.Path, []byte(text), 0o600); err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := filesource.Open("people", settings, filesource.Options{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
