package domain

import "strings"

// Standing is the state of a source user in the migration. Every source user
// has exactly one.
type Standing string

// States.
const (
	// StandingMoved: the destination has the user, in any status.
	StandingMoved Standing = "moved"
	// StandingRemaining: the destination does not have the user.
	StandingRemaining Standing = "remaining"
	// StandingConflict: a destination user has the same name or contact, but is
	// not proven to be the same user.
	StandingConflict Standing = "conflict"
)

// ConflictCause says why a source user is in conflict.
type ConflictCause string

// The causes of a conflict.
const (
	// ConflictSub: a user with the same name or contact has another source
	// user's sub, or none although a rule copies it.
	ConflictSub ConflictCause = "different_sub"
	// ConflictContact: the user with the same name has another contact.
	ConflictContact ConflictCause = "different_contact"
	// ConflictSeveral: several destination users match equally well.
	ConflictSeveral ConflictCause = "several_destination_users"
	// ConflictClaimed: another source user matches the destination user as well or
	// better.
	ConflictClaimed ConflictCause = "another_source_user"
)

// Evidence shows that two users belong together; a greater value is stronger.
type Evidence uint8

// Kinds of evidence.
const (
	// NoEvidence: nothing matches.
	NoEvidence Evidence = iota
	// EvidenceName: the usernames match, and no contact contradicts.
	EvidenceName
	// EvidenceContact: a verified contact matches.
	EvidenceContact
	// EvidenceContactAndName: a verified contact and the username match.
	EvidenceContactAndName
	// EvidenceSub: the destination user has the source user's sub.
	EvidenceSub
)

// JoinKeys are the keys by which a report joins the users of both sides. An
// empty key matches no user.
type JoinKeys struct {
	// Sub is the source's sub; for a destination user, the one that a rule
	// copied.
	Sub string
	// Name is the username; in lower case if the destination is case-insensitive.
	Name string
	// Email and Phone are verified contacts.
	Email, Phone string
	// UnverifiedEmail and UnverifiedPhone are unverified contacts. They only
	// distinguish users with the same name.
	UnverifiedEmail, UnverifiedPhone string
}

// SourceKeys returns the keys that a source user would have after the
// migration.
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

// Joined is the result for one source user.
type Joined struct {
	Standing Standing
	// Cause is set for a conflict.
	Cause ConflictCause
	// Evidence is set for a migrated user. Index is the index of the
	// destination user among the candidates; -1 for other states.
	Evidence Evidence
	Index    int
}

// Join compares a source user with the destination users that share a key. It
// uses the rule of completion: the source's sub if a rule copies it, else a
// verified contact, else the username.
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

// compare returns the evidence that both are the same user, or the reason why a
// matching name or contact belongs to another user.
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

// differs reports whether both users have a contact of this kind, and the
// contacts differ.
func differs(a, b JoinKeys) bool {
	other := func(a, b string) bool { return a != "" && b != "" && a != b }
	return other(a.Email+a.UnverifiedEmail, b.Email+b.UnverifiedEmail) ||
		other(a.Phone+a.UnverifiedPhone, b.Phone+b.UnverifiedPhone)
}

// Contest returns the index of the source user who keeps a destination user
// that several match: the one with the strongest evidence. It returns -1 if two
// have it.
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
