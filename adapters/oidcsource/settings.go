package oidcsource

import (
	"cognito-user-migration/adapters/internal/errorcodes"
	"cognito-user-migration/adapters/internal/problem"
	"cognito-user-migration/adapters/internal/webclient"
	"cognito-user-migration/domain"
)

// Settings are the variables of an OAuth 2 provider as a source.
type Settings struct {
	Preset        Preset         `env:"PRESET" takes:"b2c, entra, auth0, okta, keycloak, cognito" desc:"A provider whose endpoints, scopes, claims and codes are known. Its own few settings follow; every other setting replaces the preset's value. docs/sources/oidc.md says what each preset sets."`
	Domain        Domain         `env:"DOMAIN" takes:"a host name, or an https URL" desc:"(\u0060PRESET\u0060) The address of the provider, such as \u0060acme.eu.auth0.com\u0060. Default: the public one of \u0060b2c\u0060, \u0060entra\u0060 and \u0060cognito\u0060."`
	Tenant        Tenant         `env:"TENANT" takes:"a tenant's name, domain or ID" desc:"(\u0060PRESET=b2c\u0060, \u0060entra\u0060) The tenant."`
	Policy        string         `env:"POLICY" takes:"the name of a policy" desc:"(\u0060PRESET=b2c\u0060) The policy or user flow for the password grant, such as \u0060B2C_1_ROPC\u0060."`
	Realm         string         `env:"REALM" takes:"the name of a realm or connection" desc:"With \u0060PRESET=keycloak\u0060, the realm. With \u0060PRESET=auth0\u0060 or without a preset, use Auth0's password-realm grant with this connection."`
	UserPoolID    UserPoolID     `env:"USER_POOL_ID" takes:"the ID of a user pool" desc:"(\u0060PRESET=cognito\u0060) The user pool. Its passwords are checked by InitiateAuth, with an app client that allows \u0060USER_PASSWORD_AUTH\u0060."`
	Issuer        webclient.URL  `env:"ISSUER" takes:"an https URL" desc:"The issuer identifier of the OpenID provider. Endpoints that are not set below are found by discovery. Default: the preset's."`
	TokenURL      webclient.URL  `env:"TOKEN_URL" takes:"an https URL" desc:"The token endpoint, instead of discovery."`
	UserinfoURL   webclient.URL  `env:"USERINFO_URL" takes:"an https URL" desc:"The userinfo endpoint, instead of discovery."`
	JWKSURL       webclient.URL  `env:"JWKS_URL" takes:"an https URL" desc:"The URL of the keys that sign ID tokens, instead of discovery."`
	ClientID      string         `env:"CLIENT_ID,required" takes:"a client ID" desc:"A client of the provider. It must be allowed to use the password grant."`
	ClientSecret  domain.Secret  `env:"CLIENT_SECRET" takes:"the client's secret" desc:"Required if the client has a secret."`
	AuthStyle     AuthStyle      `env:"AUTH_STYLE" takes:"basic, post" desc:"How the client authenticates: HTTP Basic, or parameters in the form. Default: the preset's, or basic, with a secret; post without."`
	Scope         string         `env:"SCOPE" takes:"scopes, separated by spaces" desc:"The requested scopes. Default: the preset's, or \u0060openid profile email\u0060."`
	Audience      string         `env:"AUDIENCE" takes:"the identifier of an API" desc:"Sent as audience (Auth0)."`
	Profile       Profile        `env:"PROFILE" takes:"id_token, userinfo" desc:"Where the profile is read: from the verified ID token, or from the userinfo endpoint, which is one more request. Default: the preset's, or \u0060id_token\u0060."`
	UsernameClaim string         `env:"USERNAME_CLAIM" takes:"a claim" desc:"This claim is the username if it equals the submitted identifier. Otherwise the sub is the username. Default: the preset's, or \u0060preferred_username\u0060."`
	GroupsClaim   string         `env:"GROUPS_CLAIM" takes:"a claim" desc:"The claim with the user's groups. Default: the preset's, or \u0060groups\u0060."`
	MFAClaim      string         `env:"MFA_CLAIM" takes:"a claim" desc:"The claim with the user's second factors, or whether there is one. Without it, only the provider's errors tell. docs/second-factors.md lists the words."`
	Claims        ClaimMap       `env:"CLAIMS" takes:"attribute=claim, separated by commas" desc:"Attributes whose claim has another name: \u0060phone_number=mobile\u0060. The first value of a list is taken. An entry replaces the preset's entry for the same attribute."`
	ErrorCodes    errorcodes.Map `env:"ERROR_CODES" takes:"CODE=FINDING, separated by commas" desc:"Findings, such as \u0060locked_by_admin=locked_out\u0060, for codes that are unknown or have another meaning at the provider. Only findings that are always refused are allowed. docs/sources/oidc.md lists them."`
	Transport     webclient.Transport
}

// Validate implements the settings of a source.
func (s *Settings) Validate(variable func(string) string) []error {
	problems := problem.List{Variable: variable}
	p := s.planned()
	discovers := s.TokenURL == ""
	p.validatePreset(*s, variable, problems.Add)
	switch {
	case s.Preset != "":
	case discovers && s.Issuer == "":
		problems.Add("ISSUER", "is required, unless "+variable("TOKEN_URL")+" is given; expected an https URL")
	case discovers && (s.UserinfoURL != "" || s.JWKSURL != ""):
		problems.Add("TOKEN_URL", "is required with "+variable("USERINFO_URL")+" and "+variable("JWKS_URL")+", because they replace discovery")
	case discovers:
	case p.Profile == ProfileUserinfo && s.UserinfoURL == "":
		problems.Add("USERINFO_URL", "is required with "+variable("TOKEN_URL")+" and "+variable("PROFILE")+"=userinfo")
	case p.Profile == ProfileIDToken && (s.JWKSURL == "" || s.Issuer == ""):
		problems.Add("JWKS_URL", "is required with "+variable("TOKEN_URL")+" and "+variable("PROFILE")+"=id_token, and so is "+variable("ISSUER")+", to verify ID tokens")
	}
	if s.AuthStyle == AuthBasic && s.ClientSecret.Empty() {
		problems.Add("AUTH_STYLE", "expected post, because "+variable("CLIENT_SECRET")+" is not set")
	}
	return append(problems.Found, s.Transport.Validate(variable, map[string]webclient.URL{
		inputDomain: webclient.URL(s.Domain), "ISSUER": s.Issuer, "TOKEN_URL": s.TokenURL, "USERINFO_URL": s.UserinfoURL, "JWKS_URL": s.JWKSURL,
	})...)
}

// LimitsAttempts implements the settings of a source. Identity providers can
// limit attempts at the token endpoint.
func (s *Settings) LimitsAttempts() bool { return true }

// LooksUp returns false, because the grant needs a password.
func (s *Settings) LooksUp() bool { return false }

// Warnings lists settings that are valid but unwise.
func (s *Settings) Warnings(variable func(string) string) []string {
	return append(s.Transport.Warnings(variable),
		variable("KIND")+"=oidc cannot look up users without their password, so users who forgot the password are refused")
}

// AuthStyle is how the client authenticates (RFC 6749, 2.3.1). It is not
// detected, because that would send a wrong password twice.
type AuthStyle string

// Styles.
const (
	AuthBasic AuthStyle = "basic"
	AuthPost  AuthStyle = "post"
)

// UnmarshalText implements [encoding.TextUnmarshaler]. An error lists the choices.
func (a *AuthStyle) UnmarshalText(text []byte) error {
	return domain.Choose(a, text, AuthBasic, AuthPost)
}

// Profile is where the user's profile is read.
type Profile string

// Choices for the profile.
const (
	// ProfileIDToken reads the verified ID token.
	ProfileIDToken Profile = "id_token"
	// ProfileUserinfo asks the userinfo endpoint.
	ProfileUserinfo Profile = "userinfo"
)

// UnmarshalText implements [encoding.TextUnmarshaler]. An error lists the choices.
func (p *Profile) UnmarshalText(text []byte) error {
	return domain.Choose(p, text, ProfileIDToken, ProfileUserinfo)
}
