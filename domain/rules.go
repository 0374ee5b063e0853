package domain

// Rules are the choices that an operator has in a decision. [DefaultRules] are
// the ones that hold where nothing was chosen.
type Rules struct {
	// Attributes says which attributes the new user gets, and from where.
	Attributes AttributeMap
	// VerifiedContacts says who vouches for email and phone number.
	VerifiedContacts VerifiedContacts
	// Username says under which name the user is created.
	Username UsernameRule
	// OnTemporaryPassword answers a temporary password that was right.
	OnTemporaryPassword OnTemporaryPassword
	// OnMFA answers a user whom the source would ask for a second factor.
	OnMFA OnMFA
	// DestinationMFA is how the destination asks for second factors, as far as it
	// is known.
	DestinationMFA DestinationMFA
	// SetsMFAPreference: completion sets the second factor that a user prefers in
	// the destination.
	SetsMFAPreference bool
	// MFAGroup is the group of the destination that users with a second factor get,
	// with [MFAEnroll].
	MFAGroup string
	// OnWeakPassword answers a right password that PasswordPolicy does not allow.
	OnWeakPassword OnWeakPassword
	// PasswordPolicy is the destination's; the zero policy allows everything.
	PasswordPolicy PasswordPolicy
	// OnResetRequired answers a source that demands a new password.
	OnResetRequired OnResetRequired
	// OnForgotPassword answers a user who forgot the password.
	OnForgotPassword OnForgotPassword
	// ForceAliasCreation takes an email or phone alias from the destination
	// user who holds it now (cognito-facts 8). It takes effect only for a user
	// who proved the password and has a verified contact.
	ForceAliasCreation bool
	// MessageAction says whether Cognito sends its welcome message.
	MessageAction MessageAction
}

// DefaultRules returns the rules that hold where nothing was chosen.
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
// this kind, so that a source need not fetch what would be thrown away.
func (r Rules) NeedsProfile(kind FindingKind) bool {
	profile := kind.row().profile
	return profile != nil && profile(r)
}

// NeedsSecondFactors reports whether the decision depends on second factors that the
// profile does not list: the source was not asked to complete a sign-in, which would
// have shown them, and nothing else refuses the user.
func (r Rules) NeedsSecondFactors(finding Finding) bool {
	kind := settle(finding.Kind, finding.User)
	return r.OnMFA != MFAMigrate && kind != PasswordAccepted && r.NeedsProfile(kind) &&
		standing(finding.User) == "" && !demandsMFA(kind, finding)
}

// AsksSource reports whether a source is asked at all on this trigger. Where it is
// not, the decision is the same for everybody, and says nothing of who exists.
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

// VerifiedContacts says who vouches for a migrated email or phone number.
type VerifiedContacts string

// The ways to vouch for a contact.
const (
	// VerifiedBySource marks a contact as verified where the source does.
	VerifiedBySource VerifiedContacts = "source"
	// VerifiedAlways marks every contact as verified, proved or not.
	VerifiedAlways VerifiedContacts = "always"
)

// UnmarshalText implements [encoding.TextUnmarshaler]; an unknown choice is an
// error that lists the choices.
func (v *VerifiedContacts) UnmarshalText(text []byte) error {
	return Choose(v, text, VerifiedBySource, VerifiedAlways)
}

// UsernameRule says under which name the destination creates the user.
type UsernameRule string

// The ways to name a user (cognito-facts 10).
const (
	// UsernameAuto returns what was typed where it is the source's username,
	// the source's username where an alias of it was typed, and none where the
	// source's username is its own sub: such a pool signs in by email or
	// phone, and Cognito makes the name in the destination too.
	UsernameAuto UsernameRule = "auto"
	// UsernameSubmitted returns what was typed.
	UsernameSubmitted UsernameRule = "submitted"
	// UsernameSource returns the source's username.
	UsernameSource UsernameRule = "source"
	// UsernameOmit returns none.
	UsernameOmit UsernameRule = "omit"
)

// UnmarshalText implements [encoding.TextUnmarshaler]; an unknown choice is an
// error that lists the choices.
func (u *UsernameRule) UnmarshalText(text []byte) error {
	return Choose(u, text, UsernameAuto, UsernameSubmitted, UsernameSource, UsernameOmit)
}

// OnTemporaryPassword answers a temporary password that was right.
type OnTemporaryPassword string

// The answers to a temporary password.
const (
	// TemporaryPasswordReset migrates the user, who must then choose a
	// password by a code sent to a verified contact.
	TemporaryPasswordReset OnTemporaryPassword = "reset"
	// TemporaryPasswordConfirm migrates the user with the temporary password
	// as the lasting one.
	TemporaryPasswordConfirm OnTemporaryPassword = "confirm"
	// TemporaryPasswordRefuse turns the user away.
	TemporaryPasswordRefuse OnTemporaryPassword = "refuse"
)

// UnmarshalText implements [encoding.TextUnmarshaler]; an unknown choice is an
// error that lists the choices.
func (o *OnTemporaryPassword) UnmarshalText(text []byte) error {
	return Choose(o, text, TemporaryPasswordReset, TemporaryPasswordConfirm, TemporaryPasswordRefuse)
}

// OnMFA answers a user whom the source would ask for a second factor.
type OnMFA string

// The answers to a second factor.
const (
	// MFARefuse turns the user away, so that no second factor is dropped in
	// silence: its secret cannot be read out of the source (cognito-facts 31).
	MFARefuse OnMFA = "refuse"
	// MFACarry migrates the user if the factor is a code by SMS or email that the
	// destination asks for from the first sign-in, and turns others away.
	MFACarry OnMFA = "carry"
	// MFAEnroll migrates the user into a group of a destination that requires a
	// second factor of everybody, so that the user sets up a new one there. A factor
	// that can be carried is carried.
	MFAEnroll OnMFA = "enroll"
	// MFAMigrate migrates the user without it; a preference for SMS goes along
	// where there is a phone number.
	MFAMigrate OnMFA = "migrate"
)

// UnmarshalText implements [encoding.TextUnmarshaler]; an unknown choice is an
// error that lists the choices.
func (o *OnMFA) UnmarshalText(text []byte) error {
	return Choose(o, text, MFARefuse, MFACarry, MFAEnroll, MFAMigrate)
}

// OnWeakPassword answers a right password that the destination's policy does not
// allow. Cognito does not check the passwords of migrated users (cognito-facts 11).
type OnWeakPassword string

// The answers to a weak password.
const (
	// WeakPasswordMigrate migrates the user with it; nothing is checked.
	WeakPasswordMigrate OnWeakPassword = "migrate"
	// WeakPasswordReset migrates a user who has a verified contact, and who must
	// then choose a password by a code. Others are turned away.
	WeakPasswordReset OnWeakPassword = "reset"
	// WeakPasswordRefuse turns the user away.
	WeakPasswordRefuse OnWeakPassword = "refuse"
)

// UnmarshalText implements [encoding.TextUnmarshaler]; an unknown choice is an
// error that lists the choices.
func (o *OnWeakPassword) UnmarshalText(text []byte) error {
	return Choose(o, text, WeakPasswordMigrate, WeakPasswordReset, WeakPasswordRefuse)
}

// OnResetRequired answers a source that demands a new password.
type OnResetRequired string

// The answers to a demanded reset.
const (
	// ResetRequiredReset migrates the user, who must then choose a password
	// by a code sent to a verified contact.
	ResetRequiredReset OnResetRequired = "reset"
	// ResetRequiredRefuse turns the user away.
	ResetRequiredRefuse OnResetRequired = "refuse"
)

// UnmarshalText implements [encoding.TextUnmarshaler]; an unknown choice is an
// error that lists the choices.
func (o *OnResetRequired) UnmarshalText(text []byte) error {
	return Choose(o, text, ResetRequiredReset, ResetRequiredRefuse)
}

// OnForgotPassword answers a user who forgot the password.
type OnForgotPassword string

// The answers to a forgotten password.
const (
	// ForgotPasswordMigrate migrates a user who can be sent a code.
	ForgotPasswordMigrate OnForgotPassword = "migrate"
	// ForgotPasswordRefuse turns everybody away and asks no source, so that users
	// migrate by their password alone.
	ForgotPasswordRefuse OnForgotPassword = "refuse"
)

// UnmarshalText implements [encoding.TextUnmarshaler]; an unknown choice is an
// error that lists the choices.
func (o *OnForgotPassword) UnmarshalText(text []byte) error {
	return Choose(o, text, ForgotPasswordMigrate, ForgotPasswordRefuse)
}

// MessageAction says whether Cognito welcomes the migrated user by a message.
type MessageAction string

// The two answers (cognito-facts 7).
const (
	// MessageSuppress sends nothing.
	MessageSuppress MessageAction = "suppress"
	// MessageSend sends Cognito's welcome message to a verified contact.
	MessageSend MessageAction = "send"
)

// UnmarshalText implements [encoding.TextUnmarshaler]; an unknown choice is an
// error that lists the choices.
func (m *MessageAction) UnmarshalText(text []byte) error {
	return Choose(m, text, MessageSuppress, MessageSend)
}
