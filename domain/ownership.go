package domain

import "strings"

// Owns reports whether the identifier that was typed is the user's own: their
// username, preferred_username, email, phone number or sub, or another that the
// source names as theirs. Letter case is put aside, because a case-insensitive
// user pool lower-cases what was typed before anyone sees it (cognito-facts 4).
//
// The check stands between a source that looks people up loosely (a search, a
// wildcard, an alias that moved) and the creation of a user under a name that
// is somebody else's.
func (u SourceUser) Owns(identifier string) bool {
	if identifier == "" {
		return false
	}
	own := [...]string{
		u.Username,
		u.Sub,
		u.Attributes["preferred_username"],
		u.Attributes["email"],
		u.Attributes["phone_number"],
		u.Attributes["sub"],
	}
	for _, name := range own {
		if strings.EqualFold(identifier, name) {
			return true
		}
	}
	for _, name := range u.Identifiers {
		if strings.EqualFold(identifier, name) {
			return true
		}
	}
	return false
}

// autoUsername is the name that fits the most pools: see [UsernameAuto].
func autoUsername(submitted string, user SourceUser) string {
	switch {
	case user.Username == subOf(user):
		return ""
	case strings.EqualFold(submitted, user.Username):
		return submitted
	default:
		return user.Username
	}
}
