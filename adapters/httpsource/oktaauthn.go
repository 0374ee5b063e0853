package httpsource

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"cognito-user-migration/adapters/internal/errorcodes"
	"cognito-user-migration/adapters/internal/profiles"
	"cognito-user-migration/adapters/internal/webclient"
	"cognito-user-migration/domain"
)

// oktaAuthn is the contract of Okta itself: primary authentication at
// /api/v1/authn ("Authentication API", Okta Developer). Profiles come from the
// users API ("Users", Okta Developer).
type oktaAuthn struct{}

const oktaAuthnPath = "/api/v1/authn"

// oktaBase is the organization's address, also where the operator set the one of
// the API.
func oktaBase(base *url.URL) *url.URL {
	address := *base
	address.Path, address.RawPath = strings.TrimSuffix(strings.TrimSuffix(base.Path, "/"), oktaAuthnPath), ""
	return &address
}

func oktaUsers(base *url.URL) *url.URL {
	return oktaBase(base).JoinPath("api", "v1", "users")
}

func (oktaAuthn) question(user domain.SourceUser, _, password string) any {
	type options struct {
		// With true, a password that expires soon would end in PASSWORD_WARN.
		WarnBeforePasswordExpired bool `json:"warnBeforePasswordExpired"`
		MultiOptionalFactorEnroll bool `json:"multiOptionalFactorEnroll"`
	}
	return struct {
		Username string  `json:"username"`
		Password string  `json:"password"`
		Options  options `json:"options"`
	}{user.Username, password, options{}}
}

func (oktaAuthn) address(base *url.URL, _ domain.SourceUser) string {
	return oktaBase(base).JoinPath(oktaAuthnPath).String()
}

// oktaTransaction is the response of primary authentication.
type oktaTransaction struct {
	Status     string `json:"status"`
	StateToken string `json:"stateToken"`
	Embedded   struct {
		User struct {
			ID      profiles.Text `json:"id"`
			Profile struct {
				Login     profiles.Text `json:"login"`
				FirstName profiles.Text `json:"firstName"`
				LastName  profiles.Text `json:"lastName"`
				Locale    profiles.Text `json:"locale"`
				TimeZone  profiles.Text `json:"timeZone"`
			} `json:"profile"`
		} `json:"user"`
		Factors []oktaFactor `json:"factors"`
	} `json:"_embedded"`
}

// States of a transaction.
const (
	oktaSuccess  = "SUCCESS"
	oktaWarn     = "PASSWORD_WARN"
	oktaExpired  = "PASSWORD_EXPIRED"
	oktaLocked   = "LOCKED_OUT"
	oktaEnroll   = "MFA_ENROLL"
	oktaActivate = "MFA_ENROLL_ACTIVATE"
	oktaRequired = "MFA_REQUIRED"
	oktaMFA      = "MFA_CHALLENGE"
)

// next skips the warning about a password that expires soon. Only the response to
// that says whether a second factor is required.
func (oktaAuthn) next(base *url.URL, answer webclient.Answer) (address string, body any, more bool) {
	var said oktaTransaction
	if answer.Status != http.StatusOK || profiles.Read(answer.Body, &said) != nil || said.Status != oktaWarn || said.StateToken == "" {
		return "", nil, false
	}
	return oktaBase(base).JoinPath(oktaAuthnPath, "skip").String(), map[string]string{"stateToken": said.StateToken}, true
}

func (oktaAuthn) answer(answer webclient.Answer) (domain.FindingKind, *domain.SourceUser, error) {
	if answer.Status != http.StatusOK {
		kind := oktaRefusal(answer)
		if kind == domain.ResetRequired {
			return kind, &domain.SourceUser{Enabled: true}, nil
		}
		return kind, nil, nil
	}
	var said oktaTransaction
	if err := profiles.Read(answer.Body, &said); err != nil || said.Status == "" {
		return 0, nil, profiles.ErrFormat
	}
	user := said.user()
	switch said.Status {
	case oktaSuccess:
		if user.Username == "" || user.Sub == "" {
			return 0, nil, profiles.ErrFormat
		}
		return domain.PasswordAccepted, &user, nil
	case oktaLocked:
		return domain.LockedOut, nil, nil
	case oktaExpired:
		// No contact is known, and no second factor. With look-ups, both are read.
		return domain.ResetRequired, &domain.SourceUser{Username: user.Username, Sub: user.Sub, Enabled: true}, nil
	case oktaRequired, oktaMFA:
		user.MFA = oktaMethods(said.Embedded.Factors, false)
		return domain.MFARequired, &user, nil
	case oktaEnroll, oktaActivate: // a factor is required, and the user has none yet
		return domain.MFARequired, &user, nil
	default: // a recovery, or a state that is not known here
		return domain.ChallengeUnsupported, nil, nil
	}
}

// oktaRefusal reads an error ("Okta API error codes", Okta Developer). It returns 0
// for an error that is not about the user.
func oktaRefusal(answer webclient.Answer) domain.FindingKind {
	if answer.Status/100 != 4 || answer.Status == http.StatusTooManyRequests {
		return 0
	}
	code, _ := errorcodes.Read(answer.Body).Code()
	switch strings.ToUpper(code) {
	case "E0000004": // also an unknown user, and a locked one where the policy hides it
		return domain.PasswordWrong
	case "E0000069", "E0000119":
		return domain.LockedOut
	case "E0000064":
		return domain.ResetRequired
	default:
		return 0
	}
}

func (o oktaTransaction) user() domain.SourceUser {
	profile := o.Embedded.User.Profile
	user := profiles.Named(string(profile.Login))
	user.Sub = string(o.Embedded.User.ID)
	profiles.Set(&user, "sub", o.Embedded.User.ID)
	profiles.Set(&user, "given_name", profile.FirstName)
	profiles.Set(&user, "family_name", profile.LastName)
	profiles.Set(&user, "locale", profile.Locale)
	profiles.Set(&user, "zoneinfo", profile.TimeZone)
	return user
}

// oktaFactor is a second factor of a user ("User Factors", Okta Developer).
type oktaFactor struct {
	FactorType string `json:"factorType"`
	Status     string `json:"status"`
}

// oktaMethods returns the factors with Cognito's names. A factor that Cognito does
// not know counts too.
func oktaMethods(factors []oktaFactor, onlyActive bool) []domain.MFAMethod {
	var methods []domain.MFAMethod
	for _, factor := range factors {
		if onlyActive && factor.Status != "ACTIVE" {
			continue
		}
		method := domain.MFAOther
		switch factor.FactorType {
		case "sms":
			method = domain.MFASMS
		case "email":
			method = domain.MFAEmail
		case "token:software:totp":
			method = domain.MFASoftwareToken
		case "webauthn", "u2f":
			method = domain.MFAPasskey
		}
		methods = append(methods, method)
	}
	return methods
}

// readOktaFactors reads the list of a user's factors.
func readOktaFactors(body []byte) ([]domain.MFAMethod, error) {
	var factors *[]oktaFactor
	if err := profiles.Read(body, &factors); err != nil || factors == nil {
		return nil, profiles.ErrFormat
	}
	return oktaMethods(*factors, true), nil
}

// readOktaUser reads a profile of the users API.
func readOktaUser(body []byte) (*domain.SourceUser, error) {
	var profile struct {
		ID          profiles.Text              `json:"id"`
		Status      string                     `json:"status"`
		Profile     map[string]profiles.Values `json:"profile"`
		Credentials struct {
			Emails []struct {
				Value  string `json:"value"`
				Status string `json:"status"`
			} `json:"emails"`
			Provider struct {
				Type string `json:"type"`
			} `json:"provider"`
		} `json:"credentials"`
	}
	if err := profiles.Read(body, &profile); err != nil {
		return nil, err
	}
	own := func(name string) profiles.Text {
		if value := profile.Profile[name]; len(value) > 0 {
			return profiles.Text(value[0])
		}
		return ""
	}
	login := own("login")
	if login == "" || profile.ID == "" || profiles.Climbs(string(login)) || profiles.Climbs(string(profile.ID)) {
		return nil, profiles.ErrFormat
	}
	user := &domain.SourceUser{Username: string(login), Sub: string(profile.ID), Enabled: true, Attributes: domain.Attributes{}}
	switch profile.Status {
	case "ACTIVE":
		user.Status = domain.StatusConfirmed
	case "LOCKED_OUT":
		return nil, errLockedOut
	case "STAGED", "PROVISIONED":
		user.Status = domain.StatusUnconfirmed
	case "RECOVERY", "PASSWORD_EXPIRED":
		user.Status = domain.StatusResetRequired
	default: // SUSPENDED, DEPROVISIONED, and a status that is not known here
		user.Enabled = false
	}
	switch profile.Credentials.Provider.Type {
	case "FEDERATION", "SOCIAL":
		user.Status = domain.StatusExternalProvider
	}
	profiles.Set(user, "sub", profile.ID)
	profiles.Set(user, "email", own("email"))
	for _, email := range profile.Credentials.Emails {
		if own("email") != "" && strings.EqualFold(email.Value, string(own("email"))) {
			user.Attributes["email_verified"] = strconv.FormatBool(email.Status == "VERIFIED")
		}
	}
	names := map[string]string{
		"firstName": "given_name", "middleName": "middle_name", "lastName": "family_name", "displayName": "name", "nickName": "nickname",
		"mobilePhone": "phone_number", "profileUrl": "profile", "timezone": "zoneinfo", "login": "",
	}
	for name, value := range profile.Profile {
		attribute, renamed := names[name]
		switch {
		case attribute != "":
			profiles.Set(user, attribute, own(name))
		case !renamed:
			profiles.SetOther(user, name, value) // also the organization's own fields
		}
	}
	return user, nil
}
