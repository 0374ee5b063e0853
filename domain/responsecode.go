package domain

import (
	"strings"
	"unicode"
)

// ResponseCode is a source's own word for an answer that no rule knows, in a form
// that may be logged. Only [NewResponseCode] makes one.
type ResponseCode string

// UnprintableCode stands for a code that may not be logged.
const UnprintableCode ResponseCode = "unprintable"

const (
	maxCodeLength = 48
	// maxCodeDigits keeps out phone numbers, identifiers and tokens.
	maxCodeDigits = 8
	// minWordLength keeps common syllables of usernames from hiding codes.
	minWordLength = 4
)

// NewResponseCode returns the code where it looks like one: at most 48 letters,
// digits, dots, hyphens and underscores, at most 8 of them digits. It returns
// [UnprintableCode] for any other text, and for a code that is a part of the username
// or the password, or has them or one of their words in it: a source may answer with what it was
// sent. An empty code stays empty.
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
	if repeats(code, username) || repeats(code, password.reveal()) {
		return UnprintableCode
	}
	return ResponseCode(code)
}

// repeats reports whether a code and a secret have one another in them, or the code
// has a word of the secret. Letter case does not matter.
func repeats(code, secret string) bool {
	code, secret = strings.ToLower(code), strings.ToLower(secret)
	if secret == "" {
		return false
	}
	if strings.Contains(secret, code) || strings.Contains(code, secret) {
		return true
	}
	for _, word := range strings.FieldsFunc(secret, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		if len(word) >= minWordLength && strings.Contains(code, word) {
			return true
		}
	}
	return false
}
