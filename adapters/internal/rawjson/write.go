package rawjson

import (
	"encoding/json"
	"strings"
)

// AppendText appends the text as a string of JSON, as [json.Marshal] writes it.
func AppendText(to []byte, text string) []byte {
	if strings.IndexFunc(text, needsCare) >= 0 {
		quoted, _ := json.Marshal(text) // of a string there is no error
		return append(to, quoted...)
	}
	to = append(to, '"')
	to = append(to, text...)
	return append(to, '"')
}

// needsCare holds for what may not stand in a string as it is, and for what
// [json.Marshal] does not leave as it is.
func needsCare(r rune) bool {
	return r < ' ' || r > '~' || strings.ContainsRune(`"\<>&`, r)
}
