// Package importfile writes the rows of the CSV file of a Cognito user import job
// ("Formatting the .csv file", Amazon Cognito Developer Guide). The file is UTF-8
// without a byte order mark. A backslash precedes each comma of a value. There are no
// quotes, so encoding/csv cannot write it. It imports domain.
package importfile

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// The columns that every header has, beside those of attributes.
const (
	columnUsername = "cognito:username"
	columnMFA      = "cognito:mfa_enabled"

	columnEmail         = "email"
	columnEmailVerified = "email_verified"
	columnPhone         = "phone_number"
	columnPhoneVerified = "phone_number_verified"
)

// The limits of one file and one row.
const (
	MostRows       = 500_000
	MostBytes      = 100_000_000
	mostCharacters = 16_000
)

// Header is the header of a pool's import file, as GetCSVHeader returns it.
type Header struct {
	names []string
	hash  int
}

// ParseHeader checks the names. It returns an error if a column that every row needs
// is missing, or if a name is there twice or cannot be written.
func ParseHeader(names []string) (Header, error) {
	h := Header{names: slices.Clone(names), hash: -1}
	for i, name := range names {
		switch {
		case name == "" || strings.TrimSpace(name) != name || strings.ContainsAny(name, ",\"\\\r\n"):
			return Header{}, fmt.Errorf("column %d of the header has no valid name; expected the answer of GetCSVHeader", i+1)
		case slices.Contains(names[:i], name):
			return Header{}, fmt.Errorf("the header has the column %s twice; expected the answer of GetCSVHeader", name)
		case isHash(name):
			h.hash = i
		}
	}
	for _, name := range []string{columnUsername, columnMFA} {
		if !slices.Contains(names, name) {
			return Header{}, fmt.Errorf("the header lacks the column %s; expected the answer of GetCSVHeader", name)
		}
	}
	if !slices.Contains(names, columnEmailVerified) && !slices.Contains(names, columnPhoneVerified) {
		return Header{}, errors.New("the header lacks the columns email_verified and phone_number_verified; expected the answer of GetCSVHeader")
	}
	return h, nil
}

// isHash recognises the column of password hashes. Its name is not documented.
func isHash(name string) bool {
	return !strings.HasPrefix(name, "custom:") && !strings.HasPrefix(name, "dev:") && strings.Contains(strings.ToLower(name), "hash")
}

// HashColumn is the name of the column of password hashes; empty if the pool offers
// none.
func (h Header) HashColumn() string {
	if h.hash < 0 {
		return ""
	}
	return h.names[h.hash]
}

// Names are the columns in their order.
func (h Header) Names() []string { return slices.Clone(h.names) }

// Line is the first line of a file, with its line break.
func (h Header) Line() string { return strings.Join(h.names, ",") + "\n" }
