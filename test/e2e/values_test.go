package e2e_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"cognito-user-migration/domain"
)

// valued is a file of one person, anna, with these attributes.
func valued(t *testing.T, attributes map[string]any) settings {
	t.Helper()
	text, err := json.Marshal([]map[string]any{{"username": "anna", "password_hash": fileHash, "attributes": attributes}})
	if err != nil {
		t.Fatal(err)
	}
	return peopleFile(t, "json", string(text))
}

// A value that a user pool would reject is repaired or left out, and the record
// names what was left out.
func TestAValueThatCognitoRejectsIsRepairedOrLeftOut(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		attribute string
		value     any
		want      string // nothing where it is left out
	}{
		"a phone number with spaces":         {"phone_number", "+81 90 1234 5678", "+819012345678"},
		"a phone number with an area code":   {"phone_number", "+81 (0)90-1234-5678", "+819012345678"},
		"a phone number without a country":   {"phone_number", "090-1234-5678", ""},
		"a placeholder for a phone number":   {"phone_number", "N/A", ""},
		"an address with a space":            {"email", "anna@example.com ", "anna@example.com"},
		"a placeholder for an address":       {"email", "NULL", ""},
		"an address without a domain":        {"email", "anna@localhost", ""},
		"a time as a date with time":         {"updated_at", "2023-11-14T22:13:20Z", "1700000000"},
		"a time in milliseconds":             {"updated_at", 1700000000123, "1700000000"},
		"a time as a date":                   {"updated_at", "2023-11-14", ""},
		"a birthdate without zeros":          {"birthdate", "1980-1-5", "1980-01-05"},
		"a birthdate that is none":           {"birthdate", "0000-00-00", ""},
		"a birthdate in an order of its own": {"birthdate", "01/05/1980", ""},
		"a picture of 3 KB":                  {"picture", "https://example.com/" + strings.Repeat("x", 3000), ""},
		"a name with a control character":    {"name", "An\x00na", ""},
		"a name that is a word":              {"family_name", "Null", "Null"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := start(t, valued(t, map[string]any{test.attribute: test.value, "nickname": "anna"}))
			f.hide(filePassword, fileHash, "example.com", strings.Repeat("x", 100))
			if text, ok := test.value.(string); ok && test.want == "" {
				f.hide(text)
			}
			result := f.invoke(signIn("anna", filePassword))
			var omitted []string
			if test.want == "" {
				omitted = []string{test.attribute}
			}
			if record := f.recorded(result, domain.OutcomeMigrated, domain.ReasonPasswordAccepted); !slices.Equal(record.OmittedAttributes, omitted) {
				t.Errorf("omitted %q, want %q", record.OmittedAttributes, omitted)
			}
			got := f.migrates(signIn("anna", filePassword), domain.ReasonPasswordAccepted).UserAttributes
			want := map[string]string{"nickname": "anna", "username": "anna"}
			if test.want != "" {
				want[test.attribute] = test.want
			}
			if test.want != "" && (test.attribute == "email" || test.attribute == "phone_number") {
				want[test.attribute+"_verified"] = "false"
			}
			if !maps.Equal(got, want) {
				t.Errorf("attributes %q, want %q", got, want)
			}
		})
	}
}

// Who would be keyed by a value that Cognito rejects is refused and not recorded
// as migrated.
func TestWhoCannotBeCreatedIsRefused(t *testing.T) {
	t.Parallel()
	f := start(t, valued(t, map[string]any{"email": "anna@localhost", "email_verified": true, "phone_number": "090-1234-5678", "phone_number_verified": true}))
	f.hide(filePassword, fileHash, "anna@localhost", "090-1234-5678")
	f.refuses(signIn("anna@localhost", filePassword), domain.ReasonAttributeInvalid)
	f.refuses(signIn("090-1234-5678", filePassword), domain.ReasonUserUnknown)
	f.refuses(forgotPassword("anna@localhost"), domain.ReasonAttributeInvalid)
	f.refuses(forgotPassword("anna"), domain.ReasonNoVerifiedContact)
	if got := f.migrates(signIn("anna", filePassword), domain.ReasonPasswordAccepted).UserAttributes; len(got) != 1 {
		t.Errorf("attributes %q, want the username alone", got)
	}
	spaced := start(t, peopleFile(t, "csv", "username,password_hash\nanna smith,"+fileHash+"\n").with("MIGRATE_REFUSAL", "explain"))
	spaced.hide(filePassword, fileHash, "anna smith")
	spaced.explains(signIn("anna smith", filePassword), domain.ReasonUsernameInvalid)
}

// A number is found and owned in the form in which the destination has it.
func TestAPersonIsFoundByTheRepairedNumber(t *testing.T) {
	t.Parallel()
	f := start(t, valued(t, map[string]any{"phone_number": "+81 90-1234-5678", "phone_number_verified": true, "email": "anna@example.com\n", "email_verified": true}))
	f.migrates(signIn("+819012345678", filePassword), domain.ReasonPasswordAccepted)
	f.migrates(forgotPassword("+819012345678"), domain.ReasonForgotPassword)
	f.migrates(forgotPassword("anna@example.com"), domain.ReasonForgotPassword)
}

// With the destination's schema, types and bounds of custom attributes and what is
// required are known too.
func TestTheDestinationsSchemaDecides(t *testing.T) {
	t.Parallel()
	s := valued(t, map[string]any{"age": "forty", "code": "too long", "member": "1", "name": "Anna"}).with(
		"MIGRATE_ATTRIBUTES", "name,custom:age=age,custom:code=code,custom:member=member",
		"MIGRATE_DESTINATION_SCHEMA", "custom:age=Number 0..150,custom:code=1..4,custom:member=Boolean,name=required")
	f := start(t, s)
	f.hide("forty", "too long")
	got := f.migrates(signIn("anna", filePassword), domain.ReasonPasswordAccepted).UserAttributes
	if want := map[string]string{"username": "anna", "name": "Anna", "custom:member": "true"}; !maps.Equal(got, want) {
		t.Errorf("attributes %q, want %q", got, want)
	}
	if records := f.records(); len(records) != 1 || !slices.Equal(records[0].OmittedAttributes, []string{"custom:age", "custom:code"}) {
		t.Errorf("records %+v", records)
	}
	nameless := start(t, valued(t, map[string]any{"name": "\x07"}).with("MIGRATE_DESTINATION_SCHEMA", "name=required"))
	result := nameless.invoke(signIn("anna", filePassword))
	if record := nameless.recorded(result, domain.OutcomeRefused, domain.ReasonAttributeInvalid); !slices.Equal(record.OmittedAttributes, []string{"name"}) {
		t.Errorf("record %+v", record)
	}
	nameless.refuses(forgotPassword("anna"), domain.ReasonAttributeInvalid)
	if got := initErrorOf(t, s.with("MIGRATE_DESTINATION_SCHEMA", "custom:age=Number,email=required")); !strings.Contains(got, "custom:code is not in MIGRATE_DESTINATION_SCHEMA") || !strings.Contains(got, "requires email, and no rule sets it") {
		t.Errorf("the init error is %s", got)
	}
}

// A user pool as source has no say in what another takes.
func TestValuesOfASourcePoolAreRepairedToo(t *testing.T) {
	t.Parallel()
	p := newPerson()
	s := newStubFor(t, p)
	attributes := []map[string]string{
		{"Name": "sub", "Value": "5a7d9c1e-0000-4000-8000-000000000001"}, {"Name": "email", "Value": p.email}, {"Name": "email_verified", "Value": "true"},
		{"Name": "birthdate", "Value": "1980/01/05"}, {"Name": "updated_at", "Value": "2023-11-14T22:13:20Z"}, {"Name": "website", "Value": strings.Repeat("x", 2049)},
	}
	s.on("AdminGetUser", profile(p, map[string]any{"UserAttributes": attributes}))
	f := start(t, s.settings())
	f.hidePerson(p)
	result := f.invoke(signIn(p.username, p.password))
	if record := f.recorded(result, domain.OutcomeMigrated, domain.ReasonPasswordAccepted); !slices.Equal(record.OmittedAttributes, []string{"website"}) {
		t.Errorf("omitted %q", record.OmittedAttributes)
	}
	got := f.migrates(signIn(p.username, p.password), domain.ReasonPasswordAccepted).UserAttributes
	want := map[string]string{"username": p.username, "email": p.email, "email_verified": "true", "birthdate": "1980-01-05", "updated_at": "1700000000"}
	if !maps.Equal(got, want) {
		t.Errorf("attributes %v, want %v", got, want)
	}
}
