package app_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"cognito-user-migration/app"
	"cognito-user-migration/app/config"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
	"cognito-user-migration/ports/parts"
)

// plainSource is a source of a kind that nobody can examine.
type plainSource struct {
	open, warm, find error
	kind             domain.FindingKind
}

func (plainSource) Validate(func(string) string) []error  { return nil }
func (plainSource) Warnings(func(string) string) []string { return nil }
func (plainSource) LimitsAttempts() bool                  { return true }
func (plainSource) LooksUp() bool                         { return true }
func (s plainSource) FindUser(context.Context, string) (domain.Finding, error) {
	return domain.Finding{Kind: s.kind}, s.find
}
func (plainSource) Authenticate(context.Context, string, domain.Password) (domain.Finding, error) {
	panic("a password is sent")
}

func (s plainSource) Open(context.Context, parts.SourceOptions) (ports.Source, error) {
	return ports.Source{Directory: s, Warm: func(context.Context) error { return s.warm }}, s.open
}

// A kind without an examiner is opened, prepared and asked; one with an examiner is
// examined by it.
func TestASourceOfAnyKindIsExamined(t *testing.T) {
	t.Parallel()
	broken := fmt.Errorf("AccessDenied: %w", ports.ErrMisconfigured)
	for name, row := range map[string]struct {
		source plainSource
		want   string
		remedy string
	}{
		"in order":                  {plainSource{kind: domain.UserUnknown}, "reached pass, look-up pass", ""},
		"it cannot be opened":       {plainSource{open: errors.New("no file")}, "reached fail, look-up skip", "check the network"},
		"it cannot be prepared":     {plainSource{warm: broken}, "reached fail, look-up skip", "permissions"},
		"it does not answer":        {plainSource{find: ports.ErrUnreachable}, "reached pass, look-up fail", "check the network"},
		"its permissions are wrong": {plainSource{find: broken}, "reached pass, look-up fail", "permissions"},
		"it finds an unknown user":  {plainSource{kind: domain.UserFound}, "reached pass, look-up fail", "unknown identifier"},
		"it cannot look users up":   {plainSource{kind: domain.LookUpUnsupported}, "reached pass, look-up pass", ""},
	} {
		source := config.Source{Name: "OLD", Kind: "plain", Settings: row.source}
		var got, remedies []string
		for _, one := range app.Examine(t.Context(), new(config.Config), source, nil, ports.Probe{Username: "x"}) {
			got, remedies = append(got, fmt.Sprint(one.Aspect, " ", one.Status)), append(remedies, one.Remedy)
		}
		if strings.Join(got, ", ") != row.want || !strings.Contains(strings.Join(remedies, " "), row.remedy) {
			t.Errorf("%s: %q -> %q", name, got, remedies)
		}
	}
	examiner := parts.Examiner{Kind: "plain", Examine: func(_ context.Context, _ parts.SourceSettings, options parts.SourceOptions, probe ports.Probe) []ports.Examined {
		return []ports.Examined{{Saw: options.Name + " " + probe.Variable("URL")}}
	}}
	found := app.Examine(t.Context(), new(config.Config), config.Source{Name: "OLD", Kind: "plain"}, []parts.Examiner{{Kind: "other"}, examiner}, ports.Probe{})
	if len(found) != 1 || found[0].Saw != "OLD OLD_URL" {
		t.Errorf("got %v", found)
	}
}
