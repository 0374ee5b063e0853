package rawjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"unicode/utf8"
)

// ErrAmbiguous is the error for a JSON text that readers understand differently.
var ErrAmbiguous = errors.New("the JSON has a member twice, or text that is not Unicode")

// Unmarshal decodes JSON as [json.Unmarshal] does, but refuses a text that has more than
// one reading, with [ErrAmbiguous]. It refuses text that is not UTF-8 and half of a
// surrogate pair, because encoding/json replaces them. It refuses a member that is there
// twice, because encoding/json takes the last. For a struct, the names of the first object
// are equal in any letter case. In further objects, and in a map, each spelling is a name:
// they can hold attributes with a service's own names.
func Unmarshal(text []byte, into any) error {
	if err := json.Unmarshal(text, into); err != nil {
		return err
	}
	nameOf := strings.ToLower
	if kind := reflect.TypeOf(into); kind.Kind() == reflect.Pointer && kind.Elem().Kind() == reflect.Map {
		nameOf = strings.Clone
	}
	if !utf8.Valid(text) || !hasOneReading(bytes.TrimSpace(text), nameOf) {
		return ErrAmbiguous
	}
	return nil
}

// hasOneReading reports whether a valid JSON value has no object with a member twice,
// and no text with half of a surrogate pair. Names that are equal after nameOf are one.
func hasOneReading(value []byte, nameOf func(string) string) bool {
	if text, is := Text(value); is {
		written := bytes.ContainsRune(value, utf8.RuneError) || bytes.Contains(bytes.ToLower(value), []byte(`\ufffd`))
		return written || !strings.ContainsRune(text, utf8.RuneError)
	}
	if object, is := Members(value); is {
		seen := make(map[string]bool)
		for object.Next() {
			name := nameOf(object.Key)
			if seen[name] || !hasOneReading(object.Value(), strings.Clone) {
				return false
			}
			seen[name] = true
		}
	}
	for element := range Elements(value) {
		if !hasOneReading(element, strings.Clone) {
			return false
		}
	}
	return true
}
