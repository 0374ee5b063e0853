package fields_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"cognito-user-migration/adapters/internal/fields"
	"cognito-user-migration/domain"

	"pgregory.net/rapid"
)

// deciding are the names of which one that is misspelt lets somebody in or
// keeps everybody out.
func deciding() []string {
	return []string{"username", "password_hash", "status", "enabled", "groups", "email_verified", "phone_number_verified"}
}

// resolve gives the one column beside the username.
func resolve(column string, mapped ...string) (string, []string, error) {
	header, err := fields.NewNames(mapped...).Header([]string{"username", column})
	if err != nil {
		return "", nil, err
	}
	return header.Names[1], header.Unknown, nil
}

func TestOurNamesAreKnownHoweverTheyAreWritten(t *testing.T) {
	t.Parallel()
	names := append(deciding()[1:], "sub")
	for _, name := range append(names, domain.StandardAttributes()...) {
		for what, written := range map[string]string{
			"as it is": name, "in capitals": strings.ToUpper(name), "with a capital": strings.ToUpper(name[:1]) + name[1:],
			"after a space": " " + name, "before spaces": name + "  ", "before a tab": name + "\t", "before a line break": name + "\r\n",
			"after a no-break space": "\u00a0" + name, "after an ideographic space": "\u3000" + name, "after a byte order mark": "\ufeff" + name,
			"before a zero-width space": name + "\u200b", "in full width": wide(name),
		} {
			if got, unknown, err := resolve(written); err != nil || got != name || len(unknown) > 0 {
				t.Errorf("%s %s: %q, %v, %v", name, what, got, unknown, err)
			}
		}
	}
}

// wide writes ASCII as full-width letters.
func wide(text string) string {
	return strings.Map(func(r rune) rune {
		if r > ' ' && r < 0x7f {
			return r + 0xfee0
		}
		return r
	}, text)
}

func TestANameThatIsAlmostOursIsAnErrorThatNamesBoth(t *testing.T) {
	t.Parallel()
	for column, meant := range map[string]string{
		"Enabld": "enabled", "enable": "enabled", "enabeld": "enabled", "is enabled": "", "ena bled": "enabled", "еnabled": "enabled", // a Cyrillic letter
		"statsu": "status", "stauts": "status", "Status_": "status", "state": "status", "stat": "status",
		"password-hash": "password_hash", "passwordHash": "password_hash", "PasswordHash": "password_hash", "pasword_hash": "password_hash", "password_hashes": "password_hash", "password hash": "password_hash",
		"group": "groups", "Group": "groups", "gruops": "groups", "user_name": "username", "user name": "username", "usernames": "username",
		"email_verifed": "email_verified", "emailVerified": "email_verified", "phone_number_verifed": "phone_number_verified",
	} {
		_, _, err := resolve(column)
		switch {
		case meant == "":
			if err != nil {
				t.Errorf("%s: %v", column, err)
			}
		case err == nil:
			t.Errorf("%s is taken for an attribute", column)
		case !strings.Contains(err.Error(), fmt.Sprintf("column 2: %q looks like %s", column, meant)):
			t.Errorf("%s: %v", column, err)
		}
	}
}

func TestNamesThatAreMeantAreNeverTakenForMisspelt(t *testing.T) {
	t.Parallel()
	for _, legitimate := range slices.Concat(domain.StandardAttributes(), []string{"sub", "custom:state", "custom:group", "custom:enabled", "dev:custom:status"}) {
		if got, unknown, err := resolve(legitimate); err != nil || got != legitimate || len(unknown) > 0 {
			t.Errorf("%s: %q, %v, %v", legitimate, got, unknown, err)
		}
	}
	for _, other := range []string{"mail", "department", "note", "date", "age", "role", "disabled", "is_active", "login", "company"} {
		if got, unknown, err := resolve(other); err != nil || got != other || !slices.Equal(unknown, []string{other}) {
			t.Errorf("%s: %q, %v, %v", other, got, unknown, err)
		}
	}
}

func TestANameThatARuleNamesIsAnAttribute(t *testing.T) {
	t.Parallel()
	for column, want := range map[string]string{"state": "state", "State": "state", "user_name": "user_name", "EMAIL_ADDR": "email_addr", "Email": "Email"} {
		mapped := []string{"state", "user_name", "email_addr", "Email", "Enabled"}
		if got, unknown, err := resolve(column, mapped...); err != nil || got != want || len(unknown) > 0 {
			t.Errorf("%s: %q, %v, %v", column, got, unknown, err)
		}
	}
	// No rule can make an attribute of what decides.
	if got, _, err := resolve("Enabled", "Enabled"); err != nil || got != "enabled" {
		t.Errorf("Enabled, which a rule names: %q, %v", got, err)
	}
}

func TestAHeaderNamesEachColumnOnceAndTheUsername(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		columns []string
		want    string
	}{
		"twice":                              {[]string{"username", "email", "email"}, "columns 2 and 3 have the same name"},
		"twice, in another letter case":      {[]string{"username", "enabled", "Enabled"}, "columns 2 and 3 have the same name"},
		"twice, with a space":                {[]string{"username", "username "}, "columns 1 and 2 have the same name"},
		"no name":                            {[]string{"username", ""}, "column 2: has no name"},
		"blanks for a name":                  {[]string{"username", " \t"}, "column 2: has no name"},
		"no username":                        {[]string{"email"}, "missing column username"},
		"nothing":                            {nil, "missing column username"},
		"two faults":                         {[]string{"username", "", "Enabld"}, "column 2: has no name\ncolumn 3: \"Enabld\" looks like enabled"},
		"a username that is almost":          {[]string{"user_name"}, "column 1: \"user_name\" looks like username"},
		"two attributes in two letter cases": {[]string{"username", "tier", "Tier"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := fields.NewNames().Header(test.columns)
			if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.HasPrefix(err.Error(), test.want)) {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
}

// One or two edits of a deciding name give that name, an error or another known name.
// They never give an ordinary attribute.
func TestNoMisspeltNameThatDecidesBecomesAnAttribute(t *testing.T) {
	t.Parallel()
	known := append(append(deciding(), "sub"), domain.StandardAttributes()...)
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.SampledFrom(deciding()[1:]).Draw(t, "name")
		letters := []rune(name)
		for range rapid.IntRange(1, 2).Draw(t, "edits") {
			letter := rapid.RuneFrom([]rune("abcdefghijklmnopqrstuvwxyzABCXYZ0123456789_- .éあ")).Draw(t, "letter")
			at := rapid.IntRange(0, len(letters)-1).Draw(t, "at")
			switch rapid.IntRange(0, 2).Draw(t, "edit") {
			case 0:
				letters = slices.Delete(letters, at, at+1)
			case 1:
				letters = slices.Insert(letters, at, letter)
			default:
				letters[at] = letter
			}
		}
		got, unknown, err := resolve(string(letters))
		if err == nil && (len(unknown) > 0 || !slices.Contains(known, got)) {
			t.Fatalf("%q is taken for the attribute %q", string(letters), got)
		}
	})
}

func TestOurNamesDoNotStandAmongAttributes(t *testing.T) {
	t.Parallel()
	for _, written := range []string{"enabled", "Enabled", " status", "PASSWORD_HASH", "groups"} {
		if _, _, err := fields.NewNames().Attribute(written); err == nil || !strings.Contains(err.Error(), "must be next to attributes") {
			t.Errorf("%q: %v", written, err)
		}
	}
	for written, want := range map[string]string{"Email": "email", "state": "state", "group": "group", "custom:Enabled": "custom:Enabled", "EMAIL_VERIFIED": "email_verified"} {
		if got, _, err := fields.NewNames().Attribute(written); err != nil || got != want {
			t.Errorf("%q: %q, %v", written, got, err)
		}
	}
	if got, known, err := fields.NewNames("status").Attribute("status"); err != nil || got != "status" || !known {
		t.Errorf("status, which a rule names: %q, %v, %v", got, known, err)
	}
	if _, _, err := fields.NewNames().Attribute("email_verifed"); err == nil {
		t.Error("email_verifed is taken for an attribute")
	}
}

func TestFieldsAreKnownHoweverTheyAreWritten(t *testing.T) {
	t.Parallel()
	of := []string{"username", "enabled"}
	for _, written := range []string{"enabled", "Enabled", " ENABLED "} {
		if got, err := fields.Field(written, of...); err != nil || got != "enabled" {
			t.Errorf("%q: %q, %v", written, got, err)
		}
	}
	for written, want := range map[string]string{
		"Enabld":            `expected username and enabled, and no other field; "Enabld" looks like enabled`,
		"department":        `expected username and enabled, and no other field; found "department"`,
		"alice@example.com": `expected username and enabled, and no other field`,
	} {
		if _, err := fields.Field(written, of...); err == nil || err.Error() != want {
			t.Errorf("%q: %v", written, err)
		}
	}
}

func TestBooleansAsFilesAndDatabasesHaveThem(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{"true": true, "TRUE": true, "t": true, "1": true, " 1 ": true, "false": false, "False": false, "f": false, "0": false} {
		if got, err := fields.Bool(text); err != nil || got != want {
			t.Errorf("%q: %t, %v", text, got, err)
		}
	}
	for _, text := range []string{"", " ", "yes", "no", "2", "-1", "Y", "on", "null", "1.0", "tru"} {
		if _, err := fields.Bool(text); err == nil || strings.Contains(err.Error(), "yes") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestValuesAreKeptInOneForm(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ attribute, text, want string }{
		{"email_verified", "1", "true"}, {"phone_number_verified", "F", "false"}, {"email", "a@example.com   ", "a@example.com"},
		{"sub", " 1 ", "1"}, {"name", " Ann ", " Ann "}, {"custom:note", "x ", "x "},
	} {
		if got, err := fields.Value(test.attribute, test.text); err != nil || got != test.want {
			t.Errorf("%s %q: %q, %v", test.attribute, test.text, got, err)
		}
	}
	if _, err := fields.Value("email_verified", "perhaps"); err == nil {
		t.Error("perhaps is a boolean")
	}
	for text, want := range map[string]domain.UserStatus{"CONFIRMED": domain.StatusConfirmed, " confirmed  ": domain.StatusConfirmed} {
		if got, err := fields.ReadStatus(text); err != nil || got != want {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
	if _, err := fields.ReadStatus("active"); err == nil {
		t.Error("active is a status")
	}
	if got := fields.SplitGroups("; staff;Domain Users ;"); !slices.Equal(got, []string{"staff", "Domain Users"}) {
		t.Errorf("groups %q", got)
	}
}
