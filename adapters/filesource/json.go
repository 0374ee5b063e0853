package filesource

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"cognito-user-migration/adapters/internal/hashed"
	"cognito-user-migration/domain"
)

// entry is a person as our own JSON has them.
type entry struct {
	Username     string                     `json:"username"`
	PasswordHash string                     `json:"password_hash"`
	Status       domain.UserStatus          `json:"status"`
	Enabled      *bool                      `json:"enabled"`
	Attributes   map[string]json.RawMessage `json:"attributes"`
	Groups       []string                   `json:"groups"`
}

func readJSON(from io.Reader) (*people, error) {
	text, err := io.ReadAll(from)
	if err != nil {
		return nil, err
	}
	var entries []json.RawMessage
	if err := json.Unmarshal(text, &entries); err != nil {
		return nil, fmt.Errorf("not a JSON array of people%s", place(err))
	}
	if entries == nil { // null
		return nil, errors.New("not a JSON array of people")
	}
	return peopleOf(entries)
}

// peopleOf takes the entries in; the error names each that is wrong.
func peopleOf(entries []json.RawMessage) (*people, error) {
	p := newPeople(len(entries))
	p.entries = entries
	var problems faults
	for i, one := range entries {
		if err := p.takeEntry(one); err != nil {
			problems.add("entry", i+1, err)
		}
	}
	return p.complete(problems)
}

// place says where the JSON is broken; its own text would show a part of it.
func place(err error) string {
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Sprintf(" (broken at byte %d)", syntax.Offset)
	}
	return ""
}

func (p *people) takeEntry(raw json.RawMessage) error {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	var e entry
	if err := decoder.Decode(&e); err != nil {
		return errors.New("takes username, password_hash, status, enabled, attributes and groups, and no other field")
	}
	attributes, err := attributesOf(e.Attributes)
	if err != nil {
		return err
	}
	return p.take(hashed.Person{Hash: e.PasswordHash, User: domain.SourceUser{
		Username:   e.Username,
		Status:     e.Status,
		Enabled:    e.Enabled == nil || *e.Enabled,
		Attributes: attributes,
		Groups:     e.Groups,
	}})
}

// attributesOf takes strings, and numbers and booleans as they are written.
func attributesOf(values map[string]json.RawMessage) (domain.Attributes, error) {
	attributes := make(domain.Attributes, len(values))
	for name, raw := range values {
		switch raw[0] {
		case '"':
			var text string
			if err := json.Unmarshal(raw, &text); err != nil {
				return nil, errors.New("attributes: takes strings, numbers and booleans")
			}
			attributes[name] = text
		case '{', '[':
			return nil, errors.New("attributes: takes strings, numbers and booleans")
		case 'n': // null: none
		default:
			attributes[name] = string(raw)
		}
	}
	return attributes, nil
}
