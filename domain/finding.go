package domain

import (
	"fmt"
	"io"
)

// FindingKind is the kind of a source's answer about a user. [Decide] handles every
// kind, and refuses unknown ones.
type FindingKind uint8

// Kinds of findings. An outage, throttling or a wrong setting is not a finding
// but an error of the port.
const (
	// PasswordAccepted: the sign-in is complete, without a further challenge.
	PasswordAccepted FindingKind = iota + 1
	// PasswordWrong: the source rejected the password, or hides which of name
	// and password was wrong (cognito-facts 25).
	PasswordWrong
	// TemporaryPasswordAccepted: the password was right, and must be changed
	// first (Cognito's NEW_PASSWORD_REQUIRED).
	TemporaryPasswordAccepted
	// TemporaryPasswordExpired: the temporary password has expired.
	TemporaryPasswordExpired
	// MFARequired: the password was right, and the source asks for a second factor.
	MFARequired
	// ChallengeUnsupported: the source asks for another challenge. Whether the
	// password was right is not known (cognito-facts 23).
	ChallengeUnsupported
	// ResetRequired: the source requires a new password before any sign-in.
	ResetRequired
	// SignInDenied: a rule of the source refused the user, such as a
	// PreAuthentication trigger (cognito-facts 20).
	SignInDenied
	// LockedOut: the source blocks the user after too many wrong passwords
	// (cognito-facts 28).
	LockedOut
	// UserFound: the result of a look-up without a password.
	UserFound
	// LookUpUnsupported: the source cannot look users up without their password.
	// Whether the user exists is not known.
	LookUpUnsupported
	// UserUnknown: the source has no such user.
	UserUnknown
	// UserAmbiguous: the identifier matches more than one user.
	UserAmbiguous
	// UserDisabled: an administrator disabled the user.
	UserDisabled
	// UserUnconfirmed: the user signed up without confirming it.
	UserUnconfirmed
	// UserFederated: the user signs in through another provider and has no
	// password here.
	UserFederated

	endOfFindings
)

// FindingKinds lists every kind.
func FindingKinds() []FindingKind {
	kinds := make([]FindingKind, 0, endOfFindings-1)
	for kind := PasswordAccepted; kind < endOfFindings; kind++ {
		kinds = append(kinds, kind)
	}
	return kinds
}

// findingRow is one row of the findings table.
type findingRow struct {
	// name is for readers; see [FindingKind.String].
	name string
	// reason is the reason of the decision, unless the profile gives another.
	reason Reason
	// only is the trigger that can lead to this finding; zero means both.
	only Trigger
	// provesPassword: the source checked the password, and it was right.
	provesPassword bool
	// profile reports whether the rules let such a user migrate, which needs
	// the profile. Nil means never: the finding is always refused.
	profile func(Rules) bool
	// lockout is how the lockout counts an attempt with this finding.
	lockout LockoutEffect
}

// findingTable is the specification of the findings: [Decide],
// [Rules.NeedsProfile] and the lockout read it. Row 0 also applies to every
// kind that is not listed.
func findingTable() [endOfFindings]findingRow {
	const signIn, forgot = TriggerAuthentication, TriggerForgotPassword
	always := func(Rules) bool { return true }
	return [endOfFindings]findingRow{
		0: {name: "no finding", reason: ReasonFindingUnexpected},

		// Findings that can end in a migration.
		PasswordAccepted: {name: "password accepted", reason: ReasonPasswordAccepted, only: signIn,
			provesPassword: true, profile: always, lockout: LockoutClears},
		TemporaryPasswordAccepted: {name: "temporary password accepted", reason: ReasonTemporaryPassword, only: signIn,
			provesPassword: true, profile: Rules.migratesTemporaryPassword, lockout: LockoutClears},
		MFARequired: {name: "MFA required", reason: ReasonMFARequired, only: signIn,
			provesPassword: true, profile: Rules.migratesMFA, lockout: LockoutClears},
		ResetRequired: {name: "reset required", reason: ReasonResetRequired, only: signIn,
			profile: Rules.migratesResetRequired},
		UserFound: {name: "user found", reason: ReasonForgotPassword, only: forgot,
			profile: always},

		// Findings that are always refused.
		PasswordWrong:            {name: "password wrong", reason: ReasonPasswordWrong},
		TemporaryPasswordExpired: {name: "temporary password expired", reason: ReasonTemporaryPasswordExpired},
		ChallengeUnsupported:     {name: "challenge unsupported", reason: ReasonChallengeUnsupported},
		SignInDenied:             {name: "sign-in denied", reason: ReasonSignInDenied},
		LockedOut:                {name: "locked out", reason: ReasonLockedOut},
		LookUpUnsupported:        {name: "look-up unsupported", reason: ReasonLookUpUnsupported, only: forgot},
		UserUnknown:              {name: "user unknown", reason: ReasonUserUnknown},
		UserAmbiguous:            {name: "user ambiguous", reason: ReasonUserAmbiguous},
		UserDisabled:             {name: "user disabled", reason: ReasonUserDisabled},
		UserUnconfirmed:          {name: "user unconfirmed", reason: ReasonUserUnconfirmed},
		UserFederated:            {name: "user federated", reason: ReasonUserFederated},
	}
}

// row returns the kind's row of the table.
func (k FindingKind) row() findingRow {
	if k >= endOfFindings {
		k = 0
	}
	return findingTable()[k]
}

// ProvesPassword reports whether the password was right, independent of the
// decision.
func (k FindingKind) ProvesPassword() bool { return k.row().provesPassword }

// Settled corrects the finding by the profile. A source may accept a temporary password
// without saying that it is temporary. It may also accept a password without asking for
// the second factor that the profile lists.
func (k FindingKind) Settled(user SourceUser) FindingKind {
	right := k == PasswordAccepted || k == MFARequired
	switch {
	case right && user.Status == StatusForceChangePassword:
		return TemporaryPasswordAccepted
	case right && user.Status == StatusResetRequired:
		return ResetRequired
	case k == PasswordAccepted && user.MFAUnasked && len(user.MFA) > 0:
		return MFARequired
	default:
		return k
	}
}

// refuses reports whether the finding is always refused, independent of
// trigger, rules and profile.
func (k FindingKind) refuses() bool {
	row := k.row()
	return row.profile == nil && row.only == 0 && row.reason != ReasonFindingUnexpected
}

// RefusalNames lists the reasons of the findings that are always refused.
func RefusalNames() []string {
	var names []string
	for _, kind := range FindingKinds() {
		if kind.refuses() {
			names = append(names, string(kind.row().reason))
		}
	}
	return names
}

// RefusalNamed returns the finding that is always refused with this reason, or
// false.
func RefusalNamed(reason string) (FindingKind, bool) {
	for _, kind := range FindingKinds() {
		if kind.refuses() && string(kind.row().reason) == reason {
			return kind, true
		}
	}
	return 0, false
}

// String returns the name for readers, as in the documentation.
func (k FindingKind) String() string { return k.row().name }

// Finding is a source's answer about one user.
type Finding struct {
	// Kind is the kind of answer.
	Kind FindingKind
	// Source is the name of the source, as in MIGRATE_SOURCES.
	Source string
	// User is the profile, if the kind and the rules require one: see
	// [Rules.NeedsProfile].
	User SourceUser
	// Challenge is Cognito's name of the challenge that the source returned, if
	// any. An adapter sets it only to a name from the service's documentation.
	Challenge string
	// UnknownCode is the source's code for its answer, if no rule knows the
	// code. The rest of the answer then determined the finding.
	UnknownCode ResponseCode
}

// Format implements [fmt.Formatter]: a finding prints as its kind alone.
func (f Finding) Format(state fmt.State, _ rune) {
	_, _ = io.WriteString(state, "finding("+f.Kind.String()+")")
}
