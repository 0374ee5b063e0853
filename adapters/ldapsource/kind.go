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

// Open implements [parts.SourceSettings].
func (s *Settings) Open(_ context.Context, options parts.SourceOptions) (ports.Source, error) {
	opening := *s
	opening.VerifiedContacts = options.Rules.VerifiedContacts
	directory, err := Open(options.Name, opening)
	if err != nil {
		return ports.Source{}, err
	}
	source := ports.Source{Directory: directory, Groups: directory, Lister: directory, Warm: directory.Warm, TellsSecondFactors: s.MFAAttribute != ""}
	if s.CanRetire() {
		source.Retirer = directory.Retirer()
	}
	return source, nil
}
