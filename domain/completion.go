package domain

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// After says what completion does with the source user.
type After string

// The choices for the source user.
const (
	// AfterKeep leaves the source user unchanged.
	AfterKeep After = "keep"
	// AfterDisable disables the source user.
	AfterDisable After = "disable"
	// AfterDelete deletes the source user.
	AfterDelete After = "delete"
)

// UnmarshalText implements [encoding.TextUnmarshaler] by [Choose].
func (a *After) UnmarshalText(text []byte) error {
	return Choose(a, text, AfterKeep, AfterDisable, AfterDelete)
}

// Completion is the work that follows a decision to migrate. It must wait until
// Cognito has created the user (cognito-facts 17). It is sent through a queue,
// so it contains only identifiers and keyed digests, never a password or an
// attribute's value.
type Completion struct {
	// AttemptID and AttemptedAt are the ID and the time of the attempt. The time
	// is zero if it is not known, as in a completion by the operator's tool.
	AttemptID   string
	AttemptedAt time.Time
	// Source is the name of the source. SourceUsername and SourceSub identify
	// the user there; some sources have no subs.
	Source         string
	SourceUsername string
	SourceSub      string
	// UserPoolID is the destination. Username identifies the user there: the
	// username, or the typed alias if Cognito generates the username.
	UserPoolID string
	Username   string
	// Contacts are digests of the user's verified contacts at the migration.
	Contacts []string
	// Profile is the digest of the migrated attributes.
	Profile string
	// Groups are the user's source groups, if GroupsKnown: the ID token named
	// them. They are used only if the source cannot be asked.
	Groups      []string
	GroupsKnown bool
	// SecondFactor is the second factor that the user keeps, to be set as preferred
	// in the destination; empty if there is none to set.
	SecondFactor MFAMethod
	// MFAGroup is the group that the user gets beside those of Groups, because they
	// had a second factor; empty if there is none.
	MFAGroup string
}

// ConcernsMFA reports whether the completion sets a second factor or adds the group
// of users who must set one up.
func (c Completion) ConcernsMFA() bool {
	return c.SecondFactor != "" || c.MFAGroup != ""
}

// Format implements [fmt.Formatter]: a completion prints as its attempt alone.
func (c Completion) Format(state fmt.State, _ rune) {
	_, _ = io.WriteString(state, "completion("+c.AttemptID+")")
}

// NewCompletion returns the completion for a decision to migrate, made at this time.
func NewCompletion(keys CompletionKeys, attempt Attempt, at time.Time, user SourceUser, decision Decision) Completion {
	return Completion{
		AttemptID:      attempt.ID,
		AttemptedAt:    at,
		Source:         decision.Source,
		SourceUsername: user.Username,
		SourceSub:      subOf(user),
		UserPoolID:     attempt.UserPoolID,
		Username:       decision.createdName(attempt),
		Contacts:       keys.contactDigests(attempt.ID, decision.User.Attributes),
		Profile:        keys.profileDigest(attempt.ID, user, decision.User.Attributes),
		Groups:         user.Groups,
		GroupsKnown:    user.GroupsKnown,
		SecondFactor:   decision.SecondFactor,
		MFAGroup:       decision.MFAGroup,
	}
}

// NewManualCompletion returns a completion for a migration whose message was lost.
// It is made from the source user as they are now. It has no digest of the migrated
// attributes, so it deletes no user; see [Completion.SameIn].
func NewManualCompletion(rules Rules, keys CompletionKeys, attempt Attempt, at time.Time, source string, user SourceUser) Completion {
	moved := rules.Attributes.Apply(user, rules.VerifiedContacts)
	found := Finding{Kind: UserFound, User: user}
	completion := NewCompletion(keys, attempt, at, user, Decision{
		Source:   source,
		MFAGroup: rules.enrollmentGroup(UserFound, found),
		User:     NewUser{Username: rules.username(attempt.Username, user), Attributes: moved},
	})
	if rules.SetsMFAPreference {
		completion.SecondFactor = rules.carriedFactor(FinalConfirmed, found, moved)
	}
	completion.Profile = ""
	return completion
}

// SameIn adds the digest of the migrated attributes if the destination user has all
// attributes that the rules give the source user now. If they differ, one of the
// users has changed since the migration.
func (c Completion) SameIn(rules Rules, keys CompletionKeys, user SourceUser, created DestinationUser) Completion {
	moved := rules.Attributes.Apply(user, rules.VerifiedContacts)
	if hasAll(created.Attributes, moved) {
		c.Profile = keys.profileDigest(c.AttemptID, user, moved)
	}
	return c
}

// DestinationUser is a user of the destination.
type DestinationUser struct {
	Username   string
	Status     UserStatus
	Enabled    bool
	Attributes Attributes
	// PreferredMFA is the second factor that the user prefers there; empty if there
	// is none, or if it was not read.
	PreferredMFA MFAMethod
	// CreatedAt is when the destination created the user; zero if not known.
	CreatedAt time.Time
}

// Format implements [fmt.Formatter]: a user prints as its status alone.
func (u DestinationUser) Format(state fmt.State, _ rune) {
	_, _ = fmt.Fprintf(state, "destination user(%s enabled=%t)", string(u.Status), u.Enabled)
}

// Is reports whether this is the user who was read before. A user who was
// created later under the same name has another sub.
func (u DestinationUser) Is(before DestinationUser) bool {
	return u.Username == before.Username && u.Attributes[attributeSub] == before.Attributes[attributeSub]
}

// ReadyToComplete returns the reason why the destination user does not allow a
// completion now, or an empty one. The user must exist, be able to sign in, and
// not be another user. Until then, the user still needs the source. A nil user
// is unknown to the destination.
//
// An empty reason does not prove that both users belong together. [SameUser]
// proves it or, if the source user is gone, [Completion.ProvenBy].
func ReadyToComplete(rules Rules, completion Completion, user *DestinationUser) CompletionReason {
	switch {
	case user == nil:
		return ReasonNotCreatedYet
	case contradicts(rules, completion.SourceSub, *user):
		return ReasonAnotherUser
	case !user.Enabled:
		return ReasonDestinationDisabled
	case user.Status != StatusConfirmed:
		return ReasonNotConfirmedYet
	default:
		return ""
	}
}

// carries reports whether the sub identifies a destination user: it is not
// empty, and a rule copies it.
func carries(rules Rules, sub string) bool {
	return sub != "" && len(rules.Attributes.SubCarriers()) > 0
}

// contradicts reports whether a rule copies the sub, and the destination user
// has another source user's sub or none.
func contradicts(rules Rules, sub string, user DestinationUser) bool {
	return sub != "" && slices.ContainsFunc(rules.Attributes.SubCarriers(), func(carrier string) bool {
		return user.Attributes[carrier] != sub
	})
}

// Cognito calls the function up to three times, five seconds each, and then
// creates the user (cognito-facts 14). The clocks of both times may differ, so
// both bounds have a margin.
const (
	createdEarliest = -time.Minute
	createdLatest   = 5 * time.Minute
)

// createdBy reports whether the attempt can have created the destination user.
// It returns true if one of the times is not known, as in a completion by the
// operator's tool.
func (c Completion) createdBy(user DestinationUser) bool {
	if c.AttemptedAt.IsZero() || user.CreatedAt.IsZero() {
		return c.AttemptedAt.IsZero()
	}
	after := user.CreatedAt.Sub(c.AttemptedAt)
	return createdEarliest <= after && after <= createdLatest
}

// ProvenBy returns the reason why the message alone does not prove that the
// destination user is the migrated one, or an empty one. It is for a source
// user who can no longer be read. The proof is the source's sub, if a rule
// copies it. Otherwise the destination user must have every verified contact of
// the migration, and must have been created near the attempt. A username proves
// nothing.
func (c Completion) ProvenBy(rules Rules, keys CompletionKeys, user DestinationUser) CompletionReason {
	switch {
	case contradicts(rules, c.SourceSub, user):
		return ReasonAnotherUser
	case carries(rules, c.SourceSub):
		return ""
	case len(c.Contacts) == 0:
		return ReasonIdentityUnproven
	case !c.createdBy(user), !keys.haveContacts(c.AttemptID, c.Contacts, user.Attributes):
		return ReasonAnotherUser
	case !keys.haveAny(c.AttemptID, c.Contacts, rules.Attributes.ownContacts(user.Attributes)):
		return ReasonIdentityUnproven
	default:
		return ""
	}
}

// SameUser compares the two users after both were read. It returns the reason
// why they are not proven to belong together, or an empty one. If a rule copies
// the source's sub, the sub decides. Otherwise three things must hold. Both
// have the same verified contacts, at least one of them the user's own. All
// other migrated attributes are equal. The destination created the user near
// the attempt. A username proves nothing: another user may have signed up under
// it.
func SameUser(rules Rules, completion Completion, source SourceUser, created DestinationUser) CompletionReason {
	sub := subOf(source)
	moved := rules.Attributes.Apply(source, rules.VerifiedContacts)
	switch {
	case contradicts(rules, sub, created):
		return ReasonAnotherUser
	case carries(rules, sub):
		return ""
	case !rules.Attributes.ownContacts(moved).hasVerifiedContact():
		return ReasonIdentityUnproven
	case !completion.createdBy(created), !hasAll(created.Attributes, moved), rules.hasContactBeside(created.Attributes, moved):
		return ReasonAnotherUser
	default:
		return ""
	}
}

// hasAll reports whether a user has all migrated attributes. The letter case of
// an email address is ignored, because a pool may or may not keep it.
func hasAll(attributes, moved Attributes) bool {
	for name, value := range moved {
		there := attributes[name]
		if name == attributeEmail {
			there, value = lowerASCII(there), lowerASCII(value)
		}
		if there != value {
			return false
		}
	}
	return true
}

// hasContactBeside reports whether a user has a verified contact that was not
// migrated, of a kind that the rules migrate.
func (r Rules) hasContactBeside(attributes, moved Attributes) bool {
	return attributes.hasVerifiedEmail() && r.Attributes.hasRule(attributeEmail) && !moved.hasVerifiedEmail() ||
		attributes.hasVerifiedPhone() && r.Attributes.hasRule(attributePhone) && !moved.hasVerifiedPhone()
}

// lowerASCII lower-cases ASCII letters only. Some other letters have an ASCII
// lower case, but an address that contains one is a different address.
func lowerASCII(address string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, address)
}

// IsUser reports whether the source user, read again, is the migrated one, and
// not another user who has the name now.
func (c Completion) IsUser(user SourceUser) bool {
	if sub := subOf(user); c.SourceSub != "" || sub != "" {
		return sub == c.SourceSub
	}
	return user.Username == c.SourceUsername
}

// Unchanged reports whether the attributes that the rules migrate are the same
// as at the migration.
func (c Completion) Unchanged(rules Rules, keys CompletionKeys, user SourceUser) bool {
	moved := rules.Attributes.Apply(user, rules.VerifiedContacts)
	return keys.isProfile(c.Profile, c.AttemptID, user, moved)
}

func subOf(user SourceUser) string {
	return cmp.Or(user.Sub, user.Attributes[attributeSub])
}

// CompletionRecord is the record of one attempt to complete a migration. Like an
// [AuditRecord], it has no field for a password or an attribute's value.
type CompletionRecord struct {
	// AttemptID is the ID of the attempt that migrated the user.
	AttemptID string
	// Time is the start of the attempt to complete.
	Time time.Time
	// Outcome and Reason say how it ended.
	Outcome CompletionOutcome
	Reason  CompletionReason
	// Source is the name of the source.
	Source string
	// UserPoolID identifies the destination.
	UserPoolID string
	// Username is the source user's name in the form that [Pseudonymizer]
	// returned.
	Username Pseudonym
	// Retired is what this attempt did with the source user.
	Retired Retired
	// DisabledBefore holds if the source user was disabled before this attempt, so
	// that nothing proves that the migration disabled them.
	DisabledBefore bool
	// Groups is how many groups the destination user was put into.
	Groups int
	// SecondFactor is the second factor that the user kept: it is now preferred in
	// the destination. It is empty if there was none to set, or if the user prefers
	// another one there already.
	SecondFactor MFAMethod
	// SourceSub and DestinationSub are the subs of both users of a completed move;
	// empty where a side has none, or was not read. They are the map from old to
	// new that an application's own tables need.
	SourceSub      string
	DestinationSub string
}

// AreSame stores the subs of two users who belong together.
func (r *CompletionRecord) AreSame(source SourceUser, destination DestinationUser) {
	r.SourceSub, r.DestinationSub = subOf(source), destination.Attributes[attributeSub]
}

// CompletionOutcome says how an attempt to complete a migration ended.
type CompletionOutcome string

// The outcomes.
const (
	// CompletionDone: the completion is finished.
	CompletionDone CompletionOutcome = "completed"
	// CompletionPending: the completion is retried.
	CompletionPending CompletionOutcome = "owed"
	// CompletionAbandoned: a retry cannot help; an operator must look.
	CompletionAbandoned CompletionOutcome = "abandoned"
)

// Retired says what completion did with a source user.
type Retired string

// The results for a source user.
const (
	// RetiredNot: the source user is unchanged, by choice or because it was too
	// early to change them.
	RetiredNot Retired = "kept"
	// RetiredDisabled: the source user is disabled, as was chosen.
	RetiredDisabled Retired = "disabled"
	// RetiredDisabledInstead: the source user is disabled, not deleted, because
	// their attributes changed since the migration.
	RetiredDisabledInstead Retired = "disabled_instead"
	// RetiredDeleted: the source user is deleted.
	RetiredDeleted Retired = "deleted"
	// RetiredGone: the source user no longer existed.
	RetiredGone Retired = "gone"
)
