package app

import (
	"context"
	"fmt"

	"cognito-user-migration/app/config"
	"cognito-user-migration/ports"
	"cognito-user-migration/ports/parts"
)

// Unlimited lists the sources without a lockout against password guessing, with
// their kinds, for the operator's checks.
func Unlimited(configuration *config.Config) []string {
	var names []string
	for _, source := range configuration.Sources {
		if !source.Settings.LimitsAttempts() {
			names = append(names, fmt.Sprintf("%s (%s_KIND=%s)", source.Name, source.Name, source.Kind))
		}
	}
	return names
}

// Untelling names the sources that cannot tell who has a second factor, each with
// its kind, for the operator's checks. It opens the sources and sends no request.
func Untelling(ctx context.Context, configuration *config.Config) ([]string, error) {
	return without(ctx, configuration, func(source ports.Source) bool { return source.TellsSecondFactors })
}

// Unretiring names the sources that cannot disable and delete users, each with
// its kind, for the operator's checks. It opens the sources and sends no request.
func Unretiring(ctx context.Context, configuration *config.Config) ([]string, error) {
	return without(ctx, configuration, func(source ports.Source) bool { return source.Retirer != nil })
}

// OpenFirst opens the first source. It sends no request.
func OpenFirst(ctx context.Context, configuration *config.Config) (ports.Source, error) {
	source := configuration.Sources[0]
	return source.Settings.Open(ctx, parts.SourceOptions{Name: source.Name, Rules: configuration.Rules, Note: func(ports.Note) {}})
}

// without names the sources that lack an ability.
func without(ctx context.Context, configuration *config.Config, has func(ports.Source) bool) ([]string, error) {
	var names []string
	for _, source := range configuration.Sources {
		opened, err := source.Settings.Open(ctx, parts.SourceOptions{Name: source.Name, Rules: configuration.Rules, Note: func(ports.Note) {}})
		if err != nil {
			return nil, fmt.Errorf("%s (%s): %w", source.Name, source.Kind, err)
		}
		if !has(opened) {
			names = append(names, fmt.Sprintf("%s (%s_KIND=%s)", source.Name, source.Name, source.Kind))
		}
	}
	return names, nil
}
