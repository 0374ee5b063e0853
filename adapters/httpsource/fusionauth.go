package httpsource

import (
	"net/http"
	"net/url"

	"cognito-user-migration/adapters/internal/webclient"
	"cognito-user-migration/domain"
)

// fusionAuth is the contract of FusionAuth's generic connector ("Generic
// Connector", FusionAuth Docs): one POST, and the user in the answer. The answer
// has the form of the Login API's ("Login", FusionAuth Docs), whose statuses are
// read too, so that a FusionAuth itself can be asked at its /api/login.
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

// What the Login API says beside success and failure.
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
			return domain.SignInDenied, nil, nil // no user of that application
		}
		return f.accepted(answer.Body)
	case fusionChangePassword:
		// Without the user in the answer, there is nobody to be moved.
		return domain.ChallengeUnsupported, nil, nil
	case fusionTwoFactor:
		return domain.MFARequired, &domain.SourceUser{}, nil
	case http.StatusNotFound: // no such user, or another password
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

// fusionUser is the answer's user, as far as a user pool has a place for it
// ("Connectors Overview", FusionAuth Docs, says which fields are required).
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

// fusionMethod is a second factor in Cognito's words. One that Cognito does not
// know counts all the same: nobody is to lose it in silence.
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

// phoneOf is the first of the numbers that a user pool takes or, where it takes
// none, the first that there is.
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
