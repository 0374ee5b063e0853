// Package problem collects what is wrong with the settings of a source. It imports
// neither domain nor ports.
package problem

import (
	"errors"
	"fmt"
)

// List collects problems.
type List struct {
	// Variable returns a variable's full name with the source's prefix.
	Variable func(string) string
	// Found are the problems, each with the name of its variable.
	Found []error
}

// Add adds a problem of a variable.
func (l *List) Add(name, what string) {
	l.Found = append(l.Found, errors.New(l.Variable(name)+": "+what))
}

// Addf is Add with the format of [fmt.Sprintf].
func (l *List) Addf(name, format string, arguments ...any) {
	l.Add(name, fmt.Sprintf(format, arguments...))
}
