package httpsource

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"

	"cognito-user-migration/adapters/internal/webclient"
	"cognito-user-migration/domain"
)

// keycloak is the contract of the plugin keycloak-user-migration by daniel-frak
// (its README, "Prerequisites - REST endpoints in the legacy system"). GET
// {uri}/{username} returns the profile; POST to the same URL with the password
// returns 200 if it is right.
type keycloak struct {
	by PasswordBy
}

func (keycloak) question(_ domain.SourceUser, _, password string) any {
	return struct {
		Password string `json:"password"`
	}{password}
}

// address returns the URL of the user found by the look-up, with the service's
// own username. The typed name may be an alias, which the plugin never uses for
// passwords.
func (k keycloak) address(base *url.URL, user domain.SourceUser) string {
	if k.by == PasswordByID && user.Sub != "" {
		return below(base, user.Sub)
	}
	return below(base, user.Username)
}

// answer treats any refusal as a wrong password, as the plugin does, if that is
// possible: the look-up just before it accepted our own credentials.
func (keycloak) answer(answer webclient.Answer) (domain.FindingKind, *domain.SourceUser, error) {
	switch answer.Status {
	case http.StatusOK:
		return domain.PasswordAccepted, nil, nil
	case http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound,
		http.StatusConflict, http.StatusGone, http.StatusUnprocessableEntity:
		return domain.PasswordWrong, nil, nil
	case http.StatusLocked:
		return domain.LockedOut, nil, nil
	default:
		return 0, nil, nil
	}
}

// keycloakUser is the profile. Roles are ignored, because a user pool has none.
type keycloakUser struct {
	ID              text              `json:"id"`
	Username        text              `json:"username"`
	Email           text              `json:"email"`
	FirstName       text              `json:"firstName"`
	LastName        text              `json:"lastName"`
	Enabled         flag              `json:"enabled"`
	EmailVerified   flag              `json:"emailVerified"`
	Attributes      map[string]values `json:"attributes"`
	Groups          values            `json:"groups"`
	RequiredActions values            `json:"requiredActions"`
	TOTPs           []struct{}        `json:"totps"`
	// MFA lists other second factors. It is our own extension of the contract.
	MFA json.RawMessage `json:"mfa"`
}

// readKeycloakUser reads a profile; null means that the user does not exist.
func readKeycloakUser(body []byte) (*domain.SourceUser, error) {
	var profile *keycloakUser
	if err := read(body, &profile); err != nil || profile == nil {
		return nil, err
	}
	if profile.Username == "" || climbs(string(profile.Username)) || climbs(string(profile.ID)) {
		return nil, errNotJSON
	}
	user := &domain.SourceUser{
		Username: string(profile.Username),
		Sub:      string(profile.ID),
		// A missing member is false, as in the plugin.
		Enabled:     profile.Enabled == yes,
		Attributes:  domain.Attributes{},
		Groups:      profile.Groups,
		GroupsKnown: true,
	}
	set(user, "sub", profile.ID)
	set(user, "email", profile.Email)
	set(user, "given_name", profile.FirstName)
	set(user, "family_name", profile.LastName)
	set(user, "email_verified", text(profile.EmailVerified))
	for name, value := range profile.Attributes {
		setOther(user, name, value)
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
		user.Attributes["email_verified"] = string(no)
	}
	return user, nil
}
