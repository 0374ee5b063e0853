package firebasesource

import (
	"errors"
	"net"
	"net/url"
	"strings"

	"cognito-user-migration/adapters/internal/errorcodes"
	"cognito-user-migration/adapters/internal/problem"
	"cognito-user-migration/adapters/internal/webclient"
	"cognito-user-migration/domain"
)

// Settings are the variables of a Firebase project as a source.
type Settings struct {
	APIKey         domain.Secret  `env:"API_KEY,required" takes:"an API key" desc:"A web API key of the project, without restrictions to websites, addresses or apps."`
	ServiceAccount domain.Secret  `env:"SERVICE_ACCOUNT" takes:"the JSON key of a service account, or its path" desc:"Looks users up without a password: required for forgot-password, completion and the report. docs/sources/firebase.md lists its roles."`
	ProjectID      ID             `env:"PROJECT_ID" takes:"a project ID" desc:"The Firebase project. Default: the project of \u0060SERVICE_ACCOUNT\u0060."`
	TenantID       ID             `env:"TENANT_ID" takes:"a tenant ID" desc:"The tenant of Identity Platform that has the users. Default: the project itself."`
	ErrorCodes     errorcodes.Map `env:"ERROR_CODES" takes:"CODE=FINDING, separated by commas" desc:"Findings, such as \u0060MY_CODE=sign_in_denied\u0060, for error codes that are unknown or have another meaning. Only findings that are always refused are allowed."`
	EmulatorHost   HostPort       `env:"EMULATOR_HOST" takes:"host:port" desc:"Ask Firebase's Auth emulator instead, as \u0060FIREBASE_AUTH_EMULATOR_HOST\u0060 does for Firebase's SDKs. For tests only."`
	Transport      webclient.Transport

	// Rules say for which findings a profile is read. They are not a variable of
	// the source.
	Rules domain.Rules
}

// service is the API of Firebase Authentication and Identity Platform.
const service = "https://identitytoolkit.googleapis.com"

// base is the URL of the API.
func (s *Settings) base() string {
	if s.EmulatorHost != "" {
		return s.emulator() + "/identitytoolkit.googleapis.com"
	}
	return service
}

func (s *Settings) emulator() string {
	if s.EmulatorHost == "" {
		return ""
	}
	return "http://" + string(s.EmulatorHost)
}

// Validate implements the settings of a source.
func (s *Settings) Validate(variable func(string) string) []error {
	problems := problem.List{Variable: variable}
	if key := s.APIKey.Reveal(); strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r > '~' }) {
		problems.Add("API_KEY", "expected an API key, which has only letters, digits, hyphens and underscores")
	}
	if !s.ServiceAccount.Empty() {
		account, err := readServiceAccount(s.ServiceAccount)
		switch {
		case err != nil:
			problems.Add("SERVICE_ACCOUNT", err.Error())
		case !s.Transport.Allows(account.TokenURI):
			problems.Add("SERVICE_ACCOUNT", "its token_uri is not an https URL")
		case account.ProjectID == "" && s.ProjectID == "":
			problems.Add("PROJECT_ID", "is required, because the key of "+variable("SERVICE_ACCOUNT")+" names no project")
		}
	} else if (s.ProjectID == "") != (s.EmulatorHost == "") {
		problems.Add("PROJECT_ID", "is used only with "+variable("SERVICE_ACCOUNT")+", and required with "+variable("EMULATOR_HOST"))
	}
	return append(problems.Found, s.Transport.Validate(variable, map[string]webclient.URL{"EMULATOR_HOST": webclient.URL(s.emulator())})...)
}

// LimitsAttempts implements the settings of a source. Firebase locks an account
// after many wrong passwords.
func (s *Settings) LimitsAttempts() bool { return true }

// LooksUp reports whether users can be looked up without a password.
func (s *Settings) LooksUp() bool {
	return !s.ServiceAccount.Empty() || s.EmulatorHost != ""
}

// Warnings lists settings that are valid but unwise.
func (s *Settings) Warnings(variable func(string) string) []string {
	warnings := s.Transport.Warnings(variable)
	if !s.LooksUp() {
		warnings = append(warnings, variable("SERVICE_ACCOUNT")+" is not set: users who forgot the password are refused")
	}
	if s.EmulatorHost != "" {
		warnings = append(warnings, variable("EMULATOR_HOST")+" is set: an emulator is asked instead of Firebase")
	}
	return warnings
}

// ID is the identifier of a project or a tenant. It is a part of URLs.
type ID string

// UnmarshalText implements [encoding.TextUnmarshaler].
func (i *ID) UnmarshalText(text []byte) error {
	if strings.ContainsFunc(string(text), func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("-_.:", r)
	}) {
		return errors.New("expected an ID of letters, digits and hyphens")
	}
	*i = ID(text)
	return nil
}

// HostPort is the address of an emulator.
type HostPort string

// UnmarshalText implements [encoding.TextUnmarshaler].
func (h *HostPort) UnmarshalText(text []byte) error {
	host, port, err := net.SplitHostPort(string(text))
	parsed, urlErr := url.Parse("http://" + string(text))
	if err != nil || host == "" || port == "" || urlErr != nil || parsed.Host != string(text) {
		return errors.New("expected host:port, such as 127.0.0.1:9099")
	}
	*h = HostPort(text)
	return nil
}
