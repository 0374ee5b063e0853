package filesource

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"cognito-user-migration/adapters/internal/fields"
	"cognito-user-migration/adapters/internal/hashed"
)

// readCSV reads a header row and one row per user (RFC 4180). Every column
// without a name of ours is an attribute. An empty cell means that there is no
// value.
func readCSV(text []byte, with reading) (*snapshot, error) {
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
	p := newSnapshot(0, with)
	p.unknown.Add(header.Unknown...)
	p.tellsFactors = slices.Contains(header.Names, fields.MFA)
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
		case err != nil: // after an unclosed quote, the rest cannot be parsed
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

// checkSeparator detects a header row whose names are not separated by commas.
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

// namesUsername reports whether one of the header's names is the username.
func namesUsername(header, separator string) bool {
	for name := range strings.SplitSeq(header, separator) {
		if fields.IsUsername(strings.Trim(strings.TrimSpace(name), `"`)) {
			return true
		}
	}
	return false
}

func (p *snapshot) takeRow(header, row []string) error {
	one := hashed.NewEntry()
	for i, cell := range row {
		if cell == "" {
			continue
		}
		cell = strings.Clone(cell) // the reader keeps each row in one long string
		if err := set(&one, header[i], cell); err != nil {
			return fmt.Errorf("%s: %w", header[i], err)
		}
	}
	return p.take(one)
}

// set stores one value in its field.
func set(one *hashed.Entry, name, value string) error {
	if name == fields.Username {
		value = strings.TrimSpace(value)
	}
	return one.Set(name, value, true)
}
