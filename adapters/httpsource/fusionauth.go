package httpsource

import (
	"cmp"
	"net/http"
	"net/url"

	"cognito-user-migration/adapters/internal/profiles"
	"cognito-user-migration/adapters/internal/webclient"
	"cognito-user-migration/domain"
)

// fusionAuth is the contract of FusionAuth's generic connector ("Generic
// Connector", FusionAuth Docs): one POST that returns the user. The response
// has the form of the Login API ("Login", FusionAuth Docs). Its statuses are
// read too, so a FusionAuth server itself can be asked at /api/login.
type fusionAuth struct {
	applicationID string
}

func (f fusionAuth) question(_ domain.SourceUser, typed, password string) any {
	return struct {
		LoginID       string `json:"loginId"`
		Password      string `json:"password"`
		ApplicationID string `json:"applicationId,omitempty"`
		NoJWT         bool   `json:"noJWT"`
	}{typed, password, f.applicationID, true}
}

func (fusionAuth) address(base *url.URL, _ domain.SourceUser) string {
	return base.String()
}

// Statuses of the Login API besides success and failure.
const (
	fusionNotRegistered        = 202
	fusionChangePassword       = 203
	fusionEmailUnverified      = 212
	fusionRegistrationUnproved = 213
	fusionTwoFactor            = 242
)

func (f fusionAuth) answer(answer webclient.Answer) (domain.FindingKind, *domain.SourceUser, error) {
	switch answer.Status {
	case http.StatusOK, fusionEmailUnverified, fusionRegistrationUnproved:
		return f.accepted(answer.Body)
	case fusionNotRegistered:
		if f.applicationID != "" {
			return domain.SignInDenied, nil, nil // the user is not registered for that application
		}
		return f.accepted(answer.Body)
	case fusionChangePassword:
		// Without the user in the response, no user can migrate.
		return domain.ChallengeUnsupported, nil, nil
	case fusionTwoFactor:
		return domain.MFARequired, &domain.SourceUser{}, nil
	case http.StatusNotFound: // unknown user or wrong password
		return domain.PasswordWrong, nil, nil
	case http.StatusConflict:
		return domain.SignInDenied, nil, nil
	case http.StatusGone:
		return domain.UserDisabled, nil, nil
	case http.StatusLocked:
		return domain.LockedOut, nil, nil
	default:
		return 0, nil, nil
	}
}

func (fusionAuth) accepted(body []byte) (domain.FindingKind, *domain.SourceUser, error) {
	user, err := readFusionUser(body)
	return domain.PasswordAccepted, user, err
}

// fusionUser is the user in the response, with the fields that a user pool can
// store ("Connectors Overview", FusionAuth Docs, lists the required fields).
type fusionUser struct {
	User struct {
		ID                     profiles.Text       `json:"id"`
		Active                 profiles.Flag       `json:"active"`
		Username               profiles.Text       `json:"username"`
		Email                  profiles.Text       `json:"email"`
		Verified               profiles.Flag       `json:"verified"`
		PhoneNumber            profiles.Text       `json:"phoneNumber"`
		MobilePhone            profiles.Text       `json:"mobilePhone"`
		FirstName              profiles.Text       `json:"firstName"`
		MiddleName             profiles.Text       `json:"middleName"`
		LastName               profiles.Text       `json:"lastName"`
		FullName               profiles.Text       `json:"fullName"`
		BirthDate              profiles.Text       `json:"birthDate"`
		ImageURL               profiles.Text       `json:"imageUrl"`
		Timezone               profiles.Text       `json:"timezone"`
		PreferredLanguages     profiles.Values     `json:"preferredLanguages"`
		PasswordChangeRequired profiles.Flag       `json:"passwordChangeRequired"`
		Data                   profiles.Attributes `json:"data"`
		TwoFactor              struct {
			Methods []struct {
				Method profiles.Text `json:"method"`
			} `json:"methods"`
		} `json:"twoFactor"`
	} `json:"user"`
}

func readFusionUser(body []byte) (*domain.SourceUser, error) {
	var answer fusionUser
	if err := profiles.Read(body, &answer); err != nil {
		return nil, err
	}
	profile := answer.User
	user := &domain.SourceUser{
		Username:   string(cmp.Or(profile.Username, profile.Email, profile.PhoneNumber)),
		Sub:        string(profile.ID),
		Enabled:    profile.Active != profiles.No,
		Attributes: domain.Attributes{},
	}
	if user.Username == "" || user.Sub == "" {
		return nil, profiles.ErrFormat
	}
	profiles.Set(user, "sub", profile.ID)
	profiles.Set(user, "email", profile.Email)
	profiles.Set(user, "email_verified", profiles.Text(profile.Verified))
	profiles.Set(user, "phone_number", phoneOf(profile.PhoneNumber, profile.MobilePhone))
	profiles.Set(user, "given_name", profile.FirstName)
	profiles.Set(user, "middle_name", profile.MiddleName)
	profiles.Set(user, "family_name", profile.LastName)
	profiles.Set(user, "name", profile.FullName)
	profiles.Set(user, "birthdate", profile.BirthDate)
	profiles.Set(user, "picture", profile.ImageURL)
	profiles.Set(user, "zoneinfo", profile.Timezone)
	profiles.SetOther(user, "locale", profile.PreferredLanguages)
	for name, value := range profile.Data {
		profiles.SetOther(user, name, value)
	}
	if profile.PasswordChangeRequired == profiles.Yes {
		user.Status = domain.StatusForceChangePassword
	}
	for _, method := range profile.TwoFactor.Methods {
		user.MFA = append(user.MFA, fusionMethod(method.Method))
	}
	return user, nil
}

// fusionMethod returns a second factor with Cognito's name. A factor that
// Cognito does not know counts too, so that it is never silently lost.
func fusionMethod(method profiles.Text) domain.MFAMethod {
	switch method {
	case "authenticator":
		return domain.MFASoftwareToken
	case "sms":
		return domain.MFASMS
	case "email":
		return domain.MFAEmail
	default:
		return domain.MFAOther
	}
}

// phoneOf returns the first number that a user pool accepts, or else the first
// number.
func phoneOf(numbers ...profiles.Text) profiles.Text {
	for _, number := range numbers {
		if fitted, ok := domain.FitStandardAttribute("phone_number", string(number)); ok && fitted != "" {
			return number
		}
	}
	return cmp.Or(numbers...)
}
