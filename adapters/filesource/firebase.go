package filesource

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"cognito-user-migration/adapters/internal/hashed"
	"cognito-user-migration/adapters/internal/passwordhash"
	"cognito-user-migration/domain"
)

// account is a user as `firebase auth:export` writes it to JSON. Other fields are
// ignored: they do not identify the user, and Firebase may add more.
type account struct {
	LocalID       string `json:"localId"`
	Email         string `json:"email"`
	EmailVerified *bool  `json:"emailVerified"`
	PasswordHash  string `json:"passwordHash"`
	Salt          string `json:"salt"`
	DisplayName   string `json:"displayName"`
	PhotoURL      string `json:"photoUrl"`
	PhoneNumber   string `json:"phoneNumber"`
	Disabled      bool   `json:"disabled"`
	// LastSignedIn is in milliseconds since 1970.
	LastSignedIn string `json:"lastSignedInAt"`
	// Text that contains a JSON object; the Admin SDK writes the object itself.
	CustomAttributes json.RawMessage `json:"customAttributes"`
	ProviderUserInfo []struct {
		ProviderID string `json:"providerId"`
	} `json:"providerUserInfo"`
}

func readFirebase(text []byte, with reading, project passwordhash.Firebase) (*snapshot, error) {
	var export struct {
		Users *[]json.RawMessage `json:"users"`
	}
	if err := json.Unmarshal(text, &export); err != nil {
		return nil, fmt.Errorf("not a JSON file of firebase auth:export%s", offsetOf(err))
	}
	if export.Users == nil {
		return nil, errors.New("not a JSON file of firebase auth:export: the field users is missing")
	}
	p, err := newSnapshot(len(*export.Users), with)
	if err != nil {
		return nil, err
	}
	var problems faults
	for i, raw := range *export.Users {
		hasClaims, err := p.takeAccount(raw, project)
		if err != nil {
			problems.add("user", i+1, err)
		}
		if !hasClaims {
			p.claimless.Add(fmt.Sprintf("user %d", i+1))
		}
	}
	return p.complete(problems)
}

// redacted replaces hashes in an export by an account without permission to
// read them: REDACTED in Base64.
const redacted = "UkVEQUNURUQ="

// takeAccount adds a user. hasClaims is false if the custom claims cannot be
// parsed; the user then has none.
func (p *snapshot) takeAccount(raw json.RawMessage, project passwordhash.Firebase) (hasClaims bool, err error) {
	var a account
	if err := json.Unmarshal(raw, &a); err != nil {
		if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok && wrong.Field != "" {
			return true, fmt.Errorf("%s: not in the format of firebase auth:export", wrong.Field)
		}
		return true, errors.New("not a user in the format of firebase auth:export")
	}
	if a.LocalID == "" {
		return true, errors.New("localId: is required")
	}
	if a.PasswordHash == redacted {
		return true, errors.New("passwordHash: is redacted; export again with an account that has the permission firebaseauth.configs.getHashConfig")
	}
	claims, hasClaims := claimsOf(a.CustomAttributes)
	one := hashed.Entry{User: domain.SourceUser{
		Username:   a.LocalID,
		Enabled:    !a.Disabled,
		Attributes: claims,
	}}
	one.User.Attributes["sub"] = a.LocalID
	for name, value := range map[string]string{
		"email": a.Email, "name": a.DisplayName, "picture": a.PhotoURL, "phone_number": a.PhoneNumber, "last_sign_in": a.LastSignedIn,
	} {
		if value != "" {
			one.User.Attributes[name] = value
		}
	}
	if a.Email != "" && a.EmailVerified != nil {
		one.User.Attributes["email_verified"] = strconv.FormatBool(*a.EmailVerified)
	}
	// Users sign in to Firebase by these, verified or not. Each belongs to one
	// account only.
	for _, name := range []string{a.Email, a.PhoneNumber} {
		if name != "" {
			one.User.Identifiers = append(one.User.Identifiers, name)
		}
	}
	switch {
	case a.PasswordHash != "":
		one.Hash = project.Encode(a.Salt, a.PasswordHash)
	case !a.isFirebasesOwn():
		one.User.Status = domain.StatusExternalProvider
	}
	return hasClaims, p.take(one)
}

// isFirebasesOwn reports whether the user signs in with a factor that Firebase
// verifies itself. firebase auth:export writes only four other identity
// providers (accountExporter.ts of firebase/firebase-tools). A user without any
// provider signs in by one of those that it leaves out.
func (a *account) isFirebasesOwn() bool {
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

// claimsOf reads custom claims: an object, or text that contains one. Names get
// Cognito's prefix for custom attributes: custom:claim. Values that are not
// text, a number or a boolean stay JSON. It returns nil and false if the claims
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
		default:
			if text, err := textOf(value); err == nil {
				attributes["custom:"+name] = text
			}
		}
	}
	return attributes, true
}
