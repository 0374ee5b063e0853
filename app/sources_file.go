//go:build !nofile

package app

import (
	"context"
	"fmt"

	"cognito-user-migration/adapters/filesource"
	"cognito-user-migration/app/complete"
	"cognito-user-migration/app/config"
)

func fileKind() sourceKind {
	return sourceKind{func() config.SourceSettings { return new(filesource.Settings) }, openFile}
}

func openFile(_ context.Context, source config.Source, parts sourceParts) (complete.Source, error) {
	settings, ok := source.Settings.(*filesource.Settings)
	if !ok {
		return complete.Source{}, fmt.Errorf("settings are %T", source.Settings)
	}
	directory, err := filesource.Open(source.Name, *settings, filesource.Options{Mapped: parts.mapped(), Note: parts.noteOf(source.Name)})
	if err != nil {
		return complete.Source{}, err
	}
	opened := complete.Source{Directory: directory}
	if settings.Retires() {
		opened.Retirer = directory
	}
	return opened, nil
}
