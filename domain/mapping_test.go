package domain_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"cognito-user-migration/domain"
)

// mapping parses a map that must be right.
func mapping(text string) domain.AttributeMap {
	parsed, err := domain.ParseAttributeMap(text)
	if err != nil {
		panic(err)
	}
	return parsed
}

func TestAttributeMap(t *testing.T) {
	t.Parallel()
	user := domain.SourceUser{
		Username: "alice", Sub: "sub-1",
		Attributes: domain.Attributes{
			"email": "alice@example.com", "email_verified": "true",
			"phone_number": "+819012345678", "phone_number_verified": "false",
			"name": "Alice", "nickname": "", "custom:mail": "a@example.net", "custom:flag": "TRUE",
			"sub": "sub-1", "identities": "[]", "department": "R&D",
		},
	}
	source, always := domain.VerifiedBySource, domain.VerifiedAlways
	for _, row := range []struct {
		name  string
		rules string
		vouch domain.VerifiedContacts
		want  domain.Attributes
	}{
		{"an attribute of the same name, and its flag with it", "email", source,
			domain.Attributes{"email": "alice@example.com", "email_verified": "true"}},
		{"a flag that the source has as false stays false", "phone_number", source,
			domain.Attributes{"phone_number": "+819012345678", "phone_number_verified": "false"}},
		{"every contact is vouched for where the operator says so", "email,phone_number", always,
			domain.Attributes{"email": "alice@example.com", "email_verified": "true", "phone_number": "+819012345678", "phone_number_verified": "true"}},
		{"the source does not vouch for an address from elsewhere", "email=custom:mail", source,
			domain.Attributes{"email": "a@example.net", "email_verified": "false"}},
		{"nor for one that is the same for everyone", "email='all@example.com'", source,
			domain.Attributes{"email": "all@example.com", "email_verified": "false"}},
		{"a rule of its own decides a flag", "email=custom:mail,email_verified='true'", source,
			domain.Attributes{"email": "a@example.net", "email_verified": "true"}},
		{"and a flag is true or false, however it is written", "email,email_verified=custom:flag", source,
			domain.Attributes{"email": "alice@example.com", "email_verified": "true"}},
		{"and anything else is false", "phone_number,phone_number_verified=name", always,
			domain.Attributes{"phone_number": "+819012345678", "phone_number_verified": "false"}},
		{"a flag without its attribute is dropped", "name,email_verified='true'", always,
			domain.Attributes{"name": "Alice"}},
		{"another attribute of the source", "custom:legacy_sub=sub,custom:department=department", source,
			domain.Attributes{"custom:legacy_sub": "sub-1", "custom:department": "R&D"}},
		{"the source's own username", "preferred_username=username", source,
			domain.Attributes{"preferred_username": "alice"}},
		{"a text, with commas and quotes", "custom:tenant='acme, ''the'' one'", source,
			domain.Attributes{"custom:tenant": "acme, 'the' one"}},
		{"empty and missing values are left out", "nickname,family_name,name", source,
			domain.Attributes{"name": "Alice"}},
		{"the standard attributes", "*", source,
			domain.Attributes{"email": "alice@example.com", "email_verified": "true",
				"phone_number": "+819012345678", "phone_number_verified": "false", "name": "Alice"}},
		{"and others beside them, with spaces", " * , dev:custom:x = name ", source,
			domain.Attributes{"email": "alice@example.com", "email_verified": "true",
				"phone_number": "+819012345678", "phone_number_verified": "false", "name": "Alice", "dev:custom:x": "Alice"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			if got := mapping(row.rules).Apply(user, row.vouch); !maps.Equal(got, row.want) {
				t.Errorf("got %v, want %v", map[string]string(got), map[string]string(row.want))
			}
		})
	}
}

// Users can edit it, and a destination may sign users in by it.
func TestPreferredUsernameIsMovedByARuleOfItsOwnAlone(t *testing.T) {
	t.Parallel()
	mallory := domain.SourceUser{Username: "mallory", Attributes: domain.Attributes{"preferred_username": "admin", "name": "Mallory"}}
	for rules, want := range map[string]domain.Attributes{
		"*": {"name": "Mallory"}, "*,preferred_username": {"name": "Mallory", "preferred_username": "admin"},
		"preferred_username": {"preferred_username": "admin"}, "*,preferred_username=username": {"name": "Mallory", "preferred_username": "mallory"},
	} {
		if got := mapping(rules).Apply(mallory, domain.VerifiedBySource); !maps.Equal(got, want) {
			t.Errorf("%s: got %v, want %v", rules, map[string]string(got), map[string]string(want))
		}
	}
}

func TestTheSubOfASourceThatHasNoSuchAttribute(t *testing.T) {
	t.Parallel()
	got := mapping("custom:legacy_sub=sub").Apply(domain.SourceUser{Sub: "sub-9"}, domain.VerifiedBySource)
	if got["custom:legacy_sub"] != "sub-9" {
		t.Errorf("got %v", map[string]string(got))
	}
}

func TestAnAbsentFlagNeverBecomesTrue(t *testing.T) {
	t.Parallel()
	got := mapping("*").Apply(domain.SourceUser{Attributes: domain.Attributes{"email": "a@example.com"}}, domain.VerifiedBySource)
	if got["email_verified"] != "false" {
		t.Errorf("email_verified is %q", got["email_verified"])
	}
}

func TestAWrongAttributeMapIsExplainedRuleByRule(t *testing.T) {
	t.Parallel()
	for rules, want := range map[string]string{
		"":                                 "rule 1: the name of an attribute is missing",
		"email,":                           "rule 2: the name of an attribute is missing",
		"email,email":                      "rule 2: email already has a rule; remove one",
		"*,email=custom:mail":              "rule 2: email already has a rule; remove one",
		"sub":                              "rule 1: sub is set by Cognito and cannot be written",
		"identities=x":                     "rule 1: identities is set by Cognito and cannot be written",
		"cognito:groups=x":                 "rule 1: cognito:groups is set by Cognito and cannot be written",
		"username":                         "rule 1: username is not an attribute; use MIGRATE_USERNAME to set the username",
		"department":                       "rule 1: department is not a standard attribute; write a custom attribute as custom:department",
		"custom:twenty_one_characters":     "rule 1: custom:twenty_one_characters is too long; a custom attribute has at most 20 characters after the colon",
		"dev:custom:twenty_one_characters": "rule 1: dev:custom:twenty_one_characters is too long; a custom attribute has at most 20 characters after the colon",
		"custom:":                          "rule 1: custom: is not a standard attribute; write a custom attribute as custom:custom:",
		"e mail":                           "rule 1: not a valid attribute name",
		strings.Repeat("x", 129):           "rule 1: not a valid attribute name",
		"email=":                           "rule 1: email: expected an attribute of the source, or a text in single quotes, after '='",
		"email=a b":                        "rule 1: email: expected an attribute of the source, or a text in single quotes, after '='",
		"email='x":                         "rule 1: email: the text has no closing quote",
		"email='":                          "rule 1: email: the text has no closing quote",
		"email=''":                         "rule 1: email: the text is empty, and Cognito accepts no empty value",
		"email='a'b'":                      "rule 1: email: write a quote inside the text twice",
		"sub,email,x,email":                "rule 1: sub is set by Cognito and cannot be written\nrule 3: x is not a standard attribute; write a custom attribute as custom:x\nrule 4: email already has a rule; remove one",
		"name='\u00e9t\u00e9,é',":          "rule 2: the name of an attribute is missing",
		"birthdate='unknown'":              "rule 1: birthdate: the text is not valid; expected a date such as 1980-01-05",
		"email='N/A'":                      "rule 1: email: the text is not valid; expected an email address such as alice@example.com",
	} {
		_, err := domain.ParseAttributeMap(rules)
		if err == nil || err.Error() != want {
			t.Errorf("%q: got %v, want %s", rules, err, want)
		}
		var into domain.AttributeMap
		if into.UnmarshalText([]byte(rules)) == nil {
			t.Errorf("%q: taken as a setting", rules)
		}
	}
}

func TestAnAttributeMapIsWrittenAsItIsRead(t *testing.T) {
	t.Parallel()
	const text = "email,custom:legacy_sub=sub,custom:tenant='it''s, acme'"
	var read domain.AttributeMap
	if err := read.UnmarshalText([]byte(text)); err != nil || read.String() != text {
		t.Errorf("got %q, %v", read.String(), err)
	}
	if got, want := read.Targets(), []string{"email", "custom:legacy_sub", "custom:tenant"}; !slices.Equal(got, want) {
		t.Errorf("targets are %v, want %v", got, want)
	}
}

func TestTheRulesOfAMapAreListed(t *testing.T) {
	t.Parallel()
	got := mapping("email,custom:legacy_sub=sub,custom:tenant='acme'").Rules()
	want := []domain.AttributeRule{
		{Target: "email", Source: "email"}, {Target: "custom:legacy_sub", Source: "sub"}, {Target: "custom:tenant", Literal: "acme"},
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func FuzzParseAttributeMap(f *testing.F) {
	for _, seed := range []string{"*", "email,phone_number", "custom:legacy_sub=sub,custom:tenant='acme'", "a='''',b", "email=''',x=''", "=", "'", "*,*"} {
		f.Add(seed)
	}
	user := alice()
	f.Fuzz(func(t *testing.T, text string) {
		parsed, err := domain.ParseAttributeMap(text)
		if err != nil {
			return
		}
		again, err := domain.ParseAttributeMap(parsed.String())
		if err != nil || again.String() != parsed.String() {
			t.Fatalf("%q is written as %q, which reads as %q, %v", text, parsed.String(), again.String(), err)
		}
		for name, value := range parsed.Apply(user, domain.VerifiedBySource) {
			if value == "" || name == "" || name == "sub" || name == "username" || strings.HasPrefix(name, "cognito:") {
				t.Fatalf("%q gives %q=%q", text, name, value)
			}
		}
	})
}
