// Package hashed is shared by the sources that store password hashes. It has a user
// with a hash, what a password means for that user, and a check in constant time. It
// imports domain and ports.
package hashed

import (
	"strings"

	"cognito-user-migration/adapters/internal/fields"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
	"cognito-user-migration/ports/parts"
)

// Options are the arguments for opening such a source, besides its settings.
type Options struct {
	// Mapped lists the source attributes that rules name.
	Mapped []string
	// VerifiedContacts says whether the source's or our own verification of
	// contacts counts; empty means the source's.
	VerifiedContacts domain.VerifiedContacts
	// NoteFactors: a query without a column for second factors is worth a note.
	NoteFactors bool
	// Note receives what the operator should know. It may be nil.
	Note func(ports.Note)
}

// OptionsOf returns the options from those with which any source is opened.
func OptionsOf(options parts.SourceOptions) Options {
	return Options{Mapped: options.Rules.Attributes.Sources(), VerifiedContacts: options.Rules.VerifiedContacts, Note: options.Note}
}

// Tell passes notes to the operator.
func (o Options) Tell(notes ...ports.Note) {
	if o.Note == nil {
		return
	}
	for _, note := range notes {
		o.Note(note)
	}
}

// Entry is a user with the password hash.
type Entry struct {
	User domain.SourceUser
	// Hash is empty for a user without a password; then no password is right.
	Hash string
}

// Users returns the users of entries.
func Users(entries []*Entry) []domain.SourceUser {
	users := make([]domain.SourceUser, len(entries))
	for i, entry := range entries {
		users[i] = entry.User
	}
	return users
}

// NewEntry returns an enabled and confirmed user without a name.
func NewEntry() Entry {
	return Entry{User: domain.SourceUser{Status: domain.StatusConfirmed, Enabled: true, Attributes: make(domain.Attributes)}}
}

// Set stores the text of a field. Without a value, there is false. That never enables a
// user, and leaves an attribute out.
func (p *Entry) Set(name, text string, there bool) (err error) {
	user := &p.User
	switch name {
	case fields.Username:
		user.Username = text
	case fields.PasswordHash:
		p.SetHash(text)
	case fields.Status:
		if strings.TrimSpace(text) != "" {
			user.Status, err = fields.ReadStatus(text)
		}
	case fields.Enabled:
		if user.Enabled = false; there {
			user.Enabled, err = fields.Bool(text)
		}
	case fields.Groups:
		user.Groups, user.GroupsKnown = fields.SplitGroups(text), true
	case fields.MFA:
		user.MFA, user.MFAUnasked = domain.ParseMFA(text), true
	default:
		if there {
			user.Attributes[name], err = fields.Value(name, text)
		}
	}
	return err
}

// SetHash sets the hash. Unix and Django store a text that begins with ! or *
// for users without a password.
func (p *Entry) SetHash(text string) {
	p.Hash = strings.TrimSpace(text)
	if strings.HasPrefix(p.Hash, "!") || strings.HasPrefix(p.Hash, "*") {
		p.Hash = ""
	}
}

// Proved returns the finding for a right or wrong password of this user.
func (p *Entry) Proved(right bool) domain.FindingKind {
	switch {
	case p.Hash == "" && p.User.Status == domain.StatusExternalProvider:
		return domain.UserFederated
	case p.Hash == "" && p.User.Status == domain.StatusResetRequired:
		return domain.ResetRequired
	case p.Hash == "" || !right:
		return domain.PasswordWrong
	default:
		return domain.PasswordAccepted.Settled(p.User)
	}
}

// unusableHash returns a note about a user whose hash cannot be used. The audit
// record of the same attempt identifies the user, as far as AUDIT_USERNAME
// allows.
func unusableHash(err error) ports.Note {
	return ports.Note{
		Text:    "a password hash of the source cannot be verified; its user is refused as for a wrong password",
		Names:   []string{err.Error()},
		IsFault: true,
	}
}
