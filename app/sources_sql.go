//go:build !nosql

package app

import (
	"context"
	"errors"
	"fmt"

	"cognito-user-migration/adapters/sqlsource"
	"cognito-user-migration/adapters/stscredentials"
	"cognito-user-migration/app/complete"
	"cognito-user-migration/app/config"
	"cognito-user-migration/ports"
)

func sqlKind() sourceKind {
	return sourceKind{func() config.SourceSettings { return new(sqlSettings) }, openSQL}
}

// sqlSettings are a database's, with the role through which an RDS database of
// another account is signed in to.
type sqlSettings struct {
	sqlsource.Settings
	Role stscredentials.Settings
}

// Validate implements [config.SourceSettings].
func (s *sqlSettings) Validate(variable func(string) string) []error {
	problems := append(s.Settings.Validate(variable), s.Role.Validate(variable)...)
	if s.Role.RoleARN != "" && s.Auth != sqlsource.AuthIAM {
		problems = append(problems, errors.New(variable("ROLE_ARN")+": is used with "+variable("AUTH")+"=iam alone"))
	}
	return problems
}

// Warnings implements [config.SourceSettings].
func (s *sqlSettings) Warnings(variable func(string) string) []string {
	return append(s.Settings.Warnings(variable), s.Role.Warnings(variable)...)
}

func openSQL(_ context.Context, source config.Source, parts sourceParts) (complete.Source, error) {
	settings, ok := source.Settings.(*sqlSettings)
	if !ok {
		return complete.Source{}, fmt.Errorf("settings are %T", source.Settings)
	}
	var credentials ports.CredentialProvider
	if settings.Auth == sqlsource.AuthIAM { // AWS is asked for nothing otherwise
		awsConfig, err := parts.aws()
		if err != nil {
			return complete.Source{}, err
		}
		credentials = stscredentials.Own(awsConfig.Credentials)
		if settings.Role.RoleARN != "" {
			credentials = stscredentials.AssumeRole(stscredentials.NewClient(awsConfig), settings.Role, parts.sessionName)
		}
	}
	directory, err := sqlsource.Open(source.Name, settings.Settings, credentials,
		sqlsource.Options{Mapped: parts.mapped(), Note: parts.noteOf(source.Name)})
	if err != nil {
		return complete.Source{}, err
	}
	return complete.Source{Directory: directory}, nil
}
