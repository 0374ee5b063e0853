// Package errorcodes is the setting that maps error codes of a source to
// findings. It imports domain.
package errorcodes

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"cognito-user-migration/domain"
)

// Map has the refusal for each code. Letter case does not matter in codes.
type Map map[string]domain.FindingKind

// UnmarshalText implements [encoding.TextUnmarshaler]. It reads pairs of a code
// and a finding that is always refused, so no code can mean that a password is
// right. An error names the entry by its position.
func (m *Map) UnmarshalText(text []byte) error {
	read := make(Map)
	for i, entry := range strings.Split(string(text), ",") {
		if entry = strings.TrimSpace(entry); entry == "" {
			continue
		}
		code, reason, found := strings.Cut(entry, "=")
		code, reason = strings.ToLower(strings.TrimSpace(code)), strings.TrimSpace(reason)
		if code == "" || !found {
			return fmt.Errorf("entry %d: expected CODE=FINDING, such as bad_login=password_wrong", i+1)
		}
		kind, known := domain.RefusalNamed(reason)
		if !known {
			return fmt.Errorf("entry %d: unknown finding; expected one of: %s", i+1, strings.Join(domain.RefusalNames(), ", "))
		}
		if other, twice := read[code]; twice && other != kind {
			return fmt.Errorf("entry %d: an earlier entry gives this code another finding", i+1)
		}
		read[code] = kind
	}
	*m = read
	return nil
}

// Of returns the refusal of the first of the codes that is in the map.
func (m Map) Of(codes ...string) (domain.FindingKind, bool) {
	for _, code := range codes {
		if kind, mapped := m[strings.ToLower(code)]; mapped {
			return kind, true
		}
	}
	return 0, false
}

// Codes lists the codes, in lower case and sorted.
func (m Map) Codes() []string {
	return slices.Sorted(maps.Keys(m))
}
