package cognitosource

import (
	"context"

	"cognito-user-migration/adapters/internal/awsrole"
	"cognito-user-migration/ports"
	"cognito-user-migration/ports/parts"
)

// Kind returns this kind of source.
func Kind(account awsrole.Account) parts.SourceKind {
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
	account awsrole.Account
}

func (c *configured) open(ctx context.Context, options parts.SourceOptions) (*Directory, *FactorReader, error) {
	config, credentials, err := c.Role.Open(ctx, c.account, c.ServiceRegion())
	if err != nil {
		return nil, nil, err
	}
	directory := Open(options.Name, config, credentials, c.Settings, options.Rules.NeedsProfile)
	return directory, OpenFactors(config, credentials, c.Settings), nil //nolint:contextcheck // it sends nothing
}

// Open implements [parts.SourceSettings].
func (c *configured) Open(ctx context.Context, options parts.SourceOptions) (ports.Source, error) {
	directory, factors, err := c.open(ctx, options)
	if err != nil {
		return ports.Source{}, err
	}
	retirer := directory.Retirer()
	return ports.Source{
		Directory: directory, Retirer: retirer, Groups: retirer,
		TellsSecondFactors: true, SecondFactors: factors,
		// The app client's setting for this cannot be read with the permissions
		// that a sign-in needs, so it is assumed.
		HidesUnknown: true,
		Warm:         directory.Warm,
	}, nil
}
