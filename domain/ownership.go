package domain

import (
	"slices"
	"strings"
)

// This file holds the one rule of who is named by an identifier: the user whose
// username it is, and after that the user who has it as a verified contact. An
// address that nobody proved, and preferred_username, which users write
// themselves, name nobody: whoever could enter another's name there would be
// found as that person, or would make that person ambiguous.

// claim is how good a user's claim to an identifier is; the best one wins.
type claim uint8

const (
	// noClaim: the identifier is not the user's, or nobody proved that it is.
	noClaim claim = iota
	// claimContact: an email address or phone number that was verified.
	claimContact
	// claimName: the sub, or another name that the source says is the user's
	// alone.
	claimName
	// claimUsername: the username, but for letter case.
	claimUsername
	// claimExactUsername: the username as it is written.
	claimExactUsername
)

// claimTo says how good the user's claim to the identifier is. Letter case is put
// aside, because a case-insensitive user pool lower-cases what was typed before
// the function sees it (cognito-facts 4).
func (u SourceUser) claimTo(identifier string, vouch VerifiedContacts) claim {
	is := func(name string) bool { return strings.EqualFold(identifier, name) }
	switch {
	case identifier == "":
		return noClaim
	case identifier == u.Username:
		return claimExactUsername
	case is(u.Username):
		return claimUsername
	case is(u.Sub), is(u.Attributes[attributeSub]), slices.ContainsFunc(u.Identifiers, is):
		return claimName
	case u.hasContact(identifier, vouch):
		return claimContact
	default:
		return noClaim
	}
}

// hasContact reports whether the identifier is a contact of the user's that the
// source has verified, or any contact where the operator vouches for all: as the
// destination gets it, or as the source writes it. A phone number with separators
// of the identifier's own choice is none: each would be another name to guess a
// password by.
func (u SourceUser) hasContact(identifier string, vouch VerifiedContacts) bool {
	email, phone := u.contacts(vouch)
	return strings.EqualFold(identifier, email) || strings.EqualFold(identifier, phone) ||
		phone != "" && strings.EqualFold(identifier, strings.TrimSpace(u.Attributes[attributePhone]))
}

// contacts gives the verified email address and phone number, as the destination
// gets them; empty for one that is not there, is not verified, or has not the form
// of one: a plain name in its place could be another user's username.
func (u SourceUser) contacts(vouch VerifiedContacts) (email, phone string) {
	verified := func(flag string) bool {
		truth, _ := ParseBoolean(u.Attributes[flag])
		return truth || vouch == VerifiedAlways
	}
	if value := u.contact(attributeEmail); strings.Contains(value, "@") && verified(attributeEmailVerified) {
		email = value
	}
	if value := u.contact(attributePhone); strings.HasPrefix(value, "+") && verified(attributePhoneVerified) {
		phone = value
	}
	return email, phone
}

// contact is an email address or phone number in the form in which the destination
// gets it, or as the source has it where it has no such form.
func (u SourceUser) contact(name string) string {
	value := u.Attributes[name]
	if fitted, ok := FitStandardAttribute(name, value); ok {
		return fitted
	}
	return strings.TrimSpace(value)
}

// digitsOf gives an international phone number as user pools take it, and anything
// else as it is.
func digitsOf(number string) string {
	if fitted, ok := fitPhone(number); ok && strings.HasPrefix(number, "+") {
		return fitted
	}
	return number
}

// Owns reports whether the identifier is the user's own: their username, their
// sub, a contact that the source has verified, or another name that the source
// says is theirs alone. Letter case is put aside.
//
// The check stands between a source that looks people up loosely (a search, a
// wildcard, an alias that moved) and the creation of a user under a name that
// is somebody else's.
func (u SourceUser) Owns(identifier string) bool {
	return u.owns(identifier, VerifiedBySource)
}

func (u SourceUser) owns(identifier string, vouch VerifiedContacts) bool {
	return u.claimTo(identifier, vouch) != noClaim && !u.disputes(identifier)
}

func (u SourceUser) disputes(identifier string) bool {
	return slices.ContainsFunc(u.Disputed, func(name string) bool { return strings.EqualFold(identifier, name) })
}

// Identified is the user whom an identifier names, of those that a source found by it.
type Identified struct {
	// Kind is [UserFound], [UserUnknown] or [UserAmbiguous].
	Kind FindingKind
	// Index is the place of the user among those that were found, and User the
	// user, with [SourceUser.Disputed]. Both are empty unless the kind is UserFound.
	Index int
	User  SourceUser
}

// Identify says whom of the users found the identifier names: the one with the best
// claim to it. A claim of the same kind by two users is ambiguous; a user without
// a claim is not looked at. vouch says whose word counts on contacts.
//
// Where the identifier is the username of one user and a verified contact of
// another alone, it names the first, and is noted as disputed: it is not that
// user's own.
func Identify(identifier string, found []SourceUser, vouch VerifiedContacts) Identified {
	best, chosen, rivals, contact := noClaim, 0, 0, false
	for i, user := range found {
		claim := user.claimTo(identifier, vouch)
		contact = contact || claim == claimContact
		switch {
		case claim == noClaim || claim < best:
		case claim == best:
			rivals++
		default:
			best, chosen, rivals = claim, i, 0
		}
	}
	switch {
	case best == noClaim:
		return Identified{Kind: UserUnknown}
	case rivals > 0:
		return Identified{Kind: UserAmbiguous}
	}
	user := found[chosen]
	if contact && best != claimContact && !user.hasContact(identifier, vouch) {
		user.Disputed = append(slices.Clone(user.Disputed), identifier)
	}
	return Identified{Kind: UserFound, Index: chosen, User: user}
}

// Keys lists the keys of all identifiers that the user has a claim to, each once;
// see [IdentifierKeys].
func (u SourceUser) Keys(vouch VerifiedContacts) []string {
	email, phone := u.contacts(vouch)
	keys := make([]string, 0, 8)
	for _, name := range [...]string{u.Username, u.Sub, u.Attributes[attributeSub], email, phone} {
		keys = appendKeys(keys, name)
	}
	for _, name := range u.Identifiers {
		keys = appendKeys(keys, name)
	}
	return keys
}

// IdentifierKeys gives the keys by which an index finds everybody who may have a
// claim to the identifier: whoever has one shares a key with it.
func IdentifierKeys(identifier string) []string {
	return appendKeys(nil, identifier)
}

func appendKeys(keys []string, identifier string) []string {
	key := strings.Map(fold, identifier)
	for _, spelling := range [...]string{key, digitsOf(key)} {
		if spelling != "" && !slices.Contains(keys, spelling) {
			keys = append(keys, spelling)
		}
	}
	return keys
}

// LooksLikeContact reports whether a name could be an email address or an
// international phone number, and so another user's.
func LooksLikeContact(name string) bool {
	return strings.Contains(name, "@") || strings.HasPrefix(name, "+")
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
