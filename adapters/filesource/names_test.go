package filesource_test

import (
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
)

// Whatever way a header is written: who is disabled stays disabled, and who has a
// password can sign in.
func TestAHeaderMeansWhatItSaysHoweverItIsWritten(t *testing.T) {
	t.Parallel()
	for _, header := range []string{
		"username,password_hash,enabled,status", "Username,Password_Hash,Enabled,Status", "USERNAME,PASSWORD_HASH,ENABLED,STATUS",
		" username, password_hash, enabled, status", "username ,password_hash ,enabled ,status ", "\ufeffusername,password_hash,\ufeffenabled,status\u00a0",
		"\"username\",\"password_hash\",\"enabled\",\"status\"", "username,password_hash,ｅｎａｂｌｅｄ,status",
	} {
		for end, line := range map[string]string{"\\n": "\n", "\\r\\n": "\r\n"} {
			t.Run(header+end, func(t *testing.T) {
				t.Parallel()
				directory := openAs(t, header+line+"anna,"+hash+",FALSE,CONFIRMED"+line+"berta,"+hash+",1,archived"+line, filesource.Settings{Format: filesource.FormatCSV})
				for username, want := range map[string]domain.SourceUser{
					"anna":  {Username: "anna", Status: domain.StatusConfirmed, Enabled: false, Attributes: domain.Attributes{}},
					"berta": {Username: "berta", Status: domain.StatusArchived, Enabled: true, Attributes: domain.Attributes{}},
				} {
					finding, err := directory.Authenticate(t.Context(), username, domain.NewPassword("U*U"))
					if err != nil || finding.Kind != domain.PasswordAccepted {
						t.Fatalf("%v, %v", finding, err)
					}
					if got, want := show(finding.User), show(want); got != want {
						t.Errorf("got  %s\nwant %s", got, want)
					}
				}
			})
		}
	}
}

func TestAHeaderThatIsNotMeantSoEndsTheStart(t *testing.T) {
	t.Parallel()
	const secret = "S3cret-value"
	for header, want := range map[string]string{
		"username,enabld":                `the header row: column 2: "enabld" looks like enabled; rename it, or add a rule for it to MIGRATE_ATTRIBUTES`,
		"username,password-hash,Stauts":  "the header row: column 2: \"password-hash\" looks like password_hash; rename it, or add a rule for it to MIGRATE_ATTRIBUTES if it is another attribute\ncolumn 3: \"Stauts\" looks like status",
		"user_name,email":                `the header row: column 1: "user_name" looks like username`,
		"username,group":                 `the header row: column 2: "group" looks like groups`,
		"username,enabled,Enabled":       "the header row: columns 2 and 3 have the same name",
		"username;password_hash;enabled": "the header row: the columns are separated by semicolons; export the file with commas",
		"\ufeffusername;enabled":         "the header row: the columns are separated by semicolons; export the file with commas",
		"email\tUsername\tenabled":       "the header row: the columns are separated by tabs; export the file with commas",
		`"email";"username"`:             "the header row: the columns are separated by semicolons; export the file with commas",
		"email|username":                 "the header row: the columns are separated by vertical bars; export the file with commas",
		"sep=;\nusername;email":          "line 1 is a spreadsheet's sep= line",
		"email,name":                     "the header row lacks the column username",
	} {
		t.Run(header, func(t *testing.T) {
			t.Parallel()
			faultOf(t, header+"\n"+secret+","+secret+"\n", filesource.Settings{Format: filesource.FormatCSV}, want, secret)
		})
	}
}

func TestAFileThatIsNoTextIsNamed(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]string{
		"username,email\rS3cret-value,y\r": "line 1: the lines end with carriage returns only",
		"PK\x03\x04S3cret-value":           "not a text file but a ZIP archive or an Excel workbook; export or unpack it",
		"\x1f\x8bS3cret-value":             "not a text file but compressed by gzip",
	} {
		faultOf(t, file, filesource.Settings{Format: filesource.FormatCSV}, want, "S3cret-value")
	}
}

// fileAs writes a text to a file and gives its settings.
func fileAs(t *testing.T, text string, format filesource.Format) filesource.Settings {
	t.Helper()
	settings := filesource.Settings{Format: format, Path: filepath.Join(t.TempDir(), "people")}
	if err := os.WriteFile(settings.Path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return settings
}

func TestAttributesThatNothingUsesAreListedOnce(t *testing.T) {
	t.Parallel()
	many := make([]string, 60)
	for i := range many {
		many[i] = fmt.Sprintf("column%02d", i)
	}
	for name, test := range map[string]struct {
		format filesource.Format
		file   string
		want   []string
	}{
		"none":                              {filesource.FormatCSV, "username,email,custom:tier,state\nx,y,z,w\n", nil},
		"columns":                           {filesource.FormatCSV, "username,department,Age,email\nx,,,\ny,,,\n", []string{"department", "Age"}},
		"attributes of JSON":                {filesource.FormatJSON, `[{"username": "x", "attributes": {"department": "a", "email": "b"}}, {"username": "y", "attributes": {"department": "c", "age": 7, "state": 1}}]`, []string{"department", "age"}},
		"a value in the place of a name":    {filesource.FormatJSON, `[{"username": "x", "attributes": {"anna@example.com": 1}}]`, []string{"and 1 more"}},
		"more than anybody reads":           {filesource.FormatCSV, "username," + strings.Join(many, ",") + "\n", append(slices.Clone(many[:50]), "and 10 more")},
		"an export of Firebase has no such": {filesource.FormatFirebase, `{"users": [{"localId": "x", "somethingNew": 1}]}`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			settings := fileAs(t, test.file, test.format)
			if test.format == filesource.FormatFirebase {
				firebase := project(14)
				firebase.Path = settings.Path
				settings = firebase
			}
			var got []string
			if _, err := filesource.Open("people", settings, filesource.Options{Mapped: []string{"state"}, Note: func(note ports.Note) {
				got = append(got, note.Names...)
			}}); err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// PHP writes an empty object as an empty list, a list with gaps as an object, and
// what came from a database as texts.
func TestJSONAsPHPWritesIt(t *testing.T) {
	t.Parallel()
	for entry, want := range map[string]domain.SourceUser{
		`{"username": "x", "attributes": []}`:                                        {Enabled: true},
		`{"username": "x", "attributes": {}}`:                                        {Enabled: true},
		`{"username": "x", "attributes": null, "groups": null, "status": null}`:      {Enabled: true},
		`{"username": "x", "enabled": 1, "groups": []}`:                              {Enabled: true},
		`{"username": "x", "enabled": "1", "groups": {}}`:                            {Enabled: true},
		`{"username": "x", "enabled": "true"}`:                                       {Enabled: true},
		`{"username": "x", "enabled": null}`:                                         {Enabled: true},
		`{"username": "x", "enabled": 0}`:                                            {},
		`{"username": "x", "enabled": "0"}`:                                          {},
		`{"username": "x", "enabled": "False"}`:                                      {},
		`{"username": "x", "Enabled": false}`:                                        {},
		`{" UserName ": "x", "enabled ": "0"}`:                                       {},
		`{"username": "x", "groups": {"0": "staff", "2": "tokyo"}}`:                  {Enabled: true, Groups: []string{"staff", "tokyo"}},
		`{"username": "x", "groups": ["staff", 7]}`:                                  {Enabled: true, Groups: []string{"staff", "7"}},
		`{"username": "x", "status": "", "password_hash": ""}`:                       {Enabled: true},
		`{"username": "x", "status": "archived"}`:                                    {Enabled: true, Status: domain.StatusArchived},
		`{"username": "x", "attributes": {"Email": "a@example.com ", "sub": 42}}`:    {Enabled: true, Sub: "42", Attributes: domain.Attributes{"email": "a@example.com", "sub": "42"}},
		`{"username": "x", "attributes": {"email_verified": 1, "name": 5}}`:          {Enabled: true, Attributes: domain.Attributes{"email_verified": "true", "name": "5"}},
		`{"username": "x", "attributes": {"email_verified": "0"}}`:                   {Enabled: true, Attributes: domain.Attributes{"email_verified": "false"}},
		`{"username": "x ", "attributes": {"state": "Tokyo", "custom:Status": "a"}}`: {Enabled: true, Attributes: domain.Attributes{"state": "Tokyo", "custom:Status": "a"}},
	} {
		t.Run(entry, func(t *testing.T) {
			t.Parallel()
			finding, err := read(t, "["+entry+"]").FindUser(t.Context(), "x")
			if err != nil || finding.Kind != domain.UserFound {
				t.Fatalf("%v, %v", finding, err)
			}
			want.Username = "x"
			if want.Status == "" {
				want.Status = domain.StatusConfirmed
			}
			if want.Attributes == nil {
				want.Attributes = domain.Attributes{}
			}
			if got, want := show(finding.User), show(want); got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
		})
	}
	finding, err := read(t, `[{"username": 42}]`).FindUser(t.Context(), "42")
	if err != nil || finding.User.Username != "42" {
		t.Errorf("a number for a username: %v, %v", finding, err)
	}
}

func TestAFaultOfJSONNamesItsField(t *testing.T) {
	t.Parallel()
	const secret = "S3cret-value"
	faults := map[string]string{
		`"enabled": "yes"`: "enabled: expected true or false, 1 or 0", `"enabled": ""`: "enabled: expected", `"enabled": 2`: "enabled: expected", `"enabled": []`: "enabled: expected",
		`"Enabled": "` + secret + `"`: "enabled: expected", `"enabled": true, "Enabled": false`: "enabled: duplicate field", `"enabled": true, "enabled": false`: "enabled: duplicate field",
		`"enabld": false`:                           `expected username, password_hash, status, enabled, attributes, groups and mfa, and no other field; "enabld" looks like enabled`,
		`"passwordHash": "` + secret + `"`:          `expected username, password_hash, status, enabled, attributes, groups and mfa, and no other field; "passwordHash" looks like password_hash`,
		`"` + secret + `@example.com": 1`:           "expected username, password_hash, status, enabled, attributes, groups and mfa, and no other field",
		`"password_hash": ["` + secret + `"]`:       "password_hash: expected a text",
		`"password_hash": false`:                    "password_hash: unknown password hash format",
		`"status": 1`:                               "status: expected one of",
		`"status": ["` + secret + `"]`:              "status: expected a text",
		`"groups": "` + secret + `"`:                "groups: expected a list of names",
		`"groups": {"` + secret + `": "x"}`:         "groups: expected a list of names",
		`"groups": [["` + secret + `"]]`:            "groups: expected a list of names",
		`"groups": [null]`:                          "groups: expected a list of names",
		`"attributes": ["` + secret + `"]`:          "attributes: expected an object",
		`"attributes": "` + secret + `"`:            "attributes: expected an object",
		`"attributes": {"enabled": false}`:          "attributes: enabled must be next to attributes, not inside it",
		`"attributes": {"Password_Hash": "x"}`:      "attributes: password_hash must be next to",
		`"attributes": {"email": 1, "Email": 2}`:    "attributes: email: duplicate field",
		`"attributes": {"email_verified": "maybe"}`: "attributes: email_verified: expected true or false",
		`"attributes": {"email_verifed": true}`:     `attributes: "email_verifed" looks like email_verified`,
		`"attributes": {"": 1}`:                     "attributes: has no name",
	}
	for _, members := range slices.Sorted(maps.Keys(faults)) {
		t.Run(members, func(t *testing.T) {
			t.Parallel()
			faultOf(t, `[{"username": "x"}, {"username": "y", `+members+`}]`, filesource.Settings{}, "entry 2: "+faults[members], secret)
		})
	}
}

// What a person is disabled by is written under the name that the entry has.
func TestDisablingKeepsOneFieldForIt(t *testing.T) {
	t.Parallel()
	directory, err := filesource.Open("people", fileAs(t, `[{"Username": "x", "Enabled": "1"}]`, filesource.FormatJSON), filesource.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := directory.Disable(t.Context(), "x"); err != nil {
		t.Fatal(err)
	}
	if got := standing(t, directory, "x"); got != "disabled" {
		t.Errorf("x is %s", got)
	}
}

// Padding that an export of CHAR(n) columns has is none of a value.
func TestPaddingOfFixedWidthIsLeftOut(t *testing.T) {
	t.Parallel()
	directory := openAs(t, "username,password_hash,status,enabled,email,email_verified\nanna      ,"+hash+"   ,CONFIRMED ,0    ,anna@example.com    ,true \n", filesource.Settings{Format: filesource.FormatCSV})
	for _, typed := range []string{"anna", "anna@example.com"} {
		finding, err := directory.Authenticate(t.Context(), typed, domain.NewPassword("U*U"))
		if err != nil || finding.Kind != domain.PasswordAccepted || finding.User.Username != "anna" || finding.User.Enabled {
			t.Errorf("%s: %v, %v", typed, finding, err)
		}
	}
}
