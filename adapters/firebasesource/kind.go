package firebasesource

import (
	"context"

	"cognito-user-migration/ports"
	"cognito-user-migration/ports/parts"
)

// Kind returns this kind of source.
func Kind() parts.SourceKind {
	return parts.SourceKind{Name: "firebase", Settings: func() parts.SourceSettings { return new(Settings) }}
}

func (s *Settings) open(options parts.SourceOptions) (*Directory, error) {
	opening := *s
	opening.Rules = options.Rules
	return Open(options.Name, opening)
}

// Open implements [parts.SourceSettings].
func (s *Settings) Open(_ context.Context, options parts.SourceOptions) (ports.Source, error) {
	directory, err := s.open(options)
	if err != nil {
		return ports.Source{}, err
	}
	source := ports.Source{Directory: directory, Warm: directory.Warm, TellsSecondFactors: true, HidesUnknown: true}
	if s.LooksUp() {
		source.Retirer, source.Lister = directory, directory
	}
	return source, nil
}
