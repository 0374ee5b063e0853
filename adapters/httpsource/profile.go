package httpsource

import (
	"encoding/json"
	"slices"

	"cognito-user-migration/domain"
)

// readProfile reads the response of a profile URL: an object of attributes with
// Cognito's names, and five members of its own: username, enabled, status, mfa
// and groups. null means that the user does not exist.
func readProfile(body []byte) (*domain.SourceUser, error) {
	var (
		own *struct {
			Username text              `json:"username"`
			Sub      text              `json:"sub"`
			Email    text              `json:"email"`
			Verified flag              `json:"email_verified"`
			Enabled  flag              `json:"enabled"`
			Status   domain.UserStatus `json:"status"`
			MFA      json.RawMessage   `json:"mfa"`
			Groups   *values           `json:"groups"`
		}
		all map[string]json.RawMessage
	)
	if err := read(body, &own); err != nil || own == nil {
		return nil, err
	}
	if err := read(body, &all); err != nil {
		return nil, err
	}
	if own.Username == "" || own.Status != "" && !slices.Contains(domain.UserStatuses(), own.Status) {
		return nil, errNotJSON
	}
	user := &domain.SourceUser{
		Username: string(own.Username), Sub: string(own.Sub), Status: own.Status, Enabled: own.Enabled != no,
		Attributes: domain.Attributes{}, GroupsKnown: own.Groups != nil,
	}
	if own.Groups != nil {
		user.Groups = *own.Groups
	}
	user.MFA = domain.ParseMFA(string(own.MFA))
	set(user, "sub", own.Sub)
	set(user, "email", own.Email)
	set(user, "email_verified", text(own.Verified))
	for name, raw := range all {
		switch name {
		case "enabled", "status", "mfa", "groups":
		default:
			var value values
			if value.UnmarshalJSON(raw) == nil {
				setOther(user, name, value)
			}
		}
	}
	return user, nil
}
