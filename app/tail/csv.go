package tail

import "strings"

// appendField adds a field of a CSV file for readers (RFC 4180). Spreadsheets take a
// text for a formula that begins with one of the signs below, so it gets an
// apostrophe before it; unguarded takes it off again. A phone number is no formula.
func appendField(to []byte, text string) []byte {
	guard := text != "" && strings.IndexByte("=+-@\t\r'", text[0]) >= 0 && !isPhone(text)
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

func isPhone(text string) bool {
	return text[0] == '+' && len(text) > 1 && strings.Trim(text[1:], "0123456789") == ""
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
