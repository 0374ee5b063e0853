package domain

import (
	"errors"
	"strconv"
	"strings"
	"unicode/utf8"
)

// PasswordPolicy is what a user pool demands of a password. The zero policy demands
// nothing.
type PasswordPolicy struct {
	// MinimumLength is the least number of characters.
	MinimumLength int
	// The kinds of characters of which one must be there.
	RequireUppercase, RequireLowercase, RequireNumbers, RequireSymbols bool
}

// UnmarshalText implements [encoding.TextUnmarshaler]: the demands of the pool's
// PasswordPolicy by their names, separated by commas.
func (p *PasswordPolicy) UnmarshalText(text []byte) error {
	var read PasswordPolicy
	for word := range strings.SplitSeq(string(text), ",") {
		word = strings.TrimSpace(word)
		length, isLength := strings.CutPrefix(word, "MinimumLength=")
		switch {
		case isLength && read.MinimumLength == 0:
			number, err := strconv.Atoi(length)
			if err != nil || number < 1 || number > longestPassword {
				return errPasswordPolicy
			}
			read.MinimumLength = number
		case word == "RequireUppercase":
			read.RequireUppercase = true
		case word == "RequireLowercase":
			read.RequireLowercase = true
		case word == "RequireNumbers":
			read.RequireNumbers = true
		case word == "RequireSymbols":
			read.RequireSymbols = true
		default:
			return errPasswordPolicy
		}
	}
	*p = read
	return nil
}

// String writes the policy as UnmarshalText reads it.
func (p PasswordPolicy) String() string {
	var words []string
	if p.MinimumLength > 0 {
		words = append(words, "MinimumLength="+strconv.Itoa(p.MinimumLength))
	}
	for _, demand := range []struct {
		is   bool
		name string
	}{
		{p.RequireUppercase, "RequireUppercase"}, {p.RequireLowercase, "RequireLowercase"},
		{p.RequireNumbers, "RequireNumbers"}, {p.RequireSymbols, "RequireSymbols"},
	} {
		if demand.is {
			words = append(words, demand.name)
		}
	}
	return strings.Join(words, ",")
}

// IsZero reports whether the policy demands nothing.
func (p PasswordPolicy) IsZero() bool { return p == PasswordPolicy{} }

var errPasswordPolicy = errors.New("expected the requirements of the pool's password policy, such as MinimumLength=8,RequireUppercase,RequireLowercase,RequireNumbers,RequireSymbols")

const (
	// longestPassword is the most characters that Cognito takes.
	longestPassword = 256
	// passwordSymbols are the special characters that Cognito counts, beside spaces
	// that are neither the first nor the last character.
	passwordSymbols = "^$*.[]{}()?\"!@#%&/\\,><':;|_~`=+-" //nolint:gosec // characters, and no credentials
)

// allows reports whether the policy allows a password ("Adding user pool password
// requirements", Amazon Cognito Developer Guide). Letters and numbers are those of
// Basic Latin.
func (p PasswordPolicy) allows(password string) bool {
	length := utf8.RuneCountInString(password)
	return length >= p.MinimumLength && length <= longestPassword &&
		(!p.RequireUppercase || strings.ContainsAny(password, "ABCDEFGHIJKLMNOPQRSTUVWXYZ")) &&
		(!p.RequireLowercase || strings.ContainsAny(password, "abcdefghijklmnopqrstuvwxyz")) &&
		(!p.RequireNumbers || strings.ContainsAny(password, "0123456789")) &&
		(!p.RequireSymbols || strings.ContainsAny(password, passwordSymbols) || strings.Contains(strings.Trim(password, " "), " "))
}

// isWeak reports whether a password is to be checked, and the policy does not allow
// it. Nothing of the password leaves here.
func (r Rules) isWeak(password Password) bool {
	checks := r.OnWeakPassword == WeakPasswordReset || r.OnWeakPassword == WeakPasswordRefuse
	return checks && !r.PasswordPolicy.allows(password.reveal())
}
