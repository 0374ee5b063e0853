package domain

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
)

const redacted = "[REDACTED]"

// hidden contains a text that formatters, loggers and encoders cannot print:
// they call the methods below. For an unexported field, they cannot call the
// methods, and fmt prints the address of the pointer.
type hidden struct {
	value *string
}

func hide(value string) hidden {
	return hidden{value: &value}
}

func (h hidden) reveal() string {
	if h.value == nil {
		return ""
	}
	return *h.value
}

// Format implements [fmt.Formatter] for every verb with one fixed text.
func (hidden) Format(state fmt.State, _ rune) {
	_, _ = io.WriteString(state, redacted)
}

// MarshalText implements [encoding.TextMarshaler] with one fixed text.
// encoding/json, encoding/xml and log/slog call it.
func (hidden) MarshalText() ([]byte, error) {
	return []byte(redacted), nil
}

// Empty reports whether there is no text, or an empty one.
func (h hidden) Empty() bool {
	return h.reveal() == ""
}

// Password is the password that a user typed. It cannot be printed, logged or
// marshalled. Each source adapter reads it in one place, by Reveal.
type Password struct {
	hidden
}

// NewPassword wraps a typed password.
func NewPassword(typed string) Password {
	return Password{hide(typed)}
}

// Reveal returns the typed password. Only source adapters may call it, in the
// one place where they ask the source; a test counts the callers.
func (p Password) Reveal() string {
	return p.reveal()
}

// Secret is a secret setting: a client secret, a key, a session token. Like
// [Password], it cannot be printed, logged or marshalled.
type Secret struct {
	hidden
}

// NewSecret wraps a secret setting.
func NewSecret(value string) Secret {
	return Secret{hide(value)}
}

// Reveal returns the secret, for the call that needs it.
func (s Secret) Reveal() string {
	return s.reveal()
}

// digest returns HMAC-SHA256 (RFC 2104) of the text in hexadecimal, with the secret as
// the key.
func (s Secret) digest(text string) string {
	mac := hmac.New(sha256.New, []byte(s.reveal()))
	_, _ = io.WriteString(mac, text) // writing to a hash never fails
	return hex.EncodeToString(mac.Sum(nil))
}

// UnmarshalText implements [encoding.TextUnmarshaler], so that a setting is
// read directly into this type. It never fails.
func (s *Secret) UnmarshalText(text []byte) error {
	*s = NewSecret(string(text))
	return nil
}
