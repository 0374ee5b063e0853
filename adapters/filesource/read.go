package filesource

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"cognito-user-migration/adapters/internal/passwordhash"
	"cognito-user-migration/domain"
)

// entry is a person as the file has them.
type entry struct {
	Username     string                     `json:"username"`
	PasswordHash string                     `json:"password_hash"`
	Status       domain.UserStatus          `json:"status"`
	Enabled      *bool                      `json:"enabled"`
	Attributes   map[string]json.RawMessage `json:"attributes"`
	Groups       []string                   `json:"groups"`
}

// Open reads the file that the settings name. Its error says what is wrong with
// the file, entry by entry, and holds nothing of the people in it.
func Open(name string, settings Settings) (*Directory, error) {
	file, err := os.Open(settings.Path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }() // it was only read
	directory, err := Read(name, file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", settings.Path, err)
	}
	directory.path = settings.Path
	return directory, nil
}

// Read reads a file of people: a JSON array of entries, as Open does.
func Read(name string, from io.Reader) (*Directory, error) {
	text, err := io.ReadAll(from)
	if err != nil {
		return nil, err
	}
	var raw []json.RawMessage
	if err := json.Unmarshal(text, &raw); err != nil {
		return nil, fmt.Errorf("not a JSON array of people%s", place(err))
	}
	if raw == nil { // null
		return nil, errors.New("not a JSON array of people")
	}
	read, err := newPeople(raw)
	if err != nil {
		return nil, err
	}
	return &Directory{name: name, people: read}, nil
}

// newPeople takes the entries in; the error names each that is wrong.
func newPeople(entries []json.RawMessage) (*people, error) {
	p := &people{
		entries: entries,
		list:    make([]person, 0, len(entries)),
		byName:  make(map[string]int, len(entries)),
		byAny:   make(map[string][]int, 2*len(entries)),
	}
	var problems []error
	for i, one := range entries {
		if err := p.add(one); err != nil {
			problems = append(problems, fmt.Errorf("entry %d: %w", i+1, err))
		}
	}
	if len(problems) > 0 {
		return nil, errors.Join(problems...)
	}
	p.decoy = p.commonHash()
	return p, nil
}

// place says where the JSON is broken; its own text would show a part of it.
func place(err error) string {
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Sprintf(" (broken at byte %d)", syntax.Offset)
	}
	return ""
}

// add takes one entry in.
func (p *people) add(raw json.RawMessage) error {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	var e entry
	if err := decoder.Decode(&e); err != nil {
		return errors.New("takes username, password_hash, status, enabled, attributes and groups, and no other field")
	}
	one, err := e.person()
	if err != nil {
		return err
	}
	if _, twice := p.byName[one.user.Username]; twice {
		return errors.New("username: is an earlier entry's too")
	}
	i := len(p.list)
	p.list = append(p.list, one)
	p.byName[one.user.Username] = i
	for _, identifier := range identifiersOf(one.user) {
		p.byAny[identifier] = append(p.byAny[identifier], i)
	}
	return nil
}

// person checks an entry and turns it into the domain's words.
func (e entry) person() (person, error) {
	if e.Username == "" {
		return person{}, errors.New("username: is required")
	}
	if e.Status == "" {
		e.Status = domain.StatusConfirmed
	}
	if !slices.Contains(domain.UserStatuses(), e.Status) {
		return person{}, fmt.Errorf("status: takes one of %v", domain.UserStatuses())
	}
	if e.PasswordHash != "" {
		if err := passwordhash.Validate(e.PasswordHash); err != nil {
			return person{}, fmt.Errorf("password_hash: %w", err)
		}
	}
	attributes, err := attributesOf(e.Attributes)
	if err != nil {
		return person{}, err
	}
	return person{
		hash: e.PasswordHash,
		user: domain.SourceUser{
			Username:   e.Username,
			Sub:        attributes["sub"],
			Status:     e.Status,
			Enabled:    e.Enabled == nil || *e.Enabled,
			Attributes: attributes,
			Groups:     e.Groups,

			GroupsKnown: true,
		},
	}, nil
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

// identifiersOf lists the names that a person may type, in lower case, each
// once.
func identifiersOf(user domain.SourceUser) []string {
	var identifiers []string
	for _, identifier := range []string{
		user.Username, user.Sub, user.Attributes["preferred_username"],
		user.Attributes["email"], user.Attributes["phone_number"],
	} {
		identifier = strings.ToLower(identifier)
		if identifier != "" && !slices.Contains(identifiers, identifier) {
			identifiers = append(identifiers, identifier)
		}
	}
	return identifiers
}

// commonHash picks the decoy: a hash of the cost that most people's have. What
// it proves is thrown away.
func (p *people) commonHash() string {
	count := make(map[string]int)
	best, decoy := 0, passwordhash.Decoy
	for _, one := range p.list {
		if one.hash == "" {
			continue
		}
		cost := passwordhash.Cost(one.hash)
		count[cost]++
		if count[cost] > best {
			best, decoy = count[cost], one.hash
		}
	}
	return decoy
}
