package config

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/caarlos0/env/v11"
)

// unknownPrefix begins the problem with a variable that nothing reads.
const unknownPrefix = "unknown variable "

// Error is every problem with the environment, each naming its variable. No
// value of a variable stands in it.
type Error struct {
	Problems []string
}

// Error lists the problems, a line each.
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

// field is a variable as its struct describes it. Only its key is read at every
// start.
type field struct {
	name   string // of the struct's field
	key    string // of the variable, without its prefix
	member reflect.StructField
}

// takes says what the variable takes.
func (f field) takes() string { return f.member.Tag.Get("takes") }

// ownText holds where its type reads text itself, and says what it takes.
func (f field) ownText() bool { return reflect.PointerTo(f.member.Type).Implements(textUnmarshaler()) }

// fieldsOf lists the variables that a settings struct takes.
func fieldsOf(settings any) []field {
	return structFields(reflect.TypeOf(settings).Elem())
}

func structFields(structure reflect.Type) []field {
	var fields []field
	for i := range structure.NumField() {
		member := structure.Field(i)
		tag, tagged := member.Tag.Lookup("env")
		if !tagged {
			// A part of the settings with variables of its own, which the
			// parser descends into too.
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

// explain words one of the parser's errors: which variable, and what it takes.
// The parser's own words would show the value, so they are not used.
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

// indent keeps the further lines of a problem under its own.
func indent(text string) string {
	return strings.ReplaceAll(text, "\n", "\n    ")
}
