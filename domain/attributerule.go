package domain

// AttributeRule is one rule of an [AttributeMap], for code that checks or
// explains a map without applying it.
type AttributeRule struct {
	// Target is the destination's attribute.
	Target string
	// Source is the source's attribute; empty for a literal.
	Source string
	// Literal is a text that is the same for all users; empty if there is a
	// source.
	Literal string
}

// Rules lists the rules in their order.
func (m AttributeMap) Rules() []AttributeRule {
	rules := make([]AttributeRule, len(m.rules))
	for i, rule := range m.rules {
		rules[i] = AttributeRule{Target: rule.target, Source: rule.source, Literal: rule.literal}
	}
	return rules
}

// Sources lists the source's attributes that rules name.
func (m AttributeMap) Sources() []string {
	var names []string
	for _, rule := range m.Rules() {
		if rule.Source != "" {
			names = append(names, rule.Source)
		}
	}
	return names
}
