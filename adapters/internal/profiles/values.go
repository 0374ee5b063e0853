// Package profiles is shared by the sources that ask a service for a user's profile
// and then about the password. It reads profiles and keeps that order. It imports
// domain and ports.
package profiles

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"

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
// "enabled": "true". The zero value means missing.
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
	case said == Yes || said == No:
		*f = said
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
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) != nil {
		list = []json.RawMessage{raw}
	}
	for _, raw := range list {
		if value, _ := scalar(raw); value != "" {
			*v = append(*v, value)
		}
	}
	return nil
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

// Read decodes a body. Its error contains nothing of the body.
func Read(body []byte, into any) error {
	if err := json.Unmarshal(body, into); err != nil {
		return ErrFormat
	}
	return nil
}
