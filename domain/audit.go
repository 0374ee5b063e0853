package domain

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
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
	// AttemptID is the attempt's, and so Lambda's request ID.
	AttemptID string
	// Time is when the attempt began.
	Time time.Time
	// Duration is how long it took until the record was made.
	Duration time.Duration
	// Trigger is why Cognito asked.
	Trigger Trigger
	// Outcome and Reason say how it ended.
	Outcome Outcome
	Reason  Reason
	// Source is the name of the source that answered; empty if none answered.
	Source string
	// Challenge is the challenge that the source left, if any.
	Challenge string
	// UnknownCode is the source's code for its answer, where no rule knows it.
	UnknownCode ResponseCode
	// FinalStatus is the status of the user who was moved; empty otherwise, and
	// after a forgotten password.
	FinalStatus FinalStatus
	// UserPoolID and ClientID are the destination's.
	UserPoolID string
	ClientID   string
	// Username is the identifier as [Pseudonymizer] left it.
	Username Pseudonym
	// Calls is how many requests went out for the attempt, and Retries how many
	// of them again.
	Calls   int
	Retries int
	// Completion says whether a completion was queued.
	Completion CompletionState
	// OmittedAttributes are those that the user did not get; see
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
	// CompletionUnsent: the completion could not be queued, and is owed.
	CompletionUnsent CompletionState = "owed"
)

// Pseudonym is a username in the form in which it may be recorded.
type Pseudonym string

// AuditUsername says in which form a username is recorded.
type AuditUsername string

// The forms of a recorded username.
const (
	// AuditUsernameHMAC records a keyed digest. Records of one user can be joined.
	// Only someone with the key can find the records of a given user.
	AuditUsernameHMAC AuditUsername = "hmac"
	// AuditUsernamePlain records what was typed, which at times is a password.
	AuditUsernamePlain AuditUsername = "plain"
	// AuditUsernameNone records no username.
	AuditUsernameNone AuditUsername = "none"
)

// UnmarshalText implements [encoding.TextUnmarshaler]; an unknown choice is an
// error that lists the choices.
func (u *AuditUsername) UnmarshalText(text []byte) error {
	return Choose(u, text, AuditUsernameHMAC, AuditUsernamePlain, AuditUsernameNone)
}

// AuditFormat says how records are written.
type AuditFormat string

// The formats.
const (
	// AuditFormatJSON is the project's own: one flat JSON object for a record.
	AuditFormatJSON AuditFormat = "json"
	// AuditFormatOCSF is that of the Open Cybersecurity Schema Framework 1.1.
	AuditFormatOCSF AuditFormat = "ocsf"
)

// UnmarshalText implements [encoding.TextUnmarshaler]; an unknown choice is an
// error that lists the choices.
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

// Pseudonym gives the recorded form of a username. The digest is HMAC-SHA256
// (RFC 2104) of the lower-cased name, in hexadecimal, so that spellings in
// different letter case have one digest.
func (p Pseudonymizer) Pseudonym(username string) Pseudonym {
	switch p.form {
	case AuditUsernameHMAC:
		mac := hmac.New(sha256.New, []byte(p.key.Reveal()))
		mac.Write([]byte(strings.ToLower(username)))
		return Pseudonym(hex.EncodeToString(mac.Sum(nil)))
	case AuditUsernamePlain:
		return Pseudonym(username)
	case AuditUsernameNone:
	}
	return ""
}
