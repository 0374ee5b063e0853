package cognitosource

import (
	"cmp"
	"errors"
	"strings"

	"cognito-user-migration/adapters/internal/awsname"
	"cognito-user-migration/adapters/internal/awsrole"
	"cognito-user-migration/domain"
)

// Settings are the variables of a user pool source.
type Settings struct {
	UserPoolID   UserPoolID     `env:"USER_POOL_ID,required" takes:"a user pool ID, such as ap-northeast-1_AbCdEf123" desc:"The source user pool."`
	ClientID     ClientID       `env:"CLIENT_ID,required" takes:"an app client ID" desc:"An app client of the source pool. It must allow ALLOW_ADMIN_USER_PASSWORD_AUTH."`
	ClientSecret domain.Secret  `env:"CLIENT_SECRET" takes:"the app client's secret" desc:"Required if the app client has a secret."`
	Region       Region         `env:"REGION" takes:"an AWS region" desc:"The source pool's region. Default: the region in its ID."`
	Profile      Profile        `env:"PROFILE" envDefault:"admin_get_user" takes:"admin_get_user, concurrent, id_token" desc:"How the profile is read. \u0060admin_get_user\u0060: AdminGetUser after the sign-in. \u0060concurrent\u0060: AdminGetUser at the same time, which is faster but is also called for wrong passwords. \u0060id_token\u0060: from the ID token, which needs no call but has only what the app client may read. See docs/sources/cognito.md."`
	MFA          domain.MFAMode `env:"MFA" takes:"OFF, OPTIONAL, ON" desc:"The source pool's own MFA setting. Default: the function asks the pool once per process, as soon as a user would migrate without a completed sign-in. That is by forgot-password, a temporary password or a required reset. \u0060ON\u0060: each of these users counts as having a second factor, also where the profile lists none. \u0060OFF\u0060: only factors that the profile lists count. With both, the pool is not asked; with \u0060OPTIONAL\u0060 it is, because of passkeys. See docs/second-factors.md."`
	// Role is the role for calling the source account.
	Role awsrole.Settings
}

// Validate checks combinations of variables.
func (s *Settings) Validate(variable func(string) string) []error {
	return s.Role.Validate(variable)
}

// Warnings lists settings that are valid but unwise.
func (s *Settings) Warnings(variable func(string) string) []string {
	var warnings []string
	if s.Region != "" && string(s.Region) != s.UserPoolID.region() {
		warnings = append(warnings, variable("REGION")+" is not the region in "+variable("USER_POOL_ID"))
	}
	return append(warnings, s.Role.Warnings(variable)...)
}

// LooksUp implements the settings of a source.
func (s *Settings) LooksUp() bool { return true }

// LimitsAttempts implements the settings of a source: Cognito locks users after wrong
// passwords (cognito-facts 28).
func (s *Settings) LimitsAttempts() bool { return true }

// ServiceRegion returns the configured region, or the one in the pool ID.
func (s *Settings) ServiceRegion() string { return cmp.Or(string(s.Region), s.UserPoolID.region()) }

// UserPoolID is the ID of a user pool: its region, an underscore, and a name.
type UserPoolID string

// UnmarshalText implements [encoding.TextUnmarshaler]; the error says what a
// user pool ID looks like.
func (id *UserPoolID) UnmarshalText(text []byte) error {
	region, name, _ := strings.Cut(string(text), "_")
	if !awsname.IsRegion(region) || len(name) > 55 || !awsname.Of(name, awsname.Letters+awsname.Digits) {
		return errors.New("expected a user pool ID, such as ap-northeast-1_AbCdEf123")
	}
	*id = UserPoolID(text)
	return nil
}

func (id UserPoolID) region() string {
	region, _, _ := strings.Cut(string(id), "_")
	return region
}

// ClientID is the ID of an app client.
type ClientID string

// UnmarshalText implements [encoding.TextUnmarshaler]; the error says what an
// app client ID looks like.
func (id *ClientID) UnmarshalText(text []byte) error {
	if len(text) > 128 || !awsname.Of(string(text), awsname.Letters+awsname.Digits+"_+") {
		return errors.New("expected an app client ID: up to 128 letters and digits")
	}
	*id = ClientID(text)
	return nil
}

// Region is the name of an AWS region.
type Region = awsname.Region

// Profile is where the user's profile is read.
type Profile string

// Ways to read a profile.
const (
	// ProfileAdminGetUser asks AdminGetUser after the sign-in.
	ProfileAdminGetUser Profile = "admin_get_user"
	// ProfileConcurrent calls AdminGetUser during the sign-in, and uses the
	// result only if the sign-in requires it.
	ProfileConcurrent Profile = "concurrent"
	// ProfileIDToken reads the ID token of the sign-in, and calls AdminGetUser
	// only if there is none.
	ProfileIDToken Profile = "id_token"
)

// UnmarshalText implements [encoding.TextUnmarshaler]. An error lists the choices.
func (p *Profile) UnmarshalText(text []byte) error {
	return domain.Choose(p, text, ProfileAdminGetUser, ProfileConcurrent, ProfileIDToken)
}
