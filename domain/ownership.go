package domain

import (
	"slices"
	"strings"
)

// This file has the only rule for which user an identifier names: the user with
// that username, and otherwise the user with that verified contact. Unverified
// addresses do not count, and neither does preferred_username, which users can
// edit. Otherwise a user who enters another's name there would be found
// instead, or would make the name ambiguous.

// claim is the strength of a user's claim to an identifier; the strongest wins.
type claim uint8

const (
	// noClaim: the identifier is not the user's, or this is not verified.
	noClaim claim = iota
	// claimContact: a verified email address or phone number.
	claimContact
	// claimName: the sub, or another name that the source declares unique.
	claimName
	// claimUsername: the username in another letter case.
	claimUsername
	// claimExactUsername: the username exactly.
	claimExactUsername
)

// claimTo returns the strength of the user's claim to the identifier. It
// ignores letter case, because a case-insensitive user pool converts the typed
// name to lower case before it calls the function (cognito-facts 4).
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

// hasContact reports whether the identifier is a verified contact of the user,
// in the destination's or the source's form. If the operator vouches for all
// contacts, unverified ones count too. A phone number with other separators
// does not count: each spelling would be another name for guessing passwords.
func (u SourceUser) hasContact(identifier string, vouch VerifiedContacts) bool {
	email, phone := u.contacts(vouch)
	return strings.EqualFold(identifier, email) || strings.EqualFold(identifier, phone) ||
		phone != "" && strings.EqualFold(identifier, strings.TrimSpace(u.Attributes[attributePhone]))
}

// contacts returns the verified email address and phone number in the
// destination's form. A contact is empty if it is missing, unverified or
// malformed: a plain name in such an attribute could be another user's
// username.
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

// contact returns an email address or phone number in the destination's form,
// or in the source's form if it cannot be converted.
func (u SourceUser) contact(name string) string {
	value := u.Attributes[name]
	if fitted, ok := FitStandardAttribute(name, value); ok {
		return fitted
	}
	return strings.TrimSpace(value)
}

// digitsOf returns an international phone number in the form of user pools, and
// any other text unchanged.
func digitsOf(number string) string {
	if fitted, ok := fitPhone(number); ok && strings.HasPrefix(number, "+") {
		return fitted
	}
	return number
}

// Owns reports whether the identifier is the user's own: the username, the sub,
// a verified contact, or another name that the source declares unique. It
// ignores letter case.
//
// Some sources look users up loosely: by a search, a wildcard, or an alias that
// was reassigned. This check prevents creating a user under a name that belongs
// to another user.
func (u SourceUser) Owns(identifier string) bool {
	return u.owns(identifier, VerifiedBySource)
}

func (u SourceUser) owns(identifier string, vouch VerifiedContacts) bool {
	return u.claimTo(identifier, vouch) != noClaim && !u.disputes(identifier)
}

func (u SourceUser) disputes(identifier string) bool {
	return slices.ContainsFunc(u.Disputed, func(name string) bool { return strings.EqualFold(identifier, name) })
}

// Identified is the user whom an identifier names, among the users that a
// source found by it.
type Identified struct {
	// Kind is [UserFound], [UserUnknown] or [UserAmbiguous].
	Kind FindingKind
	// Index is the user's index in the list of found users, and User is the
	// user with [SourceUser.Disputed]. Both are empty unless Kind is UserFound.
	Index int
	User  SourceUser
}

// Identify returns the found user with the strongest claim to the identifier.
// If two users have equally strong claims, the result is ambiguous. Users
// without a claim are ignored. vouch says whether the source's or the
// operator's verification of contacts counts.
//
// If the identifier is the username of one user and a verified contact of
// another, it names the first. It is then marked as disputed: it is not only
// that user's own.
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

// Keys lists the keys of all identifiers to which the user has a claim, without
// duplicates; see [IdentifierKeys].
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

// IdentifierKeys returns index keys. Every user with a claim to the identifier
// has at least one of them.
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
// international phone number, and so belong to another user.
func LooksLikeContact(name string) bool {
	return strings.Contains(name, "@") || strings.HasPrefix(name, "+")
}
