// Package hashed is what the sources have in common that hold hashes of
// passwords: a person, and what a password that was right or wrong means for
// them. It imports domain.
package hashed

import "cognito-user-migration/domain"

// Person is somebody with the hash of their password.
type Person struct {
	User domain.SourceUser
	// Hash is empty where there is none: then no password is ever right.
	Hash string
}

// Proved says what a password that was right or wrong means for this person, in
// the words of a user pool.
func (p Person) Proved(right bool) domain.FindingKind {
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
