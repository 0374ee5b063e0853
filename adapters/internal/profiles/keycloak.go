package profiles

import (
	"encoding/json"
	"slices"

	"cognito-user-migration/domain"
)

// KeycloakQuestion is the body that asks about a password in the contract of the
// plugin keycloak-user-migration.
type KeycloakQuestion struct {
	Password string `json:"password"`
}

// keycloakUser is the profile. Roles are ignored, because a user pool has none.
type keycloakUser struct {
	ID              Text       `json:"id"`
	Username        Text       `json:"username"`
	Email           Text       `json:"email"`
	FirstName       Text       `json:"firstName"`
	LastName        Text       `json:"lastName"`
	Enabled         Flag       `json:"enabled"`
	EmailVerified   Flag       `json:"emailVerified"`
	Attributes      Attributes `json:"attributes"`
	Groups          Values     `json:"groups"`
	RequiredActions Words      `json:"requiredActions"`
	TOTPs           []struct{} `json:"totps"`
	// MFA lists other second factors. It is our own extension of the contract.
	MFA json.RawMessage `json:"mfa"`
}

// Keycloak reads a profile; null means that the user does not exist.
func Keycloak(body []byte) (*domain.SourceUser, error) {
	var profile *keycloakUser
	if err := Read(body, &profile); err != nil || profile == nil {
		return nil, err
	}
	if profile.Username == "" || Climbs(string(profile.Username)) || Climbs(string(profile.ID)) {
		return nil, ErrFormat
	}
	user := &domain.SourceUser{
		Username: string(profile.Username),
		Sub:      string(profile.ID),
		// A missing member is false, as in the plugin.
		Enabled:     profile.Enabled == Yes,
		Attributes:  domain.Attributes{},
		Groups:      profile.Groups,
		GroupsKnown: true,
	}
	Set(user, "sub", profile.ID)
	Set(user, "email", profile.Email)
	Set(user, "given_name", profile.FirstName)
	Set(user, "family_name", profile.LastName)
	Set(user, "email_verified", Text(profile.EmailVerified))
	for name, value := range profile.Attributes {
		SetOther(user, name, value)
	}
	requires := func(action string) bool { return slices.Contains(profile.RequiredActions, action) }
	if requires("UPDATE_PASSWORD") {
		user.Status = domain.StatusForceChangePassword
	}
	user.MFA = domain.ParseMFA(string(profile.MFA))
	if (requires("CONFIGURE_TOTP") || len(profile.TOTPs) > 0) && !slices.Contains(user.MFA, domain.MFASoftwareToken) {
		user.MFA = append(user.MFA, domain.MFASoftwareToken)
	}
	if requires("VERIFY_EMAIL") {
		user.Attributes["email_verified"] = string(No)
	}
	return user, nil
}
