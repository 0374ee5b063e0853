package httpsource

import (
	"cmp"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"cognito-user-migration/adapters/internal/errorcodes"
	"cognito-user-migration/adapters/internal/profiles"
	"cognito-user-migration/adapters/internal/webclient"
	"cognito-user-migration/domain"
)

// supabase is the contract of Supabase Auth, also named GoTrue: POST
// /auth/v1/token?grant_type=password with JSON (supabase/auth: openapi.yaml and
// internal/api/apierrors/errorcode.go).
type supabase struct{}

func (supabase) question(_ domain.SourceUser, typed, password string) any {
	body := map[string]string{"password": password}
	if strings.HasPrefix(typed, "+") {
		body["phone"] = typed
	} else {
		body["email"] = typed
	}
	return body
}

// address returns the URL of the grant. A base with a path is the address of a
// server without Supabase's gateway.
func (supabase) address(base *url.URL, _ domain.SourceUser) string {
	address := *base
	if strings.Trim(base.Path, "/") == "" {
		address = *address.JoinPath("auth", "v1")
	}
	address = *address.JoinPath("token")
	query := address.Query()
	query.Set("grant_type", "password")
	address.RawQuery = query.Encode()
	return address.String()
}

func (supabase) answer(answer webclient.Answer) (domain.FindingKind, *domain.SourceUser, error) {
	switch answer.Status {
	case http.StatusOK:
		user, err := readSupabaseUser(answer.Body)
		return domain.PasswordAccepted, user, err
	case http.StatusBadRequest, http.StatusForbidden, http.StatusUnprocessableEntity:
		members := errorcodes.Read(answer.Body)
		code := members.Word("error_code") // beside it, older servers have the status in code
		if code == "" {
			code, _ = members.Code()
		}
		return supabaseRefusal(strings.ToLower(code), strings.ToLower(members.Word("error_description"))), nil, nil
	default:
		return 0, nil, nil
	}
}

func supabaseRefusal(code, description string) domain.FindingKind {
	switch code {
	case "invalid_grant": // older servers
		if strings.HasSuffix(strings.TrimRight(description, "."), "not confirmed") {
			return domain.UserUnconfirmed
		}
		return domain.PasswordWrong
	case "invalid_credentials":
		return domain.PasswordWrong
	case "user_not_found":
		return domain.UserUnknown
	case "email_not_confirmed", "phone_not_confirmed", "provider_email_needs_verification":
		return domain.UserUnconfirmed
	case "user_banned":
		return domain.UserDisabled
	case "user_sso_managed":
		return domain.UserFederated
	case "insufficient_aal":
		return domain.MFARequired
	default:
		return 0
	}
}

// readSupabaseUser reads the user of a session.
func readSupabaseUser(body []byte) (*domain.SourceUser, error) {
	var session struct {
		AccessToken string `json:"access_token"`
		User        struct {
			ID             profiles.Text       `json:"id"`
			Email          profiles.Text       `json:"email"`
			EmailConfirmed profiles.Text       `json:"email_confirmed_at"`
			Phone          profiles.Text       `json:"phone"`
			PhoneConfirmed profiles.Text       `json:"phone_confirmed_at"`
			AppMetadata    profiles.Attributes `json:"app_metadata"`
			UserMetadata   profiles.Attributes `json:"user_metadata"`
			Factors        []struct {
				Status     string `json:"status"`
				FactorType string `json:"factor_type"`
			} `json:"factors"`
		} `json:"user"`
	}
	if err := profiles.Read(body, &session); err != nil {
		return nil, err
	}
	profile := session.User
	if profile.Phone != "" && !strings.HasPrefix(string(profile.Phone), "+") {
		profile.Phone = "+" + profile.Phone // numbers are stored without the sign
	}
	user := &domain.SourceUser{
		Username: string(cmp.Or(profile.Email, profile.Phone)), Sub: string(profile.ID), Enabled: true, Attributes: domain.Attributes{},
	}
	if session.AccessToken == "" || user.Username == "" || user.Sub == "" {
		return nil, profiles.ErrFormat
	}
	profiles.Set(user, "sub", profile.ID)
	profiles.Set(user, "email", profile.Email)
	profiles.Set(user, "phone_number", profile.Phone)
	if profile.Email != "" {
		user.Attributes["email_verified"] = strconv.FormatBool(isTime(profile.EmailConfirmed))
	}
	if profile.Phone != "" {
		user.Attributes["phone_number_verified"] = strconv.FormatBool(isTime(profile.PhoneConfirmed))
	}
	for name, value := range profile.AppMetadata {
		if name != "phone_number" && name != "phone_number_verified" {
			profiles.SetOther(user, name, value)
		}
	}
	// Users can write their own metadata, so only names and other descriptions are taken.
	for _, name := range []string{
		"name", "given_name", "family_name", "middle_name", "nickname", "picture", "locale", "zoneinfo", "birthdate", "gender", "website", "profile",
	} {
		profiles.SetOther(user, name, profile.UserMetadata[name])
	}
	profiles.SetOther(user, "name", profile.UserMetadata["full_name"])
	profiles.SetOther(user, "picture", profile.UserMetadata["avatar_url"])
	for _, factor := range profile.Factors {
		if !strings.EqualFold(factor.Status, "unverified") { // an unknown status is not ignored
			user.MFA = append(user.MFA, supabaseMethod(factor.FactorType))
		}
	}
	return user, nil
}

// isTime reports whether the text is a time at which something happened. Any other
// value, such as false, confirms nothing; nor does Go's zero time.
func isTime(text profiles.Text) bool {
	at, err := time.Parse(time.RFC3339, string(text))
	return err == nil && at.Year() > 1
}

func supabaseMethod(factor string) domain.MFAMethod {
	switch factor {
	case "totp":
		return domain.MFASoftwareToken
	case "phone":
		return domain.MFASMS
	case "webauthn":
		return domain.MFAPasskey
	default:
		return domain.MFAOther
	}
}
