package domain

import (
	"errors"
	"slices"
	"strings"
)

// MFAMode says whom a user pool asks for a second factor.
type MFAMode string

// The modes of a user pool, in Cognito's words.
const (
	// MFAOff: nobody.
	MFAOff MFAMode = "OFF"
	// MFAOptional: users who have one.
	MFAOptional MFAMode = "OPTIONAL"
	// MFAOn: everybody.
	MFAOn MFAMode = "ON"
)

// UnmarshalText implements [encoding.TextUnmarshaler]; an unknown choice is an
// error that lists the choices.
func (m *MFAMode) UnmarshalText(text []byte) error {
	return Choose(m, text, MFAOff, MFAOptional, MFAOn)
}

// DestinationMFA is how the destination asks for second factors. The zero value is
// a destination of which this is not known.
type DestinationMFA struct {
	// Mode says whom it asks.
	Mode MFAMode
	// Methods are the second factors that it takes.
	Methods []MFAMethod
}

// UnmarshalText implements [encoding.TextUnmarshaler]: the mode, and after it the
// factors, separated by commas.
func (d *DestinationMFA) UnmarshalText(text []byte) error {
	const form = "expected OFF, or OPTIONAL or ON with the second factors of the pool, such as ON,SMS_MFA,EMAIL_OTP,SOFTWARE_TOKEN_MFA"
	var read DestinationMFA
	for i, word := range strings.Split(string(text), ",") {
		word = strings.TrimSpace(word)
		method := MFAMethod(word)
		switch {
		case i == 0 && read.Mode.UnmarshalText([]byte(word)) == nil:
		case i > 0 && slices.Contains([]MFAMethod{MFASMS, MFAEmail, MFASoftwareToken, MFAPasskey}, method) && !slices.Contains(read.Methods, method):
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

// demandsMFA reports whether a second factor stands in the way of a user: the
// source asks for one, or would have asked, had the sign-in come that far. After a
// completed sign-in the source has asked for none.
func demandsMFA(kind FindingKind, finding Finding) bool {
	user := finding.User
	named := len(user.MFA) > 0 || user.PreferredMFA != "" || user.MFARequired
	return finding.Kind == MFARequired || kind == MFARequired || kind != PasswordAccepted && named
}

// carriesSMS reports whether the rules carry the user's second factor over: a code
// by SMS to the same phone number, which the destination asks for from the first
// sign-in.
func (r Rules) carriesSMS(finding Finding, attributes Attributes) bool {
	number := attributes[attributePhone]
	if r.OnMFA != MFACarry || !r.DestinationMFA.Takes(MFASMS) || !slices.Contains(factorsOf(finding), MFASMS) || number == "" {
		return false
	}
	own, _ := StandardAttributeMap().fit(finding.User, r.VerifiedContacts)
	return number == own[attributePhone]
}

// factorsOf lists the second factors by which the user could pass at the source:
// the preferred one; else the one that the source asked for; else all.
func factorsOf(finding Finding) []MFAMethod {
	challenge := MFAMethod(finding.Challenge)
	switch {
	case finding.User.PreferredMFA != "":
		return []MFAMethod{finding.User.PreferredMFA}
	case slices.Contains([]MFAMethod{MFASMS, MFAEmail, MFASoftwareToken, MFAPasskey}, challenge):
		return []MFAMethod{challenge}
	default:
		return finding.User.MFA
	}
}

// prefersSMS reports whether the user's second factor is a code by SMS: by
// their preference or, where none is known, by the challenge that came.
func prefersSMS(finding Finding) bool {
	if finding.User.PreferredMFA != "" {
		return finding.User.PreferredMFA == MFASMS
	}
	return MFAMethod(finding.Challenge) == MFASMS
}

// ParseMFA reads the second factors that a directory names for a user: Cognito's
// names, their usual words, or whether there is one. An unknown word is a factor
// too: [MFAOther].
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

// mfaNamed is the factor that a word stands for; empty for a word that says that
// there is none.
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
