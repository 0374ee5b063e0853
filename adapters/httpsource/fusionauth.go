package httpsource

import (
	"net/http"
	"net/url"

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
		ID                     text              `json:"id"`
		Active                 flag              `json:"active"`
		Username               text              `json:"username"`
		Email                  text              `json:"email"`
		Verified               flag              `json:"verified"`
		PhoneNumber            text              `json:"phoneNumber"`
		MobilePhone            text              `json:"mobilePhone"`
		FirstName              text              `json:"firstName"`
		MiddleName             text              `json:"middleName"`
		LastName               text              `json:"lastName"`
		FullName               text              `json:"fullName"`
		BirthDate              text              `json:"birthDate"`
		ImageURL               text              `json:"imageUrl"`
		Timezone               text              `json:"timezone"`
		PreferredLanguages     values            `json:"preferredLanguages"`
		PasswordChangeRequired flag              `json:"passwordChangeRequired"`
		Data                   map[string]values `json:"data"`
		TwoFactor              struct {
			Methods []struct {
				Method text `json:"method"`
			} `json:"methods"`
		} `json:"twoFactor"`
	} `json:"user"`
}

func readFusionUser(body []byte) (*domain.SourceUser, error) {
	var answer fusionUser
	if err := read(body, &answer); err != nil {
		return nil, err
	}
	profile := answer.User
	user := &domain.SourceUser{
		Username:   string(firstOf(profile.Username, profile.Email, profile.PhoneNumber)),
		Sub:        string(profile.ID),
		Enabled:    profile.Active != no,
		Attributes: domain.Attributes{},
	}
	if user.Username == "" || user.Sub == "" {
		return nil, errNotJSON
	}
	set(user, "sub", profile.ID)
	set(user, "email", profile.Email)
	set(user, "email_verified", text(profile.Verified))
	set(user, "phone_number", phoneOf(profile.PhoneNumber, profile.MobilePhone))
	set(user, "given_name", profile.FirstName)
	set(user, "middle_name", profile.MiddleName)
	set(user, "family_name", profile.LastName)
	set(user, "name", profile.FullName)
	set(user, "birthdate", profile.BirthDate)
	set(user, "picture", profile.ImageURL)
	set(user, "zoneinfo", profile.Timezone)
	setOther(user, "locale", profile.PreferredLanguages)
	for name, value := range profile.Data {
		setOther(user, name, value)
	}
	if profile.PasswordChangeRequired == yes {
		user.Status = domain.StatusForceChangePassword
	}
	for _, method := range profile.TwoFactor.Methods {
		user.MFA = append(user.MFA, fusionMethod(method.Method))
	}
	return user, nil
}

// fusionMethod returns a second factor with Cognito's name. A factor that
// Cognito does not know counts too, so that it is never silently lost.
func fusionMethod(method text) domain.MFAMethod {
	switch method {
	case "authenticator":
		return domain.MFASoftwareToken
	case "sms":
		return domain.MFASMS
	case "email":
		return domain.MFAEmail
	default:
		return "OTHER"
	}
}

// phoneOf returns the first number that a user pool accepts, or else the first
// number.
func phoneOf(numbers ...text) text {
	for _, number := range numbers {
		if fitted, ok := domain.FitStandardAttribute("phone_number", string(number)); ok && fitted != "" {
			return number
		}
	}
	return firstOf(numbers...)
}

func firstOf(texts ...text) text {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}
