package domain_test

import (
	"maps"
	"math/big"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"cognito-user-migration/domain"

	"pgregory.net/rapid"
)

// long is a text of so many characters.
func long(characters int) string { return strings.Repeat("x", characters) }

// Each row is an attribute, the source's value and the destination's. The last is empty
// if a user pool accepts no form of the value.
func TestWhatBecomesOfAValue(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ attribute, value, want string }{
		// Phone numbers: what stands between the digits goes, no country code is guessed.
		{"phone_number", "+819012345678", "+819012345678"},
		{"phone_number", "+81 90 1234 5678", "+819012345678"},
		{"phone_number", " +81-90-1234-5678\r\n", "+819012345678"},
		{"phone_number", "+1 (432) 555-1212", "+14325551212"},
		{"phone_number", "(+81) 90.1234.5678", "+819012345678"},
		{"phone_number", "+81 (0)90/1234/5678", "+819012345678"},
		{"phone_number", "＋８１（０）９０－１２３４－５６７８", "+819012345678"},
		{"phone_number", "\u202a+81\u00a090\u20111234\u20115678\u202c", "+819012345678"},
		{"phone_number", "+81ー90ー1234ー5678", "+819012345678"},
		{"phone_number", "tel:+81-90-1234-5678", "+819012345678"},
		{"phone_number", "+39 (0)6 698 12345", ""},
		{"phone_number", "+39 06 698 12345", "+390669812345"},
		{"phone_number", "090-1234-5678", ""},
		{"phone_number", "819012345678", ""},
		{"phone_number", "00819012345678", ""},
		{"phone_number", "+09012345678", ""},
		{"phone_number", "+81 90 1234 5678 ext. 9", ""},
		{"phone_number", "+81 90 1234 5678;ext=9", ""},
		{"phone_number", "+819012345678, +819012345679", ""},
		{"phone_number", "+1234567890123456", ""},
		{"phone_number", "+123456", ""},
		{"phone_number", "+٨١٩٠١٢٣٤٥٦٧", ""},
		{"phone_number", "++819012345678", ""},
		{"phone_number", "+81901234\x005678", ""},
		{"phone_number", "+" + strings.Repeat(" ", 100) + "819012345678", ""},
		{"phone_number", "N/A", ""}, {"phone_number", "NULL", ""}, {"phone_number", "-", ""}, {"phone_number", "+", ""},

		// Email addresses: spaces around them go, nothing else is touched.
		{"email", "alice@example.com", "alice@example.com"},
		{"email", "alice@example.com ", "alice@example.com"},
		{"email", "\ufeff\u3000Alice.O'Neil+x@Mail.example.co.jp\t", "Alice.O'Neil+x@Mail.example.co.jp"},
		{"email", "a@xn--fsq.example", "a@xn--fsq.example"},
		{"email", "alice@ example.com", ""},
		{"email", "alice@@example.com", ""},
		{"email", "alice@bob@example.com", ""},
		{"email", "alice@localhost", ""},
		{"email", "alice@10.0.0.1", ""},
		{"email", "alice@[10.0.0.1]", ""},
		{"email", "alice@example.com.", ""},
		{"email", "alice@-example.com", ""},
		{"email", "alice@exam_ple.com", ""},
		{"email", ".alice@example.com", ""},
		{"email", "alice.@example.com", ""},
		{"email", "ali..ce@example.com", ""},
		{"email", `"alice smith"@example.com`, ""},
		{"email", "Alice <alice@example.com>", ""},
		{"email", "alice@example.com, bob@example.com", ""},
		{"email", "ａlice@example.com", ""},
		{"email", "alice＠example.com", ""},
		{"email", "アリス@example.com", ""},
		{"email", "alice@例え.jp", ""},
		{"email", long(65) + "@example.com", ""},
		{"email", long(64) + "@example.com", long(64) + "@example.com"},
		{"email", "alice@" + long(64) + ".com", ""},
		{"email", "alice@" + strings.Repeat("x.", 127) + "com", ""},
		{"email", "alice", ""}, {"email", "@example.com", ""}, {"email", "alice@", ""}, {"email", "@", ""},
		{"email", "N/A", ""}, {"email", "NULL", ""}, {"email", "null", ""}, {"email", "none", ""}, {"email", "undefined", ""}, {"email", "-", ""},

		// Days: year first, and nothing else.
		{"birthdate", "1980-01-05", "1980-01-05"},
		{"birthdate", "1980-1-5", "1980-01-05"},
		{"birthdate", " 1980/01/05 ", "1980-01-05"},
		{"birthdate", "1980.1.5", "1980-01-05"},
		{"birthdate", "19800105", "1980-01-05"},
		{"birthdate", "1980-01-05 00:00:00", "1980-01-05"},
		{"birthdate", "1980-01-05T00:00:00.000Z", "1980-01-05"},
		{"birthdate", "1980-01-05T00:00:00+09:00", "1980-01-05"},
		{"birthdate", "2000-02-29", "2000-02-29"},
		{"birthdate", "1980-01-04T15:00:00Z", ""},
		{"birthdate", "1980-01-05T", ""},
		{"birthdate", "2001-02-29", ""}, {"birthdate", "1980-13-01", ""}, {"birthdate", "1980-00-05", ""},
		{"birthdate", "0000-00-00", ""}, {"birthdate", "0000-01-05", ""}, {"birthdate", "0000-00-00 00:00:00", ""},
		{"birthdate", "01/05/1980", ""}, {"birthdate", "5.1.1980", ""}, {"birthdate", "80-01-05", ""}, {"birthdate", "1980", ""}, {"birthdate", "1980-01", ""},
		{"birthdate", "N/A", ""}, {"birthdate", "-", ""}, {"birthdate", "January 5, 1980", ""},

		// Seconds since 1970.
		{"updated_at", "1700000000", "1700000000"},
		{"updated_at", " 1700000000\n", "1700000000"},
		{"updated_at", "1700000000.50", "1700000000"},
		{"updated_at", "1.7e+09", "1700000000"},
		{"updated_at", "1700000000123", "1700000000"},
		{"updated_at", "1700000000123456", "1700000000"},
		{"updated_at", "1700000000123456789", "1700000000"},
		{"updated_at", "2023-11-14T22:13:20Z", "1700000000"},
		{"updated_at", "2023-11-14T22:13:20.123Z", "1700000000"},
		{"updated_at", "2023-11-15T07:13:20+09:00", "1700000000"},
		{"updated_at", "2023-11-15 07:13:20+09", "1700000000"},
		{"updated_at", "20231114221320Z", "1700000000"},
		{"updated_at", "20231115071320.5+0900", "1700000000"},
		{"updated_at", "0", "0"},
		{"updated_at", "-1", ""}, {"updated_at", "-1.5", ""}, {"updated_at", "1969-12-31T23:59:59Z", ""}, {"updated_at", "9999-12-31T23:59:59Z", ""},
		{"updated_at", "2023-11-14", ""}, {"updated_at", "2023-11-14 22:13:20", ""}, {"updated_at", "20231114221320", ""}, {"updated_at", "202311142213", ""},
		{"updated_at", "yesterday", ""}, {"updated_at", "NULL", ""}, {"updated_at", "NaN", ""}, {"updated_at", "Inf", ""}, {"updated_at", "0x10.p1", ""},
		{"updated_at", "1e300", ""}, {"updated_at", "99999999999999999999", ""}, {"updated_at", ".", ""},

		// Text: anything up to 2048 characters.
		{"name", "花子", "花子"},
		{"name", "  Alice  ", "Alice"},
		{"name", "Alice\tO'Neil\r\n", "Alice O'Neil"},
		{"name", "Alice\x00", ""}, {"name", "Ali\x1bce", ""}, {"name", "Ali\u0085ce", ""}, {"name", "\xff\xfe", ""}, {"name", "\x83A\x83\x8a", ""},
		{"family_name", "Null", "Null"}, {"nickname", "N/A", "N/A"}, {"gender", "-", "-"},
		{"picture", long(2048), long(2048)}, {"picture", long(3072), ""},
		{"profile", strings.Repeat("鳥", 2048), strings.Repeat("鳥", 2048)}, {"profile", strings.Repeat("鳥", 2049), ""},
		{"nickname", strings.Repeat("🐦", 1024), strings.Repeat("🐦", 1024)}, {"nickname", strings.Repeat("🐦", 1025), ""},
		{"address", "1 Way\r\nTokyo ", "1 Way\r\nTokyo"}, {"address", "1\x0bWay", ""},
		{"zoneinfo", "Asia/Tokyo", "Asia/Tokyo"}, {"locale", "ja-JP", "ja-JP"}, {"website", "https://example.com/", "https://example.com/"},
		{"name", "   ", ""}, {"email", " \u3000", ""}, {"birthdate", "\t", ""},

		// Custom attributes of a type that is not known are texts.
		{"custom:x", " as it is\n", " as it is\n"}, {"custom:x", long(2049), ""}, {"custom:x", "\x00", ""}, {"custom:x", "\xff", ""},
		{"dev:custom:x", "1", "1"},
	} {
		user := domain.SourceUser{Attributes: domain.Attributes{row.attribute: row.value}}
		got := mapping(row.attribute).Apply(user, domain.VerifiedBySource)
		if got[row.attribute] != row.want {
			t.Errorf("%s=%q: got %q, want %q", row.attribute, row.value, got[row.attribute], row.want)
		}
		if row.want != "" && !accepted(row.attribute, row.want) {
			t.Errorf("%s=%q is none that a user pool takes", row.attribute, row.want)
		}
	}
}

func TestWhatBecomesOfAValueOfATypeThatTheSchemaNames(t *testing.T) {
	t.Parallel()
	schema, err := domain.ParseSchema("custom:n=Number 0..150, custom:i=number, custom:b=Boolean, custom:d=DateTime, custom:s=String 2..4, custom:l=..3, birthdate=4..10, name=1..5, updated_at=1000..")
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct{ attribute, value, want string }{
		{"custom:n", "42", "42"}, {"custom:n", " 42 ", "42"}, {"custom:n", "42.0", "42"}, {"custom:n", "0", "0"}, {"custom:n", "150", "150"},
		{"custom:n", "151", ""}, {"custom:n", "-1", ""}, {"custom:n", "42.5", ""}, {"custom:n", "1,000", ""}, {"custom:n", "0x1", ""}, {"custom:n", "forty", ""}, {"custom:n", "N/A", ""}, {"custom:n", "+1", ""}, {"custom:n", "--1", ""}, {"custom:n", ".", ""}, {"custom:n", "-", ""},
		{"custom:i", "-9223372036854775808", "-9223372036854775808"}, {"custom:i", "9223372036854775808", ""},
		{"custom:b", "true", "true"}, {"custom:b", "TRUE", "true"}, {"custom:b", "1", "true"}, {"custom:b", "f", "false"}, {"custom:b", "0", "false"}, {"custom:b", "yes", ""}, {"custom:b", "2", ""},
		{"custom:d", "2024-05-01T12:00:00Z", "2024-05-01T12:00:00Z"}, {"custom:d", "2024-05-01T12:00:00.5+09:00", "2024-05-01T12:00:00.5+09:00"}, {"custom:d", "2024-05-01 12:00:00+00", "2024-05-01T12:00:00Z"}, {"custom:d", "2024-05-01", ""}, {"custom:d", "05/01/2024", ""},
		{"custom:s", "ab", "ab"}, {"custom:s", "abcd", "abcd"}, {"custom:s", "a", ""}, {"custom:s", "abcde", ""}, {"custom:s", "鳥", ""}, {"custom:s", "鳥鳥鳥鳥", "鳥鳥鳥鳥"}, {"custom:s", "🐦", ""}, {"custom:s", "🐦🐦🐦", ""},
		{"custom:l", "abc", "abc"}, {"custom:l", "abcd", ""},
		{"birthdate", "1980", ""}, {"birthdate", "1980-1-5", "1980-01-05"},
		{"name", "Alice", "Alice"}, {"name", "Alice B", ""},
		{"updated_at", "999", ""}, {"updated_at", "1000", "1000"},
	} {
		rules, err := mapping(row.attribute).In(schema)
		if err != nil {
			t.Fatal(err)
		}
		got := rules.Apply(domain.SourceUser{Attributes: domain.Attributes{row.attribute: row.value}}, domain.VerifiedBySource)
		if got[row.attribute] != row.want {
			t.Errorf("%s=%q: got %q, want %q", row.attribute, row.value, got[row.attribute], row.want)
		}
	}
}

// accepted is an independent reading of what AWS documents for every user pool
// (cognito-facts 35 to 40), written by other means than the product's.
func accepted(attribute, value string) bool {
	if !utf8.ValidString(value) || len(utf16.Encode([]rune(value))) > 2048 || strings.ContainsRune(value, 0) {
		return false
	}
	switch attribute {
	case "email":
		return regexp.MustCompile(`^[A-Za-z0-9!#$%&'*+/=?^_{|}~`+"`"+`-]+(\.[A-Za-z0-9!#$%&'*+/=?^_{|}~`+"`"+`-]+)*@([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z0-9-]*[A-Za-z][A-Za-z0-9-]*$`).MatchString(value) &&
			strings.Index(value, "@") <= 64
	case "phone_number":
		return regexp.MustCompile(`^\+[1-9][0-9]{1,14}$`).MatchString(value)
	case "birthdate":
		day, err := time.Parse(time.DateOnly, value)
		return err == nil && len(value) == 10 && day.Format(time.DateOnly) == value
	case "updated_at":
		number, ok := new(big.Int).SetString(value, 10)
		return ok && number.Sign() >= 0 && regexp.MustCompile(`^[0-9]+$`).MatchString(value)
	case "email_verified", "phone_number_verified":
		return value == "true" || value == "false"
	case "address":
		return !regexp.MustCompile(`[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]`).MatchString(value)
	default:
		return strings.HasPrefix(attribute, "custom:") || !regexp.MustCompile(`[\x00-\x1f\x7f]`).MatchString(value)
	}
}

// anyValue is a value near those that mean something, or anything.
func anyValue() *rapid.Generator[string] {
	return rapid.OneOf(
		anyOf("alice@example.com", "+819012345678", "1980-01-05", "1700000000", "true", "N/A", "NULL", "0000-00-00", long(3000), "\x00", "\xff"),
		rapid.String(),
		rapid.StringMatching(`[ +(＋]{0,3}[0-9０-９ ().\-ー/]{0,20}`),
		rapid.StringMatching(`[a-z.@ "'+-]{0,10}@[a-z0-9.-]{0,12} ?`),
		rapid.StringMatching(`[0-9]{1,4}[-/.][0-9]{1,2}[-/.][0-9]{1,4}([T ][0-9:.]{0,12}(Z|[+-][0-9:]{2,5})?)?`),
		rapid.StringMatching(`[-+]?[0-9]{1,20}(\.[0-9]{0,3})?(e[+-]?[0-9]{1,3})?`),
	)
}

func TestWhateverTheSourceHasTheDestinationTakesWhatItIsGiven(t *testing.T) {
	t.Parallel()
	rules := mapping("*,custom:x")
	rapid.Check(t, func(t *rapid.T) {
		names := append(domain.StandardAttributes(), "custom:x", "email_verified", "phone_number_verified")
		user := domain.SourceUser{Attributes: rapid.MapOf(anyOf(names...), anyValue()).Draw(t, "attributes")}
		given := rules.Apply(user, domain.VerifiedBySource)
		for name, value := range given {
			if value == "" || !accepted(name, value) {
				t.Fatalf("%s=%q is given", name, value)
			}
		}
		again := rules.Apply(domain.SourceUser{Attributes: given}, domain.VerifiedBySource)
		if !maps.Equal(given, again) {
			t.Fatalf("%q, and of that %q", map[string]string(given), map[string]string(again))
		}
		for _, contact := range []string{"email", "phone_number"} {
			if _, flagged := given[contact+"_verified"]; flagged != (given[contact] != "") {
				t.Fatalf("the flag of %s is there: %t", contact, flagged)
			}
		}
	})
}

func FuzzFitStandardAttribute(f *testing.F) {
	for _, name := range domain.StandardAttributes() {
		for _, seed := range []string{"+81 (0)90-1234-5678", "a.b@example.com", "1980-1-5", "1980-01-05T00:00:00Z", "1700000000123", "1.7e9", "20231114221320Z", "N/A", "\xff", long(2049)} {
			f.Add(name, seed)
		}
	}
	f.Fuzz(func(t *testing.T, name, value string) {
		fitted, ok := domain.FitStandardAttribute(name, value)
		if !ok || fitted == "" || !slices.Contains(domain.StandardAttributes(), name) {
			return
		}
		if !accepted(name, fitted) {
			t.Fatalf("%s=%q is taken as %q", name, value, fitted)
		}
		if again, ok := domain.FitStandardAttribute(name, fitted); !ok || again != fitted {
			t.Fatalf("%s=%q is taken as %q, and that as %q, %t", name, value, fitted, again, ok)
		}
	})
}

func TestWhoIsRefusedForAValue(t *testing.T) {
	t.Parallel()
	required := func(r *domain.Rules) {
		schema, err := domain.ParseSchema("name=required,email=required")
		if err == nil {
			r.Attributes, err = r.Attributes.In(schema)
		}
		if err != nil {
			panic(err)
		}
	}
	with := func(name, value string) domain.SourceUser {
		return changed(func(u *domain.SourceUser) { u.Attributes[name] = value })
	}
	const migrate, refuse = domain.Migrate, domain.Refuse
	for _, row := range []struct {
		name    string
		rules   domain.Rules
		trigger domain.Trigger
		typed   string
		user    domain.SourceUser

		verdict domain.Verdict
		reason  domain.Reason
		omitted domain.AttributeNames
	}{
		{"an optional value is left out and named", rules(), signIn, "alice", with("birthdate", "N/A"),
			migrate, domain.ReasonPasswordAccepted, domain.AttributeNames{"birthdate"}},
		{"two of them are named in the order of the rules", rules(), signIn, "alice",
			changed(func(u *domain.SourceUser) { u.Attributes["website"], u.Attributes["address"] = "\x00", long(2049) }),
			migrate, domain.ReasonPasswordAccepted, domain.AttributeNames{"address", "website"}},
		{"a blank value is no invalid one", rules(), signIn, "alice", with("birthdate", "  "),
			migrate, domain.ReasonPasswordAccepted, nil},
		{"a repaired value is not left out", rules(), signIn, "+819012345678", with("phone_number", "+81 90-1234-5678"),
			migrate, domain.ReasonPasswordAccepted, nil},
		{"a contact that was not typed is left out", rules(), signIn, "alice", with("phone_number", "090-1234-5678"),
			migrate, domain.ReasonPasswordAccepted, domain.AttributeNames{"phone_number"}},
		{"the phone number that was typed is not", rules(), signIn, "+123456", with("phone_number", "+123456"),
			refuse, domain.ReasonAttributeInvalid, domain.AttributeNames{"phone_number"}},
		{"a number without a country code names nobody", rules(), signIn, "090-1234-5678", with("phone_number", "090-1234-5678"),
			refuse, domain.ReasonIdentifierNotOwned, nil},
		{"nor the address that was typed, spaces and letter case aside", rules(), signIn, "ALICE@localhost", with("email", "alice@localhost "),
			refuse, domain.ReasonAttributeInvalid, domain.AttributeNames{"email"}},
		{"nor one that is the username too", rules(), signIn, "alice@localhost",
			changed(func(u *domain.SourceUser) { u.Username, u.Attributes["email"] = "alice@localhost", "alice@localhost" }),
			refuse, domain.ReasonAttributeInvalid, domain.AttributeNames{"email"}},
		{"a forgotten password needs a contact that remains", rules(), forgot, "alice",
			changed(func(u *domain.SourceUser) { u.Attributes["email"], u.Attributes["phone_number"] = "N/A", "NULL" }),
			refuse, domain.ReasonNoVerifiedContact, domain.AttributeNames{"email", "phone_number"}},
		{"and one is enough", rules(), forgot, "alice", with("phone_number", "N/A"),
			migrate, domain.ReasonForgotPassword, domain.AttributeNames{"phone_number"}},
		{"a demanded reset needs one too", rules(), signIn, "alice",
			changed(func(u *domain.SourceUser) {
				u.Status, u.Attributes["email"], u.Attributes["phone_number"] = domain.StatusResetRequired, "N/A", "NULL"
			}),
			refuse, domain.ReasonNoVerifiedContact, domain.AttributeNames{"email", "phone_number"}},
		{"a required value that is invalid refuses", rules(required), signIn, "alice",
			changed(func(u *domain.SourceUser) { u.Attributes["name"], u.Attributes["email"] = "Alice", "N/A" }),
			refuse, domain.ReasonAttributeInvalid, domain.AttributeNames{"email"}},
		{"so does one that is missing", rules(required), signIn, "alice", alice(),
			refuse, domain.ReasonAttributeInvalid, domain.AttributeNames{"name"}},
		{"and one that is blank, beside an optional one that is invalid", rules(required), signIn, "alice",
			changed(func(u *domain.SourceUser) { u.Attributes["name"], u.Attributes["birthdate"] = " ", "N/A" }),
			refuse, domain.ReasonAttributeInvalid, domain.AttributeNames{"birthdate", "name"}},
		{"with all that is required they migrate", rules(required), signIn, "alice", with("name", "Alice"),
			migrate, domain.ReasonPasswordAccepted, nil},
		{"a username with a space cannot be created", rules(), signIn, "alice smith", changed(func(u *domain.SourceUser) { u.Username = "alice smith" }),
			refuse, domain.ReasonUsernameInvalid, nil},
		{"nor one with a control character", rules(), signIn, "alice\x00", changed(func(u *domain.SourceUser) { u.Username = "alice\x00" }),
			refuse, domain.ReasonUsernameInvalid, nil},
		{"nor one of more than 128 characters", rules(), signIn, "alice@example.com", changed(func(u *domain.SourceUser) { u.Username = long(129) }),
			refuse, domain.ReasonUsernameInvalid, nil},
		{"one of 128 can", rules(), signIn, "alice@example.com", changed(func(u *domain.SourceUser) { u.Username = strings.Repeat("鳥", 128) }),
			migrate, domain.ReasonPasswordAccepted, nil},
		{"one that is not returned does not matter", rules(func(r *domain.Rules) { r.Username = domain.UsernameOmit }), signIn, "alice@example.com",
			changed(func(u *domain.SourceUser) { u.Username = "alice smith" }),
			migrate, domain.ReasonPasswordAccepted, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			kind := domain.PasswordAccepted
			if row.trigger == forgot {
				kind = domain.UserFound
			}
			got := domain.Decide(row.rules, domain.Attempt{Trigger: row.trigger, Username: row.typed}, domain.Finding{Kind: kind, User: row.user})
			if got.Verdict != row.verdict || got.Reason != row.reason || !slices.Equal(got.Omitted, row.omitted) {
				t.Errorf("got %v %q, want %s %q", got, got.Omitted, row.reason, row.omitted)
			}
			for _, name := range got.Omitted {
				if got.User.Attributes[name] != "" || got.User.Attributes[name+"_verified"] != "" {
					t.Errorf("%s is left out, and there", name)
				}
			}
		})
	}
}

// A repaired contact is the same contact: what the source says of it still holds.
func TestARepairedContactStaysVerified(t *testing.T) {
	t.Parallel()
	user := changed(func(u *domain.SourceUser) {
		u.Attributes["email"], u.Attributes["phone_number"], u.Attributes["phone_number_verified"] = "alice@example.com ", "+81 90-1234-5678", "1"
	})
	got := mapping("*").Apply(user, domain.VerifiedBySource)
	want := domain.Attributes{"email": "alice@example.com", "email_verified": "true", "phone_number": "+819012345678", "phone_number_verified": "true"}
	if !maps.Equal(got, want) {
		t.Errorf("got %v", map[string]string(got))
	}
	for typed, owned := range map[string]bool{"+819012345678": true, "ALICE@example.com": true, "+81 90-1234-5678": true, "+81 (0)90.1234/5678": false, "090-1234-5678": false, "+819012345679": false} {
		if user.Owns(typed) != owned {
			t.Errorf("%q is the user's own: %t", typed, !owned)
		}
	}
}

// A completion recognizes the user by the migrated attributes, in the destination's form.
func TestACompletionIsOfTheRepairedValues(t *testing.T) {
	t.Parallel()
	user := changed(func(u *domain.SourceUser) {
		u.Attributes["email"], u.Attributes["birthdate"], u.Attributes["picture"] = " alice@example.com", "1980-1-5", long(3000)
	})
	attempt, at := domain.Attempt{ID: "a", Trigger: signIn, Username: "alice"}, time.Unix(1_700_000_000, 0)
	decision := domain.Decide(rules(), attempt, domain.Finding{Kind: domain.PasswordAccepted, User: user})
	completion := domain.NewCompletion(keys(), attempt, at, user, decision)
	created := domain.DestinationUser{Username: "alice", Status: domain.StatusConfirmed, Enabled: true, Attributes: decision.User.Attributes, CreatedAt: at}
	if reason := domain.ReadyToComplete(rules(), completion, &created); reason != "" {
		t.Errorf("not ready: %s", reason)
	}
	if reason := domain.SameUser(rules(), completion, user, created); reason != "" {
		t.Errorf("not the same person: %s", reason)
	}
	if !completion.Unchanged(rules(), keys(), user) {
		t.Error("the user has changed, and nobody changed them")
	}
}
