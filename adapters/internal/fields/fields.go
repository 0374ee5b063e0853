// Package fields is the one place that knows the names by which a file or a
// query gives a person: columns of a CSV file or a query, fields of JSON. A name
// that is almost one of ours is an error: read as an ordinary attribute,
// "Enabled" would let disabled users in. It imports domain.
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

// The names that are no attributes.
const (
	Username     = "username"
	PasswordHash = "password_hash"
	Status       = "status"
	Enabled      = "enabled"
	Groups       = "groups"
	// MFA is the second factor that a user has at the source.
	MFA = "mfa"
	// Attributes is a field of JSON alone.
	Attributes = "attributes"
)

// The attributes that are looked at here.
const (
	sub           = "sub"
	emailVerified = "email_verified"
	phoneVerified = "phone_number_verified"
)

// closest is the edit distance up to which a name is taken for a misspelt one.
const closest = 2

// Names resolves names as they are written.
type Names struct {
	// mapped are the attributes of the source that rules name, by their folded
	// form.
	mapped map[string]string
}

// NewNames returns a Names that also knows the attributes of the source that
// rules name: those are never taken for misspelt.
func NewNames(mapped ...string) Names {
	n := Names{mapped: make(map[string]string, len(mapped))}
	for _, name := range mapped {
		n.mapped[fold(name)] = name
	}
	return n
}

// flags are the attributes that say that a contact was proved.
func flags() []string {
	return []string{emailVerified, phoneVerified}
}

// deciding are the names that decide who is moved. One that is misspelt is an
// error; the name of any other attribute may be near another by chance.
func deciding() []string {
	return append([]string{Username, PasswordHash, Status, Enabled, Groups, MFA}, flags()...)
}

// fold puts letter case, width and spaces around a name aside, and with them
// marks that nobody sees, such as a byte order mark.
func fold(name string) string {
	return strings.ToLower(norm.NFKC.String(strings.TrimFunc(name, isBlank)))
}

// isBlank holds for what nobody sees.
func isBlank(r rune) bool {
	return unicode.IsSpace(r) || unicode.In(r, unicode.Cf, unicode.Cc)
}

// resolve gives the name that is meant, where these names decide; known is false
// for an attribute that neither Cognito nor a rule knows.
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

// Header is a row of names, resolved.
type Header struct {
	// Names are those that are meant, in the order of the columns.
	Names []string
	// Unknown are attributes that neither Cognito nor a rule knows.
	Unknown []string
}

// ErrNoUsername is a row of names without that of the username.
var ErrNoUsername = errors.New("missing column " + Username)

// Header resolves the names of columns. The error names every column that is
// wrong: one without a name, one that stands for the same as another, one that is
// almost ours, and a missing username.
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

// IsUsername reports whether a name stands for the username.
func IsUsername(written string) bool {
	return fold(written) == Username
}

// Attribute resolves the name of an attribute that stands among attributes
// alone. Our own names have no meaning there, so one is an error.
func (n Names) Attribute(written string) (name string, known bool, err error) {
	folded := fold(written)
	if _, mapped := n.mapped[folded]; !mapped && slices.Contains([]string{PasswordHash, Status, Enabled, Groups, MFA}, folded) {
		return "", false, fmt.Errorf("%s must be next to attributes, not inside it", folded)
	}
	return n.resolve(written, flags())
}

// Field resolves the name of a field of an object that has these fields and no
// other.
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

// Presentable reports whether a name can be shown: what is long or has an @ in it
// may be a value in the place of a name.
func Presentable(name string) bool {
	const longest = 40
	return len(name) <= longest && !strings.Contains(name, "@") && !strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) })
}

// nearest is the name within the distance of a misspelt one.
func nearest(folded string, names []string) (meant string, near bool) {
	best := closest + 1
	for _, name := range names {
		// Of three letters, two others are another word: fax is not mfa.
		if d := distance(folded, name); d < best && (d == 1 || len(name) > 3) {
			best, meant = d, name
		}
	}
	return meant, best <= closest
}

// distance is Levenshtein's, in letters.
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

// Bool reads what files and databases have for true and false.
func Bool(text string) (bool, error) {
	truth, ok := domain.ParseBoolean(text)
	if !ok {
		return false, errors.New("expected true or false, 1 or 0")
	}
	return truth, nil
}

// SplitGroups splits names at semicolons: a comma is CSV's own, and a space can
// be in a name.
func SplitGroups(text string) []string {
	var groups []string
	for name := range strings.SplitSeq(text, ";") {
		if name = strings.TrimSpace(name); name != "" {
			groups = append(groups, name)
		}
	}
	return groups
}

// ReadStatus reads a status of Cognito's.
func ReadStatus(text string) (domain.UserStatus, error) {
	for _, status := range domain.UserStatuses() {
		if strings.EqualFold(strings.TrimSpace(text), string(status)) {
			return status, nil
		}
	}
	return "", fmt.Errorf("expected one of %v", domain.UserStatuses())
}

// Value gives an attribute its value in the form in which it is kept: a flag as
// true or false, and what a person is found by without spaces around it, which
// a column of fixed width has.
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
