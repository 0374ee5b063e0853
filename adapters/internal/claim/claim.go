// Package claim reads the values of claims in ID tokens and userinfo. It imports
// neither domain nor ports.
package claim

import (
	"encoding/json"

	"cognito-user-migration/adapters/internal/rawjson"
)

// Text returns a claim as an attribute's value. That is a string, a number or boolean
// as written, or the formatted text of an address (OpenID Connect Core 1.0, 5.1.1). It
// returns an empty text for anything else.
func Text(value []byte) string {
	if len(value) == 0 {
		return ""
	}
	switch value[0] {
	case '"':
		text, _ := rawjson.Text(value)
		return text
	case '{':
		var address struct {
			Formatted string `json:"formatted"`
		}
		_ = json.Unmarshal(value, &address)
		return address.Formatted
	case '[', 'n':
		return ""
	default:
		return string(value)
	}
}
