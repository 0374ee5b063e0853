package filesource

import (
	"context"
	"fmt"

	"cognito-user-migration/adapters/internal/hashed"
	"cognito-user-migration/ports"
	"cognito-user-migration/ports/parts"
)

// Kind returns this kind of source.
func Kind() parts.SourceKind {
	return parts.SourceKind{Name: "file", Settings: func() parts.SourceSettings { return new(Settings) }}
}

// Open implements [parts.SourceSettings].
func (s *Settings) Open(_ context.Context, options parts.SourceOptions) (ports.Source, error) {
	directory, err := Open(options.Name, *s, hashed.OptionsOf(options))
	if err != nil {
		return ports.Source{}, fmt.Errorf("%s_PATH: %w", options.Name, err)
	}
	source := ports.Source{Directory: directory, Lister: directory, TellsSecondFactors: directory.now().tellsFactors}
	if s.Retires() {
		source.Retirer = directory
	}
	return source, nil
}
