package domain

import (
	"errors"
	"strconv"
	"strings"
	"unicode/utf8"
)

// PasswordPolicy is a user pool's policy for passwords. The zero policy allows
// every password.
type PasswordPolicy struct {
	// MinimumLength is the minimum number of characters.
	MinimumLength int
	// Kinds of characters that a password must contain.
	RequireUppercase, RequireLowercase, RequireNumbers, RequireSymbols bool
}

// UnmarshalText implements [encoding.TextUnmarshaler]. It reads the names of
// the pool's PasswordPolicy, separated by commas.
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

// String writes the policy in the form that UnmarshalText reads.
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

// IsZero reports whether the policy allows every password.
func (p PasswordPolicy) IsZero() bool { return p == PasswordPolicy{} }

var errPasswordPolicy = errors.New("expected the requirements of the pool's password policy, such as MinimumLength=8,RequireUppercase,RequireLowercase,RequireNumbers,RequireSymbols")

const (
	// longestPassword is the maximum length that Cognito accepts, in
	// characters.
	longestPassword = 256
	// passwordSymbols lists the characters that Cognito counts as special.
	// Spaces also count, except as the first or last character.
	passwordSymbols = "^$*.[]{}()?\"!@#%&/\\,><':;|_~`=+-" //nolint:gosec // characters, not credentials
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

// isWeak reports whether the rules check the password and the policy rejects
// it. It passes on no part of the password.
func (r Rules) isWeak(password Password) bool {
	checks := r.OnWeakPassword == WeakPasswordReset || r.OnWeakPassword == WeakPasswordRefuse
	return checks && !r.PasswordPolicy.allows(password.reveal())
}
