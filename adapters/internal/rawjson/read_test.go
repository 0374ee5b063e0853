package rawjson_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"testing"

	"cognito-user-migration/adapters/internal/rawjson"
)

// encoding/json is the measure: every object and array is walked as it reads
// them, down to the last value.
func FuzzJSONIsWalkedAsEncodingJSONReadsIt(f *testing.F) {
	for _, text := range []string{
		`{}`, `[]`, ` { "a" : 1 , "b" : [ true , null , "x" ] } `, `{"a":{"b":{"c":"\"}\\"}}}`, `{"\u0061\n":"\\\"","":""}`,
		`["\\","\\\\\"",{"a":[]},[[1],[2,3]]]`, `"text"`, `-1.5e3`, `null`, "{\"a\xff\":\"b\xff\"}", `["\ud800"]`, "\t[\r\n1\n]", `{"a":1,"a":2}`, `{`, ``,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if json.Valid(text) {
			walk(t, text)
		}
	})
}

func walk(t *testing.T, text []byte) {
	t.Helper()
	var want any
	numbers := json.NewDecoder(bytes.NewReader(text))
	numbers.UseNumber() // some are too large to be any of Go's
	if err := numbers.Decode(&want); err != nil {
		t.Fatal(err)
	}
	object, isObject := rawjson.Members(text)
	if _, wanted := want.(map[string]any); isObject != wanted {
		t.Fatalf("%q is an object: %t", text, isObject)
	}
	if isObject {
		var members map[string]json.RawMessage
		if err := json.Unmarshal(text, &members); err != nil {
			t.Fatal(err)
		}
		last := make(map[string][]byte)
		for object.Next() {
			if !bytes.Equal(object.Value(), text[object.Start:object.End]) {
				t.Fatalf("%q does not stand at %d to %d", object.Value(), object.Start, object.End)
			}
			last[object.Key] = object.Value()
			walk(t, object.Value())
		}
		if text[object.Position] != '}' || len(bytes.Trim(text[object.Position+1:], " \t\r\n")) > 0 {
			t.Fatalf("the walk of %q ended at %d", text, object.Position)
		}
		if len(last) != len(members) {
			t.Fatalf("%q has %d members, not %d", text, len(members), len(last))
		}
		for key, value := range members {
			if !bytes.Equal(last[key], value) {
				t.Fatalf("%q is %q, not %q", key, value, last[key])
			}
		}
	}
	var elements []json.RawMessage
	_ = json.Unmarshal(text, &elements) // no array: no elements
	got := slices.Collect(rawjson.Elements(text))
	if !slices.EqualFunc(got, elements, func(a []byte, b json.RawMessage) bool { return bytes.Equal(a, b) }) {
		t.Fatalf("%q has the elements %q", text, got)
	}
	for _, element := range got {
		walk(t, element)
	}
	read, isText := rawjson.Text(bytes.Trim(text, " \t\r\n"))
	if wanted, is := want.(string); isText != is || read != wanted {
		t.Fatalf("%q is the text %q, %t", text, read, isText)
	}
}
