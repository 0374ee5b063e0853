package errorcodes

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
)

// Members are the members of a JSON response.
type Members map[string]json.RawMessage

// Read reads a JSON object, or the first object of a list. It returns nil for
// any other text.
func Read(body []byte) Members {
	body = bytes.TrimPrefix(body, []byte("\ufeff"))
	var object Members
	if json.Unmarshal(body, &object) == nil {
		return object
	}
	var list []Members
	if json.Unmarshal(body, &list) == nil && len(list) > 0 {
		return list[0]
	}
	return nil
}

// Word returns a member that is a string or a number. It returns an empty
// string for other types and for empty values.
func (m Members) Word(name string) string {
	raw := m[name]
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return strings.TrimSpace(text)
	}
	if number, err := strconv.ParseInt(string(raw), 10, 64); err == nil && number != 0 {
		return string(raw)
	}
	return ""
}

// Code returns the error code of a response. It is the member error, a code inside an
// object of that name, or another usual member. The message comes from that object.
func (m Members) Code() (code, message string) {
	code = m.Word("error")
	var nested Members
	if json.Unmarshal(m["error"], &nested) == nil {
		code, message = nested.first("id", "status", "code"), nested.Word("message")
	}
	if code == "" {
		code = m.first("errorCode", "error_code", "code")
	}
	return code, message
}

func (m Members) first(names ...string) string {
	for _, name := range names {
		if word := m.Word(name); word != "" {
			return word
		}
	}
	return ""
}
