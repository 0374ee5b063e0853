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

// Open implements [parts.SourceSettings].
func (s *Settings) Open(_ context.Context, options parts.SourceOptions) (ports.Source, error) {
	opening := *s
	opening.VerifiedContacts = options.Rules.VerifiedContacts
	directory, err := Open(options.Name, opening)
	if err != nil {
		return ports.Source{}, err
	}
	return ports.Source{Directory: directory, Warm: directory.Warm, TellsSecondFactors: !s.Contract.yesOrNo() || s.ProfileURL != ""}, nil
}
