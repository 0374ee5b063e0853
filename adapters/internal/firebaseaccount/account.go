// Package firebaseaccount reads users of Firebase Authentication, as its export
// and its API write them. It imports domain.
package firebaseaccount

import (
	"bytes"
	"cmp"
	"encoding/json"
	"slices"
	"strconv"

	"cognito-user-migration/adapters/internal/rawjson"
	"cognito-user-migration/domain"
)

// Account is a user. Other fields are ignored: they do not identify the user,
// and Firebase may add more.
type Account struct {
	LocalID       string `json:"localId"`
	Email         string `json:"email"`
	EmailVerified *bool  `json:"emailVerified"`
	PasswordHash  string `json:"passwordHash"`
	Salt          string `json:"salt"`
	DisplayName   string `json:"displayName"`
	PhotoURL      string `json:"photoUrl"`
	PhoneNumber   string `json:"phoneNumber"`
	Disabled      bool   `json:"disabled"`
	// LastSignedIn is the export's, and LastLogin the API's, in milliseconds since
	// 1970.
	LastSignedIn string `json:"lastSignedInAt"`
	LastLogin    string `json:"lastLoginAt"`
	// Text that contains a JSON object; the Admin SDK writes the object itself.
	CustomAttributes json.RawMessage `json:"customAttributes"`
	ProviderUserInfo []provider      `json:"providerUserInfo"`
	// MFAInfo lists the enrolled second factors. Exports have it since version 14 of
	// firebase-tools or a later one.
	MFAInfo []Factor `json:"mfaInfo"`
}

// provider is a way in which the user signs in.
type provider struct {
	ProviderID string `json:"providerId"`
}

// User returns the user, without a status. hasClaims is false if the custom
// claims cannot be parsed; the user then has none.
func (a *Account) User() (user domain.SourceUser, hasClaims bool) {
	claims, hasClaims := claimsOf(a.CustomAttributes)
	user = domain.SourceUser{Username: a.LocalID, Enabled: !a.Disabled, Attributes: claims}
	for name, value := range map[string]string{
		"sub": a.LocalID, "email": a.Email, "name": a.DisplayName, "picture": a.PhotoURL, "phone_number": a.PhoneNumber, "last_sign_in": cmp.Or(a.LastSignedIn, a.LastLogin),
	} {
		if value != "" {
			user.Attributes[name] = value
		}
	}
	if a.Email != "" && a.EmailVerified != nil {
		user.Attributes["email_verified"] = strconv.FormatBool(*a.EmailVerified)
	}
	// Users sign in to Firebase by these, verified or not. Each belongs to one
	// account only.
	for _, name := range []string{a.Email, a.PhoneNumber} {
		if name != "" {
			user.Identifiers = append(user.Identifiers, name)
		}
	}
	for _, enrolled := range a.MFAInfo {
		if method := enrolled.method(&user); !slices.Contains(user.MFA, method) {
			user.MFA = append(user.MFA, method)
		}
	}
	return user, hasClaims
}

// ProvesItself reports whether the user signs in only with factors that Firebase
// verifies itself. firebase auth:export leaves out some identity providers
// (accountExporter.ts of firebase/firebase-tools). A user without any provider
// signs in by one of them.
func (a *Account) ProvesItself() bool {
	own := false
	for _, info := range a.ProviderUserInfo {
		switch info.ProviderID {
		case "":
		case "password", "phone":
			own = true
		default:
			return false
		}
	}
	return own
}

// Lists reports whether the user has this provider.
func (a *Account) Lists(id string) bool {
	return slices.ContainsFunc(a.ProviderUserInfo, func(info provider) bool { return info.ProviderID == id })
}

// claimsOf reads custom claims: an object, or text that contains one. Names get
// Cognito's prefix for custom attributes: custom:claim. Values that are not
// text, a number or a boolean stay JSON. It returns no claims and false if they
// cannot be parsed.
func claimsOf(raw json.RawMessage) (domain.Attributes, bool) {
	attributes := make(domain.Attributes)
	text := string(raw)
	if len(raw) > 0 && raw[0] == '"' {
		if json.Unmarshal(raw, &text) != nil {
			return attributes, false
		}
	}
	if text == "" {
		return attributes, true
	}
	var claims map[string]json.RawMessage
	if json.Unmarshal([]byte(text), &claims) != nil {
		return attributes, false
	}
	for name, value := range claims {
		switch value[0] {
		case 'n': // null
		case '{', '[':
			var compact bytes.Buffer
			if json.Compact(&compact, value) == nil {
				attributes["custom:"+name] = compact.String()
			}
		case '"':
			if text, ok := rawjson.Text(value); ok {
				attributes["custom:"+name] = text
			}
		default:
			attributes["custom:"+name] = string(value)
		}
	}
	return attributes, true
}
