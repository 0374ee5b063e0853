package ldapsource

import (
	"context"

	"cognito-user-migration/ports"
	"cognito-user-migration/ports/parts"
)

// Kind returns this kind of source.
func Kind() parts.SourceKind {
	return parts.SourceKind{Name: "ldap", Settings: func() parts.SourceSettings { return new(Settings) }}
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
	source := ports.Source{Directory: directory, Groups: directory, Lister: directory, Warm: directory.Warm, TellsSecondFactors: s.MFAAttribute != ""}
	if s.CanRetire() {
		source.Retirer = directory.Retirer()
	}
	return source, nil
}
