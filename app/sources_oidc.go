//go:build !nooidc

package app

import (
	"context"
	"fmt"

	"cognito-user-migration/adapters/oidcsource"
	"cognito-user-migration/app/complete"
	"cognito-user-migration/app/config"
)

func oidcKind() sourceKind {
	return sourceKind{func() config.SourceSettings { return new(oidcsource.Settings) }, openOIDC}
}

func openOIDC(_ context.Context, source config.Source, _ sourceParts) (complete.Source, error) {
	settings, ok := source.Settings.(*oidcsource.Settings)
	if !ok {
		return complete.Source{}, fmt.Errorf("settings are %T", source.Settings)
	}
	directory, err := oidcsource.Open(source.Name, *settings)
	return complete.Source{Directory: directory}, err
}
