package oidcsource

import (
	"errors"

	"cognito-user-migration/adapters/internal/errorcodes"
	"cognito-user-migration/adapters/internal/webclient"
	"cognito-user-migration/domain"
)

// Settings are the variables of an OAuth 2 provider as source.
type Settings struct {
	Issuer        webclient.URL  `env:"ISSUER" takes:"an https URL" desc:"The OpenID provider, as it names itself. Its addresses are found by discovery, unless they are given."`
	TokenURL      webclient.URL  `env:"TOKEN_URL" takes:"an https URL" desc:"The token endpoint, in place of discovery."`
	UserinfoURL   webclient.URL  `env:"USERINFO_URL" takes:"an https URL" desc:"The userinfo endpoint, in place of discovery."`
	JWKSURL       webclient.URL  `env:"JWKS_URL" takes:"an https URL" desc:"The keys that ID tokens are signed with, in place of discovery."`
	ClientID      string         `env:"CLIENT_ID,required" takes:"a client ID" desc:"A client at the provider that may use the password grant."`
	ClientSecret  domain.Secret  `env:"CLIENT_SECRET" takes:"the client's secret" desc:"Needed when that client has one."`
	AuthStyle     AuthStyle      `env:"AUTH_STYLE" takes:"basic, post" desc:"How the client proves itself: by HTTP Basic, or in the form. By default basic with a secret, and post without."`
	Scope         string         `env:"SCOPE" envDefault:"openid profile email" takes:"scopes, separated by spaces" desc:"What is asked for."`
	Audience      string         `env:"AUDIENCE" takes:"an API's identifier" desc:"Sent along as audience (Auth0)."`
	Realm         string         `env:"REALM" takes:"a connection's name" desc:"Makes the grant Auth0's password-realm."`
	Profile       Profile        `env:"PROFILE" envDefault:"id_token" takes:"id_token, userinfo" desc:"Where the profile is read: from the ID token, whose signature is verified, or at the userinfo endpoint, which costs a call."`
	UsernameClaim string         `env:"USERNAME_CLAIM" envDefault:"preferred_username" takes:"a claim" desc:"The claim that is the username where it is what was typed. Otherwise the sub is."`
	GroupsClaim   string         `env:"GROUPS_CLAIM" envDefault:"groups" takes:"a claim" desc:"The claim that lists the groups."`
	ErrorCodes    errorcodes.Map `env:"ERROR_CODES" takes:"CODE=FINDING, separated by commas" desc:"What codes of the provider mean that are not known, or mean something else there: \u0060locked_by_admin=locked_out\u0060. A finding is one that is always refused; docs/sources/oidc.md lists them."`
	Transport     webclient.Transport
}

// discovers holds where the addresses are found by discovery.
func (s *Settings) discovers() bool {
	return s.TokenURL == ""
}

// Validate implements the settings of a source.
func (s *Settings) Validate(variable func(string) string) []error {
	var problems []error
	problem := func(name, what string) {
		problems = append(problems, errors.New(variable(name)+": "+what))
	}
	switch {
	case s.discovers() && s.Issuer == "":
		problem("ISSUER", "is required, unless "+variable("TOKEN_URL")+" is given; takes an https URL")
	case s.discovers() && (s.UserinfoURL != "" || s.JWKSURL != ""):
		problem("TOKEN_URL", "is required with "+variable("USERINFO_URL")+" and "+variable("JWKS_URL")+", which take the place of discovery")
	case s.discovers():
	case s.Profile == ProfileUserinfo && s.UserinfoURL == "":
		problem("USERINFO_URL", "is required with "+variable("TOKEN_URL")+" and "+variable("PROFILE")+"=userinfo")
	case s.Profile == ProfileIDToken && (s.JWKSURL == "" || s.Issuer == ""):
		problem("JWKS_URL", "is required with "+variable("TOKEN_URL")+" and "+variable("PROFILE")+"=id_token, and so is "+variable("ISSUER")+": an ID token is verified")
	}
	if s.AuthStyle == AuthBasic && s.ClientSecret.Empty() {
		problem("AUTH_STYLE", "takes post where there is no "+variable("CLIENT_SECRET"))
	}
	return append(problems, s.Transport.Validate(variable, map[string]webclient.URL{
		"ISSUER": s.Issuer, "TOKEN_URL": s.TokenURL, "USERINFO_URL": s.UserinfoURL, "JWKS_URL": s.JWKSURL,
	})...)
}

// LimitsTries implements the settings of a source: identity
// providers limit tries at the token endpoint, where they are told to.
func (s *Settings) LimitsTries() bool {
	return true
}

// LooksUp reports that the grant looks nobody up without their password.
func (s *Settings) LooksUp() bool {
	return false
}

// Warnings tells what is allowed but unwise.
func (s *Settings) Warnings(variable func(string) string) []string {
	return append(s.Transport.Warnings(variable),
		variable("KIND")+"=oidc cannot look users up without their password: who forgot it is turned away")
}

// AuthStyle says how the client proves itself (RFC 6749, 2.3.1). It is never
// found out by trying: that sends a wrong password twice.
type AuthStyle string

// The two styles.
const (
	AuthBasic AuthStyle = "basic"
	AuthPost  AuthStyle = "post"
)

// UnmarshalText implements [encoding.TextUnmarshaler]; an unknown choice is an
// error that lists the choices.
func (a *AuthStyle) UnmarshalText(text []byte) error {
	return domain.Choose(a, text, AuthBasic, AuthPost)
}

// Profile says where the profile of a user who signed in is read.
type Profile string

// The ways to read a profile.
const (
	// ProfileIDToken reads the ID token, verified.
	ProfileIDToken Profile = "id_token"
	// ProfileUserinfo asks the userinfo endpoint.
	ProfileUserinfo Profile = "userinfo"
)

// UnmarshalText implements [encoding.TextUnmarshaler]; an unknown choice is an
// error that lists the choices.
func (p *Profile) UnmarshalText(text []byte) error {
	return domain.Choose(p, text, ProfileIDToken, ProfileUserinfo)
}
