package domain_test

import (
	"strings"
	"testing"

	"cognito-user-migration/domain"
)

func bound(value int64) *int64 { return &value }

func TestASchemaIsWrittenAsItIsRead(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"custom:tenant":                     "custom:tenant",
		"custom:tenant=String":              "custom:tenant",
		"custom:tenant=string 0..2048":      "custom:tenant",
		"custom:code = 1..8 STRING":         "custom:code=1..8",
		"custom:code=..8":                   "custom:code=..8",
		"custom:code=3..":                   "custom:code=3..",
		"custom:age=number 0..150":          "custom:age=Number 0..150",
		"custom:age=Number -5..":            "custom:age=Number -5..",
		"custom:b=Boolean,custom:a=boolean": "custom:a=Boolean,custom:b=Boolean",
		"custom:d=datetime":                 "custom:d=DateTime",
		"dev:custom:x":                      "dev:custom:x",
		"email=required":                    "email=required",
		"email=Required 0..2048":            "email=required",
		"email":                             "",
		"name=1..99 required":               "name=required 1..99",
		"birthdate=4..10":                   "",
		"custom:b=Boolean 1..2":             "custom:b=Boolean",
		"custom:huge=0..100000":             "custom:huge",
	} {
		var schema domain.Schema
		if err := schema.UnmarshalText([]byte(text)); err != nil || schema.String() != want {
			t.Errorf("%q: got %q, %v, want %q", text, schema.String(), err, want)
		}
		if again, err := domain.ParseSchema(want); want != "" && (err != nil || again.String() != want) {
			t.Errorf("%q: got %q, %v", want, again.String(), err)
		}
		if schema.Known() != (want != "") {
			t.Errorf("%q is known: %t", text, schema.Known())
		}
	}
}

func TestASchemaOfWhatAPoolSays(t *testing.T) {
	t.Parallel()
	got := domain.NewSchema(
		domain.SchemaAttribute{Name: "sub", Type: "String", Required: true, Least: bound(1), Most: bound(2048)},
		domain.SchemaAttribute{Name: "email", Type: "String", Required: true, Least: bound(0), Most: bound(2048)},
		domain.SchemaAttribute{Name: "email_verified", Type: "Boolean"},
		domain.SchemaAttribute{Name: "birthdate", Type: "String", Least: bound(10), Most: bound(10)},
		domain.SchemaAttribute{Name: "updated_at", Type: "Number", Least: bound(0)},
		domain.SchemaAttribute{Name: "identities", Type: "String"},
		domain.SchemaAttribute{Name: "custom:tenant", Type: "String"},
		domain.SchemaAttribute{Name: "custom:age", Type: "Number", Least: bound(0), Most: bound(150)},
		domain.SchemaAttribute{Name: "custom:vip", Type: "Boolean"},
	)
	if want := "custom:age=Number 0..150,custom:tenant,custom:vip=Boolean,email=required"; got.String() != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestAWrongSchemaIsExplainedItemByItem(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                          "item 1: the name of an attribute is missing",
		"email=required,":           "item 2: the name of an attribute is missing",
		"tenant":                    "item 1: tenant is not a standard attribute; write a custom attribute as custom:tenant",
		"sub=required":              "item 1: sub is set by Cognito and cannot be written",
		"custom:a,custom:a=Number":  "item 2: custom:a is listed twice; remove one",
		"email=String":              "item 1: email is a standard attribute, and its type cannot be set",
		"custom:a=Text":             "item 1: custom:a: expected required, String, Number, Boolean or DateTime, and bounds such as 1..64",
		"custom:a=1-64":             "item 1: custom:a: expected required, String, Number, Boolean or DateTime, and bounds such as 1..64",
		"custom:a=1..x":             "item 1: custom:a: expected required, String, Number, Boolean or DateTime, and bounds such as 1..64",
		"custom:a=9..1,custom:b=no": "item 1: custom:a: the first bound is greater than the second\nitem 2: custom:b: expected required, String, Number, Boolean or DateTime, and bounds such as 1..64",
	} {
		var schema domain.Schema
		if err := schema.UnmarshalText([]byte(text)); err == nil || err.Error() != want {
			t.Errorf("%q: got %v, want %s", text, err, want)
		}
	}
}

func TestRulesAreHeldToTheSchema(t *testing.T) {
	t.Parallel()
	schema, err := domain.ParseSchema("custom:age=Number 0..150,name=required,custom:code=..3")
	if err != nil {
		t.Fatal(err)
	}
	for rules, want := range map[string]string{
		"*,custom:age":                 "",
		"name='x',custom:age='7'":      "",
		"name,custom:tenant":           "custom:tenant is not in MIGRATE_DESTINATION_SCHEMA, so Cognito would reject users who have it; remove the rule, or update the schema",
		"email":                        "MIGRATE_DESTINATION_SCHEMA requires name, and no rule sets it; add a rule",
		"name,custom:age='old'":        "custom:age: the text is not valid; expected a whole number in 0..150",
		"name,custom:code='long'":      "custom:code: the text is not valid; expected text without control characters, of 0..3 characters",
		"custom:age='151',custom:z=id": "custom:age: the text is not valid; expected a whole number in 0..150\ncustom:z is not in MIGRATE_DESTINATION_SCHEMA, so Cognito would reject users who have it; remove the rule, or update the schema\nMIGRATE_DESTINATION_SCHEMA requires name, and no rule sets it; add a rule",
	} {
		_, err := mapping(rules).In(schema)
		if got := errorText(err); got != want {
			t.Errorf("%s: got %q, want %q", rules, got, want)
		}
	}
	if _, err := mapping("custom:whatever").In(domain.Schema{}); err != nil {
		t.Errorf("without a schema: %v", err)
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func FuzzParseSchema(f *testing.F) {
	for _, seed := range []string{"custom:age=Number 0..150,email=required", "name=required 1..99", "custom:a=..", "=", ",", "custom:b=Boolean 1..2"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		schema, err := domain.ParseSchema(text)
		if err != nil || !schema.Known() {
			return
		}
		again, err := domain.ParseSchema(schema.String())
		if err != nil || again.String() != schema.String() {
			t.Fatalf("%q is written as %q, which reads as %q, %v", text, schema, again, err)
		}
		if strings.Contains(schema.String(), "\n") {
			t.Fatalf("%q has lines", schema)
		}
	})
}
