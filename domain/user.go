package domain

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// UserStatus is a user's status, with Cognito's names (cognito-facts 26). A
// source without statuses leaves it empty, which means confirmed.
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

// MFAMethod is a second factor, with Cognito's names.
type MFAMethod string

// Second factors of Cognito.
const (
	MFASMS           MFAMethod = "SMS_MFA"
	MFASoftwareToken MFAMethod = "SOFTWARE_TOKEN_MFA"
	MFAEmail         MFAMethod = "EMAIL_OTP"
	MFAPasskey       MFAMethod = "WEB_AUTHN" //nolint:gosec // a name, not a credential
	// MFAOther is a factor that the source calls by an unknown name.
	MFAOther MFAMethod = "OTHER"
)

// isCognitos reports whether the factor is one of Cognito's.
func (m MFAMethod) isCognitos() bool {
	return m == MFASMS || m == MFAEmail || m == MFASoftwareToken || m == MFAPasskey
}

// Attributes are a user's attributes by name. Every value is a string,
// including booleans, as in Cognito (cognito-facts 5). Printing prints only the
// names, because the values are personal data.
type Attributes map[string]string

// Format implements [fmt.Formatter]. It prints the sorted names without values.
func (a Attributes) Format(state fmt.State, _ rune) {
	_, _ = io.WriteString(state, "attributes("+strings.Join(slices.Sorted(maps.Keys(a)), " ")+")")
}

// MarshalText implements [encoding.TextMarshaler] as Format does. To send the
// values, convert explicitly to map[string]string.
func (a Attributes) MarshalText() ([]byte, error) {
	return fmt.Append(nil, a), nil
}

// AttributeNames are names of attributes in rules and settings. They do not
// come from a user or a source, so they may be recorded.
type AttributeNames []string

// with appends the names that are not in the list.
func (n AttributeNames) with(more AttributeNames) AttributeNames {
	for _, name := range more {
		if !slices.Contains(n, name) {
			n = append(n, name)
		}
	}
	return n
}

// SourceUser is a user in the source.
type SourceUser struct {
	// Username is the source's username, independent of the typed identifier.
	Username string
	// Sub is the source's immutable identifier, if there is one.
	Sub string
	// Status has Cognito's names; empty means confirmed.
	Status UserStatus
	// Enabled is false if an administrator disabled the user.
	Enabled bool
	// Attributes has the source's attribute names.
	Attributes Attributes
	// Identifiers are more names that the source declares to be only this
	// user's, besides those that [SourceUser.Owns] checks. An example is a
	// sign-in name that the source keeps unique, verified or not.
	Identifiers []string
	// Disputed are names of this user that are also a verified contact of
	// another user of the source. No user is created under them; see
	// [Identify].
	Disputed []string
	// MFA lists the user's enabled second factors.
	MFA []MFAMethod
	// PreferredMFA is the user's preferred factor, if any.
	PreferredMFA MFAMethod
	// MFARequired: the source requires a second factor of every user, whether
	// or not MFA lists one.
	MFARequired bool
	// MFAUnasked: the source lists the factors, but does not ask for them when
	// it checks a password. Its sign-ins say nothing about second factors.
	MFAUnasked bool
	// Groups are the user's source groups, if GroupsKnown: the profile listed
	// them without a further call.
	Groups      []string
	GroupsKnown bool

	// mapped is set by Mapped.
	mapped *mapped
}

// Format implements [fmt.Formatter]: a user prints as its status alone.
func (u SourceUser) Format(state fmt.State, _ rune) {
	_, _ = fmt.Fprintf(state, "source user(%s enabled=%t)", string(u.Status), u.Enabled)
}

// MarshalText implements [encoding.TextMarshaler] as Format does.
func (u SourceUser) MarshalText() ([]byte, error) {
	return fmt.Append(nil, u), nil
}

// attributeLastSignIn is the source's attribute with the time of the last sign-in.
const attributeLastSignIn = "last_sign_in"

// LastSignIn returns the time of the user's last sign-in at the source, from its
// attribute last_sign_in: seconds or a date with time and zone. It is zero if the
// source does not know it, such as a user pool.
func (u SourceUser) LastSignIn() time.Time {
	text, ok := fitEpoch(strings.TrimSpace(u.Attributes[attributeLastSignIn]))
	seconds, err := strconv.ParseInt(text, 10, 64)
	if !ok || err != nil {
		return time.Time{}
	}
	return time.Unix(seconds, 0).UTC()
}
