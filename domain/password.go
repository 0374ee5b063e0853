package domain

import (
	"fmt"
	"io"
)

const redacted = "[REDACTED]"

// hidden holds a text that no formatter, logger or encoder can reach: the
// methods below answer for it, and where they cannot be called (a field that is
// not exported) fmt prints the pointer's address and not what it points to.
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

// MarshalText implements [encoding.TextMarshaler] with one fixed text, and so
// answers for encoding/json, encoding/xml and log/slog too.
func (hidden) MarshalText() ([]byte, error) {
	return []byte(redacted), nil
}

// Empty reports whether there is no text, or an empty one.
func (h hidden) Empty() bool {
	return h.reveal() == ""
}

// Password is what a person typed to sign in. It cannot be printed, logged or
// marshalled; each source adapter reads it in one place, by Reveal.
type Password struct {
	hidden
}

// NewPassword wraps what a person typed.
func NewPassword(typed string) Password {
	return Password{hide(typed)}
}

// Reveal returns what was typed. Only a source adapter may call it, in the one
// place where the source is asked; a test counts the callers.
func (p Password) Reveal() string {
	return p.reveal()
}

// Secret is a setting that must not be shown: a client secret, a key, a session
// token. Like [Password], it cannot be printed, logged or marshalled.
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

// UnmarshalText implements [encoding.TextUnmarshaler], so that a setting can be
// read straight into the type that hides it. It never fails.
func (s *Secret) UnmarshalText(text []byte) error {
	*s = NewSecret(string(text))
	return nil
}
