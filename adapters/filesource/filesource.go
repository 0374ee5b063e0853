// Package filesource makes a file of people a source: a reference adapter, the
// fake that tests use, and what `make run` shows. Passwords are verified against
// their hashes here. It imports domain and ports.
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

// Options are what a file is opened with, beside its settings.
type Options = hashed.Options

// Directory is a file of people, read once, as [ports.SourceDirectory].
type Directory struct {
	name string
	path string // empty where people cannot be taken out of the file
	with reading
	mu   sync.RWMutex
	*people
}

// people are those of the file at one moment; they are replaced, not changed.
type people struct {
	// entries are our own JSON, to be written again; other forms have none.
	entries []json.RawMessage
	list    []hashed.Person
	// byName finds people by their username as it is written, byKey whoever may
	// have a claim to an identifier; see [domain.IdentifierKeys].
	byName map[string]int
	byKey  map[string][]int
	vouch  domain.VerifiedContacts
	// checker knows every hash of the file.
	checker *hashed.Checker
	// unknown are attributes that neither Cognito nor a rule knows.
	unknown fields.Set
	// claimless are users of an export whose custom claims cannot be read.
	claimless fields.Set
}

// notes tell the operator about the file.
func (p *people) notes() []ports.Note {
	return append(p.unknown.Notes(fields.UnusedAttributes), p.claimless.Notes("users have custom claims that cannot be read, and migrate without them: customAttributes takes a JSON object in a text")...)
}

// Authenticate implements [ports.SourceDirectory]. Every answer but that to an
// empty password takes the time of the dearest hash, so that the time does not
// tell who is there.
func (d *Directory) Authenticate(ctx context.Context, username string, password domain.Password) (domain.Finding, error) {
	if err := ctx.Err(); err != nil {
		return domain.Finding{}, ports.NotJudged(err)
	}
	if password.Empty() {
		return d.found(domain.PasswordWrong), nil
	}
	people := d.now()
	p, kind := people.lookUp(username)
	hash := ""
	if p != nil {
		hash = p.Hash
	}
	right, err := people.checker.Check(ctx, hash, password)
	if err != nil {
		return domain.Finding{}, ports.ErrMisconfigured // Open let it pass, so this cannot be
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

// now are the people at this moment.
func (d *Directory) now() *people {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.people
}

func (d *Directory) found(kind domain.FindingKind) domain.Finding {
	return domain.Finding{Kind: kind, Source: d.name}
}

// lookUp finds the person whom the identifier names; see [domain.Identify].
func (p *people) lookUp(identifier string) (*hashed.Person, domain.FindingKind) {
	who, index := p.identify(identifier)
	if who.Kind != domain.UserFound {
		return nil, who.Kind
	}
	one := p.list[index]
	one.User = who.User
	return &one, domain.UserFound
}

// identify says whom the identifier names, and their place in the list.
func (p *people) identify(identifier string) (domain.Identified, int) {
	var (
		places []int
		users  []domain.SourceUser
	)
	for _, key := range domain.IdentifierKeys(identifier) {
		for _, place := range p.byKey[key] {
			if !slices.Contains(places, place) {
				places, users = append(places, place), append(users, p.list[place].User)
			}
		}
	}
	who := domain.Identify(identifier, users, p.vouch)
	if who.Kind != domain.UserFound {
		return who, -1
	}
	return who, places[who.Index]
}
