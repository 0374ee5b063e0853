package config

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/caarlos0/env/v11"
)

// unknownPrefix is the beginning of the problem for an unknown variable.
const unknownPrefix = "unknown variable "

// Error has all problems of the environment, each with its variable. It
// contains no value of a variable.
type Error struct {
	Problems []string
}

// Error returns the problems, one per line.
func (e *Error) Error() string {
	noun := "problems"
	if len(e.Problems) == 1 {
		noun = "problem"
	}
	return fmt.Sprintf("configuration: %d %s\n  %s", len(e.Problems), noun, strings.Join(e.Problems, "\n  "))
}

// Variables returns the names of the variables that have a problem.
func (e *Error) Variables() []string {
	var names []string
	for _, problem := range e.Problems {
		if end := strings.IndexAny(problem, ":;"); end >= 0 {
			names = append(names, strings.TrimPrefix(problem[:end], unknownPrefix))
		}
	}
	return names
}

// field is a variable as its struct declares it. Only the key is read at every
// start.
type field struct {
	name   string // of the struct's field
	key    string // of the variable, without its prefix
	member reflect.StructField
}

// takes describes the allowed values.
func (f field) takes() string { return f.member.Tag.Get("takes") }

// ownText reports whether the type parses text itself, and describes the
// allowed values in its errors.
func (f field) ownText() bool { return reflect.PointerTo(f.member.Type).Implements(textUnmarshaler()) }

// fieldsOf lists the variables of a settings struct.
func fieldsOf(settings any) []field {
	return structFields(reflect.TypeOf(settings).Elem())
}

func structFields(structure reflect.Type) []field {
	var fields []field
	for i := range structure.NumField() {
		member := structure.Field(i)
		tag, tagged := member.Tag.Lookup("env")
		if !tagged {
			// Nested settings with their own variables, which the parser reads
			// too.
			if member.IsExported() && member.Type.Kind() == reflect.Struct {
				fields = append(fields, structFields(member.Type)...)
			}
			continue
		}
		key, _, _ := strings.Cut(tag, ",")
		fields = append(fields, field{member.Name, key, member})
	}
	return fields
}

func textUnmarshaler() reflect.Type {
	return reflect.TypeFor[interface{ UnmarshalText([]byte) error }]()
}

func unwrap(err error) []error {
	if aggregate, ok := errors.AsType[env.AggregateError](err); ok {
		return aggregate.Errors
	}
	return []error{err}
}

// explain returns our text for an error of the parser: the variable and its
// allowed values. The parser's own text would contain the value.
func explain(prefix string, fields []field, problem error) string {
	if missing, ok := errors.AsType[env.VarIsNotSetError](problem); ok {
		for _, field := range fields {
			if prefix+field.key == missing.Key {
				return missing.Key + ": is required; expected " + field.takes()
			}
		}
	}
	if wrong, ok := errors.AsType[env.ParseError](problem); ok {
		for _, field := range fields {
			switch {
			case field.name != wrong.Name:
			case field.ownText():
				return prefix + field.key + ": " + indent(wrong.Err.Error())
			default:
				return prefix + field.key + ": expected " + field.takes()
			}
		}
	}
	return prefix + ": " + reflect.TypeOf(problem).String()
}

// indent indents the following lines of a problem.
func indent(text string) string {
	return strings.ReplaceAll(text, "\n", "\n    ")
}
