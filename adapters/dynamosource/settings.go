package dynamosource

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"cognito-user-migration/adapters/internal/awsname"
	"cognito-user-migration/adapters/internal/awsrole"
	"cognito-user-migration/adapters/internal/fields"
	"cognito-user-migration/adapters/internal/hashed"
	"cognito-user-migration/adapters/internal/problem"
)

// Settings are the variables of a DynamoDB table as source.
type Settings struct {
	Table  Table          `env:"TABLE,required" takes:"the name or ARN of a table" desc:"The table of users."`
	Region awsname.Region `env:"REGION" takes:"an AWS region" desc:"The region of the table. Default: the one in its ARN, or the function's."`
	Key    Key            `env:"KEY,required" takes:"partition[, sort]" desc:"The attributes of the table's primary key."`
	Lookup Lookups        `env:"LOOKUP" takes:"[index:]attribute[=template][&attribute=template], …" desc:"Where the submitted identifier is looked up: key attributes of the table or of an index. A template has {username} or {username.lower}. Default: the partition key. See docs/sources/dynamodb.md."`
	Fields FieldPaths     `env:"FIELDS" takes:"field=path, …" desc:"Where a user's fields are, for example \u0060password_hash=auth.hash\u0060. A path leads into nested maps; \u0060enabled=!disabled\u0060 inverts. Other attributes are taken by their own names."`

	Hashes hashed.Settings
	// Role reads a table of another account.
	Role awsrole.Settings
}

// Table is the name or the ARN of a table.
type Table string

// UnmarshalText implements [encoding.TextUnmarshaler] ("TableName", Amazon DynamoDB
// API Reference).
func (t *Table) UnmarshalText(text []byte) error {
	name := string(text)
	if parts := strings.Split(name, ":"); len(parts) == 6 && parts[0] == "arn" && parts[2] == "dynamodb" && awsname.IsRegion(parts[3]) {
		name, _ = strings.CutPrefix(parts[5], "table/")
	}
	if len(name) < 3 || len(name) > 255 || !awsname.Of(name, awsname.Letters+awsname.Digits+"_.-") {
		return errors.New("expected the name of a table, 3 to 255 letters, digits and the signs _.-, or a table's ARN")
	}
	*t = Table(text)
	return nil
}

// region is the one in an ARN; empty in a name.
func (t Table) region() string {
	if parts := strings.Split(string(t), ":"); len(parts) == 6 {
		return parts[3]
	}
	return ""
}

// region is the table's; empty for the function's own.
func (s *Settings) region() string { return cmp.Or(string(s.Region), s.Table.region()) }

// isAttribute reports whether the text can be an attribute's name in settings.
// DynamoDB allows more; separators of the settings are left out.
func isAttribute(text string) bool {
	return len(text) <= 255 && awsname.Of(text, awsname.Letters+awsname.Digits+"_-#@$/")
}

// Key names the attributes of a primary key: the partition key, and the sort key
// where the table has one.
type Key []string

// UnmarshalText implements [encoding.TextUnmarshaler].
func (k *Key) UnmarshalText(text []byte) error {
	var names []string
	for name := range strings.SplitSeq(string(text), ",") {
		names = append(names, strings.TrimSpace(name))
	}
	if len(names) > 2 || !isAttribute(names[0]) || !isAttribute(names[len(names)-1]) || len(names) == 2 && names[0] == names[1] {
		return errors.New("expected one or two attributes, such as username or pk,sk")
	}
	*k = names
	return nil
}

// The placeholders of a template.
const (
	keyTyped = "{username}"
	keyLower = "{username.lower}"
)

// Lookup is one query.
type Lookup struct {
	// Index is empty for the table itself.
	Index string
	// Keys are the one or two attributes that are compared.
	Keys []Compared
}

// Compared is an attribute and the value that it must have.
type Compared struct{ Attribute, Template string }

// value is what the attribute must have for an identifier.
func (c Compared) value(username string) string {
	return strings.NewReplacer(keyTyped, username, keyLower, strings.ToLower(username)).Replace(c.Template)
}

// Lookups are the queries that find a user.
type Lookups []Lookup

// UnmarshalText implements [encoding.TextUnmarshaler].
func (l *Lookups) UnmarshalText(text []byte) error {
	var read Lookups
	for part := range strings.SplitSeq(string(text), ",") {
		lookup, err := parseLookup(strings.TrimSpace(part))
		if err != nil {
			return err
		}
		read = append(read, lookup)
	}
	*l = read
	return nil
}

func parseLookup(text string) (Lookup, error) {
	var lookup Lookup
	keys := text
	if index, rest, found := strings.Cut(text, ":"); found && !strings.ContainsAny(index, "=&") {
		if len(index) < 3 || !awsname.Of(index, awsname.Letters+awsname.Digits+"_.-") {
			return Lookup{}, errors.New("expected the name of an index before the colon, such as email-index:email")
		}
		lookup.Index, keys = index, rest
	}
	typed := false
	for part := range strings.SplitSeq(keys, "&") {
		attribute, template, has := strings.Cut(part, "=")
		if !has && len(lookup.Keys) == 0 {
			template = keyTyped
		}
		if !isAttribute(attribute) || template == "" {
			return Lookup{}, errors.New("expected attributes with templates, such as username, email-index:email or pk=USER#{username}&sk=PROFILE")
		}
		rest := strings.NewReplacer(keyTyped, "", keyLower, "").Replace(template)
		if strings.ContainsAny(rest, "{}") {
			return Lookup{}, errors.New("expected no other placeholders than {username} and {username.lower}")
		}
		typed = typed || rest != template
		lookup.Keys = append(lookup.Keys, Compared{attribute, template})
	}
	switch {
	case len(lookup.Keys) > 2:
		return Lookup{}, errors.New("expected a partition key and at most a sort key")
	case !typed:
		return Lookup{}, errors.New("expected {username} or {username.lower} in each lookup")
	}
	return lookup, nil
}

// FieldPath says where a field is in an item.
type FieldPath struct {
	// Field is a field of a user or an attribute of Cognito.
	Field string
	// Path leads to the value through nested maps.
	Path []string
	// Inverted is true for a flag with the opposite meaning.
	Inverted bool
}

// FieldPaths are the fields that are not top-level attributes of the same name.
type FieldPaths []FieldPath

// flags are the fields that can be inverted.
func flags() []string {
	return []string{fields.Enabled, "email_verified", "phone_number_verified"}
}

// UnmarshalText implements [encoding.TextUnmarshaler].
func (f *FieldPaths) UnmarshalText(text []byte) error {
	var read FieldPaths
	for part := range strings.SplitSeq(string(text), ",") {
		field, path, has := strings.Cut(strings.TrimSpace(part), "=")
		inner, inverted := strings.CutPrefix(path, "!")
		one := FieldPath{Field: strings.TrimSpace(field), Path: strings.Split(strings.TrimSpace(inner), "."), Inverted: inverted}
		if !has || one.Field == "" || slices.ContainsFunc(one.Path, func(name string) bool { return !isAttribute(name) }) {
			return errors.New("expected field=path, such as password_hash=auth.hash, separated by commas")
		}
		if inverted && !slices.Contains(flags(), one.Field) {
			return fmt.Errorf("expected ! only for %s", strings.Join(flags(), ", "))
		}
		read = append(read, one)
	}
	*f = read
	return nil
}

// lookups are those of LOOKUP, or the partition key.
func (s *Settings) lookups() Lookups {
	if len(s.Lookup) > 0 || len(s.Key) == 0 {
		return s.Lookup
	}
	return Lookups{{Keys: []Compared{{s.Key[0], keyTyped}}}}
}

// Validate reports what no single variable shows.
func (s *Settings) Validate(variable func(string) string) []error {
	problems := problem.List{Variable: variable}
	for _, lookup := range s.lookups() {
		for i, key := range lookup.Keys {
			if lookup.Index == "" && len(s.Key) > 0 && (i >= len(s.Key) || key.Attribute != s.Key[i]) {
				problems.Addf("LOOKUP", "a lookup without an index expected the attributes of %s, in their order", variable("KEY"))
			}
		}
	}
	if _, err := newReader(s.Key, s.Fields, nil); err != nil {
		problems.Add("FIELDS", err.Error())
	}
	problems.Found = append(problems.Found, s.Hashes.Validate(variable)...)
	return append(problems.Found, s.Role.Validate(variable)...)
}

// Warnings lists settings that are valid but unwise.
func (s *Settings) Warnings(variable func(string) string) []string {
	return s.Role.Warnings(variable)
}

// LooksUp implements the settings of a source.
func (s *Settings) LooksUp() bool { return true }

// LimitsAttempts implements the settings of a source: hashes are verified here, so
// the table sees no wrong password.
func (s *Settings) LimitsAttempts() bool { return false }
