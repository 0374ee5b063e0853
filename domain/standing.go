package domain

import "strings"

// Standing says where a source user is in the migration. Every source user has
// exactly one.
type Standing string

// The standings.
const (
	// StandingMoved: the destination has the user, in whatever status.
	StandingMoved Standing = "moved"
	// StandingRemaining: the destination does not have the user.
	StandingRemaining Standing = "remaining"
	// StandingConflict: the destination has a user with a name or contact of the
	// source user, who is not proven to be the same person.
	StandingConflict Standing = "conflict"
)

// ConflictCause says why a source user is in conflict.
type ConflictCause string

// The causes of a conflict.
const (
	// ConflictSub: a user with the same name or contact carries another source
	// user's sub, or none, though a rule carries it.
	ConflictSub ConflictCause = "different_sub"
	// ConflictContact: the user with the same name has another contact.
	ConflictContact ConflictCause = "different_contact"
	// ConflictSeveral: several destination users match equally well.
	ConflictSeveral ConflictCause = "several_destination_users"
	// ConflictClaimed: another source user matches the destination user as well or
	// better.
	ConflictClaimed ConflictCause = "another_source_user"
)

// Evidence is what shows that two users are one person. More is better.
type Evidence uint8

// The evidence.
const (
	// NoEvidence: nothing matches.
	NoEvidence Evidence = iota
	// EvidenceName: the usernames match, and no contact says otherwise.
	EvidenceName
	// EvidenceContact: a verified contact of both matches.
	EvidenceContact
	// EvidenceContactAndName: a verified contact matches, and the username.
	EvidenceContactAndName
	// EvidenceSub: the destination user carries the source user's sub.
	EvidenceSub
)

// JoinKeys are the keys by which a report joins the users of both sides. An empty
// key matches nobody.
type JoinKeys struct {
	// Sub is the source's sub; at the destination the one that a rule carries.
	Sub string
	// Name is the username; in lower case if the destination is case-insensitive.
	Name string
	// Email and Phone are verified contacts.
	Email, Phone string
	// UnverifiedEmail and UnverifiedPhone are those that nobody proved. They only
	// tell users of one name apart.
	UnverifiedEmail, UnverifiedPhone string
}

// SourceKeys returns the keys of a source user, as the rules would move the user.
func SourceKeys(rules Rules, user SourceUser, caseSensitive bool) JoinKeys {
	moved := rules.Attributes.ownContacts(rules.Attributes.Apply(user, rules.VerifiedContacts))
	keys := JoinKeys{Name: nameKey(user.Username, caseSensitive)}
	if len(rules.Attributes.SubCarriers()) > 0 {
		keys.Sub = subOf(user)
	}
	keys.setContacts(moved)
	return keys
}

// DestinationKeys returns the keys of a destination user.
func DestinationKeys(rules Rules, user DestinationUser, caseSensitive bool) JoinKeys {
	keys := JoinKeys{Name: nameKey(user.Username, caseSensitive)}
	for _, carrier := range rules.Attributes.SubCarriers() {
		if keys.Sub == "" {
			keys.Sub = user.Attributes[carrier]
		}
	}
	keys.setContacts(rules.Attributes.ownContacts(user.Attributes))
	return keys
}

func nameKey(name string, caseSensitive bool) string {
	if caseSensitive {
		return name
	}
	return strings.ToLower(name)
}

func (k *JoinKeys) setContacts(of Attributes) {
	if email := lowerASCII(of[attributeEmail]); of.hasVerifiedEmail() {
		k.Email = email
	} else {
		k.UnverifiedEmail = email
	}
	if phone := of[attributePhone]; of.hasVerifiedPhone() {
		k.Phone = phone
	} else {
		k.UnverifiedPhone = phone
	}
}

// Joined is what a report found about one source user.
type Joined struct {
	Standing Standing
	// Cause is set for a conflict.
	Cause ConflictCause
	// Evidence is set for a moved user, and Index is the place of the destination
	// user among the candidates; -1 for every other standing.
	Evidence Evidence
	Index    int
}

// Join compares a source user with the destination users that share a key. It uses
// the rule of completion: the source's sub where a rule carries it, else a verified
// contact, else the username.
func Join(source JoinKeys, candidates []JoinKeys) Joined {
	result := Joined{Standing: StandingRemaining, Index: -1}
	several := false
	cause := ConflictCause("")
	for i, candidate := range candidates {
		evidence, against := compare(source, candidate)
		switch {
		case against != "":
			cause = against
		case evidence == NoEvidence || evidence < result.Evidence:
		case evidence == result.Evidence:
			several = true
		default:
			result.Evidence, result.Index, several = evidence, i, false
		}
	}
	switch {
	case several:
		return Joined{Standing: StandingConflict, Cause: ConflictSeveral, Index: -1}
	case result.Evidence != NoEvidence:
		result.Standing = StandingMoved
	case cause != "":
		result.Standing, result.Cause = StandingConflict, cause
	}
	return result
}

// compare returns the evidence that both are one person, or the cause for which a
// matching name or contact is somebody else's.
func compare(source, candidate JoinKeys) (Evidence, ConflictCause) {
	same := func(a, b string) bool { return a != "" && a == b }
	name := same(source.Name, candidate.Name)
	contact := same(source.Email, candidate.Email) || same(source.Phone, candidate.Phone)
	switch {
	case same(source.Sub, candidate.Sub):
		return EvidenceSub, ""
	case source.Sub != "" && (name || contact):
		return NoEvidence, ConflictSub
	case contact && name:
		return EvidenceContactAndName, ""
	case contact:
		return EvidenceContact, ""
	case name && differs(source, candidate):
		return NoEvidence, ConflictContact
	case name:
		return EvidenceName, ""
	default:
		return NoEvidence, ""
	}
}

// differs reports whether both users have a contact of one kind, and not the same.
func differs(a, b JoinKeys) bool {
	other := func(a, b string) bool { return a != "" && b != "" && a != b }
	return other(a.Email+a.UnverifiedEmail, b.Email+b.UnverifiedEmail) ||
		other(a.Phone+a.UnverifiedPhone, b.Phone+b.UnverifiedPhone)
}

// Contest returns which of the source users keeps a destination user that all of
// them match: the one with the best evidence. It returns -1 if two have it.
func Contest(claims []Evidence) int {
	best, winner := NoEvidence, -1
	for i, claim := range claims {
		switch {
		case claim > best:
			best, winner = claim, i
		case claim == best:
			winner = -1
		}
	}
	return winner
}
