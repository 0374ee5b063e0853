package httpsource

import (
	"net/http"
	"net/url"

	"cognito-user-migration/adapters/internal/profiles"
	"cognito-user-migration/adapters/internal/webclient"
	"cognito-user-migration/domain"
)

// keycloak is the contract of the plugin keycloak-user-migration by daniel-frak
// (its README, "Prerequisites - REST endpoints in the legacy system"). GET
// {uri}/{username} returns the profile; POST to the same URL with the password
// returns 200 if it is right. The plugin ignores the body; [profiles.Confirms] does not.
type keycloak struct {
	by PasswordBy
}

func (keycloak) question(_ domain.SourceUser, _, password string) any {
	return profiles.KeycloakQuestion{Password: password}
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
		kind, err := profiles.Confirms(answer.Body)
		return kind, nil, err
	case http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound,
		http.StatusConflict, http.StatusGone, http.StatusUnprocessableEntity:
		return domain.PasswordWrong, nil, nil
	case http.StatusLocked:
		return domain.LockedOut, nil, nil
	default:
		return 0, nil, nil
	}
}
