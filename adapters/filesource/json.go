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

func readJSON(text []byte, with reading) (*snapshot, error) {
	var entries []json.RawMessage
	if err := json.Unmarshal(text, &entries); err != nil {
		return nil, fmt.Errorf("not a JSON array of users%s", offsetOf(err))
	}
	if entries == nil { // null
		return nil, errors.New("not a JSON array of users")
	}
	return snapshotOf(entries, with)
}

// snapshotOf reads all entries. The error lists every faulty entry.
func snapshotOf(entries []json.RawMessage, with reading) (*snapshot, error) {
	p := newSnapshot(len(entries), with)
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

// offsetOf returns the offset of a JSON syntax error. The error's own text would
// contain part of the file.
func offsetOf(err error) string {
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Sprintf(" (JSON syntax error at byte %d)", syntax.Offset)
	}
	return ""
}

// attributeNames caches resolved attribute names, because most users have the
// same ones.
type attributeNames struct {
	names    fields.Names
	resolved map[string]string
}

func (p *snapshot) takeEntry(raw []byte, names attributeNames) error {
	one := hashed.NewEntry()
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
		p.tellsFactors = p.tellsFactors || name == fields.MFA
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

// setJSON stores one value in its field. Empty text means that there is no
// value, except for enabled: PHP converts false to empty text.
func setJSON(one *hashed.Entry, name string, value []byte) error {
	text, err := textOf(value)
	switch {
	case name == fields.Enabled:
		return set(one, name, text) // not text and not a boolean
	case err != nil || text == "":
		return err
	default:
		return set(one, name, text)
	}
}

// members iterates over the members of an object; null has none. A duplicate
// name is an error, because it is unclear which value is meant.
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

// takeAttributes reads text, and numbers and booleans as written. PHP writes an
// empty object as an empty array.
func (p *snapshot) takeAttributes(into domain.Attributes, raw []byte, names attributeNames) error {
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

// textOf reads text, or a number or boolean as written.
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

// textsOf reads a list of texts. PHP writes a list with gaps as an object with
// numeric names.
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
