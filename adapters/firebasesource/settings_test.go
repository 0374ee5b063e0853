package firebasesource_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"cognito-user-migration/adapters/firebasesource"
	"cognito-user-migration/adapters/internal/webclient"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
	"cognito-user-migration/ports/parts"
)

func TestSettingsThatCannotBe(t *testing.T) {
	t.Parallel()
	g := startGoogle(t)
	without := func(name string) domain.Secret { return g.account(t, func(key object) { delete(key, name) }) }
	with := func(name, value string) domain.Secret {
		return g.account(t, func(key object) { key[name] = value })
	}
	const ec = "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgevZzL1gdAFr88hb2\nOF/2NxApJCzGCEDdfSp6VQO30hyhRANCAAQRWz+jn65BtOMvdyHKcvjBeBSDZH2r\n1RTwjmYSi9R/zpBnuQ4EiMnCqfMPWiZqB4QdbAd0E7oH50VpuZ1P087G\n-----END PRIVATE KEY-----\n"
	for name, test := range map[string]struct {
		change func(*firebasesource.Settings)
		want   string // empty: no problem
	}{
		"an API key alone":              {func(*firebasesource.Settings) {}, ""},
		"a key with a line break":       {func(s *firebasesource.Settings) { s.APIKey = domain.NewSecret("a\nb") }, "OLD_API_KEY: expected an API key"},
		"a service account":             {func(s *firebasesource.Settings) { s.ServiceAccount = g.account(t) }, ""},
		"no JSON":                       {func(s *firebasesource.Settings) { s.ServiceAccount = domain.NewSecret("S3cret") }, "OLD_SERVICE_ACCOUNT: expected the JSON key"},
		"a key of a user":               {func(s *firebasesource.Settings) { s.ServiceAccount = with("type", "authorized_user") }, "OLD_SERVICE_ACCOUNT: expected the JSON key of a service account, with"},
		"no private key":                {func(s *firebasesource.Settings) { s.ServiceAccount = without("private_key") }, "OLD_SERVICE_ACCOUNT: expected the JSON key of a service account, with"},
		"no address of the account":     {func(s *firebasesource.Settings) { s.ServiceAccount = without("client_email") }, "OLD_SERVICE_ACCOUNT: expected the JSON key of a service account, with"},
		"no token endpoint":             {func(s *firebasesource.Settings) { s.ServiceAccount = without("token_uri") }, "OLD_SERVICE_ACCOUNT: expected the JSON key of a service account, with"},
		"a token endpoint in the clear": {func(s *firebasesource.Settings) { s.ServiceAccount = with("token_uri", "http://example.com/token") }, "OLD_SERVICE_ACCOUNT: its token_uri is not an https URL"},
		"a private key without PEM":     {func(s *firebasesource.Settings) { s.ServiceAccount = with("private_key", "S3cret") }, "OLD_SERVICE_ACCOUNT: its private_key is not in PEM format"},
		"an elliptic private key":       {func(s *firebasesource.Settings) { s.ServiceAccount = with("private_key", ec) }, "OLD_SERVICE_ACCOUNT: its private_key is not an RSA key"},
		"a broken private key": {func(s *firebasesource.Settings) {
			s.ServiceAccount = with("private_key", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")
		}, "OLD_SERVICE_ACCOUNT: its private_key is not an RSA key"},
		"a project that is no ID":    {func(s *firebasesource.Settings) { s.ServiceAccount = with("project_id", "a/../b") }, "OLD_SERVICE_ACCOUNT: its project_id is not a project ID"},
		"no project":                 {func(s *firebasesource.Settings) { s.ServiceAccount = without("project_id") }, "OLD_PROJECT_ID: is required, because the key of OLD_SERVICE_ACCOUNT names no project"},
		"a project of its own":       {func(s *firebasesource.Settings) { s.ServiceAccount, s.ProjectID = without("project_id"), "people" }, ""},
		"a project alone":            {func(s *firebasesource.Settings) { s.ProjectID = "people" }, "OLD_PROJECT_ID: is used only with OLD_SERVICE_ACCOUNT"},
		"an emulator":                {func(s *firebasesource.Settings) { s.EmulatorHost, s.ProjectID = "127.0.0.1:9099", "demo" }, ""},
		"an emulator, which project": {func(s *firebasesource.Settings) { s.EmulatorHost = "127.0.0.1:9099" }, "OLD_PROJECT_ID: is used only with OLD_SERVICE_ACCOUNT, and required with OLD_EMULATOR_HOST"},
		"an emulator elsewhere":      {func(s *firebasesource.Settings) { s.EmulatorHost, s.ProjectID = "emulator:9099", "demo" }, "OLD_EMULATOR_HOST: expected an https URL"},
		"an emulator elsewhere, allowed": {func(s *firebasesource.Settings) {
			s.EmulatorHost, s.ProjectID, s.Transport = "emulator:9099", "demo", webclient.Transport{AllowPlaintext: true}
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			settings := firebasesource.Settings{APIKey: domain.NewSecret(apiKey)}
			test.change(&settings)
			problems := settings.Validate(func(name string) string { return "OLD_" + name })
			text := errors.Join(problems...)
			switch {
			case (test.want == "") != (len(problems) == 0), test.want != "" && !strings.HasPrefix(text.Error(), test.want):
				t.Errorf("%v, want %q", text, test.want)
			case text != nil && strings.Contains(text.Error(), "S3cret"):
				t.Errorf("a problem repeats a secret: %v", text)
			}
		})
	}
}

func TestAServiceAccountCanBeAFile(t *testing.T) {
	t.Parallel()
	g := startGoogle(t)
	path := filepath.Join(t.TempDir(), "key.json")
	if err := os.WriteFile(path, []byte(g.account(t).Reveal()), 0o600); err != nil {
		t.Fatal(err)
	}
	directory := open(t, firebasesource.Settings{APIKey: domain.NewSecret(apiKey), ServiceAccount: domain.NewSecret(path)})
	firebasesource.AskElsewhere(directory, answers(t, 200, `{}`))
	if found, err := directory.FindUser(t.Context(), "alice"); err != nil || found.Kind != domain.UserUnknown || g.granted.Load() != 1 {
		t.Errorf("%v, %v", found, err)
	}
}

func TestTextsOfSettings(t *testing.T) {
	t.Parallel()
	for text, ok := range map[string]bool{"127.0.0.1:9099": true, "localhost:9099": true, "[::1]:9099": true, "localhost": false, ":9099": false, "a@b:1": false, "a/b:1": false, "http://a:1": false, "": false} {
		if err := new(firebasesource.HostPort).UnmarshalText([]byte(text)); (err == nil) != ok {
			t.Errorf("%q: %v", text, err)
		}
	}
	for text, ok := range map[string]bool{"people-1234": true, "example.com:people": true, "Tenant-abc1": true, "a/b": false, "a b": false, "a?b": false} {
		if err := new(firebasesource.ID).UnmarshalText([]byte(text)); (err == nil) != ok {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// What needs a service account is there only with one.
func TestAbilities(t *testing.T) {
	t.Parallel()
	g := startGoogle(t)
	for name, test := range map[string]struct {
		settings firebasesource.Settings
		looksUp  bool
		warnings []string
	}{
		"an API key alone":  {firebasesource.Settings{}, false, []string{"OLD_SERVICE_ACCOUNT is not set: users who forgot the password are refused"}},
		"a service account": {firebasesource.Settings{ServiceAccount: g.account(t)}, true, nil},
		"an emulator":       {firebasesource.Settings{EmulatorHost: "127.0.0.1:9099", ProjectID: "demo"}, true, []string{"OLD_EMULATOR_HOST is set: an emulator is asked instead of Firebase"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			source, err := test.settings.Open(t.Context(), parts.SourceOptions{Name: "old", Rules: domain.DefaultRules(), Note: func(ports.Note) {}})
			if err != nil {
				t.Fatal(err)
			}
			if (source.Retirer != nil) != test.looksUp || (source.Lister != nil) != test.looksUp || test.settings.LooksUp() != test.looksUp ||
				!source.HidesUnknown || !source.TellsSecondFactors || !test.settings.LimitsAttempts() {
				t.Errorf("%+v", source)
			}
			if warnings := test.settings.Warnings(func(name string) string { return "OLD_" + name }); !slices.Equal(warnings, test.warnings) {
				t.Errorf("warnings %q", warnings)
			}
		})
	}
	if kind := firebasesource.Kind(); kind.Name != "firebase" {
		t.Errorf("%q", kind.Name)
	}
	broken := firebasesource.Settings{ServiceAccount: domain.NewSecret("{}")}
	if _, err := broken.Open(t.Context(), parts.SourceOptions{}); err == nil || !strings.HasPrefix(err.Error(), "SERVICE_ACCOUNT: ") {
		t.Errorf("%v", err)
	}
}
