// Package awsname checks the format of names that AWS assigns. It uses no
// regular expressions: settings are read at every start, and compiling one
// would cost more than all its checks. It imports neither domain nor ports.
package awsname

import "strings"

// Sets of characters that names consist of.
const (
	Lower   = "abcdefghijklmnopqrstuvwxyz"
	Digits  = "0123456789"
	Letters = Lower + "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
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
		if !Of(part, Lower) {
			return false
		}
	}
	return true
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

// isPartition reports whether the text is aws or begins with aws-, such as
// aws-cn.
func isPartition(text string) bool {
	rest, found := strings.CutPrefix(text, "aws")
	return found && (rest == "" || Of(rest, Lower+"-"))
}

func isAccount(text string) bool {
	return len(text) == 12 && Of(text, Digits)
}
