package domain

import (
	"fmt"
	"io"
)

// FindingKind is what a source can say about a person. The set is closed:
// [Decide] has an answer to each, and refuses what it does not know.
type FindingKind uint8

// What a source can say. An outage, a throttle or a wrong setting is none of
// these: it is an error of the port, because nothing was found.
const (
	// PasswordAccepted: the sign-in is complete, no challenge is left.
	PasswordAccepted FindingKind = iota + 1
	// PasswordWrong: the source rejected the password, or hides which of name
	// and password was wrong (cognito-facts 25).
	PasswordWrong
	// TemporaryPasswordAccepted: the password was right and must be changed
	// before anything else (Cognito's NEW_PASSWORD_REQUIRED).
	TemporaryPasswordAccepted
	// TemporaryPasswordExpired: a temporary password that is no longer taken.
	TemporaryPasswordExpired
	// MFARequired: the password was right and a second factor is asked for.
	MFARequired
	// ChallengeUnsupported: another challenge stands before the sign-in, and
	// whether the password was right is not known to us (cognito-facts 23).
	ChallengeUnsupported
	// ResetRequired: the source demands a new password before any sign-in.
	ResetRequired
	// SignInDenied: a rule of the source's own turned the person away, such as
	// a PreAuthentication trigger (cognito-facts 20).
	SignInDenied
	// LockedOut: too many wrong passwords, for now (cognito-facts 28).
	LockedOut
	// UserFound: the answer to a look-up without a password.
	UserFound
	// LookUpUnsupported: the source tells nothing of anybody without their
	// password. Whether there is such a user is not known.
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

// Finding is a source's answer about one person.
type Finding struct {
	// Kind is what the source said.
	Kind FindingKind
	// Source is the name of the source that said it, as settings name it.
	Source string
	// User is the profile, where the kind and the rules call for one: see
	// [Rules.NeedsProfile].
	User SourceUser
	// Challenge is Cognito's name of the challenge that was left, if any. An
	// adapter sets it only to a name from the service's documentation.
	Challenge string
}

// Format implements [fmt.Formatter]: a finding prints as its kind alone.
func (f Finding) Format(state fmt.State, _ rune) {
	_, _ = io.WriteString(state, "finding("+f.Kind.String()+")")
}

// String names the kind as the design does, for people.
func (k FindingKind) String() string {
	switch k {
	case PasswordAccepted:
		return "password accepted"
	case PasswordWrong:
		return "password wrong"
	case TemporaryPasswordAccepted:
		return "temporary password accepted"
	case TemporaryPasswordExpired:
		return "temporary password expired"
	case MFARequired:
		return "MFA required"
	case ChallengeUnsupported:
		return "challenge unsupported"
	case ResetRequired:
		return "reset required"
	case SignInDenied:
		return "sign-in denied"
	case LockedOut:
		return "locked out"
	case UserFound:
		return "user found"
	case LookUpUnsupported:
		return "look-up unsupported"
	case UserUnknown:
		return "user unknown"
	case UserAmbiguous:
		return "user ambiguous"
	case UserDisabled:
		return "user disabled"
	case UserUnconfirmed:
		return "user unconfirmed"
	case UserFederated:
		return "user federated"
	default:
		return "no finding"
	}
}
