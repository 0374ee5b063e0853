package domain

import (
	"strings"
	"unicode"
)

// ResponseCode is a source's code that no rule knows, in a form that may be
// logged. Only [NewResponseCode] creates one.
type ResponseCode string

// UnprintableCode replaces a code that may not be logged.
const UnprintableCode ResponseCode = "unprintable"

const (
	maxCodeLength = 48
	// maxCodeDigits excludes phone numbers, identifiers and tokens.
	maxCodeDigits = 8
	// minWordLength: shorter words of a username do not hide a code, because
	// they are common syllables.
	minWordLength = 4
)

// NewResponseCode returns the code if it looks like one: at most 48 letters,
// digits, dots, hyphens and underscores, of which at most 8 are digits. It
// returns [UnprintableCode] for any other text. A source may return what was sent. So
// it also does so if the code and the username or password contain each other, or the
// code contains one of their words. An empty code stays empty.
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

// repeats reports whether one of code and secret contains the other, or the
// code contains a word of the secret. It ignores letter case.
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
