package httpsource

import (
	"encoding/json"
	"slices"

	"cognito-user-migration/adapters/internal/profiles"
	"cognito-user-migration/domain"
)

// readProfile reads the response of a profile URL, an object of attributes with
// Cognito's names. It also has the members username, enabled, status, mfa and
// groups. null means that the user does not exist.
func readProfile(body []byte) (*domain.SourceUser, error) {
	var (
		own *struct {
			Username profiles.Text     `json:"username"`
			Sub      profiles.Text     `json:"sub"`
			Email    profiles.Text     `json:"email"`
			Verified profiles.Flag     `json:"email_verified"`
			Enabled  profiles.Flag     `json:"enabled"`
			Status   domain.UserStatus `json:"status"`
			MFA      json.RawMessage   `json:"mfa"`
			Groups   *profiles.Values  `json:"groups"`
		}
		all map[string]json.RawMessage
	)
	if err := profiles.Read(body, &own); err != nil || own == nil {
		return nil, err
	}
	if err := profiles.Read(body, &all); err != nil {
		return nil, err
	}
	if own.Username == "" || own.Status != "" && !slices.Contains(domain.UserStatuses(), own.Status) {
		return nil, profiles.ErrFormat
	}
	user := &domain.SourceUser{
		Username: string(own.Username), Sub: string(own.Sub), Status: own.Status, Enabled: own.Enabled != profiles.No,
		Attributes: domain.Attributes{}, GroupsKnown: own.Groups != nil,
	}
	if own.Groups != nil {
		user.Groups = *own.Groups
	}
	user.MFA = domain.ParseMFA(string(own.MFA))
	profiles.Set(user, "sub", own.Sub)
	profiles.Set(user, "email", own.Email)
	profiles.Set(user, "email_verified", profiles.Text(own.Verified))
	for name, raw := range all {
		switch name {
		case "enabled", "status", "mfa", "groups":
		default:
			var value profiles.Values
			if value.UnmarshalJSON(raw) == nil {
				profiles.SetOther(user, name, value)
			}
		}
	}
	return user, nil
}
