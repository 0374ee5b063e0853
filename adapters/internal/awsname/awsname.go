// Package awsname checks the format of names that AWS assigns. It uses no
// regular expressions: settings are read at every start, and compiling one
// would cost more than all its checks. It imports neither domain nor ports.
package awsname

import (
	"errors"
	"strings"
)

// Sets of characters that names consist of.
const (
	lower   = "abcdefghijklmnopqrstuvwxyz"
	Digits  = "0123456789"
	Letters = lower + "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
)

// Of reports whether the text is one or more of the ASCII characters.
func Of(text, characters string) bool {
	return text != "" && strings.Trim(text, characters) == ""
}

// IsRegion reports whether the text looks like the name of a region: two
// letters, words and a number, separated by hyphens.
func IsRegion(text string) bool {
	parts := strings.Split(text, "-")
	last := len(parts) - 1
	if last < 2 || len(parts[0]) != 2 || !Of(parts[last], Digits) {
		return false
	}
	for _, part := range parts[:last] {
		if !Of(part, lower) {
			return false
		}
	}
	return true
}

// Region is the name of an AWS region in a setting.
type Region string

// UnmarshalText implements [encoding.TextUnmarshaler]; the error says what a
// region looks like.
func (r *Region) UnmarshalText(text []byte) error {
	if !IsRegion(string(text)) {
		return errors.New("expected an AWS region, such as ap-northeast-1")
	}
	*r = Region(text)
	return nil
}

// IsRole reports whether the text looks like the ARN of an IAM role ("IAM
// identifiers", IAM User Guide). The name with its path has up to 512
// characters.
func IsRole(text string) bool {
	parts := strings.Split(text, ":")
	if len(parts) != 6 {
		return false
	}
	name, isRole := strings.CutPrefix(parts[5], "role/")
	return parts[0] == "arn" && isPartition(parts[1]) && parts[2] == "iam" && parts[3] == "" && isAccount(parts[4]) &&
		isRole && len(name) <= 512 && Of(name, Letters+Digits+"_+=,.@/-")
}

// Function is the name of a Lambda function, or a function's ARN in its parts.
type Function struct {
	Name string
	// Region and Account are empty if only the name is given.
	Region, Account string
	// Qualifier is a version or an alias; empty for none.
	Qualifier string
	// ARN is the ARN without its qualifier; empty if only the name is given.
	ARN string
}

// ParseFunction reads the name of a function, or a function's ARN with or without a
// qualifier ("Invoke", AWS Lambda API Reference).
func ParseFunction(text string) (Function, bool) {
	parts := strings.Split(text, ":")
	if len(parts) == 1 {
		return Function{Name: text}, isFunctionName(text)
	}
	if len(parts) < 7 || len(parts) > 8 || parts[0] != "arn" || !isPartition(parts[1]) || parts[2] != "lambda" ||
		!IsRegion(parts[3]) || !isAccount(parts[4]) || parts[5] != "function" || !isFunctionName(parts[6]) {
		return Function{}, false
	}
	function := Function{Name: parts[6], Region: parts[3], Account: parts[4], ARN: strings.Join(parts[:7], ":")}
	if len(parts) == 8 {
		function.Qualifier = parts[7]
		return function, IsQualifier(parts[7])
	}
	return function, true
}

func isFunctionName(text string) bool {
	return len(text) <= 64 && Of(text, Letters+Digits+"-_")
}

// IsQualifier reports whether the text can be a function's version or alias.
func IsQualifier(text string) bool {
	return text == "$LATEST" || len(text) <= 128 && Of(text, Letters+Digits+"-_")
}

// isPartition reports whether the text is aws or begins with aws-, such as
// aws-cn.
func isPartition(text string) bool {
	rest, found := strings.CutPrefix(text, "aws")
	return found && (rest == "" || Of(rest, lower+"-"))
}

func isAccount(text string) bool {
	return len(text) == 12 && Of(text, Digits)
}
