package filesource

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"

	"cognito-user-migration/adapters/internal/fields"
	"cognito-user-migration/adapters/internal/hashed"
	"cognito-user-migration/domain"
)

// readCSV reads a header row and a row for each person (RFC 4180). Every column
// whose name is none of ours is an attribute; an empty cell is none.
func readCSV(text []byte, with reading) (*people, error) {
	if err := checkSeparator(text); err != nil {
		return nil, err
	}
	rows := csv.NewReader(bytes.NewReader(text))
	rows.ReuseRecord = true
	row, err := rows.Read()
	if err != nil {
		return nil, errors.New("not a CSV file: the header row is missing")
	}
	header, err := with.names.Header(row)
	switch {
	case errors.Is(err, fields.ErrNoUsername):
		return nil, errors.New("the header row lacks the column " + fields.Username)
	case err != nil:
		return nil, fmt.Errorf("the header row: %w", err)
	}
	p, err := newPeople(0, with)
	if err != nil {
		return nil, err
	}
	p.unknown.Add(header.Unknown...)
	var problems faults
	for {
		row, err := rows.Read()
		switch {
		case errors.Is(err, io.EOF):
			return p.complete(problems)
		case errors.Is(err, csv.ErrFieldCount):
			line, _ := rows.FieldPos(0)
			problems.add("line", line, errors.New("the number of fields differs from the header row"))
			continue
		case err != nil: // nothing after a quote that is not closed can be told apart
			if broken, ok := errors.AsType[*csv.ParseError](err); ok {
				problems.add("line", broken.StartLine, errors.New("not valid CSV: unexpected quote"))
				return nil, problems.err()
			}
			return nil, err
		}
		if err := p.takeRow(header.Names, row); err != nil {
			line, _ := rows.FieldPos(0)
			problems.add("line", line, err)
		}
	}
}

// checkSeparator finds a header row whose names are not separated by commas.
func checkSeparator(text []byte) error {
	line, _, _ := bytes.Cut(text, []byte("\n"))
	header := strings.TrimRight(string(line), "\r")
	if strings.HasPrefix(strings.ToLower(header), "sep=") {
		return errors.New("line 1 is a spreadsheet's sep= line; remove it, so that the header row is first")
	}
	if lines := strings.TrimRight(header, "\r"); strings.Contains(lines, "\r") && !bytes.Contains(text, []byte("\n")) {
		return errors.New("line 1: the lines end with carriage returns only; export the file with line feeds")
	}
	if namesUsername(header, ",") {
		return nil
	}
	for separator, name := range map[string]string{";": "semicolons", "\t": "tabs", "|": "vertical bars"} {
		if namesUsername(header, separator) {
			return fmt.Errorf("the header row: the columns are separated by %s; export the file with commas", name)
		}
	}
	return nil
}

// namesUsername reports whether one of the names of a header row is the username.
func namesUsername(header, separator string) bool {
	for name := range strings.SplitSeq(header, separator) {
		if fields.IsUsername(strings.Trim(strings.TrimSpace(name), `"`)) {
			return true
		}
	}
	return false
}

func (p *people) takeRow(header, row []string) error {
	one := hashed.Person{User: domain.SourceUser{Enabled: true, Attributes: make(domain.Attributes)}}
	for i, cell := range row {
		if cell == "" {
			continue
		}
		cell = strings.Clone(cell) // the reader's rows are one long string each
		if err := set(&one, header[i], cell); err != nil {
			return fmt.Errorf("%s: %w", header[i], err)
		}
	}
	return p.take(one)
}

// set puts one value where it belongs.
func set(one *hashed.Person, name, value string) (err error) {
	switch name {
	case fields.Username:
		one.User.Username = strings.TrimSpace(value)
	case fields.PasswordHash:
		one.SetHash(value)
	case fields.Status:
		one.User.Status, err = fields.ReadStatus(value)
	case fields.Enabled:
		one.User.Enabled, err = fields.Bool(value)
	case fields.Groups:
		one.User.Groups = fields.SplitGroups(value)
	case fields.MFA:
		one.User.MFA, one.User.MFAUnasked = domain.ParseMFA(value), true
	default:
		one.User.Attributes[name], err = fields.Value(name, value)
	}
	return err
}
