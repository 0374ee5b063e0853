// Package fields knows the names of a user's fields: columns of a CSV file or a
// query, members of JSON. A name that almost equals one of them is an error.
// Read as an ordinary attribute, "Enabled" would let disabled users in. It
// imports domain.
package fields

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"cognito-user-migration/domain"

	"golang.org/x/text/unicode/norm"
)

// Names that are not attributes.
const (
	Username     = "username"
	PasswordHash = "password_hash"
	Status       = "status"
	Enabled      = "enabled"
	Groups       = "groups"
	// MFA is the user's second factor at the source.
	MFA = "mfa"
	// Attributes exists in JSON only.
	Attributes = "attributes"
)

// Attributes that this package checks.
const (
	sub           = "sub"
	emailVerified = "email_verified"
	phoneVerified = "phone_number_verified"
)

// closest is the largest edit distance at which a name is taken for a misspelt
// one.
const closest = 2

// Names resolves names as they are written.
type Names struct {
	// mapped has the source attributes that rules name, by their folded form.
	mapped map[string]string
}

// NewNames returns a Names that also knows the source attributes that rules
// name. Those are never treated as misspelt.
func NewNames(mapped ...string) Names {
	n := Names{mapped: make(map[string]string, len(mapped))}
	for _, name := range mapped {
		n.mapped[fold(name)] = name
	}
	return n
}

// flags lists the attributes that say whether a contact is verified.
func flags() []string {
	return []string{emailVerified, phoneVerified}
}

// deciding lists the names that affect whether a user migrates. A misspelt one
// is an error. Any other attribute may resemble one of them by chance.
func deciding() []string {
	return append([]string{Username, PasswordHash, Status, Enabled, Groups, MFA}, flags()...)
}

// fold ignores letter case, character width, surrounding spaces, and invisible
// characters such as a byte order mark.
func fold(name string) string {
	return strings.ToLower(norm.NFKC.String(strings.TrimFunc(name, isBlank)))
}

// isBlank reports whether the character is invisible.
func isBlank(r rune) bool {
	return unicode.IsSpace(r) || unicode.In(r, unicode.Cf, unicode.Cc)
}

// resolve returns the known name for a written one, and an error for a
// misspelling of one of the deciding names. known is false for an attribute
// that neither Cognito nor a rule knows.
func (n Names) resolve(written string, deciding []string) (name string, known bool, err error) {
	folded := fold(written)
	switch {
	case folded == "":
		return "", false, errors.New("has no name")
	case slices.Contains(deciding, folded):
		return folded, true, nil
	}
	if mapped, there := n.mapped[folded]; there {
		return mapped, true, nil
	}
	name = strings.TrimFunc(written, isBlank)
	switch {
	case folded == sub, folded == Username, slices.Contains(domain.StandardAttributes(), folded):
		return folded, true, nil
	case strings.HasPrefix(folded, "custom:"), strings.HasPrefix(folded, "dev:custom:"):
		return name, true, nil
	}
	if meant, near := nearest(folded, deciding); near {
		return "", false, fmt.Errorf("%q looks like %s; rename it, or add a rule for it to MIGRATE_ATTRIBUTES if it is another attribute", name, meant)
	}
	return name, false, nil
}

// Header is a resolved row of names.
type Header struct {
	// Names has the resolved names, in the order of the columns.
	Names []string
	// Unknown lists attributes that neither Cognito nor a rule knows.
	Unknown []string
}

// ErrNoUsername is the error for a row of names without the username.
var ErrNoUsername = errors.New("missing column " + Username)

// Header resolves the names of columns. The error lists every wrong column:
// without a name, with the same meaning as another, with a misspelt name, and a
// missing username.
func (n Names) Header(written []string) (Header, error) {
	header := Header{Names: make([]string, len(written))}
	var problems []error
	for i, column := range written {
		name, known, err := n.resolve(column, deciding())
		switch first := slices.Index(header.Names[:i], name); {
		case err != nil:
			problems = append(problems, fmt.Errorf("column %d: %w", i+1, err))
		case first >= 0:
			problems = append(problems, fmt.Errorf("columns %d and %d have the same name", first+1, i+1))
		default:
			header.Names[i] = name
			if !known {
				header.Unknown = append(header.Unknown, name)
			}
		}
	}
	if len(problems) == 0 && !slices.Contains(header.Names, Username) {
		problems = append(problems, ErrNoUsername)
	}
	return header, errors.Join(problems...)
}

// IsUsername reports whether a name means the username.
func IsUsername(written string) bool {
	return fold(written) == Username
}

// Attribute resolves a name inside the object of attributes. Our own field
// names have no meaning there, so such a name is an error.
func (n Names) Attribute(written string) (name string, known bool, err error) {
	folded := fold(written)
	if _, mapped := n.mapped[folded]; !mapped && slices.Contains([]string{PasswordHash, Status, Enabled, Groups, MFA}, folded) {
		return "", false, fmt.Errorf("%s must be next to attributes, not inside it", folded)
	}
	return n.resolve(written, flags())
}

// Field resolves the name of a field of an object that may have only these
// fields.
func Field(written string, of ...string) (string, error) {
	folded := fold(written)
	if slices.Contains(of, folded) {
		return folded, nil
	}
	takes := "expected " + strings.Join(of[:len(of)-1], ", ") + " and " + of[len(of)-1] + ", and no other field"
	if meant, near := nearest(folded, of); near {
		return "", fmt.Errorf("%s; %q looks like %s", takes, written, meant)
	}
	if !Presentable(written) {
		return "", errors.New(takes)
	}
	return "", fmt.Errorf("%s; found %q", takes, written)
}

// Presentable reports whether an error may contain the name. A long one, or one
// with an @, may be a value in the wrong column.
func Presentable(name string) bool {
	const longest = 40
	return len(name) <= longest && !strings.Contains(name, "@") && !strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) })
}

// nearest returns the name that is within the distance of a misspelt one.
func nearest(folded string, names []string) (meant string, near bool) {
	best := closest + 1
	for _, name := range names {
		// A name of three letters with two different ones is another word: fax
		// is not mfa.
		if d := distance(folded, name); d < best && (d == 1 || len(name) > 3) {
			best, meant = d, name
		}
	}
	return meant, best <= closest
}

// distance is the Levenshtein distance in letters.
func distance(a, b string) int {
	from, to := []rune(a), []rune(b)
	if difference := len(from) - len(to); difference > closest || difference < -closest {
		return closest + 1
	}
	row := make([]int, len(to)+1)
	for j := range row {
		row[j] = j
	}
	for i, r := range from {
		diagonal := row[0]
		row[0] = i + 1
		for j, other := range to {
			cost := diagonal
			if r != other {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(to)]
}

// Bool reads the usual texts for true and false in files and databases.
func Bool(text string) (bool, error) {
	truth, ok := domain.ParseBoolean(text)
	if !ok {
		return false, errors.New("expected true or false, 1 or 0")
	}
	return truth, nil
}

// SplitGroups splits names at semicolons, because CSV uses the comma and names
// may contain spaces.
func SplitGroups(text string) []string {
	var groups []string
	for name := range strings.SplitSeq(text, ";") {
		if name = strings.TrimSpace(name); name != "" {
			groups = append(groups, name)
		}
	}
	return groups
}

// ReadStatus reads a user status of Cognito.
func ReadStatus(text string) (domain.UserStatus, error) {
	for _, status := range domain.UserStatuses() {
		if strings.EqualFold(strings.TrimSpace(text), string(status)) {
			return status, nil
		}
	}
	return "", fmt.Errorf("expected one of %v", domain.UserStatuses())
}

// Value returns the stored form of an attribute's value: true or false for a
// flag. For attributes that identify a user, it removes surrounding spaces,
// which columns of fixed width add.
func Value(attribute, text string) (string, error) {
	switch attribute {
	case emailVerified, phoneVerified:
		verified, err := Bool(text)
		return strconv.FormatBool(verified), err
	case sub, "email", "phone_number", "preferred_username":
		return strings.TrimSpace(text), nil
	default:
		return text, nil
	}
}
