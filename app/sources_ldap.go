//go:build !noldap

package app

import (
	"context"
	"fmt"

	"cognito-user-migration/adapters/ldapsource"
	"cognito-user-migration/app/complete"
	"cognito-user-migration/app/config"
)

func ldapKind() sourceKind {
	return sourceKind{func() config.SourceSettings { return new(ldapsource.Settings) }, openLDAP}
}

func openLDAP(_ context.Context, source config.Source, _ sourceParts) (complete.Source, error) {
	settings, ok := source.Settings.(*ldapsource.Settings)
	if !ok {
		return complete.Source{}, fmt.Errorf("settings are %T", source.Settings)
	}
	directory, err := ldapsource.Open(source.Name, *settings)
	if err != nil {
		return complete.Source{}, err
	}
	opened := complete.Source{Directory: directory, Groups: directory}
	if settings.CanRetire() {
		opened.Retirer = directory.Retirer()
	}
	return opened, nil
}
