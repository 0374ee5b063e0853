package cognitosource

import (
	"context"

	"cognito-user-migration/adapters/internal/awsrole"
	"cognito-user-migration/ports"
	"cognito-user-migration/ports/parts"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Account provides the AWS configuration and credentials for a user pool.
type Account interface {
	Config(ctx context.Context) (aws.Config, error)
	Credentials(ctx context.Context, role awsrole.Settings, region string) (ports.CredentialProvider, error)
}

// Kind returns this kind of source.
func Kind(account Account) parts.SourceKind {
	return parts.SourceKind{
		Name: "cognito", PoolVariable: "USER_POOL_ID",
		Settings: func() parts.SourceSettings { return &configured{account: account} },
	}
}

// SettingsOf returns the settings of a user pool for the operator's checks, or
// false for another kind.
func SettingsOf(settings parts.SourceSettings) (Settings, bool) {
	pool, ok := settings.(*configured)
	if !ok {
		return Settings{}, false
	}
	return pool.Settings, true
}

// configured has the settings and the account of [Kind].
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
	credentials, err := c.account.Credentials(ctx, c.Role, c.ServiceRegion())
	if err != nil {
		return ports.Source{}, err
	}
	directory := Open(options.Name, config, credentials, c.Settings, options.Rules.NeedsProfile)
	retirer := directory.Retirer()
	return ports.Source{
		Directory: directory, Retirer: retirer, Groups: retirer,
		TellsSecondFactors: true, SecondFactors: OpenFactors(config, credentials, c.Settings), //nolint:contextcheck // it sends nothing
		// The app client's setting for this cannot be read with the permissions
		// that a sign-in needs, so it is assumed.
		HidesUnknown: true,
		Warm:         directory.Warm,
	}, nil
}
