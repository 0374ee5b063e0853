//go:build !nohttp

package app

import (
	"context"
	"fmt"

	"cognito-user-migration/adapters/httpsource"
	"cognito-user-migration/app/complete"
	"cognito-user-migration/app/config"
)

func httpKind() sourceKind {
	return sourceKind{func() config.SourceSettings { return new(httpsource.Settings) }, openHTTP}
}

func openHTTP(_ context.Context, source config.Source, _ sourceParts) (complete.Source, error) {
	settings, ok := source.Settings.(*httpsource.Settings)
	if !ok {
		return complete.Source{}, fmt.Errorf("settings are %T", source.Settings)
	}
	directory, err := httpsource.Open(source.Name, *settings)
	return complete.Source{Directory: directory}, err
}
