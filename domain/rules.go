package domain

// Rules are the operator's choices for decisions. [DefaultRules] are the
// defaults.
type Rules struct {
	// Attributes maps the source's attributes to the new user's.
	Attributes AttributeMap
	// VerifiedContacts says whose verification of email and phone number
	// counts.
	VerifiedContacts VerifiedContacts
	// Username says which username the new user gets.
	Username UsernameRule
	// OnTemporaryPassword handles a right temporary password.
	OnTemporaryPassword OnTemporaryPassword
	// OnMFA handles a user whom the source would ask for a second factor.
	OnMFA OnMFA
	// DestinationMFA is the destination's configuration of second factors, if
	// it is known.
	DestinationMFA DestinationMFA
	// SetsMFAPreference: completion sets the second factor that a user prefers in
	// the destination.
	SetsMFAPreference bool
	// MFAGroup is the group of the destination that users with a second factor get,
	// with [MFAEnroll].
	MFAGroup string
	// OnWeakPassword answers a right password that PasswordPolicy does not allow.
	OnWeakPassword OnWeakPassword
	// PasswordPolicy is the destination's policy; the zero policy allows every
	// password.
	PasswordPolicy PasswordPolicy
	// OnResetRequired handles a source that requires a new password.
	OnResetRequired OnResetRequired
	// OnForgotPassword handles a user who forgot the password.
	OnForgotPassword OnForgotPassword
	// ForceAliasCreation takes an email or phone alias from the destination
	// user who has it now (cognito-facts 8). It applies only to users who
	// proved the password and have a verified contact.
	ForceAliasCreation bool
	// MessageAction says whether Cognito sends its welcome message.
	MessageAction MessageAction
}

// DefaultRules returns the default rules.
func DefaultRules() Rules {
	return Rules{
		Attributes:          StandardAttributeMap(),
		VerifiedContacts:    VerifiedBySource,
		Username:            UsernameAuto,
		OnTemporaryPassword: TemporaryPasswordReset,
		OnMFA:               MFARefuse,
		OnWeakPassword:      WeakPasswordMigrate,
		OnResetRequired:     ResetRequiredReset,
		OnForgotPassword:    ForgotPasswordMigrate,
		MessageAction:       MessageSuppress,
	}
}

// NeedsProfile reports whether Decide reads the user's profile for a finding of
// this kind. If not, a source need not fetch it.
func (r Rules) NeedsProfile(kind FindingKind) bool {
	profile := kind.row().profile
	return profile != nil && profile(r)
}

// NeedsSecondFactors reports whether the decision depends on second factors
// that the profile does not list. This is so if the source did not complete a
// sign-in, which would have asked for them, and nothing else refuses the user.
func (r Rules) NeedsSecondFactors(finding Finding) bool {
	kind := finding.Kind.Settled(finding.User)
	return r.OnMFA != MFAMigrate && kind != PasswordAccepted && r.NeedsProfile(kind) &&
		standing(finding.User) == "" && !demandsMFA(kind, finding)
}

// AsksSource reports whether a source is asked on this trigger. If not, the
// decision is the same for all users, and does not reveal who exists.
func (r Rules) AsksSource(trigger Trigger) bool {
	return trigger != TriggerForgotPassword || r.OnForgotPassword == ForgotPasswordMigrate
}

func (r Rules) migratesTemporaryPassword() bool {
	return r.OnTemporaryPassword == TemporaryPasswordReset || r.OnTemporaryPassword == TemporaryPasswordConfirm
}

func (r Rules) migratesMFA() bool {
	return r.OnMFA == MFAMigrate || r.OnMFA == MFACarry || r.OnMFA == MFAEnroll
}

func (r Rules) migratesResetRequired() bool { return r.OnResetRequired == ResetRequiredReset }

// VerifiedContacts says whose verification of an email address or phone number
// counts.
type VerifiedContacts string

// Choices for verified contacts.
const (
	// VerifiedBySource marks a contact as verified where the source does.
	VerifiedBySource VerifiedContacts = "source"
	// VerifiedAlways marks every contact as verified.
	VerifiedAlways VerifiedContacts = "always"
)

// UnmarshalText implements [encoding.TextUnmarshaler] by [Choose].
func (v *VerifiedContacts) UnmarshalText(text []byte) error {
	return Choose(v, text, VerifiedBySource, VerifiedAlways)
}

// UsernameRule says which username the new user gets.
type UsernameRule string

// Choices for the username (cognito-facts 10).
const (
	// UsernameAuto returns the typed identifier if it is the source's username,
	// and the source's username if an alias was typed. It returns an empty name
	// if the source's username is its own sub. Users sign in to such a pool by email
	// or phone, and Cognito generates the destination's username too.
	UsernameAuto UsernameRule = "auto"
	// UsernameSubmitted returns the typed identifier.
	UsernameSubmitted UsernameRule = "submitted"
	// UsernameSource returns the source's username.
	UsernameSource UsernameRule = "source"
	// UsernameOmit returns an empty name.
	UsernameOmit UsernameRule = "omit"
)

// UnmarshalText implements [encoding.TextUnmarshaler] by [Choose].
func (u *UsernameRule) UnmarshalText(text []byte) error {
	return Choose(u, text, UsernameAuto, UsernameSubmitted, UsernameSource, UsernameOmit)
}

// OnTemporaryPassword handles a right temporary password.
type OnTemporaryPassword string

// Choices for a temporary password.
const (
	// TemporaryPasswordReset migrates the user, who must then choose a password
	// with a code sent to a verified contact.
	TemporaryPasswordReset OnTemporaryPassword = "reset"
	// TemporaryPasswordConfirm migrates the user and makes the temporary
	// password permanent.
	TemporaryPasswordConfirm OnTemporaryPassword = "confirm"
	// TemporaryPasswordRefuse refuses the user.
	TemporaryPasswordRefuse OnTemporaryPassword = "refuse"
)

// UnmarshalText implements [encoding.TextUnmarshaler] by [Choose].
func (o *OnTemporaryPassword) UnmarshalText(text []byte) error {
	return Choose(o, text, TemporaryPasswordReset, TemporaryPasswordConfirm, TemporaryPasswordRefuse)
}

// OnMFA handles a user whom the source would ask for a second factor.
type OnMFA string

// Choices for a second factor.
const (
	// MFARefuse refuses the user, so that no second factor is silently dropped.
	// Its secret cannot be read from the source (cognito-facts 31).
	MFARefuse OnMFA = "refuse"
	// MFACarry migrates the user if the factor is a code by SMS or email that the
	// destination asks for from the first sign-in. It refuses other users.
	MFACarry OnMFA = "carry"
	// MFAEnroll migrates the user into a group of the destination, and the user sets
	// up a new factor there. The destination must require one of all users. A factor
	// that can be carried is carried.
	MFAEnroll OnMFA = "enroll"
	// MFAMigrate migrates the user without the factor. A preference for SMS is kept
	// if the user has a phone number.
	MFAMigrate OnMFA = "migrate"
)

// UnmarshalText implements [encoding.TextUnmarshaler] by [Choose].
func (o *OnMFA) UnmarshalText(text []byte) error {
	return Choose(o, text, MFARefuse, MFACarry, MFAEnroll, MFAMigrate)
}

// OnWeakPassword handles a right password that the destination's policy does
// not allow. Cognito does not check the passwords of migrated users
// (cognito-facts 11).
type OnWeakPassword string

// Choices for a weak password.
const (
	// WeakPasswordMigrate migrates the user without checking the password.
	WeakPasswordMigrate OnWeakPassword = "migrate"
	// WeakPasswordReset migrates a user who has a verified contact. The user
	// must then choose a password with a code. It refuses other users.
	WeakPasswordReset OnWeakPassword = "reset"
	// WeakPasswordRefuse refuses the user.
	WeakPasswordRefuse OnWeakPassword = "refuse"
)

// UnmarshalText implements [encoding.TextUnmarshaler] by [Choose].
func (o *OnWeakPassword) UnmarshalText(text []byte) error {
	return Choose(o, text, WeakPasswordMigrate, WeakPasswordReset, WeakPasswordRefuse)
}

// OnResetRequired handles a source that requires a new password.
type OnResetRequired string

// Choices for a required reset.
const (
	// ResetRequiredReset migrates the user, who must then choose a password
	// with a code sent to a verified contact.
	ResetRequiredReset OnResetRequired = "reset"
	// ResetRequiredRefuse refuses the user.
	ResetRequiredRefuse OnResetRequired = "refuse"
)

// UnmarshalText implements [encoding.TextUnmarshaler] by [Choose].
func (o *OnResetRequired) UnmarshalText(text []byte) error {
	return Choose(o, text, ResetRequiredReset, ResetRequiredRefuse)
}

// OnForgotPassword handles a user who forgot the password.
type OnForgotPassword string

// Choices for a forgotten password.
const (
	// ForgotPasswordMigrate migrates a user to whom a code can be sent.
	ForgotPasswordMigrate OnForgotPassword = "migrate"
	// ForgotPasswordRefuse refuses all users without asking a source, so that
	// users migrate only by a password.
	ForgotPasswordRefuse OnForgotPassword = "refuse"
)

// UnmarshalText implements [encoding.TextUnmarshaler] by [Choose].
func (o *OnForgotPassword) UnmarshalText(text []byte) error {
	return Choose(o, text, ForgotPasswordMigrate, ForgotPasswordRefuse)
}

// MessageAction says whether Cognito sends a welcome message to the migrated
// user.
type MessageAction string

// Choices for the welcome message (cognito-facts 7).
const (
	// MessageSuppress sends no message.
	MessageSuppress MessageAction = "suppress"
	// MessageSend sends Cognito's welcome message to a verified contact.
	MessageSend MessageAction = "send"
)

// UnmarshalText implements [encoding.TextUnmarshaler] by [Choose].
func (m *MessageAction) UnmarshalText(text []byte) error {
	return Choose(m, text, MessageSuppress, MessageSend)
}
