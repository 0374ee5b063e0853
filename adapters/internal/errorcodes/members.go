package errorcodes

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
)

// Members are those of an answer in JSON.
type Members map[string]json.RawMessage

// Read reads a JSON object, or the first object of a list; nil for any other text.
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

// Word returns a member that is a string or a number; empty for any other, and for
// what stands for none.
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

// Code returns the code of an error, as services write it: in the member error, in
// an object of that name, or in a member of its own. The message is that of such an
// object.
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
