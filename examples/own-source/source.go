// Own-source is the function with a source that is not in its repository: a JSON
// file of users. (A real source does not keep passwords, but their hashes.)
package main

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"os"

	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
	"cognito-user-migration/ports/parts"
)

// kind is what the main lists.
func kind() parts.SourceKind {
	return parts.SourceKind{Name: "json", Settings: func() parts.SourceSettings { return new(settings) }}
}

// settings are the variables of the source SOURCE_KIND=json.
type settings struct {
	Path string `env:"PATH,required" takes:"the path of a file" desc:"The file of users."`
}

func (*settings) Validate(func(string) string) []error  { return nil }
func (*settings) Warnings(func(string) string) []string { return nil }
func (*settings) LimitsAttempts() bool                  { return false }
func (*settings) LooksUp() bool                         { return true }

func (s *settings) Open(_ context.Context, options parts.SourceOptions) (ports.Source, error) {
	text, err := os.ReadFile(s.Path)
	if err != nil {
		return ports.Source{}, err
	}
	d := &directory{name: options.Name}
	return ports.Source{Directory: d}, json.Unmarshal(text, &d.users)
}

// directory implements ports.SourceDirectory.
type directory struct {
	name  string
	users map[string]struct {
		Password   string
		Attributes domain.Attributes
	}
}

func (d *directory) FindUser(ctx context.Context, username string) (domain.Finding, error) {
	if err := ctx.Err(); err != nil {
		return domain.Finding{}, err
	}
	user, known := d.users[username]
	if !known {
		return domain.Finding{Kind: domain.UserUnknown, Source: d.name}, nil
	}
	return domain.Finding{Kind: domain.UserFound, Source: d.name, User: domain.SourceUser{
		Username: username, Enabled: true, Status: domain.StatusConfirmed, Attributes: user.Attributes,
	}}, nil
}

func (d *directory) Authenticate(ctx context.Context, username string, password domain.Password) (domain.Finding, error) {
	finding, err := d.FindUser(ctx, username)
	switch {
	case err != nil:
		return finding, ports.NotJudged(err)
	case password.Empty():
		return domain.Finding{Kind: domain.PasswordWrong, Source: d.name}, nil
	case finding.Kind != domain.UserFound:
		return finding, nil
	}
	finding.Kind = domain.PasswordWrong
	if subtle.ConstantTimeCompare([]byte(password.Reveal()), []byte(d.users[username].Password)) == 1 {
		finding.Kind = domain.PasswordAccepted
	}
	return finding, nil
}
