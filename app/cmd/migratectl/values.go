package main

import (
	"encoding"
	"errors"
	"strings"
	"time"

	"cognito-user-migration/adapters/cognitosource"

	"github.com/spf13/pflag"
)

// checked is the value of a flag that is checked before any command runs.
type checked struct {
	to    *string
	check func(string) error
}

// String implements [pflag.Value].
func (c checked) String() string { return *c.to }

// Set implements [pflag.Value].
func (c checked) Set(text string) error {
	if err := c.check(text); err != nil {
		return err
	}
	*c.to = text
	return nil
}

// Type implements [pflag.Value].
func (c checked) Type() string { return "string" }

// poolVar declares a flag for the ID of a user pool.
func poolVar(flags *pflag.FlagSet, to *string, name, usage string) {
	flags.Var(checked{to, func(text string) error { return parsed(new(cognitosource.UserPoolID), text) }}, name, usage)
}

// clientVar declares a flag for the ID of an app client.
func clientVar(flags *pflag.FlagSet, to *string, name, usage string) {
	flags.Var(checked{to, func(text string) error { return parsed(new(cognitosource.ClientID), text) }}, name, usage)
}

// regionVar declares the flag for the destination's region.
func regionVar(flags *pflag.FlagSet, to *string) {
	const usage = "the destination's `REGION` (default: the one in its pool's ID)"
	flags.Var(checked{to, func(text string) error { return parsed(new(cognitosource.Region), text) }}, "destination-region", usage)
}

// functionVar declares a flag for a function's name or ARN.
func functionVar(flags *pflag.FlagSet, to *string, name, usage string) {
	flags.Var(checked{to, checkFunction}, name, usage)
}

// defaultTimeout is how long a command that only asks may take.
const defaultTimeout = 30 * time.Second

// timeoutVar declares the flag for how long a command may take in all.
func timeoutVar(flags *pflag.FlagSet, to *time.Duration) {
	*to = defaultTimeout
	flags.Var(positive{to}, "timeout", "the longest `TIME` that all questions together may take, such as 30s")
}

// positive is the value of a flag that takes a duration above zero.
type positive struct{ to *time.Duration }

// String implements [pflag.Value].
func (p positive) String() string { return p.to.String() }

// Set implements [pflag.Value].
func (p positive) Set(text string) error {
	value, err := time.ParseDuration(text)
	if err != nil || value <= 0 {
		return errors.New("expected a duration above zero, such as 30s")
	}
	*p.to = value
	return nil
}

// Type implements [pflag.Value].
func (p positive) Type() string { return "time" }

// choiceVar declares a flag that takes one of a few words.
func choiceVar(flags *pflag.FlagSet, to *string, name, usage string, choices ...string) {
	flags.Var(checked{to, func(text string) error {
		for _, choice := range choices {
			if text == choice {
				return nil
			}
		}
		return errors.New("expected " + strings.Join(choices, " or "))
	}}, name, usage)
}

func parsed(into encoding.TextUnmarshaler, text string) error {
	return into.UnmarshalText([]byte(text))
}

// The longest parts of a function's ARN ("FunctionName" and "Qualifier" of
// GetFunctionConfiguration, AWS Lambda API Reference).
const (
	longestFunctionName = 64
	longestQualifier    = 128
)

// checkFunction holds a text against the ways in which Lambda lets a function be
// named: a name, a partial ARN and an ARN, each with or without a version or alias.
func checkFunction(text string) error {
	expected := errors.New("expected a function's name or ARN, such as user-migration, user-migration:live or arn:aws:lambda:ap-northeast-1:111111111111:function:user-migration")
	parts := strings.Split(text, ":")
	if parts[0] == "arn" {
		if len(parts) < 7 || !isWord(parts[1], "-", longestFunctionName) || parts[2] != "lambda" || parsed(new(cognitosource.Region), parts[3]) != nil {
			return expected
		}
		parts = parts[4:]
	}
	if len(parts) > 2 { // 111111111111:function:user-migration
		if !isAccount(parts[0]) || parts[1] != "function" {
			return expected
		}
		parts = parts[2:]
	}
	if len(parts) > 2 || !isWord(parts[0], "-_", longestFunctionName) || len(parts) == 2 && !isWord(parts[1], "-_$", longestQualifier) {
		return expected
	}
	return nil
}

// isWord reports whether a text has only letters, digits and the given signs.
func isWord(text, signs string, longest int) bool {
	for _, sign := range text {
		letter := sign >= 'a' && sign <= 'z' || sign >= 'A' && sign <= 'Z' || sign >= '0' && sign <= '9'
		if !letter && !strings.ContainsRune(signs, sign) {
			return false
		}
	}
	return text != "" && len(text) <= longest
}

func isAccount(text string) bool {
	for _, sign := range text {
		if sign < '0' || sign > '9' {
			return false
		}
	}
	return len(text) == 12
}

// regionOf is the region in a user pool's ID.
func regionOf(poolID string) string {
	region, _, found := strings.Cut(poolID, "_")
	if !found {
		return ""
	}
	return region
}
