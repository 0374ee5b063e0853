package doctor

import (
	"slices"
	"strings"

	"cognito-user-migration/domain"
	"cognito-user-migration/ports/setup"
)

const variableSchema = "MIGRATE_DESTINATION_SCHEMA"

// DestinationSchema is the schema of a user pool, as the function's setting has it.
func DestinationSchema(pool setup.UserPool) domain.Schema {
	attributes := make([]domain.SchemaAttribute, len(pool.Attributes))
	for i, of := range pool.Attributes {
		attributes[i] = schemaAttribute(of)
	}
	return domain.NewSchema(attributes...)
}

func schemaAttribute(of setup.PoolAttribute) domain.SchemaAttribute {
	return domain.SchemaAttribute{
		Name: of.Name, Type: domain.AttributeType(of.Type), Required: of.Required, Least: of.Least, Most: of.Most,
	}
}

// destinationSchema holds the setting against the pool. It does not rest on the
// other settings: where a rule names an attribute that the setting lacks, this
// tells what the setting should be.
func destinationSchema(f Facts) Check {
	if f.Settings.Unread {
		return skip(becauseOf(nameConfiguration))
	}
	has, want := f.Settings.DestinationSchema.String(), DestinationSchema(f.pool.value).String()
	remedy := "set " + variableSchema + "='" + want + "'"
	if want == "" {
		remedy = "unset " + variableSchema
	}
	switch {
	case f.aside("_DESTINATION_SCHEMA"):
		return fail(variableSchema+" has a problem", remedy)
	case has == want && has == "":
		return pass("the pool has no custom attribute, and requires none")
	case has == want:
		return pass(variableSchema + " is the pool's")
	case has != "":
		return fail(variableSchema+" is not the pool's: it is "+has, remedy)
	case !f.schemaMatters():
		return pass(variableSchema + " is not set; no rule sets a custom attribute, and the pool requires none")
	default:
		return warn(variableSchema+" is not set: a user whose values the pool rejects, or who lacks one, is recorded as migrated, and Cognito does not create the user", remedy)
	}
}

// schemaMatters reports whether the pool's schema says anything of what the rules
// set, or requires anything.
func (f *Facts) schemaMatters() bool {
	for _, of := range f.pool.value.Attributes {
		_, ruled := f.ruleFor(of.Name)
		if domain.NewSchema(schemaAttribute(of)).Known() && (of.Required || ruled) {
			return true
		}
	}
	return false
}

// passwordPolicy compares MIGRATE_PASSWORD_POLICY with the pool's own policy.
func passwordPolicy(f Facts) Check {
	ours, theirs := f.Settings.Rules.PasswordPolicy, f.pool.value.PasswordPolicy
	if ours == theirs {
		return pass("MIGRATE_PASSWORD_POLICY is the pool's")
	}
	words := func(text string) []string { return strings.FieldsFunc(text, func(r rune) bool { return r == ',' }) }
	only := func(these, others string) string {
		return strings.Join(slices.DeleteFunc(words(these), func(word string) bool { return slices.Contains(words(others), word) }), ", ")
	}
	var differs []string
	if more := only(theirs.String(), ours.String()); more != "" {
		differs = append(differs, "the pool demands "+more+", and the setting does not: users whose password lacks it cannot be created")
	}
	if more := only(ours.String(), theirs.String()); more != "" {
		differs = append(differs, "the setting demands "+more+", and the pool does not")
	}
	remedy := "set MIGRATE_PASSWORD_POLICY=" + theirs.String()
	if theirs.IsZero() {
		remedy = "unset MIGRATE_PASSWORD_POLICY and MIGRATE_ON_WEAK_PASSWORD: the pool demands nothing"
	}
	return warn("MIGRATE_PASSWORD_POLICY differs: "+strings.Join(differs, "; "), remedy)
}
