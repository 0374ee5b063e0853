package doctor

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"cognito-user-migration/domain"
	"cognito-user-migration/ports/setup"
)

// followed are the flags that a migration sets without a rule of their own.
const verifiedSuffix = "_verified"

// withoutRules are the required attributes that no rule can give: Cognito makes
// them itself.
func withoutRules() []string { return []string{"sub"} }

func attributesAtSource(f Facts) Check {
	var found findings
	for _, rule := range f.rules() {
		// What every user has, whatever the schema says.
		always := []string{"", "username", "sub", "identities"}
		if _, there := attribute(f.sourcePool.value, rule.Source); !there && !slices.Contains(always, rule.Source) {
			found.wrong = append(found.wrong, fmt.Sprintf("%s is not in the source's schema, so %s stays empty", rule.Source, itOr(rule, rule.Target)))
		}
	}
	return found.result(f.counted("has what every rule reads"), "correct MIGRATE_ATTRIBUTES")
}

// attributesInToken holds the rules against what an ID token of the source's app
// client holds, where the profile is read there.
func attributesInToken(f Facts) Check {
	switch {
	case f.Settings.Source == nil:
		return skip(f.noPool())
	case f.aside("_PROFILE"):
		return skip(becauseOf(nameConfiguration))
	case !f.Settings.Source.FromIDToken:
		return skip("the profile is read by AdminGetUser")
	}
	if skipped, yes := f.resting("MIGRATE_ATTRIBUTES"); yes {
		return skipped
	}
	if skipped, yes := missing(f.sourceClient, nameSourceClient); yes {
		return skipped
	}
	readable := f.sourceClient.value.ReadAttributes
	if len(readable) == 0 {
		readable = append(domain.StandardAttributes(), "email_verified", "phone_number_verified")
	}
	var found findings
	for _, name := range f.read() {
		if !slices.Contains(readable, name) {
			found.wrong = append(found.wrong, name)
		}
	}
	if len(found.wrong) > 0 {
		found.wrong = []string{"the app client may not read " + strings.Join(found.wrong, ", ") + ", so the ID token lacks it"}
	}
	return found.result("the source's app client may read what every rule reads",
		"let the source's app client read it, or set "+f.variable("PROFILE")+" to admin_get_user or concurrent")
}

// read lists the source's attributes that the rules read, and the flags that go
// along with contacts.
func (f *Facts) read() []string {
	var names []string
	for _, rule := range f.rules() {
		if !slices.Contains([]string{"", "username", "sub"}, rule.Source) {
			names = append(names, rule.Source)
		}
		contact := rule.Source == "email" || rule.Source == "phone_number"
		if contact && rule.Source == rule.Target && f.Settings.Rules.VerifiedContacts == domain.VerifiedBySource {
			names = append(names, rule.Source+verifiedSuffix)
		}
	}
	return names
}

func attributesAtDestination(f Facts) Check {
	var found findings
	var once []string
	for _, rule := range f.rules() {
		attribute, there := attribute(f.pool.value, rule.Target)
		switch {
		case !there:
			found.wrong = append(found.wrong, rule.Target+" is not in the destination's schema: users who have it cannot migrate")
		case !attribute.Mutable:
			once = append(once, rule.Target)
		}
	}
	if f.takesOthersNames() {
		found.unwise = append(found.unwise, preferredUsername+" is an alias of the destination, and users of the source can edit it: a user who enters another user's name there takes it over")
		return found.result("", "take the rule for "+preferredUsername+" out of MIGRATE_ATTRIBUTES")
	}
	fine := f.counted("has what every rule sets")
	if _, ruled := f.ruleFor(preferredUsername); !ruled && !slices.Contains(f.pool.value.AliasAttributes, preferredUsername) {
		fine += "; " + preferredUsername + ", which is no alias there, is moved by a rule of its own alone"
	}
	if len(once) > 0 {
		fine += "; immutable, so this migration sets it for good: " + strings.Join(once, ", ")
	}
	return found.result(fine, "add it to the destination's schema, or take the rule out of MIGRATE_ATTRIBUTES")
}

// preferredUsername is the attribute that is an alias where the pool says so, and
// that no one verifies.
const preferredUsername = "preferred_username"

// takesOthersNames reports whether preferred_username is moved to a destination that
// signs users in by it, from a source that does not. Such a source lets several users
// have one name.
func (f *Facts) takesOthersNames() bool {
	rule, ruled := f.ruleFor(preferredUsername)
	from := f.sourcePool
	unique := from.err == nil && from.skip == "" && rule.Source == preferredUsername && slices.Contains(from.value.AliasAttributes, preferredUsername)
	return ruled && rule.Source != "username" && !unique && slices.Contains(f.pool.value.AliasAttributes, preferredUsername)
}

func attributesRequired(f Facts) Check {
	var found findings
	var required []string
	for _, target := range f.pool.value.Attributes {
		if !target.Required || slices.Contains(withoutRules(), target.Name) {
			continue
		}
		required = append(required, target.Name)
		rule, ruled := f.ruleFor(target.Name)
		switch {
		case !ruled:
			found.wrong = append(found.wrong, target.Name+" is required at the destination, and no rule gives it")
		case rule.Literal == "" && f.maybeAbsent(rule.Source):
			found.unwise = append(found.unwise, fmt.Sprintf("%s is required at the destination, and %s is optional at the source: who lacks it cannot be moved", target.Name, itOr(rule, rule.Source)))
		}
	}
	if len(required) == 0 {
		return pass("the destination requires none")
	}
	return found.result("given by rules: "+strings.Join(required, ", "), "add a rule to MIGRATE_ATTRIBUTES, or a text for all: "+exampleRule(found))
}

// itOr is "it" for an attribute that keeps its name, and otherwise the other name:
// the same problem with several attributes has the same words.
func itOr(rule domain.AttributeRule, other string) string {
	if rule.Source == rule.Target {
		return "it"
	}
	return other
}

func exampleRule(found findings) string {
	name := "attribute"
	if all := append(found.wrong, found.unwise...); len(all) > 0 {
		name, _, _ = strings.Cut(all[0], " ")
	}
	if _, fits := domain.FitStandardAttribute(name, "unknown"); !fits {
		return name + "=" + name + "_at_source"
	}
	return name + "='unknown'"
}

// outside says what becomes of a value that is not within the pool's bounds.
func (f *Facts) outside(target string) string {
	switch {
	case !f.Settings.DestinationSchema.Known():
		return "users with other values cannot migrate"
	case f.Settings.DestinationSchema.Requires(target):
		return "users with other values are refused"
	default:
		return "other values are left out"
	}
}

// maybeAbsent reports whether a user of the source may lack an attribute, as far
// as the source is known.
func (f *Facts) maybeAbsent(name string) bool {
	if f.sourcePool.skip != "" || f.sourcePool.err != nil || name == "username" || name == "sub" {
		return false
	}
	attribute, there := attribute(f.sourcePool.value, name)
	return there && !attribute.Required && !slices.Contains(f.sourcePool.value.UsernameAttributes, name)
}

func attributesType(f Facts) Check {
	var found findings
	for _, rule := range f.rules() {
		target, there := attribute(f.pool.value, rule.Target)
		if !there || target.Type == "String" {
			continue // every value is a text
		}
		if rule.Literal != "" {
			if !fits(rule.Literal, target.Type) {
				found.wrong = append(found.wrong, fmt.Sprintf("%s is a %s, and the rule's text is not a valid one", rule.Target, target.Type))
			}
			continue
		}
		source, known := attribute(f.sourcePool.value, rule.Source)
		if f.sourcePool.err == nil && f.sourcePool.skip == "" && known && source.Type != target.Type {
			found.wrong = append(found.wrong, fmt.Sprintf("%s is a %s, and %s at the source a %s", rule.Target, target.Type, rule.Source, source.Type))
		}
	}
	return found.result("every rule's value is of its target's type", "map an attribute of the same type, or a custom one of type String")
}

func fits(text, kind string) bool {
	switch kind {
	case "Number":
		_, err := strconv.ParseInt(text, 10, 64)
		return err == nil
	case "Boolean":
		return text == "true" || text == "false"
	default:
		return true
	}
}

func attributesLength(f Facts) Check {
	var found findings
	for _, rule := range f.rules() {
		target, there := attribute(f.pool.value, rule.Target)
		if !there {
			continue
		}
		if rule.Literal != "" {
			if value, counts := measured(rule.Literal, target.Type); counts && outside(value, target) {
				found.wrong = append(found.wrong, fmt.Sprintf("the rule's text for %s is not within %s", rule.Target, bounds(target)))
			}
			continue
		}
		source, known := attribute(f.sourcePool.value, rule.Source)
		if f.sourcePool.err == nil && f.sourcePool.skip == "" && known && source.Type == target.Type && tighter(target, source) {
			found.unwise = append(found.unwise, fmt.Sprintf("%s takes %s, and %s at the source takes %s: %s", rule.Target, bounds(target), itOr(rule, rule.Source), bounds(source), f.outside(rule.Target)))
		}
	}
	return found.result("the destination takes what the source may hold", "look for such values at the source, or create the attribute with the source's bounds")
}

// measured is the size of a text by the type's measure.
func measured(text, kind string) (int64, bool) {
	if kind == "Number" {
		value, err := strconv.ParseInt(text, 10, 64)
		return value, err == nil
	}
	return int64(utf8.RuneCountInString(text)), kind == "String"
}

func outside(value int64, target setup.PoolAttribute) bool {
	return target.Least != nil && value < *target.Least || target.Most != nil && value > *target.Most
}

// tighter reports whether the target refuses values that the source may hold. No
// empty value is ever sent, so a length of 0 at the source does not count.
func tighter(target, source setup.PoolAttribute) bool {
	least, shortest := source.Least, int64(1)
	if source.Type == "String" && (least == nil || *least < shortest) {
		least = &shortest
	}
	return target.Least != nil && (least == nil || *least < *target.Least) ||
		target.Most != nil && (source.Most == nil || *source.Most > *target.Most)
}

func bounds(attribute setup.PoolAttribute) string {
	text := func(bound *int64) string {
		if bound == nil {
			return ""
		}
		return strconv.FormatInt(*bound, 10)
	}
	what := "values"
	if attribute.Type == "String" {
		what = "lengths"
	}
	return what + " " + text(attribute.Least) + ".." + text(attribute.Most)
}

func attribute(pool setup.UserPool, name string) (setup.PoolAttribute, bool) {
	for _, attribute := range pool.Attributes {
		if attribute.Name == name {
			return attribute, true
		}
	}
	return setup.PoolAttribute{}, false
}

func (f *Facts) rules() []domain.AttributeRule {
	return f.Settings.Rules.Attributes.Rules()
}

// ruleFor is the rule of a target; the verified flags follow their contact.
func (f *Facts) ruleFor(target string) (domain.AttributeRule, bool) {
	for _, rule := range f.rules() {
		if rule.Target == target {
			return rule, true
		}
	}
	if contact, flag := strings.CutSuffix(target, verifiedSuffix); flag {
		return f.ruleFor(contact)
	}
	return domain.AttributeRule{}, false
}

func (f *Facts) counted(text string) string {
	return fmt.Sprintf("the schema %s (%d rules)", text, len(f.rules()))
}
