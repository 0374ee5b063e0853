package firebaseaccount

import (
	"cmp"
	"encoding/json"
	"strings"

	"cognito-user-migration/domain"
)

// Factor is an enrolled second factor ("MfaEnrollment", Identity Platform REST
// reference).
type Factor struct {
	PhoneInfo        string           `json:"phoneInfo"`
	UnobfuscatedInfo string           `json:"unobfuscatedPhoneInfo"`
	TOTP             *json.RawMessage `json:"totpInfo"`
	Email            *struct {
		Address string `json:"emailAddress"`
	} `json:"emailInfo"`
}

// method returns the factor. Codes go to the phone number or the email address of
// the factor, which can be another than the user's own. Cognito would send them to
// the user's own, so another one cannot be carried. A user without a number gets
// the factor's, which was verified when the factor was set up.
func (f *Factor) method(user *domain.SourceUser) domain.MFAMethod {
	attributes := user.Attributes
	switch {
	case f.PhoneInfo != "" || f.UnobfuscatedInfo != "":
		number := cmp.Or(f.UnobfuscatedInfo, f.PhoneInfo)
		switch {
		case strings.Contains(number, "*"): // obfuscated: it cannot move
			return domain.MFASMS
		case attributes["phone_number"] == "":
			attributes["phone_number"] = number
		case attributes["phone_number"] != number:
			return domain.MFAOther
		}
		attributes["phone_number_verified"] = "true"
		return domain.MFASMS
	case f.TOTP != nil:
		return domain.MFASoftwareToken
	case f.Email != nil && (f.Email.Address == "" || strings.EqualFold(f.Email.Address, attributes["email"])):
		return domain.MFAEmail
	default:
		return domain.MFAOther
	}
}
