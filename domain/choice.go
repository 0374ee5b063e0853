package domain

import (
	"fmt"
	"slices"
	"strings"
)

// Choose sets *to to the choice named by text. Its error lists the choices, but
// not the text, which may be a secret in the wrong variable.
func Choose[T ~string](to *T, text []byte, choices ...T) error {
	if choice := T(text); slices.Contains(choices, choice) {
		*to = choice
		return nil
	}
	names := make([]string, len(choices))
	for i, choice := range choices {
		names[i] = string(choice)
	}
	return fmt.Errorf("expected one of: %s", strings.Join(names, ", "))
}
