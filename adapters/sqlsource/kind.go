package sqlsource

import (
	"context"
	"errors"

	"cognito-user-migration/adapters/internal/awsrole"
	"cognito-user-migration/adapters/internal/hashed"
	"cognito-user-migration/adapters/sqlsource/dialect"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
	"cognito-user-migration/ports/parts"
)

// Account provides the credentials for signing in to RDS.
type Account interface {
	Credentials(ctx context.Context, role awsrole.Settings, region string) (ports.CredentialProvider, error)
}

// Kind returns this kind of source, with the drivers of the supported
// databases.
func Kind(account Account, drivers ...dialect.Driver) parts.SourceKind {
	return parts.SourceKind{Name: "sql", Settings: func() parts.SourceSettings {
		return &configured{account: account, drivers: drivers}
	}}
}

// configured has the settings and the arguments of [Kind].
type configured struct {
	Settings
	account Account
	drivers []dialect.Driver
}

// Validate implements [parts.SourceSettings].
func (c *configured) Validate(variable func(string) string) []error {
	problems := c.Settings.Validate(variable)
	if _, err := c.Driver.of(c.drivers); err != nil {
		problems = append(problems, errors.New(variable("DRIVER")+": "+err.Error()))
	}
	return problems
}

func (c *configured) open(ctx context.Context, options parts.SourceOptions) (*Directory, error) {
	var credentials ports.CredentialProvider
	if c.Auth == AuthIAM { // only this method needs AWS credentials
		to, err := c.address()
		if err != nil {
			return nil, err
		}
		if credentials, err = c.account.Credentials(ctx, c.Role, c.region(to)); err != nil {
			return nil, err
		}
	}
	opening := hashed.OptionsOf(options)
	opening.NoteFactors = c.namesFactors() && options.Rules.OnMFA != domain.MFAMigrate
	return Open(options.Name, c.Settings, credentials, c.drivers, opening)
}

// Open implements [parts.SourceSettings].
func (c *configured) Open(ctx context.Context, options parts.SourceOptions) (ports.Source, error) {
	directory, err := c.open(ctx, options)
	if err != nil {
		return ports.Source{}, err
	}
	source := ports.Source{Directory: directory, Warm: directory.Warm, TellsSecondFactors: c.namesFactors()}
	if c.ListQuery != "" {
		source.Lister = directory
	}
	return source, nil
}
