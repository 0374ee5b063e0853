package dynamosource

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"cognito-user-migration/adapters/internal/fields"
	"cognito-user-migration/adapters/internal/hashed"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
)

// value is the value of an attribute ("AttributeValue", Amazon DynamoDB API
// Reference). encoding/json decodes B from Base64.
type value struct {
	S    *string          `json:",omitempty"`
	N    *string          `json:",omitempty"`
	BOOL *bool            `json:",omitempty"`
	NULL bool             `json:",omitempty"`
	B    []byte           `json:",omitempty"`
	M    map[string]value `json:",omitempty"`
	L    []value          `json:",omitempty"`
	SS   []string         `json:",omitempty"`
	NS   []string         `json:",omitempty"`
	BS   [][]byte         `json:",omitempty"`
}

// item is one item of the table.
type item map[string]value

func textValue(text string) value { return value{S: &text} }

// errNoText is the error of a value that is not one text.
var errNoText = errors.New("expected a string, a number or a boolean")

// text returns the value as text; there is false for a missing value.
func (v value) text() (text string, there bool, err error) {
	switch {
	case v.S != nil:
		return *v.S, true, nil
	case v.N != nil:
		return *v.N, true, nil
	case v.BOOL != nil:
		return strconv.FormatBool(*v.BOOL), true, nil
	case v.NULL:
		return "", false, nil
	case v.B != nil && utf8.Valid(v.B): // some libraries store hashes as bytes
		return string(v.B), true, nil
	case v.empty():
		return "", false, nil
	default:
		return "", false, errNoText
	}
}

// empty reports whether the value has no member that is known.
func (v value) empty() bool {
	return v.S == nil && v.N == nil && v.BOOL == nil && v.B == nil && v.M == nil && v.L == nil && v.SS == nil && v.NS == nil && v.BS == nil
}

// texts returns a list or a set of texts; one text is split at semicolons.
func (v value) texts() ([]string, error) {
	switch {
	case v.SS != nil:
		return v.SS, nil
	case v.L != nil:
		var listed []string
		for _, element := range v.L {
			text, there, err := element.text()
			if err != nil || !there {
				return nil, errors.New("expected a list of strings")
			}
			listed = append(listed, text)
		}
		return listed, nil
	}
	text, _, err := v.text()
	return fields.SplitGroups(text), err
}

// at returns the value at a path through nested maps; an empty value if there is
// none.
func (i item) at(path []string) value {
	found := i[path[0]]
	for _, name := range path[1:] {
		found = found.M[name]
	}
	return found
}

// reader reads users from items.
type reader struct {
	key   Key
	paths map[string]FieldPath // by field
	// roots are top-level attributes that paths begin with.
	roots map[string]bool
	names fields.Names
}

// newReader returns a reader. Its error names a field that is given twice or has
// almost the name of one of ours.
func newReader(key Key, paths FieldPaths, mapped []string) (*reader, error) {
	r := &reader{key: key, paths: make(map[string]FieldPath), roots: make(map[string]bool), names: fields.NewNames(mapped...)}
	written := []string{}
	for _, path := range paths {
		written = append(written, path.Field)
	}
	header, err := r.names.Header(written)
	if err != nil && !isOnly(err, fields.ErrNoUsername) {
		return nil, err
	}
	for i, path := range paths {
		path.Field = header.Names[i]
		r.paths[path.Field] = path
		r.roots[path.Path[0]] = true
	}
	return r, nil
}

// isOnly reports whether an error joins the target alone.
func isOnly(err, target error) bool {
	joined, ok := err.(interface{ Unwrap() []error })
	return errors.Is(err, target) && (!ok || len(joined.Unwrap()) == 1)
}

// errNoUser is returned for an item that has no username: it is not a user.
var errNoUser = errors.New("an item has no username")

// misconfigured returns an error about an item. It has names of fields, never
// values.
func misconfigured(err error) error {
	return fmt.Errorf("%s: an item of the table: %w (set FIELDS to say where a field is): %w", adapter, err, ports.ErrMisconfigured)
}

// read reads a user. It returns errNoUser for an item without a username, and the
// names of attributes that are not used.
func (r *reader) read(from item) (entry *hashed.Entry, unused []string, err error) {
	user := hashed.NewEntry()
	entry = &user
	for _, path := range r.paths {
		found := from.at(path.Path)
		if err := r.store(entry, path.Field, found, path.Inverted); err != nil {
			return nil, nil, misconfigured(fmt.Errorf("%s: %w", path.Field, err))
		}
	}
	written := r.others(from)
	header, err := r.names.Header(written)
	if err != nil && !isOnly(err, fields.ErrNoUsername) {
		return nil, nil, misconfigured(err)
	}
	for i, name := range header.Names {
		if _, given := r.paths[name]; given {
			continue // FIELDS says where it is
		}
		if slices.Contains(header.Unknown, name) {
			continue
		}
		err := r.store(entry, name, from[written[i]], false)
		if errors.Is(err, errNoText) && slices.Contains(domain.StandardAttributes(), name) {
			continue // such as an address that is a map
		}
		if err != nil {
			return nil, nil, misconfigured(fmt.Errorf("%s: %w", name, err))
		}
	}
	if entry.User.Username == "" {
		return nil, nil, errNoUser
	}
	entry.User.Sub = entry.User.Attributes["sub"]
	return entry, header.Unknown, nil
}

// others lists the top-level attributes that FIELDS does not name, in alphabetical
// order. A key attribute counts where it has the name of a field.
func (r *reader) others(from item) []string {
	names := slices.Sorted(maps.Keys(from))
	return slices.DeleteFunc(names, func(name string) bool {
		if r.roots[name] {
			return true
		}
		if !slices.Contains(r.key, name) {
			return false
		}
		header, err := r.names.Header([]string{name})
		return err != nil && !isOnly(err, fields.ErrNoUsername) || len(header.Unknown) > 0
	})
}

// store stores one value in its field. A missing flag is false: a user without the
// flag enabled is disabled, and a user without an inverted flag, such as disabled,
// is enabled.
func (r *reader) store(entry *hashed.Entry, name string, from value, inverted bool) error {
	switch name {
	case fields.Groups:
		groups, err := from.texts()
		entry.User.Groups, entry.User.GroupsKnown = groups, true
		return err
	case fields.MFA:
		methods, err := from.texts()
		entry.User.MFA, entry.User.MFAUnasked = domain.ParseMFA(strings.Join(methods, ",")), true
		return err
	}
	text, there, err := from.text()
	if err != nil {
		return err
	}
	switch {
	case !slices.Contains(flags(), name):
	case there:
		flag, err := fields.Bool(text)
		if err != nil {
			return err
		}
		text = strconv.FormatBool(flag != inverted)
	case name == fields.Enabled:
		text, there = strconv.FormatBool(inverted), true
	}
	return entry.Set(name, text, there)
}

// keyOf returns the primary key of an item, which every index has too.
func (r *reader) keyOf(from item) (item, error) {
	key := make(item, len(r.key))
	for _, name := range r.key {
		part, there := from[name]
		if !there {
			return nil, misconfigured(errors.New("an attribute of KEY is missing"))
		}
		key[name] = part
	}
	return key, nil
}

// text is the key as text, to tell items apart.
func (i item) text() string {
	text, _ := json.Marshal(i) // it has only strings, numbers and bytes
	return string(text)
}
