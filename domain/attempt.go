package domain

import (
	"fmt"
	"io"
)

// Trigger is Cognito's reason to ask for a user that it does not know
// (cognito-facts 1).
type Trigger uint8

// The two triggers. The zero Trigger is invalid, and is always refused.
const (
	// TriggerAuthentication is a sign-in; it has a password.
	TriggerAuthentication Trigger = iota + 1
	// TriggerForgotPassword is a forgotten password; it has no password.
	TriggerForgotPassword
)

// String returns Cognito's own name of the trigger source.
func (t Trigger) String() string {
	switch t {
	case TriggerAuthentication:
		return "UserMigration_Authentication"
	case TriggerForgotPassword:
		return "UserMigration_ForgotPassword"
	default:
		return "unknown"
	}
}

// Attempt is one request of Cognito for one user.
type Attempt struct {
	// ID joins the log lines and the audit record of one attempt. It is
	// Lambda's request ID.
	ID string
	// Trigger is the reason for the request.
	Trigger Trigger
	// Username is the identifier as the user typed it, or as a
	// case-insensitive user pool lower-cased it (cognito-facts 4).
	Username string
	// Password is set only on a sign-in.
	Password Password
	// UserPoolID is the destination user pool.
	UserPoolID string
	// ClientID is the destination's app client that the user signs in through;
	// empty if Cognito does not give it.
	ClientID string
}

// Format implements [fmt.Formatter]: an attempt prints as its trigger and ID,
// never as the user.
func (a Attempt) Format(state fmt.State, _ rune) {
	_, _ = io.WriteString(state, "attempt("+a.Trigger.String()+" "+a.ID+")")
}

// MarshalText implements [encoding.TextMarshaler] as Format does.
func (a Attempt) MarshalText() ([]byte, error) {
	return fmt.Append(nil, a), nil
}
