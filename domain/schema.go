package domain

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// AttributeType is the type of a user pool attribute, with Cognito's names.
type AttributeType string

// Cognito's types ("SchemaAttributeType", Amazon Cognito API Reference).
const (
	AttributeString   AttributeType = "String"
	AttributeNumber   AttributeType = "Number"
	AttributeBoolean  AttributeType = "Boolean"
	AttributeDateTime AttributeType = "DateTime"
)

// SchemaAttribute is an attribute of a user pool.
type SchemaAttribute struct {
	// Name is the full name; custom attributes begin with "custom:".
	Name string
	// Type is empty for a standard attribute, whose name determines it. For a
	// custom attribute, empty means String.
	Type AttributeType
	// Required: every user must have it.
	Required bool
	// Least and Most are the bounds of a String's length or a Number's value;
	// nil means Cognito's own bound.
	Least, Most *int64
}

// Schema is a user pool's attribute schema. It lists every custom attribute,
// and the standard ones that are required or have bounds of their own. The zero
// Schema is an unknown one: then the documented defaults of every pool apply,
// and no attribute is required.
type Schema struct {
	attributes []SchemaAttribute
}

// NewSchema returns the schema of these attributes. It leaves out standard
// attributes with default settings, and attributes that no rule can set. A list
// that was read from a pool contains all of them.
func NewSchema(attributes ...SchemaAttribute) Schema {
	var s Schema
	for _, attribute := range attributes {
		flag := slices.Contains(verifiedFlags(), attribute.Name)
		if checkTarget(attribute.Name) != nil || flag {
			continue
		}
		if attribute = attribute.normal(); attribute.says() || isCustom(attribute.Name) {
			s.attributes = append(s.attributes, attribute)
		}
	}
	slices.SortFunc(s.attributes, func(a, b SchemaAttribute) int { return strings.Compare(a.Name, b.Name) })
	return s
}

// normal removes default values and values without effect.
func (a SchemaAttribute) normal() SchemaAttribute {
	switch {
	case !isCustom(a.Name), a.Type == AttributeString:
		a.Type = ""
	case a.Type == AttributeBoolean, a.Type == AttributeDateTime:
		a.Least, a.Most = nil, nil
	}
	own := SchemaAttribute{Name: a.Name, Type: a.Type}.format()
	bounded := a.format()
	if bounded.least == own.least {
		a.Least = nil
	}
	if bounded.most == own.most {
		a.Most = nil
	}
	return a
}

// says reports whether anything except the name is set.
func (a SchemaAttribute) says() bool {
	return a.Type != "" || a.Required || a.Least != nil || a.Most != nil
}

// format returns the attribute's format.
func (a SchemaAttribute) format() valueFormat {
	format := documentedFormat(a.Name)
	switch a.Type {
	case AttributeNumber:
		format = valueFormat{kind: formatNumber, least: math.MinInt64, most: math.MaxInt64}
	case AttributeBoolean:
		format.kind = formatBoolean
	case AttributeDateTime:
		format.kind = formatDateTime
	case AttributeString:
	}
	// A bound that is wider than the pool's own limit has no effect.
	if a.Least != nil {
		format.least = max(format.least, *a.Least)
	}
	if a.Most != nil {
		format.most = min(format.most, *a.Most)
	}
	return format
}

// String writes the schema in the form that ParseSchema reads, sorted by name.
func (s Schema) String() string {
	items := make([]string, len(s.attributes))
	for i, attribute := range s.attributes {
		items[i] = attribute.String()
	}
	return strings.Join(items, ",")
}

// String writes one attribute in the form that ParseSchema reads.
func (a SchemaAttribute) String() string {
	var words []string
	if a.Required {
		words = append(words, wordRequired)
	}
	if a.Type != "" {
		words = append(words, string(a.Type))
	}
	if a.Least != nil || a.Most != nil {
		words = append(words, boundText(a.Least)+".."+boundText(a.Most))
	}
	if len(words) == 0 {
		return a.Name
	}
	return a.Name + "=" + strings.Join(words, " ")
}

func boundText(bound *int64) string {
	if bound == nil {
		return ""
	}
	return strconv.FormatInt(*bound, 10)
}

// wordRequired marks a required attribute in a schema's text.
const wordRequired = "required"

// ParseSchema reads a comma-separated list of attributes. After the name follow, in
// any order, "required", a custom attribute's type (String by default), and bounds.
// Bounds are those of a String's length or a Number's value:
//
//	custom:tenant                       a String of up to 2048 characters
//	custom:code=String 1..8             one with bounds
//	custom:age=Number 0..150            a whole number
//	custom:member=Boolean
//	custom:joined=DateTime
//	email=required                      a standard attribute that is required
//	name=required 1..99                 and one with bounds of its own
//
// The error lists every faulty item by its number.
func ParseSchema(text string) (Schema, error) {
	var (
		attributes []SchemaAttribute
		problems   []error
	)
	for i, item := range strings.Split(text, ",") {
		attribute, err := parseSchemaAttribute(item)
		if err == nil && slices.ContainsFunc(attributes, func(a SchemaAttribute) bool { return a.Name == attribute.Name }) {
			err = fmt.Errorf("%s is listed twice; remove one", attribute.Name)
		}
		if err != nil {
			problems = append(problems, fmt.Errorf("item %d: %w", i+1, err))
			continue
		}
		attributes = append(attributes, attribute)
	}
	if len(problems) > 0 {
		return Schema{}, errors.Join(problems...)
	}
	return NewSchema(attributes...), nil
}

func parseSchemaAttribute(item string) (SchemaAttribute, error) {
	name, words, _ := strings.Cut(item, "=")
	attribute := SchemaAttribute{Name: strings.TrimSpace(name)}
	if err := checkTarget(attribute.Name); err != nil {
		return SchemaAttribute{}, err
	}
	for _, word := range strings.Fields(words) {
		least, most, bounded := strings.Cut(word, "..")
		kind := typeOf(word)
		switch {
		case strings.EqualFold(word, wordRequired):
			attribute.Required = true
		case kind != "" && !isCustom(attribute.Name):
			return SchemaAttribute{}, fmt.Errorf("%s is a standard attribute, and its type cannot be set", attribute.Name)
		case kind != "":
			attribute.Type = kind
		case bounded && boundOf(least, &attribute.Least) && boundOf(most, &attribute.Most):
		default:
			return SchemaAttribute{}, fmt.Errorf("%s: expected required, String, Number, Boolean or DateTime, and bounds such as 1..64", attribute.Name)
		}
	}
	if attribute.Least != nil && attribute.Most != nil && *attribute.Least > *attribute.Most {
		return SchemaAttribute{}, fmt.Errorf("%s: the first bound is greater than the second", attribute.Name)
	}
	return attribute, nil
}

func typeOf(word string) AttributeType {
	for _, kind := range []AttributeType{AttributeString, AttributeNumber, AttributeBoolean, AttributeDateTime} {
		if strings.EqualFold(word, string(kind)) {
			return kind
		}
	}
	return ""
}

// boundOf reads a bound; an empty text means no bound.
func boundOf(text string, into **int64) bool {
	if text == "" {
		return true
	}
	bound, err := strconv.ParseInt(text, 10, 64)
	*into = &bound
	return err == nil
}

// UnmarshalText implements [encoding.TextUnmarshaler]; see [ParseSchema].
func (s *Schema) UnmarshalText(text []byte) error {
	parsed, err := ParseSchema(string(text))
	if err != nil {
		return err
	}
	*s = parsed
	return nil
}

// Known reports whether the schema is known.
func (s Schema) Known() bool {
	return len(s.attributes) > 0
}

// Requires reports whether every user must have the attribute.
func (s Schema) Requires(name string) bool {
	attribute, _ := s.attribute(name)
	return attribute.Required
}

// attribute returns the schema's entry for an attribute, or false.
func (s Schema) attribute(name string) (SchemaAttribute, bool) {
	i := slices.IndexFunc(s.attributes, func(a SchemaAttribute) bool { return a.Name == name })
	if i < 0 {
		return SchemaAttribute{Name: name}, false
	}
	return s.attributes[i], true
}

// AttributeCheck checks values of one attribute of a user pool.
type AttributeCheck struct {
	format   valueFormat
	required bool
}

// Check returns the check of one attribute. For an attribute that the schema does not
// list, it is what AWS documents for every pool.
func (s Schema) Check(name string) AttributeCheck {
	attribute, _ := s.attribute(name)
	return AttributeCheck{format: attribute.format(), required: attribute.Required}
}

// Required reports whether every user must have the attribute.
func (c AttributeCheck) Required() bool { return c.required }

// Fits reports whether the attribute accepts the value unchanged. An empty value fits.
func (c AttributeCheck) Fits(value string) bool {
	fitted, ok := c.format.fit(value)
	return ok && fitted == value
}

// In returns the map for a user pool with this schema. Its values fit the
// schema, and attributes that the schema requires become required. The error
// lists every rule that does not fit the schema.
func (m AttributeMap) In(schema Schema) (AttributeMap, error) {
	if !schema.Known() {
		return m, nil
	}
	fitted := AttributeMap{rules: slices.Clone(m.rules)}
	var problems []error
	for i := range fitted.rules {
		rule := &fitted.rules[i]
		attribute, listed := schema.attribute(rule.Target)
		if !listed && isCustom(rule.Target) {
			problems = append(problems, fmt.Errorf("%s is not in MIGRATE_DESTINATION_SCHEMA, so Cognito would reject users who have it; remove the rule, or update the schema", rule.Target))
		}
		rule.format = attribute.format()
		problems = append(problems, rule.checkLiteral())
	}
	for _, attribute := range schema.attributes {
		if !attribute.Required {
			continue
		}
		fitted.required = append(fitted.required, attribute.Name)
		if !m.hasRule(attribute.Name) {
			problems = append(problems, fmt.Errorf("MIGRATE_DESTINATION_SCHEMA requires %s, and no rule sets it; add a rule", attribute.Name))
		}
	}
	return fitted, errors.Join(problems...)
}
