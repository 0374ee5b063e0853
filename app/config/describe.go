package config

import (
	"slices"
	"strings"

	"cognito-user-migration/ports/parts"
)

// Setting describes one variable, for docs/settings.md and for readers.
type Setting struct {
	// Variable is the full name; a source's own variables begin with "SOURCE_".
	Variable string
	// Kind is the kind of source with this variable; empty if every kind has
	// it, or if it is not a source's.
	Kind string
	// Takes describes the allowed values.
	Takes string
	// Default is the default value, if there is one.
	Default string
	// Required is true if there must be a value.
	Required bool
	// Secret is true if the value must not be shown.
	Secret bool
	// Description says what the variable is for.
	Description string
}

// Describe lists all variables, from the structs that parse them.
func Describe(kinds []parts.SourceKind) []Setting {
	var settings []Setting
	add := func(prefix, kind string, fields []field) {
		for _, field := range fields {
			_, options, _ := strings.Cut(field.member.Tag.Get("env"), ",")
			settings = append(settings, Setting{
				Variable: prefix + field.key, Kind: kind, Takes: field.takes(), Default: field.member.Tag.Get("envDefault"),
				Required:    strings.Contains(options, "required"),
				Secret:      field.member.Type.String() == "domain.Secret",
				Description: field.member.Tag.Get("desc"),
			})
		}
	}
	names := namesOf(kinds)
	add(familyMigrate, "", fieldsOf(&migrateSettings{}))
	add("", "", fieldsOf(&packedSettings{}))
	kind := len(settings)
	add("SOURCE_", "", fieldsOf(&sourceSettings{}))
	settings[kind].Takes = strings.Join(names, ", ")
	for _, name := range names {
		at := slices.IndexFunc(kinds, func(kind parts.SourceKind) bool { return kind.Name == name })
		add("SOURCE_", name, fieldsOf(kinds[at].Settings()))
	}
	add(familyAudit, "", fieldsOf(&auditSettings{}))
	add(familyCompletion, "", fieldsOf(&completionSettings{}))
	add(familyLockout, "", fieldsOf(&lockoutSettings{}))
	add(familyClaims, "", fieldsOf(&claimsSettings{}))
	return settings
}
