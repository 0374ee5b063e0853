package main

import (
	"encoding"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"cognito-user-migration/adapters/cognitosource"

	"github.com/spf13/pflag"
)

// value is the value of a flag that is checked before any command runs.
type value[T any] struct {
	to    *T
	parse func(string) (T, error)
	show  func(T) string
	kind  string
}

// String implements [pflag.Value].
func (v value[T]) String() string { return v.show(*v.to) }

// Set implements [pflag.Value].
func (v value[T]) Set(text string) error {
	parsed, err := v.parse(text)
	if err == nil {
		*v.to = parsed
	}
	return err
}

// Type implements [pflag.Value].
func (v value[T]) Type() string { return v.kind }

// checked is a text that passes a check.
func checked(to *string, check func(string) error) pflag.Value {
	return value[string]{to, func(text string) (string, error) { return text, check(text) }, strings.Clone, "string"}
}

// duration is a duration above zero.
func duration(to *time.Duration) pflag.Value {
	return value[time.Duration]{to, func(text string) (time.Duration, error) {
		parsed, err := time.ParseDuration(text)
		if err != nil || parsed <= 0 {
			return 0, errors.New("expected a duration above zero, such as 30s")
		}
		return parsed, nil
	}, time.Duration.String, "time"}
}

// whole is a whole number from least to most.
func whole(to *int, least, most int) pflag.Value {
	return value[int]{to, func(text string) (int, error) {
		parsed, err := strconv.Atoi(text)
		if err != nil || parsed < least || parsed > most {
			return 0, fmt.Errorf("expected a whole number from %d to %d", least, most)
		}
		return parsed, nil
	}, strconv.Itoa, "number"}
}

// number is a number from least to most.
func number(to *float64, least, most float64) pflag.Value {
	return value[float64]{to, func(text string) (float64, error) {
		parsed, err := strconv.ParseFloat(text, 64)
		if err != nil || !(parsed >= least && parsed <= most) {
			return 0, fmt.Errorf("expected a number from %g to %g", least, most)
		}
		return parsed, nil
	}, showNumber, "number"}
}

// share is a share of a whole, from least to 1.
func share(to *float64, least float64) pflag.Value {
	return value[float64]{to, func(text string) (float64, error) {
		figure, percent := strings.CutSuffix(text, "%")
		parsed, err := strconv.ParseFloat(figure, 64)
		if percent {
			parsed /= 100
		}
		if err != nil || !(parsed >= least && parsed <= 1) {
			return 0, fmt.Errorf("expected a share from %.4g to 1, such as 0.2 or 20%%", least)
		}
		return parsed, nil
	}, showNumber, "share"}
}

// perSecond is a number of requests per second above zero.
func perSecond(to *float64) pflag.Value {
	return value[float64]{to, func(text string) (float64, error) {
		parsed, err := strconv.ParseFloat(text, 64)
		if err != nil || !(parsed > 0) || parsed > 1e9 {
			return 0, errors.New("expected a number of requests per second above zero, such as 5")
		}
		return parsed, nil
	}, showNumber, "number"}
}

func showNumber(value float64) string { return strconv.FormatFloat(value, 'g', -1, 64) }

// poolVar declares a flag for the ID of a user pool.
func poolVar(flags *pflag.FlagSet, to *string, name, usage string) {
	flags.Var(checked(to, parsesAs[cognitosource.UserPoolID]), name, usage)
}

// clientVar declares a flag for the ID of an app client.
func clientVar(flags *pflag.FlagSet, to *string, name, usage string) {
	flags.Var(checked(to, parsesAs[cognitosource.ClientID]), name, usage)
}

// regionVar declares the flag for the destination's region.
func regionVar(flags *pflag.FlagSet, to *string) {
	const usage = "the destination's `REGION` (default: the one in its pool's ID)"
	flags.Var(checked(to, parsesAs[cognitosource.Region]), "destination-region", usage)
}

// functionVar declares a flag for a function's name or ARN.
func functionVar(flags *pflag.FlagSet, to *string, name, usage string) {
	flags.Var(checked(to, checkFunction), name, usage)
}

// defaultTimeout is how long a command that only asks may take.
const defaultTimeout = 30 * time.Second

// timeoutVar declares the flag for how long a command may take in all.
func timeoutVar(flags *pflag.FlagSet, to *time.Duration) {
	*to = defaultTimeout
	flags.Var(duration(to), "timeout", "the longest `TIME` that all questions together may take, such as 30s")
}

// choiceVar declares a flag that takes one of a few words.
func choiceVar(flags *pflag.FlagSet, to *string, name, usage string, choices ...string) {
	flags.Var(checked(to, func(text string) error {
		if slices.Contains(choices, text) {
			return nil
		}
		return errors.New("expected " + strings.Join(choices, " or "))
	}), name, usage)
}

// parsesAs is an error if the text cannot be parsed as a T.
func parsesAs[T any, P interface {
	*T
	encoding.TextUnmarshaler
}](text string) error {
	return P(new(T)).UnmarshalText([]byte(text))
}

// The longest parts of a function's ARN ("FunctionName" and "Qualifier" of
// GetFunctionConfiguration, AWS Lambda API Reference).
const (
	longestFunctionName = 64
	longestQualifier    = 128
)

// checkFunction accepts the names that Lambda accepts for a function: a name, a
// partial ARN and an ARN. Each can have a version or an alias.
func checkFunction(text string) error {
	expected := errors.New("expected a function's name or ARN, such as user-migration, user-migration:live or arn:aws:lambda:ap-northeast-1:111111111111:function:user-migration")
	parts := strings.Split(text, ":")
	if parts[0] == "arn" {
		if len(parts) < 7 || !isWord(parts[1], "-", longestFunctionName) || parts[2] != "lambda" || parsesAs[cognitosource.Region](parts[3]) != nil {
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
	const alphanumeric = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	return text != "" && len(text) <= longest && strings.Trim(text, alphanumeric+signs) == ""
}

func isAccount(text string) bool {
	return len(text) == 12 && strings.Trim(text, "0123456789") == ""
}

// regionOf is the region in a user pool's ID.
func regionOf(poolID string) string {
	region, _, found := strings.Cut(poolID, "_")
	if !found {
		return ""
	}
	return region
}
