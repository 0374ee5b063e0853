// Package profiles is shared by the sources that ask a service for a user's profile
// and then about the password. It reads profiles and keeps that order. It imports
// domain and ports.
package profiles

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"cognito-user-migration/adapters/internal/errorcodes"
	"cognito-user-migration/adapters/internal/rawjson"
	"cognito-user-migration/domain"
)

// Text is a string, or a number or boolean as written; empty for null.
type Text string

// UnmarshalJSON implements [json.Unmarshaler].
func (t *Text) UnmarshalJSON(raw []byte) error {
	value, ok := scalar(raw)
	if !ok {
		return errors.New("expected a string")
	}
	*t = Text(value)
	return nil
}

// Flag is a boolean, or one written as a string: the plugin's own example has
// "enabled": "true". Services in PHP write 1 and 0. The zero value means missing.
type Flag string

// The two flags.
const (
	Yes Flag = "true"
	No  Flag = "false"
)

// UnmarshalJSON implements [json.Unmarshaler].
func (f *Flag) UnmarshalJSON(raw []byte) error {
	value, _ := scalar(raw)
	switch said := Flag(strings.ToLower(value)); {
	case said == Yes || said == "1":
		*f = Yes
		return nil
	case said == No || said == "0":
		*f = No
		return nil
	case string(raw) == "null":
		return nil
	default:
		return errors.New("expected true or false")
	}
}

// Values are the values of one attribute: a list or a single one.
type Values []string

// UnmarshalJSON implements [json.Unmarshaler]. It ignores nested lists and
// objects, because no user pool attribute can store them.
func (v *Values) UnmarshalJSON(raw []byte) error {
	for _, raw := range elements(raw) {
		if value, _ := scalar(raw); value != "" {
			*v = append(*v, value)
		}
	}
	return nil
}

// elements returns the elements of a list, or the value itself. PHP writes a list
// whose keys have a gap as an object: {"0": "a", "2": "b"}.
func elements(raw []byte) []json.RawMessage {
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) == nil {
		return list
	}
	if object, is := rawjson.Members(raw); is {
		for object.Next() {
			if object.Key == "" || strings.Trim(object.Key, "0123456789") != "" {
				return []json.RawMessage{raw}
			}
			list = append(list, object.Value())
		}
		return list
	}
	return []json.RawMessage{raw}
}

// Words are words that decide something, in capital letters. Another value than a
// word or a list of words is an error, so that no word is lost.
type Words []string

// UnmarshalJSON implements [json.Unmarshaler].
func (w *Words) UnmarshalJSON(raw []byte) error {
	for _, raw := range elements(raw) {
		word, ok := scalar(raw)
		if !ok {
			return errors.New("expected a list of words")
		}
		*w = append(*w, strings.ToUpper(strings.TrimSpace(word)))
	}
	return nil
}

// Attributes are attributes with the service's own names. PHP writes an empty object
// as [].
type Attributes map[string]Values

// UnmarshalJSON implements [json.Unmarshaler].
func (a *Attributes) UnmarshalJSON(raw []byte) error {
	var empty []struct{}
	if json.Unmarshal(raw, &empty) == nil && len(empty) == 0 {
		return nil
	}
	return json.Unmarshal(raw, (*map[string]Values)(a))
}

// scalar returns a value's text, and an empty text with true for null. Lists
// and objects have no text.
func scalar(raw []byte) (string, bool) {
	switch {
	case len(raw) == 0 || raw[0] == '[' || raw[0] == '{':
		return "", false
	case raw[0] == '"':
		var value string
		err := json.Unmarshal(raw, &value)
		return value, err == nil
	case string(raw) == "null":
		return "", true
	default:
		return string(raw), true
	}
}

// Set sets an attribute, if there is a value.
func Set(user *domain.SourceUser, name string, value Text) {
	if value != "" {
		user.Attributes[name] = string(value)
	}
}

// SetOther sets an attribute that has the service's own name. It ignores names
// with a defined meaning, so that it cannot mark an email address as verified.
// Cognito's standard attributes get the first value; others get all values,
// joined by commas.
func SetOther(user *domain.SourceUser, name string, all Values) {
	if _, said := user.Attributes[name]; said || name == "" || len(all) == 0 || isReserved(name) {
		return
	}
	if slices.Contains(domain.StandardAttributes(), name) || name == "phone_number_verified" {
		all = all[:1]
	}
	user.Attributes[name] = strings.Join(all, ",")
}

func isReserved(name string) bool {
	return name == "sub" || name == "email" || name == "email_verified" || name == "username"
}

// ErrFormat is the error for a body that does not match the contract. It
// contains nothing of the body.
var ErrFormat = errors.New("the response does not match the contract")

// Read decodes a body that has one reading ([rawjson.Unmarshal]). Its error contains
// nothing of the body.
func Read(body []byte, into any) error {
	if rawjson.Unmarshal(body, into) != nil {
		return ErrFormat
	}
	return nil
}

// Confirms returns what the body of a response says although its status says that
// the password is right. Services say yes without a body, with a word, or with an
// object. A body that says no, or the page of a web server, is not a yes.
func Confirms(body []byte) (domain.FindingKind, error) {
	body = bytes.TrimSpace(bytes.TrimPrefix(body, []byte("\ufeff")))
	switch {
	case bytes.HasPrefix(body, []byte("<")):
		return 0, ErrFormat
	case saysNo(body):
		return domain.PasswordWrong, nil
	case !bytes.HasPrefix(body, []byte("{")):
		return domain.PasswordAccepted, nil
	}
	var members errorcodes.Members
	if err := Read(body, &members); err != nil {
		return 0, err
	}
	code, message := members.Code()
	if kind, known := Said(code, message, members.Word("message")); known {
		return kind, nil
	}
	for name, value := range members {
		switch name = strings.ToLower(name); {
		case (name == "error" || name == "errors") && !isEmpty(value):
			return 0, ErrFormat
		case slices.Contains([]string{"authenticated", "match", "matches", "ok", "result", "success", "valid"}, name) && (saysNo(value) || string(value) == "0"):
			return domain.PasswordWrong, nil
		}
	}
	return domain.PasswordAccepted, nil
}

func saysNo(value []byte) bool {
	return strings.EqualFold(strings.Trim(string(value), `"`), string(No))
}

func isEmpty(value []byte) bool {
	return slices.Contains([]string{"null", `""`, "false", "0", "[]", "{}"}, string(value))
}
