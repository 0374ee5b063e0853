package importfile_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"cognito-user-migration/domain"
	"cognito-user-migration/domain/importfile"

	"pgregory.net/rapid"
)

// read reads a file as "Formatting the .csv file" describes it. It is strict: what is
// not described is an error.
func read(text string) (header []string, rows []map[string]string, err error) {
	switch {
	case !utf8.ValidString(text):
		return nil, nil, errors.New("not UTF-8")
	case strings.HasPrefix(text, "\ufeff"):
		return nil, nil, errors.New("a byte order mark")
	case strings.Contains(text, `"`):
		return nil, nil, errors.New("a quotation mark")
	case len(text) > 100_000_000:
		return nil, nil, errors.New("more than 100 MB")
	case !strings.HasSuffix(text, "\n"):
		return nil, nil, errors.New("no line break at the end")
	}
	for number, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		if strings.ContainsAny(line, "\r\v\f\u0085\u2028\u2029") {
			return nil, nil, errors.New("another line break")
		}
		if utf8.RuneCountInString(line) > 16_000 {
			return nil, nil, errors.New("a row of more than 16,000 characters")
		}
		var cells []string
		var cell strings.Builder
		for i := 0; i < len(line); i++ {
			switch {
			case line[i] == '\\' && i+1 < len(line) && line[i+1] == ',':
				cell.WriteByte(',')
				i++
			case line[i] == ',':
				cells = append(cells, strings.TrimSpace(cell.String()))
				cell.Reset()
			default:
				cell.WriteByte(line[i])
			}
		}
		cells = append(cells, strings.TrimSpace(cell.String()))
		if number == 0 {
			header = cells
			continue
		}
		if len(cells) != len(header) {
			return nil, nil, fmt.Errorf("line %d has %d columns, the header %d", number, len(cells), len(header))
		}
		row := make(map[string]string)
		for i, name := range header {
			row[name] = cells[i]
		}
		rows = append(rows, row)
	}
	return header, rows, nil
}

// documented is the sample header of the documentation, with two custom attributes.
func documented() []string {
	return strings.Split("name,given_name,family_name,middle_name,nickname,preferred_username,profile,picture,website,email,email_verified,gender,"+
		"birthdate,zoneinfo,locale,phone_number,phone_number_verified,address,updated_at,cognito:mfa_enabled,cognito:username,custom:legacy_sub,custom:note", ",")
}

func header(t *testing.T, more ...string) importfile.Header {
	t.Helper()
	h, err := importfile.ParseHeader(append(documented(), more...))
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func rowsFor(t *testing.T, pool importfile.Pool, vouch importfile.Vouch) *importfile.Rows {
	t.Helper()
	rows, err := importfile.New(pool, vouch)
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func TestAHeaderIsChecked(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		names []string
		fails string
	}{
		"a name is empty":            {append(documented(), ""), "column 24"},
		"a name has a comma":         {append(documented(), "custom:a,b"), "column 24"},
		"a name has blanks":          {append(documented(), " custom:a"), "column 24"},
		"a name is there twice":      {append(documented(), "email"), "email twice"},
		"the username is missing":    {[]string{"cognito:mfa_enabled", "email_verified"}, "cognito:username"},
		"the MFA flag is missing":    {[]string{"cognito:username", "email_verified"}, "cognito:mfa_enabled"},
		"the verified flags missing": {[]string{"cognito:username", "cognito:mfa_enabled"}, "email_verified and phone"},
	} {
		if _, err := importfile.ParseHeader(test.names); err == nil || !strings.Contains(err.Error(), test.fails) {
			t.Errorf("%s: %v", name, err)
		}
	}
	h := header(t)
	if h.HashColumn() != "" || !slices.Equal(h.Names(), documented()) || h.Line() != strings.Join(documented(), ",")+"\n" {
		t.Errorf("the header is %q, the column of hashes %q", h.Line(), h.HashColumn())
	}
	if got := header(t, "custom:hash", "cognito:password_hash").HashColumn(); got != "cognito:password_hash" {
		t.Errorf("the column of hashes is %q", got)
	}
}

func TestAPoolThatTakesNobodyIsRefused(t *testing.T) {
	t.Parallel()
	short, err := importfile.ParseHeader([]string{"cognito:username", "cognito:mfa_enabled", "email", "email_verified"})
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		pool  importfile.Pool
		vouch importfile.Vouch
		fails string
	}{
		"the pool verifies nothing":                 {importfile.Pool{Header: short}, importfile.Vouch{}, "verifies neither"},
		"the header lacks what the pool verifies":   {importfile.Pool{Header: short, VerifiesPhone: true}, importfile.Vouch{}, "phone_number and phone_number_verified"},
		"a kind is vouched for that does not count": {importfile.Pool{Header: header(t), VerifiesEmail: true}, importfile.Vouch{Phone: true}, "does not verify phone_number"},
		"the header lacks what is the username":     {importfile.Pool{Header: short, VerifiesEmail: true, UsernameIsPhone: true}, importfile.Vouch{}, "phone_number and phone_number_verified"},
		"the same, for email":                       {importfile.Pool{Header: header(t), VerifiesPhone: true}, importfile.Vouch{Email: true}, "does not verify email"},
	} {
		if _, err := importfile.New(test.pool, test.vouch); err == nil || !strings.Contains(err.Error(), test.fails) {
			t.Errorf("%s: %v", name, err)
		}
	}
	rows, err := importfile.New(importfile.Pool{Header: short, VerifiesEmail: true}, importfile.Vouch{})
	if err != nil {
		t.Fatalf("a header without phone_number: %v", err)
	}
	line, problem := rows.Append(nil, &importfile.User{Username: "a", Attributes: []string{"email", "a@example.com", "email_verified", "true"}})
	if string(line) != "a,false,a@example.com,true\n" || problem.Reason != "" {
		t.Errorf("a header without phone_number: %q, %v", line, problem)
	}
}

func TestVouching(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]importfile.Vouch{"email": {Email: true}, "phone_number": {Phone: true}, "email, phone_number": {Email: true, Phone: true}} {
		if got, err := importfile.ParseVouch(text); err != nil || got != want {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "phone", "email,", "all"} {
		if _, err := importfile.ParseVouch(text); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
}

// One row for each rule of the file.
func TestRowsFollowTheRules(t *testing.T) {
	t.Parallel()
	most := int64(3)
	byEmail := importfile.Pool{VerifiesEmail: true}
	verified := []string{"email", "a@example.com", "email_verified", "true"}
	user := func(attributes ...string) importfile.User {
		return importfile.User{Username: "alice", SourceUsername: "source-alice", Attributes: append(slices.Clone(verified), attributes...)}
	}
	for name, test := range map[string]struct {
		pool   importfile.Pool
		vouch  importfile.Vouch
		user   importfile.User
		want   map[string]string
		reason domain.Reason
		of     string
	}{
		"a user with a verified email address": {pool: byEmail, user: user(), want: map[string]string{
			"cognito:username": "alice", "cognito:mfa_enabled": "false", "email": "a@example.com", "email_verified": "true", "phone_number_verified": "false", "name": ""}},
		"a comma is escaped, blanks are trimmed": {pool: byEmail, user: user("name", "Doe, Ann", "custom:note", "  a, b,  "),
			want: map[string]string{"name": "Doe, Ann", "custom:note": "a, b,"}},
		"a date is turned":                   {pool: byEmail, user: user("birthdate", "1985-02-01"), want: map[string]string{"birthdate": "02/01/1985"}},
		"a date that is none":                {pool: byEmail, user: user("birthdate", "01.02.85"), reason: domain.ReasonAttributeInvalid, of: "birthdate"},
		"seconds stay":                       {pool: byEmail, user: user("updated_at", "1700000000"), want: map[string]string{"updated_at": "1700000000"}},
		"a backslash inside":                 {pool: byEmail, user: user("custom:note", `ACME\alice`), want: map[string]string{"custom:note": `ACME\alice`}},
		"a backslash at the end":             {pool: byEmail, user: user("custom:note", `alice\`), reason: importfile.ReasonBackslash, of: "custom:note"},
		"a backslash before a comma":         {pool: byEmail, user: user("custom:note", `a\,b`), reason: importfile.ReasonBackslash, of: "custom:note"},
		"a quotation mark":                   {pool: byEmail, user: user("name", `Ann "Doe"`), reason: importfile.ReasonQuote, of: "name"},
		"a line break":                       {pool: byEmail, user: user("address", "1 Street\n2 Town"), reason: importfile.ReasonLineBreak, of: "address"},
		"a line separator":                   {pool: byEmail, user: user("custom:note", "a\u2028b"), reason: importfile.ReasonLineBreak, of: "custom:note"},
		"letters beyond ASCII":               {pool: byEmail, user: user("name", "山田 太郎"), want: map[string]string{"name": "山田 太郎"}},
		"an attribute without a column":      {pool: byEmail, user: user("custom:tenant", "acme"), reason: importfile.ReasonNoColumn, of: "custom:tenant"},
		"a contact that nobody verified":     {pool: byEmail, user: importfile.User{Username: "a", Attributes: []string{"email", "a@example.com", "email_verified", "false"}}, reason: domain.ReasonNoVerifiedContact},
		"a contact that is vouched for":      {pool: byEmail, vouch: importfile.Vouch{Email: true}, user: importfile.User{Username: "a", Attributes: []string{"email", "a@example.com", "email_verified", "false"}}, want: map[string]string{"email_verified": "true"}},
		"vouching for a contact of nobody":   {pool: byEmail, vouch: importfile.Vouch{Email: true}, user: importfile.User{Username: "a"}, reason: domain.ReasonNoVerifiedContact},
		"a verified contact of another kind": {pool: importfile.Pool{VerifiesPhone: true}, user: user(), reason: domain.ReasonNoVerifiedContact},
		"a verified phone number": {pool: importfile.Pool{VerifiesPhone: true}, user: importfile.User{Username: "a", Attributes: []string{"phone_number", "+14325551212", "phone_number_verified", "true"}},
			want: map[string]string{"phone_number": "+14325551212", "phone_number_verified": "true", "email_verified": "false"}},
		"a pool that requires a second factor": {pool: importfile.Pool{VerifiesEmail: true, MFARequired: true}, user: user(), want: map[string]string{"cognito:mfa_enabled": "true"}},
		"a missing attribute that is required": {pool: importfile.Pool{VerifiesEmail: true, Schema: domain.NewSchema(domain.SchemaAttribute{Name: "name", Required: true})}, user: user(), reason: domain.ReasonAttributeInvalid, of: "name"},
		"a value that is too long for the schema": {pool: importfile.Pool{VerifiesEmail: true, Schema: domain.NewSchema(domain.SchemaAttribute{Name: "custom:note", Most: &most})}, user: user("custom:note", "abcd"),
			reason: domain.ReasonAttributeInvalid, of: "custom:note"},
		"the email address is the username": {pool: importfile.Pool{VerifiesEmail: true, UsernameIsEmail: true}, user: user(), want: map[string]string{"cognito:username": "a@example.com"}},
		"the phone number is the username": {pool: importfile.Pool{VerifiesEmail: true, UsernameIsPhone: true}, user: user("phone_number", "+14325551212", "phone_number_verified", "false"),
			want: map[string]string{"cognito:username": "+14325551212", "phone_number_verified": "false"}},
		"the verified one of two is the username": {pool: importfile.Pool{VerifiesEmail: true, VerifiesPhone: true, UsernameIsEmail: true, UsernameIsPhone: true},
			user: importfile.User{Attributes: []string{"email", "a@example.com", "phone_number", "+14325551212", "phone_number_verified", "true"}}, want: map[string]string{"cognito:username": "+14325551212"}},
		"the username is a contact that is missing": {pool: importfile.Pool{VerifiesEmail: true, UsernameIsPhone: true}, user: user(), reason: importfile.ReasonNoUsername},
		"a name like an alias":                      {pool: importfile.Pool{VerifiesEmail: true, EmailIsAlias: true}, user: importfile.User{Username: "a@example.com", Attributes: verified}, reason: importfile.ReasonUsernameLooksLikeContact},
		"a name like a phone number":                {pool: importfile.Pool{VerifiesEmail: true, PhoneIsAlias: true}, user: importfile.User{Username: "+1432", Attributes: verified}, reason: importfile.ReasonUsernameLooksLikeContact},
		"a name like an address, without aliases":   {pool: byEmail, user: importfile.User{Username: "a@example.com", Attributes: verified}, want: map[string]string{"cognito:username": "a@example.com"}},
		"a name with a blank":                       {pool: byEmail, user: importfile.User{Username: "a b", Attributes: verified}, reason: domain.ReasonUsernameInvalid},
		"a name that the mapping omits":             {pool: byEmail, user: importfile.User{SourceUsername: "source-alice", Attributes: verified}, want: map[string]string{"cognito:username": "source-alice"}},
		"a row of more than 16,000 characters":      {pool: byEmail, user: user(long(2000, "x")...), reason: importfile.ReasonRowTooLong},
		"a row of many bytes":                       {pool: byEmail, user: user(long(1700, "山")...), want: map[string]string{"name": strings.Repeat("山", 1700)}},
		"a row of characters that may count twice":  {pool: byEmail, user: user(long(1000, "😀")...), reason: importfile.ReasonRowTooLong},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test.pool.Header = header(t)
			line, problem := rowsFor(t, test.pool, test.vouch).Append([]byte("before"), &test.user)
			if problem.Reason != test.reason || problem.Attribute != test.of {
				t.Fatalf("got %v", problem)
			}
			if test.reason != "" {
				if string(line) != "before" || importfile.Remedy(problem.Reason) == "" {
					t.Errorf("%q was written; the remedy is %q", line, importfile.Remedy(problem.Reason))
				}
				return
			}
			_, rows, err := read(test.pool.Header.Line() + strings.TrimPrefix(string(line), "before"))
			if err != nil || len(rows) != 1 {
				t.Fatalf("%v: %q", err, line)
			}
			for column, want := range test.want {
				if rows[0][column] != want {
					t.Errorf("%s is %q, want %q", column, rows[0][column], want)
				}
			}
		})
	}
}

// long gives nine attributes of so many characters.
func long(size int, of string) []string {
	var attributes []string
	for _, name := range []string{"name", "given_name", "family_name", "middle_name", "nickname", "profile", "picture", "website", "zoneinfo"} {
		attributes = append(attributes, name, strings.Repeat(of, size))
	}
	return attributes
}

func TestHashesHaveTheirColumn(t *testing.T) {
	t.Parallel()
	pool := importfile.Pool{Header: header(t, "cognito:password_hash"), VerifiesEmail: true}
	rows := rowsFor(t, pool, importfile.Vouch{})
	user := importfile.User{Username: "a", Attributes: []string{"email", "a@example.com", "email_verified", "true"}, Hash: "$argon2id$v=19$m=65536,t=3,p=4$c2FsdA$aGFzaA"}
	line, problem := rows.Append(nil, &user)
	_, read, err := read(pool.Header.Line() + string(line))
	if err != nil || problem.Reason != "" || read[0]["cognito:password_hash"] != user.Hash {
		t.Errorf("%v, %v, %q", err, problem, line)
	}
	user.Hash = ""
	if line, _ = rows.Append(nil, &user); !strings.HasSuffix(string(line), ",\n") {
		t.Errorf("the hash of the user before is in %q", line)
	}
	user.Attributes = append(user.Attributes, "cognito:password_hash", "x")
	if _, problem = rows.Append(nil, &user); problem.Reason != importfile.ReasonNoColumn {
		t.Errorf("an attribute took the column of hashes: %v", problem)
	}
}

func TestEveryReasonHasARemedy(t *testing.T) {
	t.Parallel()
	for _, reason := range importfile.Reasons() {
		if remedy := importfile.Remedy(reason); remedy == "" || strings.ContainsAny(remedy, "\n\"") {
			t.Errorf("%s: %q", reason, remedy)
		}
	}
}

// A written row is read again with the same values, whatever they are. A user who cannot
// be written never changes the rows of others.
func TestWhatIsWrittenIsRead(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		h, err := importfile.ParseHeader(documented())
		if err != nil {
			t.Fatal(err)
		}
		rows, err := importfile.New(importfile.Pool{Header: h, VerifiesEmail: true, VerifiesPhone: true}, importfile.Vouch{})
		if err != nil {
			t.Fatal(err)
		}
		text, kept := []byte(h.Line()), []string{}
		for range rapid.IntRange(1, 8).Draw(t, "users") {
			value := rapid.OneOf(rapid.String(), rapid.StringOf(rapid.SampledFrom([]rune(`a,\" `+"\n\r\t\u2028山")))).Draw(t, "value")
			name := rapid.SampledFrom([]string{"name", "address", "custom:note"}).Draw(t, "name")
			user := importfile.User{Username: "u", Attributes: []string{"email", "a@example.com", "email_verified", "true", name, value}}
			var problem importfile.Problem
			if text, problem = rows.Append(text, &user); problem.Reason == "" {
				kept = append(kept, strings.TrimSpace(value))
			}
		}
		_, got, err := read(string(text))
		if err != nil || len(got) != len(kept) {
			t.Fatalf("%v: %d rows, want %d", err, len(got), len(kept))
		}
		for i, row := range got {
			if row["name"]+row["address"]+row["custom:note"] != kept[i] || row["cognito:username"] != "u" {
				t.Fatalf("row %d is %q, want %q", i+1, row, kept[i])
			}
		}
	})
}

func FuzzRow(f *testing.F) {
	for _, seed := range []string{"", "plain", `a\`, `\,`, `a,b`, `"a"`, "a\nb", "\ufeffa", "a\u0085b", "\xff", " a ", `\\,`, "=1+1", strings.Repeat("x", 2049), "a\tb", "\v"} {
		f.Add(seed, seed, seed)
	}
	f.Fuzz(func(t *testing.T, username, name, note string) {
		h := header(t)
		rows := rowsFor(t, importfile.Pool{Header: h, VerifiesEmail: true}, importfile.Vouch{Email: true})
		user := importfile.User{Username: username, Attributes: []string{"custom:note", note, "email", "a@example.com", "name", name}}
		line, problem := rows.Append(nil, &user)
		if problem.Reason != "" {
			if len(line) > 0 || importfile.Remedy(problem.Reason) == "" {
				t.Errorf("%v: %q", problem, line)
			}
			return
		}
		_, got, err := read(h.Line() + string(line))
		if err != nil || len(got) != 1 {
			t.Fatalf("%v: %q", err, line)
		}
		want := map[string]string{"name": strings.TrimSpace(name), "custom:note": strings.TrimSpace(note), "email_verified": "true"}
		if username != "" {
			want["cognito:username"] = username
		}
		for column, value := range want {
			if got[0][column] != value {
				t.Errorf("%s is %q, want %q", column, got[0][column], value)
			}
		}
	})
}

func BenchmarkRow(b *testing.B) {
	h, err := importfile.ParseHeader(documented())
	if err != nil {
		b.Fatal(err)
	}
	rows, err := importfile.New(importfile.Pool{Header: h, VerifiesEmail: true}, importfile.Vouch{})
	if err != nil {
		b.Fatal(err)
	}
	user := importfile.User{Username: fmt.Sprint("user-", rand.Int()), Attributes: []string{
		"email", "alice@example.com", "email_verified", "true", "name", "Doe, Alice", "birthdate", "1985-02-01", "custom:legacy_sub", "11111111-2222-4333-8444-555555555555",
	}}
	var line []byte
	b.ReportAllocs()
	for b.Loop() {
		line, _ = rows.Append(line[:0], &user)
	}
}
