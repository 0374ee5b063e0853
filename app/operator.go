package app

import (
	"context"
	"fmt"
	"sync"

	"cognito-user-migration/adapters/cognitosource"
	"cognito-user-migration/adapters/stscredentials"
	"cognito-user-migration/app/config"
	"cognito-user-migration/ports"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// CognitoSettings gives the settings of a user pool and of its role out of a
// source's, for the operator's checks; false where the source is of another
// kind.
func CognitoSettings(source config.Source) (cognitosource.Settings, stscredentials.Settings, bool) {
	settings, ok := source.Settings.(*cognitoSettings)
	if !ok {
		return cognitosource.Settings{}, stscredentials.Settings{}, false
	}
	return settings.Settings, settings.Role, true
}

// Unlimited names the sources that turn away nobody who guesses passwords, each
// with its kind, for the operator's checks.
func Unlimited(configuration *config.Config) []string {
	var names []string
	for _, source := range configuration.Sources {
		if !source.Settings.LimitsTries() {
			names = append(names, fmt.Sprintf("%s (%s_KIND=%s)", source.Name, source.Name, source.Kind))
		}
	}
	return names
}

// Unretiring names the sources that cannot part with users, each with its kind,
// for the operator's checks. It opens them and asks them nothing.
func Unretiring(ctx context.Context, configuration *config.Config) ([]string, error) {
	parts := sourceParts{
		rules: configuration.Rules,
		aws:   sync.OnceValues(func() (aws.Config, error) { return loadAWS(ctx) }),
		roles: make(map[role]ports.CredentialProvider),
	}
	kinds := sourceKinds()
	var names []string
	for _, source := range configuration.Sources {
		opened, err := kinds[source.Kind].open(ctx, source, parts)
		if err != nil {
			return nil, fmt.Errorf("%s (%s): %w", source.Name, source.Kind, err)
		}
		if opened.Retirer == nil {
			names = append(names, fmt.Sprintf("%s (%s_KIND=%s)", source.Name, source.Name, source.Kind))
		}
	}
	return names, nil
}
