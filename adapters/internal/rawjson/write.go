package rawjson

import (
	"encoding/json"
	"strings"
)

// AppendText appends the text as a JSON string, with the same bytes as
// [json.Marshal].
func AppendText(to []byte, text string) []byte {
	if strings.IndexFunc(text, needsCare) >= 0 {
		quoted, _ := json.Marshal(text) // a string causes no error
		return append(to, quoted...)
	}
	to = append(to, '"')
	to = append(to, text...)
	return append(to, '"')
}

// needsCare reports whether the character must be escaped in a string, or is
// escaped by [json.Marshal].
func needsCare(r rune) bool {
	return r < ' ' || r > '~' || strings.ContainsRune(`"\<>&`, r)
}
