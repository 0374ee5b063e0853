package sqlsource

import (
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"cognito-user-migration/adapters/internal/hashed"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
)

// The columns of a row that are not attributes.
const (
	columnUsername     = "username"
	columnPasswordHash = "password_hash"
	columnStatus       = "status"
	columnEnabled      = "enabled"
	columnSub          = "sub"
	columnGroups       = "groups"
)

// misconfigured is an error that says what is wrong with the query. It names
// columns that have a meaning, and others by their place.
func misconfigured(format string, arguments ...any) error {
	return fmt.Errorf("%s: %w", fmt.Sprintf(format, arguments...), ports.ErrMisconfigured)
}

func checkColumns(columns []*sql.ColumnType) error {
	seen := make([]string, len(columns))
	for i, column := range columns {
		if column.Name() == "" || slices.Contains(seen, column.Name()) {
			return misconfigured("column %d of the query has no name, or that of another: name it by AS", i+1)
		}
		seen[i] = column.Name()
	}
	if !slices.Contains(seen, columnUsername) {
		return misconfigured("the query has no column username: name it by AS")
	}
	return nil
}

// personOf reads a row.
func personOf(columns []*sql.ColumnType, values []any) (*hashed.Person, error) {
	p := &hashed.Person{User: domain.SourceUser{
		Status: domain.StatusConfirmed, Enabled: true, Attributes: make(domain.Attributes),
	}}
	for i, column := range columns {
		value := *values[i].(*any) //nolint:errcheck // they were made so
		text, err := textOf(value, column.DatabaseTypeName())
		if err != nil {
			return nil, misconfigured("column %d of the query: %v", i+1, err)
		}
		if err := place(p, column.Name(), value, text); err != nil {
			return nil, err
		}
	}
	if p.User.Username == "" {
		return nil, misconfigured("a row of the query has no username")
	}
	return p, nil
}

// place puts one column in its place. NULL is none, but nobody is enabled by it.
func place(p *hashed.Person, column string, value any, text string) error {
	switch column {
	case columnUsername:
		p.User.Username = text
	case columnPasswordHash:
		// Unix and Django write these in place of a hash, for no password at all.
		if !strings.HasPrefix(text, "!") && !strings.HasPrefix(text, "*") {
			p.Hash = text
		}
	case columnStatus:
		if text == "" {
			return nil
		}
		p.User.Status = domain.UserStatus(text)
		if !slices.Contains(domain.UserStatuses(), p.User.Status) {
			return misconfigured("status: takes one of %v", domain.UserStatuses())
		}
	case columnEnabled:
		enabled, err := boolOf(text)
		if err != nil && value != nil {
			return misconfigured("enabled: %v", err)
		}
		p.User.Enabled = enabled
	case columnGroups:
		p.User.Groups, p.User.GroupsKnown = groupsOf(text), true
	default:
		if value == nil {
			return nil
		}
		if column == "email_verified" || column == "phone_number_verified" {
			verified, err := boolOf(text)
			if err != nil {
				return misconfigured("%s: %v", column, err)
			}
			text = strconv.FormatBool(verified)
		}
		if column == columnSub {
			p.User.Sub = text
		}
		p.User.Attributes[column] = text
	}
	return nil
}

// textOf writes a value as the database would. What it would write in more than
// one way is left to the query.
func textOf(value any, databaseType string) (string, error) {
	switch v := value.(type) {
	case nil:
		return "", nil
	case string:
		return v, nil
	case []byte:
		if databaseType == "BIT" && len(v) == 1 {
			return strconv.Itoa(int(v[0])), nil
		}
		return string(v), nil
	case bool:
		return strconv.FormatBool(v), nil
	case int64:
		return strconv.FormatInt(v, 10), nil
	case uint64:
		return strconv.FormatUint(v, 10), nil
	case time.Time:
		if databaseType == "DATE" {
			return v.Format(time.DateOnly), nil
		}
	}
	return "", errors.New("is of a type that can be written in several ways; cast it to a text")
}

// boolOf reads what databases have for true and false.
func boolOf(text string) (bool, error) {
	switch strings.ToLower(text) {
	case "true", "t", "1":
		return true, nil
	case "false", "f", "0":
		return false, nil
	default:
		return false, errors.New("takes a boolean, 1 or 0")
	}
}

// groupsOf splits names at semicolons, as string_agg and GROUP_CONCAT can join
// them.
func groupsOf(text string) []string {
	var groups []string
	for name := range strings.SplitSeq(text, ";") {
		if name = strings.TrimSpace(name); name != "" {
			groups = append(groups, name)
		}
	}
	return groups
}
