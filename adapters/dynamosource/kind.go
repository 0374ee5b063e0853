package dynamosource

import (
	"context"
	"slices"

	"cognito-user-migration/adapters/internal/awsrole"
	"cognito-user-migration/adapters/internal/fields"
	"cognito-user-migration/adapters/internal/hashed"
	"cognito-user-migration/ports"
	"cognito-user-migration/ports/parts"
)

// Kind returns this kind of source.
func Kind(account awsrole.Account) parts.SourceKind {
	return parts.SourceKind{Name: "dynamodb", Settings: func() parts.SourceSettings {
		return &configured{account: account}
	}}
}

// configured are the settings, with the account that a main gave to the kind.
type configured struct {
	Settings
	account awsrole.Account
}

func (c *configured) open(ctx context.Context, options parts.SourceOptions) (*Directory, error) {
	config, credentials, err := c.Role.Open(ctx, c.account, c.region())
	if err != nil {
		return nil, err
	}
	return New(options.Name, newClient(config), credentials, c.Settings, hashed.OptionsOf(options)) //nolint:contextcheck // it sends nothing
}

// Open implements [parts.SourceSettings].
func (c *configured) Open(ctx context.Context, options parts.SourceOptions) (ports.Source, error) {
	directory, err := c.open(ctx, options)
	if err != nil {
		return ports.Source{}, err
	}
	return ports.Source{
		Directory: directory, Retirer: directory, Lister: directory, Warm: directory.Warm,
		TellsSecondFactors: slices.ContainsFunc(c.Fields, func(field FieldPath) bool { return field.Field == fields.MFA }),
	}, nil
}
