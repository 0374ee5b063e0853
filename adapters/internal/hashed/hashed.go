// Package hashed is what the sources have in common that hold hashes of
// passwords: a person, what a password that was right or wrong means for them,
// and a check that takes as long for everybody. It imports domain and ports.
package hashed

import (
	"strings"

	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
)

// Options are what such a source is opened with, beside its settings.
type Options struct {
	// Mapped are the attributes of the source that rules name.
	Mapped []string
	// VerifiedContacts says whose word counts on contacts; empty stands for the
	// source's.
	VerifiedContacts domain.VerifiedContacts
	// Note is told of what the operator should know; nobody is where it is nil.
	Note func(ports.Note)
}

// Tell tells the operator.
func (o Options) Tell(notes ...ports.Note) {
	if o.Note == nil {
		return
	}
	for _, note := range notes {
		o.Note(note)
	}
}

// Person is somebody with the hash of their password.
type Person struct {
	User domain.SourceUser
	// Hash is empty where there is none: then no password is ever right.
	Hash string
}

// SetHash sets the hash. Unix and Django write a text that begins with ! or * in
// place of one, for no password at all.
func (p *Person) SetHash(text string) {
	p.Hash = strings.TrimSpace(text)
	if strings.HasPrefix(p.Hash, "!") || strings.HasPrefix(p.Hash, "*") {
		p.Hash = ""
	}
}

// Proved says what a password that was right or wrong means for this person, in
// the words of a user pool.
func (p *Person) Proved(right bool) domain.FindingKind {
	switch {
	case p.Hash == "" && p.User.Status == domain.StatusExternalProvider:
		return domain.UserFederated
	case p.Hash == "" && p.User.Status == domain.StatusResetRequired:
		return domain.ResetRequired
	case p.Hash == "" || !right:
		return domain.PasswordWrong
	case p.User.Status == domain.StatusForceChangePassword:
		return domain.TemporaryPasswordAccepted
	case p.User.Status == domain.StatusResetRequired:
		return domain.ResetRequired
	default:
		return domain.PasswordAccepted
	}
}

// UnusableHash tells of a person whose hash cannot be used. Who it is stands in
// the audit record of the same attempt, as far as it stands anywhere.
func UnusableHash(err error) ports.Note {
	return ports.Note{
		Text:    "a password hash of the source cannot be verified; its user is refused as for a wrong password",
		Names:   []string{err.Error()},
		IsFault: true,
	}
}
