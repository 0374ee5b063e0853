package oidcsource

import (
	"context"

	"cognito-user-migration/ports"
	"cognito-user-migration/ports/parts"
)

// Kind returns this kind of source.
func Kind() parts.SourceKind {
	return parts.SourceKind{Name: "oidc", PoolVariable: inputUserPool, Settings: func() parts.SourceSettings { return new(Settings) }}
}

// Open implements [parts.SourceSettings].
func (s *Settings) Open(_ context.Context, options parts.SourceOptions) (ports.Source, error) {
	directory, err := Open(options.Name, *s)
	if err != nil {
		return ports.Source{}, err
	}
	return ports.Source{TellsSecondFactors: s.MFAClaim != "" || directory.settings.initiateAuth, Directory: directory, Warm: directory.Warm}, nil
}
