package oidcsource_test

import (
	"encoding"
	"strings"
	"testing"

	"cognito-user-migration/adapters/internal/webclient"
	"cognito-user-migration/adapters/oidcsource"
	"cognito-user-migration/domain"
)

func TestSettingsThatDoNotGoTogether(t *testing.T) {
	t.Parallel()
	variable := func(name string) string { return "OLD_" + name }
	for name, test := range map[string]struct {
		settings oidcsource.Settings
		want     string // the beginning of the one problem; none where empty
	}{
		"discovery":                        {oidcsource.Settings{Issuer: "https://a.example"}, ""},
		"nothing to ask":                   {oidcsource.Settings{}, "OLD_ISSUER: is required"},
		"half of discovery's place":        {oidcsource.Settings{Issuer: "https://a.example", JWKSURL: "https://a.example/keys"}, "OLD_TOKEN_URL: is required"},
		"endpoints for the ID token":       {oidcsource.Settings{Issuer: "https://a.example", TokenURL: "https://a.example/token", JWKSURL: "https://a.example/keys"}, ""},
		"an ID token without keys":         {oidcsource.Settings{Issuer: "https://a.example", TokenURL: "https://a.example/token"}, "OLD_JWKS_URL: is required"},
		"an ID token without an issuer":    {oidcsource.Settings{TokenURL: "https://a.example/token", JWKSURL: "https://a.example/keys"}, "OLD_JWKS_URL: is required"},
		"endpoints for userinfo":           {oidcsource.Settings{TokenURL: "https://a.example/token", UserinfoURL: "https://a.example/me", Profile: oidcsource.ProfileUserinfo}, ""},
		"userinfo without an endpoint":     {oidcsource.Settings{TokenURL: "https://a.example/token", Profile: oidcsource.ProfileUserinfo}, "OLD_USERINFO_URL: is required"},
		"HTTP Basic without a secret":      {oidcsource.Settings{Issuer: "https://a.example", AuthStyle: oidcsource.AuthBasic}, "OLD_AUTH_STYLE: expected post"},
		"HTTP Basic with a secret":         {oidcsource.Settings{Issuer: "https://a.example", AuthStyle: oidcsource.AuthBasic, ClientSecret: domain.NewSecret("x")}, ""},
		"in the clear":                     {oidcsource.Settings{Issuer: "http://a.example"}, "OLD_ISSUER: expected an https URL; passwords would be sent in the clear"},
		"in the clear, on this machine":    {oidcsource.Settings{Issuer: "http://[::1]:8080"}, ""},
		"in the clear, and that is wanted": {oidcsource.Settings{Issuer: "http://a.example", Transport: webclient.Transport{AllowPlaintext: true}}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			settings := test.settings
			if settings.Profile == "" {
				settings.Profile = oidcsource.ProfileIDToken
			}
			problems := settings.Validate(variable)
			if test.want == "" && len(problems) != 0 || test.want != "" && (len(problems) != 1 || !strings.HasPrefix(problems[0].Error(), test.want)) {
				t.Errorf("got %v, want %q", problems, test.want)
			}
			if warnings := settings.Warnings(variable); len(warnings) == 0 || !strings.HasPrefix(warnings[len(warnings)-1], "OLD_KIND=oidc cannot look up users") {
				t.Errorf("warnings %q", warnings)
			}
		})
	}
}

func TestSettingsAreCheckedForTheirShape(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		setting      func() encoding.TextUnmarshaler
		right, wrong []string
	}{
		"style":   {func() encoding.TextUnmarshaler { return new(oidcsource.AuthStyle) }, []string{"basic", "post"}, []string{"", "auto", "S3cret"}},
		"profile": {func() encoding.TextUnmarshaler { return new(oidcsource.Profile) }, []string{"id_token", "userinfo"}, []string{"", "both", "S3cret"}},
	} {
		for _, text := range test.right {
			if err := test.setting().UnmarshalText([]byte(text)); err != nil {
				t.Errorf("%s %q: %v", name, text, err)
			}
		}
		for _, text := range test.wrong {
			if err := test.setting().UnmarshalText([]byte(text)); err == nil || strings.Contains(err.Error(), "S3cret") {
				t.Errorf("%s %q: %v", name, text, err)
			}
		}
	}
}
