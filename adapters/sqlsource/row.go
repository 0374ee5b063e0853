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
	"cognito-user-migration/ports"
)

// misconfigured returns an error about the query. It identifies columns with a
// known meaning by name, and others by number.
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

// entryOf reads a row. NULL is no value.
func entryOf(names []string, columns []*sql.ColumnType, values []any) (*hashed.Entry, error) {
	entry := hashed.NewEntry()
	for i, column := range columns {
		value := *values[i].(*any) //nolint:errcheck // created with this type
		text, err := textOf(value, column.DatabaseTypeName())
		if err != nil {
			return nil, misconfigured("column %d of the query: %v", i+1, err)
		}
		if err := entry.Set(names[i], text, value != nil); err != nil {
			return nil, misconfigured("%s: %v", names[i], err)
		}
	}
	if entry.User.Username == "" {
		return nil, misconfigured("a row of the query has no username")
	}
	entry.User.Sub = entry.User.Attributes["sub"]
	return &entry, nil
}

// textOf returns the text that the database would write for a value. For types
// with more than one text form, the query must choose.
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

// unpadded removes the spaces that CHAR(n) appends. To the database, they are
// not part of the value.
func unpadded(text, databaseType string) string {
	if databaseType == "BPCHAR" || databaseType == "CHAR" {
		return strings.TrimRight(text, " ")
	}
	return text
}
