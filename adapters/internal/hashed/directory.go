package hashed

import (
	"context"
	"strings"
	"unicode/utf8"

	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
)

// MostFound is the largest number of users that are examined. An identifier that
// finds more does not identify a user.
const MostFound = 100

// Directory is a [ports.SourceDirectory] over a store of users that is searched by
// the submitted identifier. Passwords are verified here.
type Directory struct {
	// Name is the source's name.
	Name string
	// Find returns the users that the store finds by the identifier, up to one more
	// than [MostFound]. A store may treat different names as equal; the users are
	// compared with the identifier afterwards. The identifier is valid UTF-8, is not
	// empty and has no NUL.
	Find func(ctx context.Context, username string) ([]*Entry, error)
	// Checker verifies passwords.
	Checker *Checker
	// Options are those that the source was opened with.
	Options Options
}

var _ ports.SourceDirectory = (*Directory)(nil)

// Authenticate implements [ports.SourceDirectory]. Every answer takes the time
// of the search and of the slowest hash that was read, except for an empty
// password. So the time does not reveal which users exist.
func (d *Directory) Authenticate(ctx context.Context, username string, password domain.Password) (domain.Finding, error) {
	if err := ctx.Err(); err != nil {
		return domain.Finding{}, ports.NotJudged(err)
	}
	if password.Empty() {
		return d.found(domain.PasswordWrong), nil
	}
	entry, kind, err := d.Ask(ctx, username)
	if err != nil {
		return domain.Finding{}, ports.NotJudged(err) // the password is verified here, after the search
	}
	hash := ""
	if entry != nil {
		hash = entry.Hash
	}
	right, unusable := d.Checker.Check(ctx, hash, password)
	switch {
	case ctx.Err() != nil:
		return domain.Finding{}, ctx.Err()
	case entry == nil:
		return d.found(kind), nil
	case unusable != nil: // to the client, this is a wrong password
		d.Options.Tell(unusableHash(unusable))
	}
	finding := d.found(entry.Proved(right))
	finding.User = entry.User
	return finding, nil
}

// FindUser implements [ports.SourceDirectory].
func (d *Directory) FindUser(ctx context.Context, username string) (domain.Finding, error) {
	entry, kind, err := d.Ask(ctx, username)
	if err != nil {
		return domain.Finding{}, err
	}
	finding := d.found(kind)
	if entry != nil {
		finding.User = entry.User
	}
	return finding, nil
}

func (d *Directory) found(kind domain.FindingKind) domain.Finding {
	return domain.Finding{Kind: kind, Source: d.Name}
}

// Ask searches and returns the user that the typed name identifies, or nil and the
// finding. A database may ignore accents, trailing spaces or other characters.
// Such users are not this user.
func (d *Directory) Ask(ctx context.Context, username string) (*Entry, domain.FindingKind, error) {
	entry, kind, err := d.identify(ctx, username)
	if err != nil || entry == nil {
		return nil, kind, err
	}
	// The user was found by another name than the new user's username. That
	// username may be another user's address.
	name := entry.User.Username
	if strings.EqualFold(name, username) || !domain.LooksLikeContact(name) {
		return entry, kind, nil
	}
	byName, _, err := d.identify(ctx, name)
	if err != nil {
		return nil, 0, err
	}
	if byName != nil && byName.User.Username == name {
		entry.User.Disputed = append(entry.User.Disputed, byName.User.Disputed...)
	}
	return entry, kind, nil
}

func (d *Directory) identify(ctx context.Context, username string) (*Entry, domain.FindingKind, error) {
	if err := ctx.Err(); err != nil {
		return nil, 0, err
	}
	// No store has such a name, and some cannot represent it.
	if username == "" || !utf8.ValidString(username) || strings.Contains(username, "\x00") {
		return nil, domain.UserUnknown, nil
	}
	entries, err := d.Find(ctx, username)
	if err != nil {
		return nil, 0, err
	}
	if len(entries) > MostFound {
		return nil, domain.UserAmbiguous, nil
	}
	who := domain.Identify(username, Users(entries), d.Options.VerifiedContacts)
	if who.Kind != domain.UserFound {
		return nil, who.Kind, nil
	}
	entry := entries[who.Index]
	entry.User = who.User
	return entry, domain.UserFound, nil
}
