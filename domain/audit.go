package domain

import (
	"strings"
	"time"
)

// Outcome is how an attempt ended.
type Outcome string

// The three outcomes.
const (
	OutcomeMigrated Outcome = "migrated"
	OutcomeRefused  Outcome = "refused"
	OutcomeFailed   Outcome = "failed"
)

// AuditRecord is the record of one attempt. No field can hold a password, a token or
// an attribute's value; a test checks the types of the fields.
type AuditRecord struct {
	// AttemptID is the ID of the attempt, which is Lambda's request ID.
	AttemptID string
	// Time is the start of the attempt.
	Time time.Time
	// Duration is the time from the start until the record was created.
	Duration time.Duration
	// Trigger is the reason for the request.
	Trigger Trigger
	// Outcome and Reason say how the attempt ended.
	Outcome Outcome
	Reason  Reason
	// Source is the name of the source that answered; empty if none answered.
	Source string
	// Challenge is the challenge that the source returned, if any.
	Challenge string
	// UnknownCode is the source's code for its answer, if no rule knows it.
	UnknownCode ResponseCode
	// FinalStatus is the status of the migrated user; empty otherwise, and
	// after a forgotten password.
	FinalStatus FinalStatus
	// UserPoolID and ClientID identify the destination.
	UserPoolID string
	ClientID   string
	// Username is the identifier in the form that [Pseudonymizer] returned.
	Username Pseudonym
	// Calls is the number of requests sent for the attempt, and Retries the
	// number of retries among them.
	Calls   int
	Retries int
	// Completion says whether a completion was queued.
	Completion CompletionState
	// OmittedAttributes lists attributes that the user did not get; see
	// [Decision.Omitted].
	OmittedAttributes AttributeNames
}

// CompletionState says whether the attempt queued a completion.
type CompletionState string

// The states.
const (
	// CompletionNone: completion is not configured, or no user was migrated.
	CompletionNone CompletionState = ""
	// CompletionQueued: the completion is in the queue.
	CompletionQueued CompletionState = "queued"
	// CompletionUnsent: the completion could not be queued. It is still
	// pending.
	CompletionUnsent CompletionState = "owed"
)

// Pseudonym is the form of a username that may be recorded.
type Pseudonym string

// AuditUsername is the form in which usernames are recorded.
type AuditUsername string

// The forms of a recorded username.
const (
	// AuditUsernameHMAC records a keyed digest. Records of one user can be joined.
	// Only someone with the key can find the records of a given user.
	AuditUsernameHMAC AuditUsername = "hmac"
	// AuditUsernamePlain records what the user typed, which is sometimes a
	// password.
	AuditUsernamePlain AuditUsername = "plain"
	// AuditUsernameNone records no username.
	AuditUsernameNone AuditUsername = "none"
)

// UnmarshalText implements [encoding.TextUnmarshaler] by [Choose].
func (u *AuditUsername) UnmarshalText(text []byte) error {
	return Choose(u, text, AuditUsernameHMAC, AuditUsernamePlain, AuditUsernameNone)
}

// AuditFormat is the format of records.
type AuditFormat string

// The formats.
const (
	// AuditFormatJSON is the project's own format: one flat JSON object per
	// record.
	AuditFormatJSON AuditFormat = "json"
	// AuditFormatOCSF is the format of the Open Cybersecurity Schema Framework
	// 1.1.
	AuditFormatOCSF AuditFormat = "ocsf"
)

// UnmarshalText implements [encoding.TextUnmarshaler] by [Choose].
func (f *AuditFormat) UnmarshalText(text []byte) error {
	return Choose(f, text, AuditFormatJSON, AuditFormatOCSF)
}

// Pseudonymizer turns usernames into the form in which they may be recorded.
// The zero Pseudonymizer records no username.
type Pseudonymizer struct {
	form AuditUsername
	key  Secret
}

// NewPseudonymizer returns a Pseudonymizer. Only [AuditUsernameHMAC] uses the key.
func NewPseudonymizer(form AuditUsername, key Secret) Pseudonymizer {
	return Pseudonymizer{form: form, key: key}
}

// Pseudonym returns the recorded form of a username. The digest is HMAC-SHA256 of the
// name in lower case. Spellings with different letter case have the same digest.
func (p Pseudonymizer) Pseudonym(username string) Pseudonym {
	switch p.form {
	case AuditUsernameHMAC:
		return Pseudonym(p.key.digest(strings.ToLower(username)))
	case AuditUsernamePlain:
		return Pseudonym(username)
	case AuditUsernameNone:
	}
	return ""
}
