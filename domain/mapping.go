package domain

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// Attributes that say whether a contact is verified.
const (
	attributeEmail         = "email"
	attributePhone         = "phone_number"
	attributeEmailVerified = "email_verified"
	attributePhoneVerified = "phone_number_verified"
	attributeUsername      = "username"
	attributeSub           = "sub"

	attributePreferredUsername = "preferred_username"
)

// StandardAttributes lists the attributes that every user pool has and a
// migration may set ("Working with user attributes", Amazon Cognito Developer
// Guide). They are the OpenID Connect claims without sub, which Cognito
// generates, and without the two verified flags, which depend on their contact.
func StandardAttributes() []string {
	return []string{
		"address", "birthdate", attributeEmail, "family_name", "gender", "given_name", "locale",
		"middle_name", "name", "nickname", attributePhone, "picture", "preferred_username",
		"profile", "updated_at", "website", "zoneinfo",
	}
}

// AttributeMap maps source attributes to the new user's attributes, by rules
// "target = source". The zero map maps none.
type AttributeMap struct {
	rules []attributeRule
	// required lists targets that every new user must have.
	required []string
}

// AttributeRule is one rule of an [AttributeMap].
type AttributeRule struct {
	// Target is the destination's attribute.
	Target string
	// Source is the source's attribute; empty for a literal.
	Source string
	// Literal is a text that is the same for all users; empty if there is a source.
	Literal string
}

// attributeRule is a rule with the format of its target.
type attributeRule struct {
	AttributeRule
	format valueFormat
}

func newAttributeRule(target, source string) attributeRule {
	return attributeRule{AttributeRule{Target: target, Source: source}, documentedFormat(target)}
}

// StandardAttributeMap returns the map written as "*": every standard attribute
// except preferred_username. Users can edit that one. If the destination uses
// it as an alias, a user could enter another user's name there and take it
// over. An explicit rule migrates it.
func StandardAttributeMap() AttributeMap {
	var m AttributeMap
	for _, name := range StandardAttributes() {
		if name != attributePreferredUsername {
			m.rules = append(m.rules, newAttributeRule(name, name))
		}
	}
	return m
}

// ParseAttributeMap reads a comma-separated list of rules:
//
//	email                         the source's attribute of the same name
//	custom:legacy_sub=sub         another attribute of the source
//	custom:tenant='acme'          a text; a quote inside is doubled
//	*                             every standard attribute except preferred_username
//
// The source name "username" means the source's username. Each target may have
// one rule. sub, identities, username and cognito:* cannot be targets: Cognito
// sets them, or MIGRATE_USERNAME does. The error lists every faulty rule by its
// number.
func ParseAttributeMap(text string) (AttributeMap, error) {
	var (
		m        AttributeMap
		problems []error
		seen     = make(map[string]bool)
	)
	for i, item := range splitRules(text) {
		rules, err := parseAttributeRules(strings.TrimSpace(item))
		if err != nil {
			problems = append(problems, fmt.Errorf("rule %d: %w", i+1, err))
			continue
		}
		for _, rule := range rules {
			if seen[rule.Target] {
				problems = append(problems, fmt.Errorf("rule %d: %s already has a rule; remove one", i+1, rule.Target))
				continue
			}
			seen[rule.Target] = true
			m.rules = append(m.rules, rule)
		}
	}
	if len(problems) > 0 {
		return AttributeMap{}, errors.Join(problems...)
	}
	return m, nil
}

// splitRules splits at commas outside quotes. A doubled quote closes and opens
// again, so it needs no special case.
func splitRules(text string) []string {
	var items []string
	quoted, start := false, 0
	for i := range len(text) {
		switch text[i] {
		case '\'':
			quoted = !quoted
		case ',':
			if !quoted {
				items = append(items, text[start:i])
				start = i + 1
			}
		}
	}
	return append(items, text[start:])
}

func parseAttributeRules(item string) ([]attributeRule, error) {
	if item == "*" {
		return StandardAttributeMap().rules, nil
	}
	target, value, given := strings.Cut(item, "=")
	target = strings.TrimSpace(target)
	if err := checkTarget(target); err != nil {
		return nil, err
	}
	value = strings.TrimSpace(value)
	if !given {
		value = target
	}
	rule := newAttributeRule(target, value)
	if strings.HasPrefix(value, "'") {
		literal, err := unquote(value)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", target, err)
		}
		rule.Source, rule.Literal = "", literal
		return []attributeRule{rule}, rule.checkLiteral()
	}
	if !isAttributeName(value) {
		return nil, fmt.Errorf("%s: expected an attribute of the source, or a text in single quotes, after '='", target)
	}
	return []attributeRule{rule}, nil
}

// checkLiteral returns an error if the destination would reject the text,
// because then no user would get it.
func (r *attributeRule) checkLiteral() error {
	fitted, ok := r.format.fit(r.Literal)
	if r.Literal == "" || ok && fitted != "" {
		return nil
	}
	return fmt.Errorf("%s: the text is not valid; expected %s", r.Target, r.format.takes())
}

func unquote(value string) (string, error) {
	inner, closed := strings.CutSuffix(value[1:], "'")
	if !closed || len(value) < 2 {
		return "", errors.New("the text has no closing quote")
	}
	if strings.Contains(strings.ReplaceAll(inner, "''", ""), "'") {
		return "", errors.New("write a quote inside the text twice")
	}
	if inner == "" {
		return "", errors.New("the text is empty, and Cognito accepts no empty value")
	}
	return strings.ReplaceAll(inner, "''", "'"), nil
}

func checkTarget(target string) error {
	switch {
	case target == "":
		return errors.New("the name of an attribute is missing")
	case !isAttributeName(target):
		return errors.New("not a valid attribute name")
	case target == attributeUsername:
		return errors.New("username is not an attribute; use MIGRATE_USERNAME to set the username")
	case target == attributeSub, target == "identities", strings.HasPrefix(target, "cognito:"):
		return fmt.Errorf("%s is set by Cognito and cannot be written", target)
	case target == attributeEmailVerified, target == attributePhoneVerified,
		slices.Contains(StandardAttributes(), target):
		return nil
	case isCustom(target) && utf8.RuneCountInString(target[strings.LastIndex(target, "custom:")+len("custom:"):]) > longestCustom:
		return fmt.Errorf("%s is too long; a custom attribute has at most %d characters after the colon", target, longestCustom)
	case isCustom(target):
		return nil
	default:
		return fmt.Errorf("%s is not a standard attribute; write a custom attribute as custom:%s", target, target)
	}
}

// longestCustom is the longest name of a custom attribute, without its prefix
// ("SchemaAttributeType", Amazon Cognito API Reference).
const longestCustom = 20

func isCustom(name string) bool {
	name = strings.TrimPrefix(name, "dev:")
	bare, custom := strings.CutPrefix(name, "custom:")
	return custom && bare != ""
}

// isAttributeName reports whether the name can be used in a rule: without
// spaces, control characters, and the characters that separate rules.
func isAttributeName(name string) bool {
	if name == "" || len(name) > 128 {
		return false
	}
	return !strings.ContainsFunc(name, func(r rune) bool {
		return r <= ' ' || r == 0x7f || r == ',' || r == '=' || r == '\'' || r == '*'
	})
}

// String writes the map in the form that ParseAttributeMap reads.
func (m AttributeMap) String() string {
	items := make([]string, len(m.rules))
	for i, rule := range m.rules {
		switch {
		case rule.Literal != "":
			items[i] = rule.Target + "='" + strings.ReplaceAll(rule.Literal, "'", "''") + "'"
		case rule.Source == rule.Target:
			items[i] = rule.Target
		default:
			items[i] = rule.Target + "=" + rule.Source
		}
	}
	return strings.Join(items, ",")
}

// Rules lists the rules in their order.
func (m AttributeMap) Rules() []AttributeRule {
	rules := make([]AttributeRule, len(m.rules))
	for i, rule := range m.rules {
		rules[i] = rule.AttributeRule
	}
	return rules
}

// Targets lists the attributes that have a rule, in the order of the rules.
func (m AttributeMap) Targets() []string {
	targets := make([]string, len(m.rules))
	for i, rule := range m.rules {
		targets[i] = rule.Target
	}
	return targets
}

// Sources lists the source's attributes that rules name.
func (m AttributeMap) Sources() []string {
	var names []string
	for _, rule := range m.rules {
		if rule.Source != "" {
			names = append(names, rule.Source)
		}
	}
	return names
}

// UnmarshalText implements [encoding.TextUnmarshaler]; see [ParseAttributeMap].
func (m *AttributeMap) UnmarshalText(text []byte) error {
	parsed, err := ParseAttributeMap(string(text))
	if err != nil {
		return err
	}
	*m = parsed
	return nil
}

// Apply returns the attributes of the new user: those that a rule names and the
// source user has, in the destination's format. For email and phone number it
// adds whether they are verified. No value is empty. It omits values that
// cannot be converted to the destination's format.
func (m AttributeMap) Apply(user SourceUser, vouch VerifiedContacts) Attributes {
	attributes, _ := m.fit(user, vouch)
	return attributes
}

// fit does the same as Apply, and also lists the omitted attributes.
func (m AttributeMap) fit(user SourceUser, vouch VerifiedContacts) (attributes Attributes, omitted AttributeNames) {
	if user.mapped != nil && user.mapped.by(m, vouch) {
		return user.mapped.attributes, user.mapped.omitted
	}
	attributes = make(Attributes, len(m.rules)+2)
	for i := range m.rules {
		rule := &m.rules[i]
		given := rule.value(user)
		if given == "" {
			continue
		}
		switch value, ok := rule.format.fit(given); {
		case !ok:
			omitted = append(omitted, rule.Target)
		case value != "":
			attributes[rule.Target] = value
		}
	}
	m.settleVerified(attributes, attributeEmail, attributeEmailVerified, user, vouch)
	m.settleVerified(attributes, attributePhone, attributePhoneVerified, user, vouch)
	return attributes, omitted
}

// unfit lists the attributes that prevent the user from being created: the
// typed contact if it was omitted, and required attributes that are missing.
func (m AttributeMap) unfit(attempt Attempt, user SourceUser, attributes Attributes, omitted AttributeNames) AttributeNames {
	var names AttributeNames
	for _, rule := range m.rules {
		contact := rule.Target == attributeEmail || rule.Target == attributePhone
		if contact && slices.Contains(omitted, rule.Target) && strings.EqualFold(attempt.Username, strings.TrimSpace(rule.value(user))) {
			names = append(names, rule.Target)
		}
	}
	for _, name := range m.required {
		if attributes[name] == "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

func (r *attributeRule) value(user SourceUser) string {
	if r.Literal != "" {
		return r.Literal
	}
	if value := user.Attributes[r.Source]; value != "" {
		return value
	}
	switch r.Source {
	case attributeUsername:
		return user.Username
	case attributeSub:
		return user.Sub
	default:
		return ""
	}
}

// settleVerified sets a contact's flag to "true" or "false", and removes it if
// there is no contact, because Cognito rejects a flag alone. Without a rule of
// its own, the flag follows its contact. The source's verification counts only
// if the contact comes from the attribute that the source verified.
func (m AttributeMap) settleVerified(to Attributes, contact, flag string, user SourceUser, vouch VerifiedContacts) {
	if to[contact] == "" {
		delete(to, flag)
		return
	}
	verified := to[flag]
	if !m.hasRule(flag) {
		switch {
		case vouch == VerifiedAlways:
			verified = "true"
		case m.copies(contact):
			verified = user.Attributes[flag]
		}
	}
	to[flag] = "false"
	if truth, _ := ParseBoolean(verified); truth {
		to[flag] = "true"
	}
}

// SubCarriers lists the destination attributes to which rules such as
// custom:legacy_sub=sub copy the source's sub. Standard attributes do not
// count: users can edit those, and could enter another user's sub.
func (m AttributeMap) SubCarriers() []string {
	var carriers []string
	for _, rule := range m.rules {
		if rule.Literal == "" && rule.Source == attributeSub && isCustom(rule.Target) {
			carriers = append(carriers, rule.Target)
		}
	}
	return carriers
}

// ownContacts returns the attributes without contacts that a rule sets for all
// users. Those do not identify a user.
func (m AttributeMap) ownContacts(attributes Attributes) Attributes {
	own := attributes
	for _, rule := range m.rules {
		if rule.Literal != "" && (rule.Target == attributeEmail || rule.Target == attributePhone) {
			own = maps.Clone(own)
			delete(own, rule.Target)
		}
	}
	return own
}

// mapped is what one map makes of a user.
type mapped struct {
	rules      []attributeRule
	vouch      VerifiedContacts
	attributes Attributes
	omitted    AttributeNames
}

func (m *mapped) by(other AttributeMap, vouch VerifiedContacts) bool {
	return m.vouch == vouch && len(m.rules) == len(other.rules) && (len(m.rules) == 0 || &m.rules[0] == &other.rules[0])
}

// Mapped returns the user with the attributes that the rules give them, so that
// several decisions about the user compute them once. It must not be changed
// afterwards. Other rules ignore them.
func (u SourceUser) Mapped(rules Rules) SourceUser {
	attributes, omitted := rules.Attributes.fit(u, rules.VerifiedContacts)
	u.mapped = &mapped{rules.Attributes.rules, rules.VerifiedContacts, attributes, slices.Clip(omitted)}
	return u
}

func (m AttributeMap) hasRule(target string) bool {
	return slices.ContainsFunc(m.rules, func(rule attributeRule) bool { return rule.Target == target })
}

// copies reports whether the target is copied from the source attribute of the
// same name.
func (m AttributeMap) copies(target string) bool {
	return slices.ContainsFunc(m.rules, func(rule attributeRule) bool {
		return rule.Target == target && rule.Source == target
	})
}

// hasVerifiedContact reports whether a code can be sent to the user.
func (a Attributes) hasVerifiedContact() bool {
	return a.hasVerifiedEmail() || a.hasVerifiedPhone()
}

func (a Attributes) hasVerifiedEmail() bool {
	return a[attributeEmail] != "" && a[attributeEmailVerified] == "true"
}

func (a Attributes) hasVerifiedPhone() bool {
	return a[attributePhone] != "" && a[attributePhoneVerified] == "true"
}
