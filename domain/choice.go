package domain

import (
	"fmt"
	"slices"
	"strings"
)

// choose sets *to to the choice that text names, or says which ones there are.
// The value itself is not repeated: it may be a secret in the wrong variable.
func choose[T ~string](to *T, text []byte, choices ...T) error {
	if choice := T(text); slices.Contains(choices, choice) {
		*to = choice
		return nil
	}
	names := make([]string, len(choices))
	for i, choice := range choices {
		names[i] = string(choice)
	}
	return fmt.Errorf("takes one of: %s", strings.Join(names, ", "))
}
