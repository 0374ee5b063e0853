package sqlsource

import (
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"cognito-user-migration/adapters/internal/fields"
	"cognito-user-migration/adapters/internal/hashed"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
)

// misconfigured is an error that says what is wrong with the query. It names
// columns that have a meaning, and others by their place.
func misconfigured(format string, arguments ...any) error {
	return fmt.Errorf("%s: %w", fmt.Sprintf(format, arguments...), ports.ErrMisconfigured)
}

// header resolves the names of columns.
func header(names fields.Names, columns []*sql.ColumnType) (fields.Header, error) {
	written := make([]string, len(columns))
	for i, column := range columns {
		written[i] = column.Name()
	}
	resolved, err := names.Header(written)
	switch {
	case errors.Is(err, fields.ErrNoUsername):
		return fields.Header{}, misconfigured("the query has no column %s; name a column with AS", fields.Username)
	case err != nil:
		return fields.Header{}, misconfigured("the query: %v (name a column with AS)", err)
	}
	return resolved, nil
}

// personOf reads a row.
func personOf(names []string, columns []*sql.ColumnType, values []any) (*hashed.Person, error) {
	p := &hashed.Person{User: domain.SourceUser{
		Status: domain.StatusConfirmed, Enabled: true, Attributes: make(domain.Attributes),
	}}
	for i, column := range columns {
		value := *values[i].(*any) //nolint:errcheck // they were made so
		text, err := textOf(value, column.DatabaseTypeName())
		if err != nil {
			return nil, misconfigured("column %d of the query: %v", i+1, err)
		}
		if err := place(p, names[i], value, text); err != nil {
			return nil, misconfigured("%s: %v", names[i], err)
		}
	}
	if p.User.Username == "" {
		return nil, misconfigured("a row of the query has no username")
	}
	p.User.Sub = p.User.Attributes["sub"]
	return p, nil
}

// place puts one column in its place. NULL is none, but nobody is enabled by it.
func place(p *hashed.Person, name string, value any, text string) (err error) {
	switch name {
	case fields.Username:
		p.User.Username = text
	case fields.PasswordHash:
		p.SetHash(text)
	case fields.Status:
		if strings.TrimSpace(text) != "" {
			p.User.Status, err = fields.ReadStatus(text)
		}
	case fields.Enabled:
		if value == nil {
			text = "false"
		}
		p.User.Enabled, err = fields.Bool(text)
	case fields.Groups:
		p.User.Groups, p.User.GroupsKnown = fields.SplitGroups(text), true
	case fields.MFA:
		p.User.MFA, p.User.MFAUnasked = domain.ParseMFA(text), true
	default:
		if value != nil {
			p.User.Attributes[name], err = fields.Value(name, text)
		}
	}
	return err
}

// textOf writes a value as the database would. What it would write in more than
// one way is left to the query.
func textOf(value any, databaseType string) (string, error) {
	switch v := value.(type) {
	case nil:
		return "", nil
	case string:
		return unpadded(v, databaseType), nil
	case []byte:
		if databaseType == "BIT" && len(v) == 1 {
			return strconv.Itoa(int(v[0])), nil
		}
		return unpadded(string(v), databaseType), nil
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
	return "", errors.New("has a type without one text form; cast it to text")
}

// unpadded takes the spaces away that a column of fixed width, CHAR(n), fills a
// text up with; to the database they are none of its value.
func unpadded(text, databaseType string) string {
	if databaseType == "BPCHAR" || databaseType == "CHAR" {
		return strings.TrimRight(text, " ")
	}
	return text
}
