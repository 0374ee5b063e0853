// Package filesource is a source that reads users from a file. It is a
// reference adapter, the fake in tests, and the source of `make run`. It
// verifies passwords against their hashes. It imports domain and ports.
package filesource

import (
	"context"
	"encoding/json"
	"slices"
	"sync"

	"cognito-user-migration/adapters/internal/fields"
	"cognito-user-migration/adapters/internal/hashed"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
)

var _ ports.SourceDirectory = (*Directory)(nil)

// Options are the arguments for opening a file, besides its settings.
type Options = hashed.Options

// Directory is a file of users, read once, as [ports.SourceDirectory].
type Directory struct {
	hashed.Directory
	path string // empty if users cannot be removed from the file
	with reading
	mu   sync.RWMutex
	*snapshot
}

func newDirectory(name string, with reading, read *snapshot) *Directory {
	d := &Directory{with: with, snapshot: read}
	d.Directory = hashed.Directory{
		Name: name, Checker: with.checker, Options: hashed.Options{VerifiedContacts: with.vouch},
		Find: func(_ context.Context, username string) ([]*hashed.Entry, error) { return d.now().find(username), nil },
	}
	return d
}

// snapshot has the users in the file at one moment. A change replaces the whole
// value.
type snapshot struct {
	reading
	// entries has the original JSON, for writing the file again; nil for other
	// formats.
	entries []json.RawMessage
	list    []hashed.Entry
	// byName finds users by username, exactly as written, and byKey by the keys of
	// their identifiers.
	byName map[string]int
	byKey  map[string][]int
	// tellsFactors: the file has the field for second factors.
	tellsFactors bool
	// unknown lists attributes that neither Cognito nor a rule knows.
	unknown fields.Set
	// claimless lists users of an export whose custom claims cannot be parsed.
	claimless fields.Set
}

// notes returns notes about the file for the operator.
func (p *snapshot) notes() []ports.Note {
	return append(p.unknown.Notes(fields.UnusedAttributes), p.claimless.Notes("users have custom claims that cannot be read, and migrate without them: customAttributes takes a JSON object in a text")...)
}

// now returns the users at this moment.
func (d *Directory) now() *snapshot {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.snapshot
}

// find returns the users who may match an identifier; see [domain.IdentifierKeys].
func (p *snapshot) find(identifier string) []*hashed.Entry {
	var (
		indexes []int
		found   []*hashed.Entry
	)
	for _, key := range domain.IdentifierKeys(identifier) {
		for _, index := range p.byKey[key] {
			if !slices.Contains(indexes, index) {
				one := p.list[index]
				indexes, found = append(indexes, index), append(found, &one)
			}
		}
	}
	return found
}
