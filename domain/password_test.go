package domain_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"cognito-user-migration/domain"
)

const canary = "canary-7f3a9"

// shown is every way in which a careless line could show a value.
func shown(t *testing.T, value any) string {
	t.Helper()
	var out strings.Builder
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%T"} {
		fmt.Fprintf(&out, verb+"\n", value)
	}
	fmt.Fprintln(&out, []any{value}, map[string]any{"key": value}, struct{ Field any }{value})
	for _, marshal := range []func(any) ([]byte, error){json.Marshal, xml.Marshal} {
		text, err := marshal(value)
		out.Write(text)
		fmt.Fprintln(&out, err)
	}
	var lines bytes.Buffer
	slog.New(slog.NewTextHandler(&lines, nil)).Info("text", "value", value)
	slog.New(slog.NewJSONHandler(&lines, nil)).Info("json", "value", value)
	out.Write(lines.Bytes())
	return out.String()
}

// unexported has fields that fmt reads by reflection, past every method.
type unexported struct {
	password domain.Password
	secret   domain.Secret
	pointer  *domain.Password
}

func TestASecretIsNotShownByAnyFormatterLoggerOrEncoder(t *testing.T) {
	t.Parallel()
	password, secret := domain.NewPassword(canary), domain.NewSecret(canary)
	user := domain.SourceUser{
		Username: canary, Sub: canary, Attributes: domain.Attributes{"email": canary},
		Identifiers: []string{canary}, Groups: []string{canary},
	}
	for name, value := range map[string]any{
		"a password":                  password,
		"a pointer to a password":     &password,
		"a secret":                    secret,
		"fields that fmt cannot call": unexported{password, secret, &password},
		"an attempt":                  domain.Attempt{ID: "1", Trigger: domain.TriggerAuthentication, Username: canary, Password: password},
		"attributes":                  user.Attributes,
		"a source user":               user,
		"a finding":                   domain.Finding{Kind: domain.UserFound, User: user},
		"a new user":                  domain.NewUser{Username: canary, Attributes: user.Attributes},
		"a decision":                  domain.Decision{Verdict: domain.Migrate, User: domain.NewUser{Username: canary}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if text := shown(t, value); strings.Contains(text, canary) {
				t.Errorf("shown: %s", text)
			}
		})
	}
}

func TestASecretIsRevealedToWhoAsks(t *testing.T) {
	t.Parallel()
	if got := domain.NewPassword(canary).Reveal(); got != canary {
		t.Errorf("password is %q", got)
	}
	var secret domain.Secret
	if !secret.Empty() || secret.Reveal() != "" {
		t.Error("the zero secret is not empty")
	}
	if err := secret.UnmarshalText([]byte(canary)); err != nil || secret.Reveal() != canary || secret.Empty() {
		t.Errorf("secret is %q, %v", secret.Reveal(), err)
	}
}
