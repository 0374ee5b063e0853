package httpsource

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"cognito-user-migration/domain"
)

// text is a string, or a number or boolean as it is written; null is none.
type text string

// UnmarshalJSON implements [json.Unmarshaler].
func (t *text) UnmarshalJSON(raw []byte) error {
	value, ok := scalar(raw)
	if !ok {
		return errors.New("expected a string")
	}
	*t = text(value)
	return nil
}

// flag is a boolean, or one written as a string: the plugin's own example has
// "enabled": "true". Its zero value was not said.
type flag string

const (
	yes flag = "true"
	no  flag = "false"
)

// UnmarshalJSON implements [json.Unmarshaler].
func (f *flag) UnmarshalJSON(raw []byte) error {
	value, _ := scalar(raw)
	switch said := flag(strings.ToLower(value)); {
	case said == yes || said == no:
		*f = said
		return nil
	case string(raw) == "null":
		return nil
	default:
		return errors.New("expected true or false")
	}
}

// values are the values of one attribute: a list, or one alone.
type values []string

// UnmarshalJSON implements [json.Unmarshaler]. Lists and objects within are left
// out: no attribute of a user pool can hold them.
func (v *values) UnmarshalJSON(raw []byte) error {
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

// scalar is a value's text; none, and true, for null. Lists and objects have no
// text.
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

// set gives the user an attribute, where there is a value.
func set(user *domain.SourceUser, name string, value text) {
	if value != "" {
		user.Attributes[name] = string(value)
	}
}

// setOther gives the user an attribute under a name of the service's own. What
// the contract says elsewhere is not said here: nothing can vouch for an email
// address by the back door. Cognito's standard attributes hold one value, which
// is the first; of others all are kept, joined by commas.
func setOther(user *domain.SourceUser, name string, all values) {
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

// errNotJSON is a body that is not what the contract says. It holds nothing of it.
var errNotJSON = errors.New("the response does not match the contract")

// read decodes a body. Its error holds nothing of the body.
func read(body []byte, into any) error {
	if err := json.Unmarshal(body, into); err != nil {
		return errNotJSON
	}
	return nil
}
