package httpsource

import (
	"fmt"
	"net/http"
	"net/textproto"
	"slices"
	"strings"

	"cognito-user-migration/adapters/internal/errorcodes"
	"cognito-user-migration/adapters/internal/problem"
	"cognito-user-migration/adapters/internal/webclient"
	"cognito-user-migration/domain"
)

// Settings are the variables of a custom service as a source.
type Settings struct {
	URL           webclient.URL  `env:"URL,required" takes:"an https URL" desc:"The URL of the service. With \u0060keycloak\u0060, the part before \u0060/{username}\u0060. With \u0060okta_authn\u0060 and \u0060supabase\u0060, the address of the organization or project."`
	Contract      Contract       `env:"CONTRACT" envDefault:"keycloak" takes:"keycloak, fusionauth, kratos, okta, okta_authn, supabase" desc:"The HTTP contract of the service. docs/sources/http.md describes each one."`
	ProfileURL    webclient.URL  `env:"PROFILE_URL" takes:"an https URL with {username}" desc:"(\u0060kratos\u0060, \u0060okta\u0060) The URL of a user's profile. Without it, the profile has only the submitted identifier."`
	PasswordBy    PasswordBy     `env:"PASSWORD_BY" envDefault:"username" takes:"username, id" desc:"(\u0060keycloak\u0060) The value in the URL of the password check: the username, or the ID in the profile."`
	ApplicationID string         `env:"APPLICATION_ID" takes:"a FusionAuth application ID" desc:"(\u0060fusionauth\u0060) Sent as applicationId."`
	APIToken      domain.Secret  `env:"API_TOKEN" takes:"an Okta API token" desc:"(\u0060okta_authn\u0060) Reads profiles and second factors. Without it, the profile has only what the sign-in tells, and users who forgot the password are refused."`
	BasicUsername string         `env:"BASIC_USERNAME" takes:"a username" desc:"The function's username at the service (HTTP Basic)."`
	BasicPassword domain.Secret  `env:"BASIC_PASSWORD" takes:"its password" desc:"Required with \u0060BASIC_USERNAME\u0060."`
	BearerToken   domain.Secret  `env:"BEARER_TOKEN" takes:"a token" desc:"The function's bearer token at the service."`
	Headers       domain.Secret  `env:"HEADERS" takes:"Name: value, separated by semicolons or lines" desc:"Additional request headers, such as an API key."`
	ErrorCodes    errorcodes.Map `env:"ERROR_CODES" takes:"CODE=FINDING, separated by commas" desc:"Findings, such as \u0060418=user_unknown\u0060, for responses that the contract does not define. A code is an HTTP status, or the error code in the response. docs/sources/http.md lists the findings."`
	Transport     webclient.Transport

	// VerifiedContacts says whose verification of contacts counts. It is not a
	// variable of the source. Empty means the service's.
	VerifiedContacts domain.VerifiedContacts
}

// Validate implements the settings of a source.
func (s *Settings) Validate(variable func(string) string) []error {
	problems := problem.List{Variable: variable}
	if s.ProfileURL != "" && !s.Contract.yesOrNo() {
		problems.Add("PROFILE_URL", "is used only with "+variable("CONTRACT")+"=kratos or okta; the other contracts define where the profile is")
	}
	if s.ProfileURL != "" && !strings.Contains(string(s.ProfileURL), placeholder) {
		problems.Add("PROFILE_URL", "expected an https URL with "+placeholder+" in it")
	}
	if s.PasswordBy == PasswordByID && s.Contract != Keycloak {
		problems.Add("PASSWORD_BY", "is used with "+variable("CONTRACT")+"=keycloak alone")
	}
	if s.ApplicationID != "" && s.Contract != FusionAuth {
		problems.Add("APPLICATION_ID", "is used with "+variable("CONTRACT")+"=fusionauth alone")
	}
	if !s.APIToken.Empty() && s.Contract != OktaAuthn {
		problems.Add("API_TOKEN", "is used with "+variable("CONTRACT")+"=okta_authn alone")
	}
	if strings.ContainsFunc(s.APIToken.Reveal(), isControl) {
		problems.Add("API_TOKEN", "contains a control character, such as a line break; remove it")
	}
	if s.Contract == OktaAuthn && (s.BasicUsername != "" || !s.BearerToken.Empty()) {
		problems.Add("CONTRACT", "okta_authn has no credentials but "+variable("API_TOKEN")+"; remove "+variable("BASIC_USERNAME")+" and "+variable("BEARER_TOKEN"))
	}
	if (s.BasicUsername == "") != s.BasicPassword.Empty() {
		problems.Add("BASIC_USERNAME", "is required with "+variable("BASIC_PASSWORD")+"; set both or neither")
	}
	if s.BasicUsername != "" && !s.BearerToken.Empty() {
		problems.Add("BEARER_TOKEN", "contradicts "+variable("BASIC_USERNAME"))
	}
	for _, code := range s.ErrorCodes.Codes() {
		if len(code) == 3 && code[0] == '2' && strings.Trim(code, "0123456789") == "" {
			problems.Add("ERROR_CODES", "a status of 200 to 299 is not allowed: the contract defines its meaning; remove the entry")
		}
	}
	if strings.ContainsFunc(s.BearerToken.Reveal(), isControl) {
		problems.Add("BEARER_TOKEN", "contains a control character, such as a line break; remove it")
	} else if _, err := s.header(); err != nil {
		problems.Add("HEADERS", err.Error())
	}
	return append(problems.Found, s.Transport.Validate(variable, map[string]webclient.URL{"URL": s.URL, "PROFILE_URL": s.ProfileURL})...)
}

// Warnings lists settings that are valid but unwise.
func (s *Settings) Warnings(variable func(string) string) []string {
	warnings := s.Transport.Warnings(variable)
	if s.Contract.yesOrNo() && s.ProfileURL == "" {
		warnings = append(warnings, variable("PROFILE_URL")+" is not set: users are migrated without a profile, and users who forgot the password are refused")
	}
	if s.Contract == OktaAuthn && s.APIToken.Empty() {
		warnings = append(warnings, variable("API_TOKEN")+" is not set: users are migrated with their login and name alone, and users who forgot the password are refused")
	}
	return warnings
}

// LimitsAttempts implements the settings of a source. Okta locks accounts out. The
// other contracts do not require a service to count attempts, and it is not known
// whether it does.
func (s *Settings) LimitsAttempts() bool {
	return s.Contract == OktaAuthn
}

// LooksUp reports whether the service can be asked about users without a
// password.
func (s *Settings) LooksUp() bool {
	return s.Contract == Keycloak || s.ProfileURL != "" || !s.APIToken.Empty()
}

// placeholder stands for the username in [Settings.ProfileURL].
const placeholder = "{username}"

// header returns the additional request headers. Its error identifies an entry
// by number, because entries may contain secrets.
func (s *Settings) header() (http.Header, error) {
	header := make(http.Header)
	switch {
	case s.BasicUsername != "":
		request := http.Request{Header: header}
		request.SetBasicAuth(s.BasicUsername, s.BasicPassword.Reveal())
	case !s.BearerToken.Empty():
		header.Set("Authorization", "Bearer "+s.BearerToken.Reveal())
	}
	separator := ";"
	if strings.Contains(s.Headers.Reveal(), "\n") {
		separator = "\n" // so that a value can contain a semicolon
	}
	for i, entry := range strings.Split(s.Headers.Reveal(), separator) {
		if entry = strings.TrimSpace(entry); entry == "" {
			continue
		}
		name, value, found := strings.Cut(entry, ":")
		name, value = textproto.CanonicalMIMEHeaderKey(strings.TrimSpace(name)), strings.TrimSpace(value)
		if !found || !isToken(name) || strings.ContainsFunc(value, isControl) {
			return nil, fmt.Errorf("entry %d: expected Name: value", i+1)
		}
		if slices.Contains([]string{"Host", "Connection", "Content-Length", "Content-Type", "Transfer-Encoding", "Upgrade", "Trailer", "Te"}, name) {
			return nil, fmt.Errorf("entry %d: this header is set by HTTP itself; remove the entry", i+1)
		}
		if _, twice := header[name]; twice {
			return nil, fmt.Errorf("entry %d: this header is already set; remove the entry", i+1)
		}
		header.Set(name, value)
	}
	return header, nil
}

func isControl(r rune) bool {
	return r < ' ' && r != '\t' || r == 0x7f
}

// isToken reports whether the text can be a header's name (RFC 9110, 5.6.2).
func isToken(name string) bool {
	return name != "" && !strings.ContainsFunc(name, func(r rune) bool {
		return (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && (r < '0' || r > '9') && !strings.ContainsRune("!#$%&'*+-.^_`|~", r)
	})
}

// Contract is the protocol of a service.
type Contract string

// Contracts.
const (
	// Keycloak is the REST contract of the plugin keycloak-user-migration.
	Keycloak Contract = "keycloak"
	// FusionAuth is the contract of its generic connector.
	FusionAuth Contract = "fusionauth"
	// Kratos is the contract of Ory Kratos' password migration hook.
	Kratos Contract = "kratos"
	// Okta is the contract of its password import inline hook.
	Okta Contract = "okta"
	// OktaAuthn is Okta's own Authentication API.
	OktaAuthn Contract = "okta_authn"
	// Supabase is the password grant of Supabase Auth (GoTrue).
	Supabase Contract = "supabase"
)

// UnmarshalText implements [encoding.TextUnmarshaler]. An error lists the choices.
func (c *Contract) UnmarshalText(text []byte) error {
	return domain.Choose(c, text, Keycloak, FusionAuth, Kratos, Okta, OktaAuthn, Supabase)
}

// yesOrNo reports whether the contract has no profile.
func (c Contract) yesOrNo() bool {
	return c == Kratos || c == Okta
}

// PasswordBy is the identifier that is sent with a password.
type PasswordBy string

// Identifiers; the plugin has a switch for them.
const (
	PasswordByUsername PasswordBy = "username"
	PasswordByID       PasswordBy = "id"
)

// UnmarshalText implements [encoding.TextUnmarshaler]. An error lists the choices.
func (p *PasswordBy) UnmarshalText(text []byte) error {
	return domain.Choose(p, text, PasswordByUsername, PasswordByID)
}
