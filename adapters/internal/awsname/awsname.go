// Package awsname knows what names look like that AWS gives. It compiles no
// regular expressions: settings are read at every start, and there to compile
// one costs more than all that it is asked. It imports neither domain nor ports.
package awsname

import "strings"

// The characters that names are made of.
const (
	Lower   = "abcdefghijklmnopqrstuvwxyz"
	Digits  = "0123456789"
	Letters = Lower + "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
)

// Of reports whether the text is one or more of the characters, all of them
// ASCII.
func Of(text, characters string) bool {
	return text != "" && strings.Trim(text, characters) == ""
}

// IsRegion reports whether the text is like the name of a region: two letters,
// words, a number, with hyphens between.
func IsRegion(text string) bool {
	parts := strings.Split(text, "-")
	last := len(parts) - 1
	if last < 2 || len(parts[0]) != 2 || !Of(parts[last], Digits) {
		return false
	}
	for _, part := range parts[:last] {
		if !Of(part, Lower) {
			return false
		}
	}
	return true
}

// IsRole reports whether the text is like the ARN of an IAM role ("IAM
// identifiers", IAM User Guide): a name of up to 512 characters with its path.
func IsRole(text string) bool {
	parts := strings.Split(text, ":")
	if len(parts) != 6 {
		return false
	}
	name, isRole := strings.CutPrefix(parts[5], "role/")
	return parts[0] == "arn" && isPartition(parts[1]) && parts[2] == "iam" && parts[3] == "" && isAccount(parts[4]) &&
		isRole && len(name) <= 512 && Of(name, Letters+Digits+"_+=,.@/-")
}

// isPartition holds for aws and what begins with it, such as aws-cn.
func isPartition(text string) bool {
	rest, found := strings.CutPrefix(text, "aws")
	return found && (rest == "" || Of(rest, Lower+"-"))
}

func isAccount(text string) bool {
	return len(text) == 12 && Of(text, Digits)
}
