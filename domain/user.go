package domain

import (
	"fmt"
	"io"
	"slices"
	"sort"
	"strings"
)

// UserStatus is a user's status in Cognito's words (cognito-facts 26). A source
// that has no statuses leaves it empty, which stands for a confirmed user.
type UserStatus string

// Cognito's user statuses.
const (
	StatusUnconfirmed         UserStatus = "UNCONFIRMED"
	StatusConfirmed           UserStatus = "CONFIRMED"
	StatusArchived            UserStatus = "ARCHIVED"
	StatusCompromised         UserStatus = "COMPROMISED"
	StatusUnknown             UserStatus = "UNKNOWN"
	StatusResetRequired       UserStatus = "RESET_REQUIRED"
	StatusForceChangePassword UserStatus = "FORCE_CHANGE_PASSWORD"
	StatusExternalProvider    UserStatus = "EXTERNAL_PROVIDER"
)

// UserStatuses lists every status that Cognito documents.
func UserStatuses() []UserStatus {
	return []UserStatus{
		StatusUnconfirmed, StatusConfirmed, StatusArchived, StatusCompromised,
		StatusUnknown, StatusResetRequired, StatusForceChangePassword, StatusExternalProvider,
	}
}

// MFAMethod is a second factor in Cognito's words.
type MFAMethod string

// The second factors that Cognito knows.
const (
	MFASMS           MFAMethod = "SMS_MFA"
	MFASoftwareToken MFAMethod = "SOFTWARE_TOKEN_MFA"
	MFAEmail         MFAMethod = "EMAIL_OTP"
	MFAPasskey       MFAMethod = "WEB_AUTHN" //nolint:gosec // a name, and no credential
	// MFAOther is a factor that the source names in words that nothing here knows.
	MFAOther MFAMethod = "OTHER"
)

// Attributes are a user's attributes by name. Every value is a string, booleans
// too, as Cognito has them (cognito-facts 5). Printing them prints the names
// alone: the values are personal data.
type Attributes map[string]string

// Format implements [fmt.Formatter] with the names in order and no value.
func (a Attributes) Format(state fmt.State, _ rune) {
	names := make([]string, 0, len(a))
	for name := range a {
		names = append(names, name)
	}
	sort.Strings(names)
	_, _ = io.WriteString(state, "attributes("+strings.Join(names, " ")+")")
}

// MarshalText implements [encoding.TextMarshaler] as Format does. Who means to
// send the values converts to map[string]string, in plain sight.
func (a Attributes) MarshalText() ([]byte, error) {
	return fmt.Append(nil, a), nil
}

// AttributeNames are names of attributes, as rules and settings have them. None of
// them comes from a person or a source, so that they may be recorded.
type AttributeNames []string

// with adds the names that are not there yet.
func (n AttributeNames) with(more AttributeNames) AttributeNames {
	for _, name := range more {
		if !slices.Contains(n, name) {
			n = append(n, name)
		}
	}
	return n
}

// SourceUser is a person as the source knows them.
type SourceUser struct {
	// Username is the source's own name of the user, whatever was typed.
	Username string
	// Sub is the source's immutable identifier, where it has one.
	Sub string
	// Status is in Cognito's words; empty stands for confirmed.
	Status UserStatus
	// Enabled is false where an administrator switched the user off.
	Enabled bool
	// Attributes are the user's, under the source's names.
	Attributes Attributes
	// Identifiers are further names that the source says are this user's and
	// no one else's, beside those that [SourceUser.Owns] knows of. A sign-in name
	// that the source itself keeps unique is one, proved or not.
	Identifiers []string
	// Disputed are names of this user's that are also a verified contact of
	// another user of the source. No user is created by them; see [Identify].
	Disputed []string
	// MFA are the second factors that are switched on for the user.
	MFA []MFAMethod
	// PreferredMFA is the one that the user prefers, if any.
	PreferredMFA MFAMethod
	// MFARequired: the source requires a second factor of every user, listed or not.
	MFARequired bool
	// MFAUnasked: the source names the factors, and asks for none when it checks a
	// password. So its sign-ins prove nothing about a second factor.
	MFAUnasked bool
	// Groups are the user's groups at the source, where GroupsKnown: the
	// profile named them without a further call.
	Groups      []string
	GroupsKnown bool
}

// Format implements [fmt.Formatter]: a user prints as its status alone.
func (u SourceUser) Format(state fmt.State, _ rune) {
	_, _ = fmt.Fprintf(state, "source user(%s enabled=%t)", string(u.Status), u.Enabled)
}

// MarshalText implements [encoding.TextMarshaler] as Format does.
func (u SourceUser) MarshalText() ([]byte, error) {
	return fmt.Append(nil, u), nil
}
