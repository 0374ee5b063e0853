package domain

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
)

// After says what becomes of the source user once the move is finished.
type After string

// What becomes of the source user.
const (
	// AfterKeep leaves the source user alone.
	AfterKeep After = "keep"
	// AfterDisable disables the source user.
	AfterDisable After = "disable"
	// AfterDelete deletes the source user.
	AfterDelete After = "delete"
)

// UnmarshalText implements [encoding.TextUnmarshaler]; an unknown choice is an
// error that lists the choices.
func (a *After) UnmarshalText(text []byte) error {
	return Choose(a, text, AfterKeep, AfterDisable, AfterDelete)
}

// Completion is what is owed after a decision to migrate: the second half of a
// move, which must wait until Cognito has created the user (cognito-facts 17).
// It travels in a queue, and so holds identifiers and digests, but no password
// and no attribute's value.
type Completion struct {
	// AttemptID is the attempt that made it.
	AttemptID string
	// Source is the name of the source, SourceUsername and SourceSub the user
	// there; a source without subs has none.
	Source         string
	SourceUsername string
	SourceSub      string
	// UserPoolID is the destination, Username the user there: their name, or
	// the alias that was typed where Cognito makes the name.
	UserPoolID string
	Username   string
	// SubAttribute is the destination's attribute that carries the source's
	// sub; empty where no rule carries it.
	SubAttribute string
	// Contacts are digests of the verified contacts that the user was moved
	// with.
	Contacts []string
	// Profile is the digest of what was moved.
	Profile string
	// Groups are the user's at the source, where GroupsKnown: the ID token
	// named them. Elsewhere the source is asked.
	Groups      []string
	GroupsKnown bool
}

// Format implements [fmt.Formatter]: a completion prints as its attempt alone.
func (c Completion) Format(state fmt.State, _ rune) {
	_, _ = io.WriteString(state, "completion("+c.AttemptID+")")
}

// NewCompletion says what is owed after a decision to migrate.
func NewCompletion(rules Rules, attempt Attempt, user SourceUser, decision Decision) Completion {
	name := decision.User.Username
	if name == "" {
		name = attempt.Username
	}
	return Completion{
		AttemptID:      attempt.ID,
		Source:         decision.Source,
		SourceUsername: user.Username,
		SourceSub:      subOf(user),
		UserPoolID:     attempt.UserPoolID,
		Username:       name,
		SubAttribute:   rules.Attributes.targetOf(attributeSub),
		Contacts:       contactDigests(attempt.ID, decision.User.Attributes),
		Profile:        profileDigest(attempt.ID, user, decision.User.Attributes),
		Groups:         user.Groups,
		GroupsKnown:    user.GroupsKnown,
	}
}

// NewCompletionByHand says what is owed of a move of which no message is left:
// by what the rules move of the source user now, who is the destination's by the
// name given. It does not say what was moved, so that nothing is deleted by it;
// see [Completion.SameIn].
func NewCompletionByHand(rules Rules, attempt Attempt, source string, user SourceUser) Completion {
	completion := NewCompletion(rules, attempt, user, Decision{Source: source, User: NewUser{
		Username:   username(rules.Username, attempt.Username, user),
		Attributes: rules.Attributes.Apply(user, rules.VerifiedContacts),
	}})
	completion.Profile = ""
	return completion
}

// SameIn is the completion that says what was moved, where the destination user
// has all that the rules move of the source user now. Where they differ, one of
// the two has changed since the move.
func (c Completion) SameIn(rules Rules, user SourceUser, created DestinationUser) Completion {
	moved := rules.Attributes.Apply(user, rules.VerifiedContacts)
	for name, value := range moved {
		if created.Attributes[name] != value {
			return c
		}
	}
	c.Profile = profileDigest(c.AttemptID, user, moved)
	return c
}

// DestinationUser is a person as the destination knows them.
type DestinationUser struct {
	Username   string
	Status     UserStatus
	Enabled    bool
	Attributes Attributes
}

// Format implements [fmt.Formatter]: a user prints as its status alone.
func (u DestinationUser) Format(state fmt.State, _ rune) {
	_, _ = fmt.Fprintf(state, "destination user(%s enabled=%t)", string(u.Status), u.Enabled)
}

// Readiness is what the destination says about a completion.
type Readiness uint8

// The answers. The zero Readiness is the one that changes nothing.
const (
	// NotYet: the user may be there later, or have set a password by then.
	NotYet Readiness = iota
	// Ready: the user is there and can sign in; the move can be finished.
	Ready
	// Never: waiting will not help.
	Never
)

// ReadyToComplete answers whether a move can be finished. It is only where the
// destination user is there, can sign in and is the one that was moved: nothing
// at the source may change while the person depends on it. A nil user is one
// that the destination does not know.
func ReadyToComplete(completion Completion, user *DestinationUser) (Readiness, Reason) {
	switch {
	case user == nil:
		return NotYet, ReasonNotCreatedYet
	case !completion.made(*user):
		return Never, ReasonAnotherUser
	case !user.Enabled:
		return NotYet, ReasonDestinationDisabled
	case user.Status != StatusConfirmed:
		return NotYet, ReasonNotConfirmedYet
	default:
		return Ready, ""
	}
}

// made reports whether the destination user is the one that this completion was
// made for: by the source's sub where a rule carries it, else by a verified
// contact they were moved with, else, where they had none, by their username.
// Somebody else may have signed up under the name meanwhile.
func (c Completion) made(user DestinationUser) bool {
	if c.SubAttribute != "" && c.SourceSub != "" {
		return user.Attributes[c.SubAttribute] == c.SourceSub
	}
	if len(c.Contacts) > 0 {
		return slices.ContainsFunc(contactDigests(c.AttemptID, user.Attributes), func(digest string) bool {
			return slices.Contains(c.Contacts, digest)
		})
	}
	return strings.EqualFold(user.Username, c.Username)
}

// IsUser reports whether the source user, read again, is the one who was moved,
// and not another who got the name since.
func (c Completion) IsUser(user SourceUser) bool {
	if c.SourceSub != "" {
		return subOf(user) == c.SourceSub
	}
	return user.Username == c.SourceUsername
}

// Unchanged reports whether what the rules move of the source user is still what
// was moved.
func (c Completion) Unchanged(rules Rules, user SourceUser) bool {
	moved := rules.Attributes.Apply(user, rules.VerifiedContacts)
	return profileDigest(c.AttemptID, user, moved) == c.Profile
}

func subOf(user SourceUser) string {
	if user.Sub != "" {
		return user.Sub
	}
	return user.Attributes[attributeSub]
}

// contactDigests are those of the verified contacts among the attributes. The
// attempt's ID salts them, so that digests of two messages cannot be joined.
func contactDigests(salt string, attributes Attributes) []string {
	var digests []string
	if attributes.hasVerifiedEmail() {
		digests = append(digests, digest(salt, attributeEmail, strings.ToLower(attributes[attributeEmail])))
	}
	if attributes.hasVerifiedPhone() {
		digests = append(digests, digest(salt, attributePhone, attributes[attributePhone]))
	}
	return digests
}

// profileDigest is that of who was moved, and with what.
func profileDigest(salt string, user SourceUser, moved Attributes) string {
	names := make([]string, 0, len(moved))
	for name := range moved {
		names = append(names, name)
	}
	slices.Sort(names)
	parts := make([]string, 0, 2*len(names)+3)
	parts = append(parts, salt, user.Username, subOf(user))
	for _, name := range names {
		parts = append(parts, name, moved[name])
	}
	return digest(parts...)
}

// digest is SHA-256 over the parts, each with its length before it, so that no
// two lists of parts read the same.
func digest(parts ...string) string {
	hash := sha256.New()
	for _, part := range parts {
		_, _ = io.WriteString(hash, strconv.Itoa(len(part))+":"+part) // a hash takes everything
	}
	return hex.EncodeToString(hash.Sum(nil))
}

// CompletionRecord says what came of one try to finish a move. Like an
// [AuditRecord], it has no field for a password or an attribute's value.
type CompletionRecord struct {
	// AttemptID is the attempt that moved the user.
	AttemptID string
	// Time is when the try began.
	Time time.Time
	// Outcome and Reason say how the try ended.
	Outcome CompletionOutcome
	Reason  Reason
	// Source is the name of the source.
	Source string
	// UserPoolID is the destination's.
	UserPoolID string
	// Username is the source user's, as [Pseudonymizer] left it.
	Username Pseudonym
	// Retired is what became of the source user by this try.
	Retired Retired
	// Groups is how many groups the destination user was put into.
	Groups int
}

// CompletionOutcome is how a try to finish a move ended.
type CompletionOutcome string

// The outcomes.
const (
	// CompletionDone: nothing is owed any more.
	CompletionDone CompletionOutcome = "completed"
	// CompletionOwed: it is to be tried again.
	CompletionOwed CompletionOutcome = "owed"
	// CompletionAbandoned: trying again will not help; a person must look.
	CompletionAbandoned CompletionOutcome = "abandoned"
)

// Retired is what became of a source user.
type Retired string

// What can become of a source user.
const (
	// RetiredNot: nothing, by choice or because it was too early.
	RetiredNot Retired = "not"
	// RetiredDisabled: the source user is disabled, as was chosen.
	RetiredDisabled Retired = "disabled"
	// RetiredDisabledInstead: the source user is disabled and was to be
	// deleted, but is not what was moved any more.
	RetiredDisabledInstead Retired = "disabled_instead"
	// RetiredDeleted: the source user is deleted.
	RetiredDeleted Retired = "deleted"
	// RetiredGone: the source user was not there any more.
	RetiredGone Retired = "gone"
)
