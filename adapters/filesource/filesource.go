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
	name string
	path string // empty if users cannot be removed from the file
	with reading
	mu   sync.RWMutex
	*snapshot
}

// snapshot has the users in the file at one moment. A change replaces the whole
// value.
type snapshot struct {
	// entries has the original JSON, for writing the file again; nil for other
	// formats.
	entries []json.RawMessage
	list    []hashed.Entry
	// byName finds users by username, exactly as written. byKey finds all users
	// who may match an identifier; see [domain.IdentifierKeys].
	byName map[string]int
	byKey  map[string][]int
	vouch  domain.VerifiedContacts
	// checker knows every hash of the file.
	checker *hashed.Checker
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

// Authenticate implements [ports.SourceDirectory]. Every answer takes the time
// of the slowest hash, except for an empty password. So the time does not
// reveal which users exist.
func (d *Directory) Authenticate(ctx context.Context, username string, password domain.Password) (domain.Finding, error) {
	if err := ctx.Err(); err != nil {
		return domain.Finding{}, ports.NotJudged(err)
	}
	if password.Empty() {
		return d.found(domain.PasswordWrong), nil
	}
	snapshot := d.now()
	p, kind := snapshot.lookUp(username)
	hash := ""
	if p != nil {
		hash = p.Hash
	}
	right, err := snapshot.checker.Check(ctx, hash, password)
	if err != nil {
		return domain.Finding{}, ports.ErrMisconfigured // Open has parsed it, so this is impossible
	}
	if err := ctx.Err(); err != nil {
		return domain.Finding{}, err
	}
	if p == nil {
		return d.found(kind), nil
	}
	finding := d.found(p.Proved(right))
	finding.User = p.User
	return finding, nil
}

// FindUser implements [ports.SourceDirectory].
func (d *Directory) FindUser(ctx context.Context, username string) (domain.Finding, error) {
	if err := ctx.Err(); err != nil {
		return domain.Finding{}, err
	}
	p, kind := d.now().lookUp(username)
	finding := d.found(kind)
	if p != nil {
		finding.User = p.User
	}
	return finding, nil
}

// now returns the users at this moment.
func (d *Directory) now() *snapshot {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.snapshot
}

func (d *Directory) found(kind domain.FindingKind) domain.Finding {
	return domain.Finding{Kind: kind, Source: d.name}
}

// lookUp finds the user that the identifier names; see [domain.Identify].
func (p *snapshot) lookUp(identifier string) (*hashed.Entry, domain.FindingKind) {
	who, index := p.identify(identifier)
	if who.Kind != domain.UserFound {
		return nil, who.Kind
	}
	one := p.list[index]
	one.User = who.User
	return &one, domain.UserFound
}

// identify returns the result of [domain.Identify] and the user's index.
func (p *snapshot) identify(identifier string) (domain.Identified, int) {
	var (
		indexes []int
		users   []domain.SourceUser
	)
	for _, key := range domain.IdentifierKeys(identifier) {
		for _, index := range p.byKey[key] {
			if !slices.Contains(indexes, index) {
				indexes, users = append(indexes, index), append(users, p.list[index].User)
			}
		}
	}
	who := domain.Identify(identifier, users, p.vouch)
	if who.Kind != domain.UserFound {
		return who, -1
	}
	return who, indexes[who.Index]
}
