package dynamosource

import (
	"context"
	"slices"

	"cognito-user-migration/adapters/internal/awsrole"
	"cognito-user-migration/adapters/internal/fields"
	"cognito-user-migration/ports"
	"cognito-user-migration/ports/parts"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Account gives the configuration and credentials with which a table is read.
type Account interface {
	Config(ctx context.Context) (aws.Config, error)
	Credentials(ctx context.Context, role awsrole.Settings, region string) (ports.CredentialProvider, error)
}

// Kind returns this kind of source.
func Kind(account Account) parts.SourceKind {
	return parts.SourceKind{Name: "dynamodb", Settings: func() parts.SourceSettings {
		return &configured{account: account}
	}}
}

// configured are the settings, with the account that a main gave to the kind.
type configured struct {
	Settings
	account Account
}

// Open implements [parts.SourceSettings].
func (c *configured) Open(ctx context.Context, options parts.SourceOptions) (ports.Source, error) {
	config, err := c.account.Config(ctx)
	if err != nil {
		return ports.Source{}, err
	}
	region := c.region()
	if region == "" {
		region = config.Region
	}
	credentials, err := c.account.Credentials(ctx, c.Role, region)
	if err != nil {
		return ports.Source{}, err
	}
	directory, err := Open(options.Name, config, credentials, c.Settings, Options{ //nolint:contextcheck // it sends nothing
		Mapped: options.Rules.Attributes.Sources(), VerifiedContacts: options.Rules.VerifiedContacts, Note: options.Note,
	})
	if err != nil {
		return ports.Source{}, err
	}
	return ports.Source{
		Directory: directory, Retirer: directory, Lister: directory, Warm: directory.Warm,
		TellsSecondFactors: slices.ContainsFunc(c.Fields, func(field FieldPath) bool { return field.Field == fields.MFA }),
	}, nil
}
