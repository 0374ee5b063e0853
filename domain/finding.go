package domain

import (
	"fmt"
	"io"
)

// FindingKind is the kind of a source's answer about a user. [Decide] handles every
// kind, and refuses unknown ones.
type FindingKind uint8

// The kinds of findings. An outage, a throttle or a wrong setting is not a finding:
// it is an error of the port.
const (
	// PasswordAccepted: the sign-in is complete, no challenge is left.
	PasswordAccepted FindingKind = iota + 1
	// PasswordWrong: the source rejected the password, or hides which of name
	// and password was wrong (cognito-facts 25).
	PasswordWrong
	// TemporaryPasswordAccepted: the password was right and must be changed
	// before anything else (Cognito's NEW_PASSWORD_REQUIRED).
	TemporaryPasswordAccepted
	// TemporaryPasswordExpired: the temporary password has expired.
	TemporaryPasswordExpired
	// MFARequired: the password was right, and the source asks for a second factor.
	MFARequired
	// ChallengeUnsupported: the source asks for another challenge. Whether the
	// password was right is not known (cognito-facts 23).
	ChallengeUnsupported
	// ResetRequired: the source demands a new password before any sign-in.
	ResetRequired
	// SignInDenied: a rule of the source refused the user, such as a
	// PreAuthentication trigger (cognito-facts 20).
	SignInDenied
	// LockedOut: too many wrong passwords, for now (cognito-facts 28).
	LockedOut
	// UserFound: the answer to a look-up without a password.
	UserFound
	// LookUpUnsupported: the source cannot look users up without their password.
	// Whether the user exists is not known.
	LookUpUnsupported
	// UserUnknown: the source has no such user.
	UserUnknown
	// UserAmbiguous: more than one user answers to the identifier.
	UserAmbiguous
	// UserDisabled: an administrator switched the user off.
	UserDisabled
	// UserUnconfirmed: the user signed up and never confirmed it.
	UserUnconfirmed
	// UserFederated: the user signs in elsewhere and has no password here.
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
	// name is for people; see [FindingKind.String].
	name string
	// reason is the reason of the decision, unless the profile gives another.
	reason Reason
	// only is the trigger that can lead to this finding; zero means both.
	only Trigger
	// provesPassword: the source judged the password, and it was right.
	provesPassword bool
	// profile reports whether the rules let such a user migrate, which needs the
	// profile. Nil means never: the finding is refused whoever it is.
	profile func(Rules) bool
	// lockout is how the lockout counts an attempt that ends in this finding.
	lockout LockoutEffect
}

// findingTable is the specification of the findings: [Decide], [Rules.NeedsProfile]
// and the lockout read it. Row 0 also stands for every kind that is not listed.
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

// ProvesPassword reports whether the finding says that the password was right,
// whatever the decision is.
func (k FindingKind) ProvesPassword() bool { return k.row().provesPassword }

// refuses reports whether the finding is refused at every trigger, whatever the
// rules and the profile say.
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

// RefusalNamed returns the finding that is always refused with a reason; false
// where there is none.
func RefusalNamed(reason string) (FindingKind, bool) {
	for _, kind := range FindingKinds() {
		if kind.refuses() && string(kind.row().reason) == reason {
			return kind, true
		}
	}
	return 0, false
}

// String names the kind as the design does, for people.
func (k FindingKind) String() string { return k.row().name }

// Finding is a source's answer about one user.
type Finding struct {
	// Kind is what the source said.
	Kind FindingKind
	// Source is the name of the source, as in MIGRATE_SOURCES.
	Source string
	// User is the profile, where the kind and the rules call for one: see
	// [Rules.NeedsProfile].
	User SourceUser
	// Challenge is Cognito's name of the challenge that was left, if any. An
	// adapter sets it only to a name from the service's documentation.
	Challenge string
	// UnknownCode is the source's own code for its answer, where no rule knows
	// that code and the finding rests on the rest of the answer.
	UnknownCode ResponseCode
}

// Format implements [fmt.Formatter]: a finding prints as its kind alone.
func (f Finding) Format(state fmt.State, _ rune) {
	_, _ = io.WriteString(state, "finding("+f.Kind.String()+")")
}
