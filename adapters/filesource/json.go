package filesource

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"cognito-user-migration/adapters/internal/fields"
	"cognito-user-migration/adapters/internal/hashed"
	"cognito-user-migration/adapters/internal/rawjson"
	"cognito-user-migration/domain"
)

func readJSON(text []byte, with reading) (*people, error) {
	var entries []json.RawMessage
	if err := json.Unmarshal(text, &entries); err != nil {
		return nil, fmt.Errorf("not a JSON array of users%s", place(err))
	}
	if entries == nil { // null
		return nil, errors.New("not a JSON array of users")
	}
	return peopleOf(entries, with)
}

// peopleOf takes the entries in; the error names each that is wrong.
func peopleOf(entries []json.RawMessage, with reading) (*people, error) {
	p, err := newPeople(len(entries), with)
	if err != nil {
		return nil, err
	}
	p.entries = entries
	known := attributeNames{names: with.names, resolved: make(map[string]string)}
	var problems faults
	for i, one := range entries {
		if err := p.takeEntry(one, known); err != nil {
			problems.add("entry", i+1, err)
		}
	}
	return p.complete(problems)
}

// place says where the JSON is broken; its own text would show a part of it.
func place(err error) string {
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Sprintf(" (JSON syntax error at byte %d)", syntax.Offset)
	}
	return ""
}

// attributeNames remembers what the names of attributes stand for: people mostly
// have the same.
type attributeNames struct {
	names    fields.Names
	resolved map[string]string
}

func (p *people) takeEntry(raw []byte, names attributeNames) error {
	one := hashed.Person{User: domain.SourceUser{Enabled: true, Attributes: make(domain.Attributes)}}
	var seen []string
	err := members(raw, func(written string, value []byte) error {
		name, err := fields.Field(written, fields.Username, fields.PasswordHash, fields.Status, fields.Enabled, fields.Attributes, fields.Groups, fields.MFA)
		switch {
		case err != nil:
			return err
		case slices.Contains(seen, name):
			return fmt.Errorf("%s: duplicate field", name)
		case rawjson.IsNull(value):
		case name == fields.Attributes:
			err = p.takeAttributes(one.User.Attributes, value, names)
		case name == fields.Groups:
			one.User.Groups, err = textsOf(value)
		case name == fields.MFA && rawjson.IsArray(value):
			var methods []string
			methods, err = textsOf(value)
			one.User.MFA, one.User.MFAUnasked = domain.ParseMFA(strings.Join(methods, ",")), true
		default:
			err = setJSON(&one, name, value)
		}
		seen = append(seen, name)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return p.take(one)
}

// setJSON puts one value where it belongs. An empty text is none, but for enabled:
// PHP writes false as one where it makes a text of it.
func setJSON(one *hashed.Person, name string, value []byte) error {
	text, err := textOf(value)
	switch {
	case name == fields.Enabled:
		return set(one, name, text) // what is no text is no boolean either
	case err != nil || text == "":
		return err
	default:
		return set(one, name, text)
	}
}

// members walks over the members of an object; null has none. A name that stands
// there twice is an error: which of the two is meant is not known.
func members(raw []byte, each func(name string, value []byte) error) error {
	if rawjson.IsNull(raw) {
		return nil
	}
	object, ok := rawjson.Members(raw)
	if !ok {
		return errors.New("expected an object")
	}
	for object.Next() {
		if err := each(object.Key, object.Value()); err != nil {
			return err
		}
	}
	return nil
}

// takeAttributes takes texts, and numbers and booleans as they are written. PHP
// writes an empty object as an empty array.
func (p *people) takeAttributes(into domain.Attributes, raw []byte, names attributeNames) error {
	if isEmptyArray(raw) {
		return nil
	}
	return members(raw, func(written string, value []byte) error {
		name, resolved := names.resolved[written]
		if !resolved {
			var known bool
			var err error
			if name, known, err = names.names.Attribute(written); err != nil {
				return err
			}
			names.resolved[written] = name
			if !known {
				p.unknown.Add(name)
			}
		}
		if rawjson.IsNull(value) {
			return nil
		}
		text, err := textOf(value)
		if _, twice := into[name]; twice && err == nil {
			err = errors.New("duplicate field")
		}
		if err == nil {
			into[name], err = fields.Value(name, text)
		}
		if err != nil && fields.Presentable(name) {
			return fmt.Errorf("%s: %w", name, err)
		}
		return err
	})
}

func isEmptyArray(raw []byte) bool {
	if !rawjson.IsArray(raw) {
		return false
	}
	for range rawjson.Elements(raw) {
		return false
	}
	return true
}

// textOf reads a text, and a number or a boolean as it is written.
func textOf(raw []byte) (string, error) {
	switch raw[0] {
	case '"':
		if text, ok := rawjson.Text(raw); ok {
			return text, nil
		}
	case '{', '[':
	default:
		return string(raw), nil
	}
	return "", errors.New("expected a text, a number or a boolean")
}

// textsOf reads a list of texts. PHP writes a list with gaps as an object whose
// names are numbers.
func textsOf(raw []byte) ([]string, error) {
	var texts []string
	add := func(value []byte) error {
		text, err := textOf(value)
		if err != nil || rawjson.IsNull(value) {
			return errors.New("expected a list of names")
		}
		texts = append(texts, text)
		return nil
	}
	switch raw[0] {
	case '[':
		for value := range rawjson.Elements(raw) {
			if err := add(value); err != nil {
				return nil, err
			}
		}
	case '{':
		err := members(raw, func(name string, value []byte) error {
			if _, err := strconv.Atoi(name); err != nil {
				return errors.New("expected a list of names")
			}
			return add(value)
		})
		if err != nil {
			return nil, err
		}
	default:
		return nil, errors.New("expected a list of names")
	}
	return texts, nil
}
