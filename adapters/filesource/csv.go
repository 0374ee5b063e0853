package filesource

import (
	"bufio"
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strings"

	"cognito-user-migration/adapters/internal/hashed"
	"cognito-user-migration/domain"
)

// The columns of a CSV file that are not attributes.
const (
	columnUsername     = "username"
	columnPasswordHash = "password_hash"
	columnStatus       = "status"
	columnEnabled      = "enabled"
	columnGroups       = "groups"
)

// readCSV reads a header row and a row for each person (RFC 4180). Every column
// that is none of the above is an attribute; an empty cell is none.
func readCSV(from io.Reader) (*people, error) {
	text := bufio.NewReader(from)
	// Spreadsheets begin a file with a byte order mark.
	if mark, err := text.Peek(3); err == nil && string(mark) == "\ufeff" {
		_, _ = text.Discard(len(mark)) // they are there
	}
	rows := csv.NewReader(text)
	rows.ReuseRecord = true
	header, err := readHeader(rows)
	if err != nil {
		return nil, err
	}
	p := newPeople(0)
	var problems faults
	for {
		row, err := rows.Read()
		switch {
		case errors.Is(err, io.EOF):
			return p.complete(problems)
		case errors.Is(err, csv.ErrFieldCount):
			line, _ := rows.FieldPos(0)
			problems.add("line", line, errors.New("has not as many fields as the header"))
			continue
		case err != nil: // nothing after a quote that is not closed can be told apart
			if broken, ok := errors.AsType[*csv.ParseError](err); ok {
				problems.add("line", broken.StartLine, errors.New("is no CSV: a quote is out of place"))
				return nil, problems.err()
			}
			return nil, err
		}
		if err := p.takeRow(header, row); err != nil {
			line, _ := rows.FieldPos(0)
			problems.add("line", line, err)
		}
	}
}

func readHeader(rows *csv.Reader) ([]string, error) {
	row, err := rows.Read()
	if err != nil {
		return nil, errors.New("not a CSV file of people: there is no header row")
	}
	header := slices.Clone(row)
	for i, column := range header {
		if column == "" || slices.Contains(header[:i], column) {
			return nil, errors.New("the header row names a column twice, or not at all")
		}
	}
	if !slices.Contains(header, columnUsername) {
		return nil, errors.New("the header row has no column username")
	}
	return header, nil
}

func (p *people) takeRow(header, row []string) error {
	one := hashed.Person{User: domain.SourceUser{Enabled: true, Attributes: make(domain.Attributes)}}
	for i, cell := range row {
		cell = strings.Clone(cell) // the reader's rows are one long string each
		switch header[i] {
		case columnUsername:
			one.User.Username = cell
		case columnPasswordHash:
			one.Hash = cell
		case columnStatus:
			one.User.Status = domain.UserStatus(cell)
		case columnEnabled:
			if cell != "" && !strings.EqualFold(cell, "true") && !strings.EqualFold(cell, "false") {
				return errors.New("enabled: takes true or false")
			}
			one.User.Enabled = !strings.EqualFold(cell, "false")
		case columnGroups:
			one.User.Groups = groupsOf(cell)
		default:
			if cell != "" {
				one.User.Attributes[header[i]] = cell
			}
		}
	}
	return p.take(one)
}

// groupsOf splits names at semicolons: a comma is CSV's own, and a space can be
// in a name.
func groupsOf(cell string) []string {
	var groups []string
	for name := range strings.SplitSeq(cell, ";") {
		if name = strings.TrimSpace(name); name != "" {
			groups = append(groups, name)
		}
	}
	return groups
}
