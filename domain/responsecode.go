package domain

import "strings"

// ResponseCode is a source's own word for an answer that no rule knows, in a form
// that may be logged. Only [NewResponseCode] makes one.
type ResponseCode string

// UnprintableCode stands for a code that may not be logged.
const UnprintableCode ResponseCode = "unprintable"

const (
	maxCodeLength = 48
	// maxCodeDigits keeps out phone numbers, identifiers and tokens.
	maxCodeDigits = 8
)

// NewResponseCode returns the code where it looks like one: at most 48 letters,
// digits, dots, hyphens and underscores, at most 8 of them digits. It returns
// [UnprintableCode] for any other text, and for a code that repeats the username or
// the password or a part of them: a source may answer with what it was sent. An
// empty code stays empty.
func NewResponseCode(code, username string, password Password) ResponseCode {
	if code == "" {
		return ""
	}
	digits := 0
	for _, r := range code {
		switch {
		case r >= '0' && r <= '9':
			digits++
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r == '_', r == '-', r == '.':
		default:
			return UnprintableCode
		}
	}
	if len(code) > maxCodeLength || digits > maxCodeDigits {
		return UnprintableCode
	}
	folded := strings.ToLower(code)
	for _, secret := range []string{strings.ToLower(username), strings.ToLower(password.Reveal())} {
		if secret != "" && (strings.Contains(folded, secret) || strings.Contains(secret, folded)) {
			return UnprintableCode
		}
	}
	return ResponseCode(code)
}
