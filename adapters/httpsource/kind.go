package httpsource

import (
	"context"

	"cognito-user-migration/ports"
	"cognito-user-migration/ports/parts"
)

// Kind returns this kind of source.
func Kind() parts.SourceKind {
	return parts.SourceKind{Name: "http", Settings: func() parts.SourceSettings { return new(Settings) }}
}

func (s *Settings) open(options parts.SourceOptions) (*Directory, error) {
	opening := *s
	opening.VerifiedContacts = options.Rules.VerifiedContacts
	return Open(options.Name, opening)
}

// Open implements [parts.SourceSettings].
func (s *Settings) Open(_ context.Context, options parts.SourceOptions) (ports.Source, error) {
	directory, err := s.open(options)
	if err != nil {
		return ports.Source{}, err
	}
	return ports.Source{Directory: directory, Warm: directory.Warm, TellsSecondFactors: !s.Contract.yesOrNo() || s.ProfileURL != ""}, nil
}
