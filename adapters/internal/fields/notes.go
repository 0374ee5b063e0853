package fields

import (
	"fmt"

	"cognito-user-migration/ports"
)

// Set collects names without duplicates.
type Set struct {
	names []string
	known map[string]bool
}

// Add adds names.
func (s *Set) Add(names ...string) {
	for _, name := range names {
		if s.known[name] {
			continue
		}
		if s.known == nil {
			s.known = make(map[string]bool)
		}
		s.known[name] = true
		s.names = append(s.names, name)
	}
}

// mostShown is the largest number of names in a note.
const mostShown = 50

// UnusedAttributes is the text of a note about attributes that neither Cognito
// nor a rule knows.
const UnusedAttributes = "the source has attributes that are not used: they are no standard attributes, and no rule of MIGRATE_ATTRIBUTES names them"

// Notes returns one note that lists the names, or nil if there are none.
func (s *Set) Notes(text string) []ports.Note {
	if len(s.names) == 0 {
		return nil
	}
	var shown []string
	for _, name := range s.names {
		if len(shown) < mostShown && Presentable(name) {
			shown = append(shown, name)
		}
	}
	if hidden := len(s.names) - len(shown); hidden > 0 {
		shown = append(shown, fmt.Sprintf("and %d more", hidden))
	}
	return []ports.Note{{Text: text, Names: shown}}
}
