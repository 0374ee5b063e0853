package httpsource_test

import (
	"encoding"
	"strings"
	"testing"

	"cognito-user-migration/adapters/httpsource"
	"cognito-user-migration/adapters/internal/webclient"
	"cognito-user-migration/domain"
)

func TestSettingsThatDoNotGoTogether(t *testing.T) {
	t.Parallel()
	variable := func(name string) string { return "OLD_" + name }
	secret := domain.NewSecret
	for name, test := range map[string]struct {
		change func(*httpsource.Settings)
		want   string // the beginning of the one problem; none where empty
	}{
		"the least":               {func(*httpsource.Settings) {}, ""},
		"a profile of keycloak's": {func(s *httpsource.Settings) { s.ProfileURL = "https://a.example/{username}" }, "OLD_PROFILE_URL: is used only with OLD_CONTRACT=kratos or okta"},
		"a profile of kratos'": {func(s *httpsource.Settings) {
			s.Contract, s.ProfileURL = httpsource.Kratos, "https://a.example/{username}"
		}, ""},
		"a profile of everybody": {func(s *httpsource.Settings) { s.Contract, s.ProfileURL = httpsource.Okta, "https://a.example/x" }, "OLD_PROFILE_URL: expected an https URL with {username}"},
		"a profile in the clear": {func(s *httpsource.Settings) {
			s.Contract, s.ProfileURL = httpsource.Okta, "http://a.example/{username}"
		}, "OLD_PROFILE_URL: expected an https URL; passwords"},
		"an ID for fusionauth": {func(s *httpsource.Settings) {
			s.Contract, s.PasswordBy = httpsource.FusionAuth, httpsource.PasswordByID
		}, "OLD_PASSWORD_BY: is used with OLD_CONTRACT=keycloak"},
		"an API token for keycloak": {func(s *httpsource.Settings) { s.APIToken = secret("S3cret") }, "OLD_API_TOKEN: is used with OLD_CONTRACT=okta_authn alone"},
		"an API token of Okta's":    {func(s *httpsource.Settings) { s.Contract, s.APIToken = httpsource.OktaAuthn, secret("S3cret") }, ""},
		"an API token with a line break": {func(s *httpsource.Settings) {
			s.Contract, s.APIToken = httpsource.OktaAuthn, secret("S3cret\n")
		}, "OLD_API_TOKEN: contains a control character"},
		"another token of Okta's": {func(s *httpsource.Settings) {
			s.Contract, s.BearerToken = httpsource.OktaAuthn, secret("S3cret")
		}, "OLD_CONTRACT: okta_authn has no credentials but OLD_API_TOKEN"},
		"a profile of Okta's own": {func(s *httpsource.Settings) {
			s.Contract, s.ProfileURL = httpsource.OktaAuthn, "https://a.example/{username}"
		}, "OLD_PROFILE_URL: is used only with OLD_CONTRACT=kratos or okta"},
		"an application for keycloak": {func(s *httpsource.Settings) { s.ApplicationID = "x" }, "OLD_APPLICATION_ID: is used with OLD_CONTRACT=fusionauth"},
		"a name without a password":   {func(s *httpsource.Settings) { s.BasicUsername = "x" }, "OLD_BASIC_USERNAME: is required with OLD_BASIC_PASSWORD"},
		"a password without a name":   {func(s *httpsource.Settings) { s.BasicPassword = secret("x") }, "OLD_BASIC_USERNAME: is required with OLD_BASIC_PASSWORD"},
		"a name and a token": {func(s *httpsource.Settings) {
			s.BasicUsername, s.BasicPassword, s.BearerToken = "x", secret("y"), secret("z")
		}, "OLD_BEARER_TOKEN: contradicts"},
		"a token with a line break":         {func(s *httpsource.Settings) { s.BearerToken = secret("x\r\nX: S3cret") }, "OLD_BEARER_TOKEN: contains a control character"},
		"headers":                           {func(s *httpsource.Settings) { s.Headers = secret("X-Api-Key: S3cret; Authorization: x") }, ""},
		"no header":                         {func(s *httpsource.Settings) { s.Headers = secret("X-Api-Key: x;S3cret") }, "OLD_HEADERS: entry 2: expected Name: value"},
		"a header with a name that is none": {func(s *httpsource.Settings) { s.Headers = secret("S3cret key: x") }, "OLD_HEADERS: entry 1: expected Name: value"},
		"a header with a control character": {func(s *httpsource.Settings) { s.Headers = secret("X-Api-Key: S3cret\x00") }, "OLD_HEADERS: entry 1: expected Name: value"},
		"a header of HTTP's own":            {func(s *httpsource.Settings) { s.Headers = secret("host: S3cret") }, "OLD_HEADERS: entry 1: this header is set by HTTP itself"},
		"a header twice":                    {func(s *httpsource.Settings) { s.Headers = secret("X: S3cret; x: y") }, "OLD_HEADERS: entry 2: this header is already set"},
		"two Authorizations":                {func(s *httpsource.Settings) { s.BearerToken, s.Headers = secret("x"), secret("authorization: S3cret") }, "OLD_HEADERS: entry 1: this header is already set"},
		"in the clear":                      {func(s *httpsource.Settings) { s.URL = "http://a.example" }, "OLD_URL: expected an https URL; passwords would be sent in the clear"},
		"in the clear to what sounds local": {func(s *httpsource.Settings) { s.URL = "http://127.0.0.1.example" }, "OLD_URL: expected an https URL; passwords"},
		"in the clear, on this machine":     {func(s *httpsource.Settings) { s.URL = "http://localhost:8080/x" }, ""},
		"in the clear, and that is wanted":  {func(s *httpsource.Settings) { s.URL, s.Transport.AllowPlaintext = "http://a.example", true }, ""},
		"a CA bundle that is not there":     {func(s *httpsource.Settings) { s.Transport.CABundle = "/no/such/file" }, "OLD_CA_BUNDLE: the file cannot be read"},
		"a certificate that is none": {func(s *httpsource.Settings) {
			s.Transport.ClientCertificate, s.Transport.ClientKey = "-----BEGIN S3cret", secret("-----BEGIN S3cret")
		}, "OLD_CLIENT_CERTIFICATE, OLD_CLIENT_KEY: expected a certificate and its private key, both in PEM"},
		"a certificate without a key": {func(s *httpsource.Settings) { s.Transport.ClientCertificate = "x" }, "OLD_CLIENT_CERTIFICATE: is required with OLD_CLIENT_KEY"},
		"a key without a certificate": {func(s *httpsource.Settings) { s.Transport.ClientKey = secret("S3cret") }, "OLD_CLIENT_CERTIFICATE: is required with OLD_CLIENT_KEY"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			settings := httpsource.Settings{URL: "https://a.example/users", Contract: httpsource.Keycloak, PasswordBy: httpsource.PasswordByUsername}
			test.change(&settings)
			problems := settings.Validate(variable)
			if test.want == "" && len(problems) != 0 || test.want != "" && (len(problems) != 1 || !strings.HasPrefix(problems[0].Error(), test.want)) {
				t.Errorf("got %v, want %q", problems, test.want)
			}
			for _, problem := range problems {
				if strings.Contains(problem.Error(), "S3cret") {
					t.Errorf("the problem shows a secret: %v", problem)
				}
			}
		})
	}
}

func TestWarnings(t *testing.T) {
	t.Parallel()
	variable := func(name string) string { return "OLD_" + name }
	for name, test := range map[string]struct {
		settings httpsource.Settings
		want     []string
	}{
		"none":                       {httpsource.Settings{Contract: httpsource.Keycloak}, nil},
		"no profile":                 {httpsource.Settings{Contract: httpsource.Okta}, []string{"OLD_PROFILE_URL is not set"}},
		"a profile":                  {httpsource.Settings{Contract: httpsource.Okta, ProfileURL: "https://a.example/{username}"}, nil},
		"Okta without its users API": {httpsource.Settings{Contract: httpsource.OktaAuthn}, []string{"OLD_API_TOKEN is not set"}},
		"in the clear":               {httpsource.Settings{Contract: httpsource.Keycloak, Transport: webclient.Transport{AllowPlaintext: true}}, []string{"OLD_ALLOW_PLAINTEXT=true: anyone"}},
	} {
		warnings := test.settings.Warnings(variable)
		if len(warnings) != len(test.want) || len(warnings) > 0 && !strings.HasPrefix(warnings[0], test.want[0]) {
			t.Errorf("%s: %q", name, warnings)
		}
	}
}

func TestSettingsAreCheckedForTheirShape(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		setting      func() encoding.TextUnmarshaler
		right, wrong []string
	}{
		"contract":    {func() encoding.TextUnmarshaler { return new(httpsource.Contract) }, []string{"keycloak", "fusionauth", "kratos", "okta", "okta_authn", "supabase"}, []string{"", "Keycloak", "S3cret"}},
		"password by": {func() encoding.TextUnmarshaler { return new(httpsource.PasswordBy) }, []string{"username", "id"}, []string{"", "email", "S3cret"}},
		"URL": {
			func() encoding.TextUnmarshaler { return new(webclient.URL) },
			[]string{"https://a.example", "http://[::1]:80/x", "https://a.example/{username}?x=1"},
			[]string{"", "S3cret", "a.example", "//a.example", "https://", "https:///x", "ftp://a.example", "https://u:S3cret@a.example", "https://S3cret@a.example", "https://a.example/#S3cret", "https://a.example#", "https://a.example/S3cret%zz", "file:///etc/passwd", "https://:443"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, text := range test.right {
				if err := test.setting().UnmarshalText([]byte(text)); err != nil {
					t.Errorf("%q: %v", text, err)
				}
			}
			for _, text := range test.wrong {
				err := test.setting().UnmarshalText([]byte(text))
				if err == nil || !strings.HasPrefix(err.Error(), "expected ") || strings.Contains(err.Error(), "S3cret") {
					t.Errorf("%q: %v", text, err)
				}
			}
		})
	}
}
