package firebasesource

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"cognito-user-migration/adapters/internal/firebaseaccount"
	"cognito-user-migration/domain"
)

// account is a user in the API ("UserInfo", Identity Platform REST reference).
type account struct {
	firebaseaccount.Account
	CreatedAt       string   `json:"createdAt"`
	EmailLinkSignIn bool     `json:"emailLinkSignin"`
	TenantID        string   `json:"tenantId"`
	MFAInfo         []factor `json:"mfaInfo"`
}

// factor is an enrolled second factor ("MfaEnrollment", Identity Platform REST
// reference).
type factor struct {
	PhoneInfo        string           `json:"phoneInfo"`
	UnobfuscatedInfo string           `json:"unobfuscatedPhoneInfo"`
	TOTP             *json.RawMessage `json:"totpInfo"`
	Email            *struct {
		Address string `json:"emailAddress"`
	} `json:"emailInfo"`
}

// user returns the profile without a status.
func (a *account) user() domain.SourceUser {
	user, _ := a.User()
	user.Sub = a.LocalID
	if created, err := strconv.ParseInt(a.CreatedAt, 10, 64); err == nil && created > 0 {
		user.Attributes["created_at"] = time.UnixMilli(created).UTC().Format(time.RFC3339)
	}
	for _, enrolled := range a.MFAInfo {
		if method := enrolled.method(&user); !slices.Contains(user.MFA, method) {
			user.MFA = append(user.MFA, method)
		}
	}
	return user
}

// found returns the profile of a look-up without a password. A user without a
// password, who signs in by another provider, has the status of such users.
func (a *account) found() domain.SourceUser {
	user := a.user()
	hasPassword := a.PasswordHash != "" || a.Lists("password") && !a.EmailLinkSignIn
	if !hasPassword && !a.ProvesItself() {
		user.Status = domain.StatusExternalProvider
	}
	return user
}

// method returns the factor. Codes go to the phone number or the email address of
// the factor, which can be another than the user's own. Cognito would send them to
// the user's own, so another one cannot be carried. A user without a number gets
// the factor's, which was verified when the factor was set up.
func (f *factor) method(user *domain.SourceUser) domain.MFAMethod {
	attributes := user.Attributes
	switch {
	case f.PhoneInfo != "" || f.UnobfuscatedInfo != "":
		number := f.UnobfuscatedInfo
		if number == "" {
			number = f.PhoneInfo
		}
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
