package tail

import (
	"strings"

	"cognito-user-migration/app/userfile"
)

// appendField adds a field of a CSV file (RFC 4180). A formula gets an apostrophe in
// front, which unguarded removes.
func appendField(to []byte, text string) []byte {
	guard := userfile.IsFormula(text)
	if !guard && !strings.ContainsAny(text, ",\"\r\n") {
		return append(to, text...)
	}
	to = append(to, '"')
	if guard {
		to = append(to, '\'')
	}
	for {
		quote := strings.IndexByte(text, '"')
		if quote < 0 {
			break
		}
		to = append(append(to, text[:quote+1]...), '"')
		text = text[quote+1:]
	}
	return append(append(to, text...), '"')
}

// unguarded is a field as it was before it was guarded.
func unguarded(text string) string { return strings.TrimPrefix(text, "'") }

func appendRow(to []byte, fields ...string) []byte {
	for i, field := range fields {
		if i > 0 {
			to = append(to, ',')
		}
		to = appendField(to, field)
	}
	return append(to, '\n')
}
