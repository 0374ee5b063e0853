package domain

import (
	"cmp"
	"errors"
	"slices"
	"strings"
)

// MFAMode says which users a user pool asks for a second factor.
type MFAMode string

// Modes of a user pool, with Cognito's names.
const (
	// MFAOff: no users.
	MFAOff MFAMode = "OFF"
	// MFAOptional: users who have a second factor.
	MFAOptional MFAMode = "OPTIONAL"
	// MFAOn: all users.
	MFAOn MFAMode = "ON"
)

// UnmarshalText implements [encoding.TextUnmarshaler] by [Choose].
func (m *MFAMode) UnmarshalText(text []byte) error {
	return Choose(m, text, MFAOff, MFAOptional, MFAOn)
}

// DestinationMFA is the destination's configuration of second factors. The zero
// value means that it is not known.
type DestinationMFA struct {
	// Mode says which users are asked.
	Mode MFAMode
	// Methods lists the second factors that are enabled.
	Methods []MFAMethod
}

// UnmarshalText implements [encoding.TextUnmarshaler]. It reads the mode,
// followed by the factors, separated by commas.
func (d *DestinationMFA) UnmarshalText(text []byte) error {
	const form = "expected OFF, or OPTIONAL or ON with the second factors of the pool, such as ON,SMS_MFA,EMAIL_OTP,SOFTWARE_TOKEN_MFA"
	var read DestinationMFA
	for i, word := range strings.Split(string(text), ",") {
		word = strings.TrimSpace(word)
		method := MFAMethod(word)
		switch {
		case i == 0 && read.Mode.UnmarshalText([]byte(word)) == nil:
		case i > 0 && method.isCognitos() && !slices.Contains(read.Methods, method):
			read.Methods = append(read.Methods, method)
		default:
			return errors.New(form)
		}
	}
	if (read.Mode == MFAOff) != (len(read.Methods) == 0) {
		return errors.New(form)
	}
	*d = read
	return nil
}

// String writes the setting as UnmarshalText reads it; empty for the zero value.
func (d DestinationMFA) String() string {
	text := string(d.Mode)
	for _, method := range d.Methods {
		text += "," + string(method)
	}
	return text
}

// Takes reports whether the destination takes a second factor.
func (d DestinationMFA) Takes(method MFAMethod) bool {
	return slices.Contains(d.Methods, method)
}

// demandsMFA reports whether the source asks the user for a second factor, or
// would have asked later in the sign-in. After a completed sign-in, the source
// has asked for none.
func demandsMFA(kind FindingKind, finding Finding) bool {
	user := finding.User
	named := len(user.MFA) > 0 || user.PreferredMFA != "" || user.MFARequired
	return finding.Kind == MFARequired || kind == MFARequired || kind != PasswordAccepted && named
}

// carriedFactor returns the second factor that the rules carry over for a user who
// is created in a status; empty if none survives. Of several, the preferred one must
// survive; without a preference, one that the source lets the user choose.
func (r Rules) carriedFactor(status FinalStatus, finding Finding, attributes Attributes) MFAMethod {
	if r.OnMFA != MFACarry && r.OnMFA != MFAEnroll {
		return ""
	}
	own, _ := StandardAttributeMap().fit(finding.User, r.VerifiedContacts)
	factors := factorsOf(finding)
	switch {
	case slices.Contains(factors, MFASMS) && r.carriesSMS(status, attributes, own):
		return MFASMS
	case slices.Contains(factors, MFAEmail) && r.carriesEmail(status, attributes, own):
		return MFAEmail
	default:
		return ""
	}
}

// carriesSMS reports whether codes by SMS to the user's own number survive. The
// answer to Cognito switches them on, so the destination asks for them from the
// first sign-in.
func (r Rules) carriesSMS(status FinalStatus, attributes, own Attributes) bool {
	number := attributes[attributePhone]
	return r.DestinationMFA.Takes(MFASMS) && number != "" && number == own[attributePhone] && attributes.canResetBesideSMS(status)
}

// carriesEmail reports whether codes by email to the user's own address survive.
// The answer to Cognito cannot switch them on; completion does so later. Until then
// only a destination that requires a second factor of all users prevents a
// sign-in without one. A user who must reset the password first is not carried.
// Cognito would send the reset code to the same address, and the inbox alone would be
// enough to sign in (cognito-facts 43).
func (r Rules) carriesEmail(status FinalStatus, attributes, own Attributes) bool {
	return r.SetsMFAPreference && r.DestinationMFA.Mode == MFAOn && r.DestinationMFA.Takes(MFAEmail) &&
		status == FinalConfirmed && attributes.hasVerifiedEmail() && attributes[attributeEmail] == own[attributeEmail]
}

// canResetBesideSMS reports whether a user with codes by SMS as second factor can
// set a password, if the status demands it. Cognito sends no reset code by SMS to
// such a user (cognito-facts 43).
func (a Attributes) canResetBesideSMS(status FinalStatus) bool {
	return status == FinalConfirmed || a.hasVerifiedEmail()
}

// enablesSMS reports whether the answer to Cognito switches codes by SMS on.
func (r Rules) enablesSMS(carried MFAMethod, status FinalStatus, finding Finding, attributes Attributes) bool {
	if carried == MFASMS {
		return true
	}
	return r.OnMFA == MFAMigrate && r.DestinationMFA.Mode != MFAOff && attributes[attributePhone] != "" && prefersSMS(finding) &&
		attributes.canResetBesideSMS(status)
}

// enrollmentGroup returns the group of users who must set up a new second factor;
// empty if the user is not one of them.
func (r Rules) enrollmentGroup(kind FindingKind, finding Finding) string {
	if r.OnMFA != MFAEnroll || !demandsMFA(kind, finding) {
		return ""
	}
	return r.MFAGroup
}

// factorsOf lists the second factors that the user could use at the source. It is the
// preferred one, else the one that the source asked for, else all.
func factorsOf(finding Finding) []MFAMethod {
	challenge := MFAMethod(finding.Challenge)
	switch {
	case finding.User.PreferredMFA != "":
		return []MFAMethod{finding.User.PreferredMFA}
	case challenge.isCognitos():
		return []MFAMethod{challenge}
	default:
		return finding.User.MFA
	}
}

// prefersSMS reports whether the user's second factor is a code by SMS,
// according to the preference or, if it is unknown, the challenge.
func prefersSMS(finding Finding) bool {
	return cmp.Or(finding.User.PreferredMFA, MFAMethod(finding.Challenge)) == MFASMS
}

// ParseMFA reads the second factors that a directory lists for a user. It
// accepts Cognito's names, their usual words, or only whether there is one, in a
// list of any form, such as JSON. An unknown word also means a factor: [MFAOther].
func ParseMFA(text string) []MFAMethod {
	var methods []MFAMethod
	for word := range strings.FieldsFuncSeq(text, func(r rune) bool { return strings.ContainsRune(",;|{}[]\"' \t\r\n", r) }) {
		method := mfaNamed(word)
		if method != "" && !slices.Contains(methods, method) {
			methods = append(methods, method)
		}
	}
	return methods
}

// mfaNamed returns the factor for a word, or an empty one for a word that means
// no factor.
func mfaNamed(word string) MFAMethod {
	switch strings.Map(func(r rune) rune {
		if r == '_' || r == '-' {
			return -1
		}
		return r
	}, strings.ToLower(word)) {
	case "", "0", "f", "false", "n", "no", "none", "null", "off", "disabled", "nomfa":
		return ""
	case "sms", "smsmfa", "smsotp", "phone", "text":
		return MFASMS
	case "email", "emailotp", "emailmfa", "mail":
		return MFAEmail
	case "totp", "otp", "softwaretoken", "softwaretokenmfa", "authenticator", "app":
		return MFASoftwareToken
	case "passkey", "webauthn", "fido", "fido2", "u2f":
		return MFAPasskey
	default:
		return MFAOther
	}
}
