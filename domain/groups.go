package domain

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// GroupMap maps a user's source groups to destination groups. The zero map maps
// none.
type GroupMap struct {
	all   bool
	rules []groupRule
}

type groupRule struct {
	source, destination string
}

// ParseGroupMap reads a comma-separated list of rules:
//
//	admins            the group of the same name
//	editors=writers   the source's editors become writers
//	*                 every other group, under its own name
//
// A source group may have one rule only; two source groups may map to one
// destination group.
func ParseGroupMap(text string) (GroupMap, error) {
	var (
		m        GroupMap
		problems []error
	)
	for i, item := range strings.Split(text, ",") {
		source, destination, given := strings.Cut(strings.TrimSpace(item), "=")
		if !given {
			destination = source
		}
		rule := groupRule{strings.TrimSpace(source), strings.TrimSpace(destination)}
		switch {
		case rule.source == "*" && !given && !m.all:
			m.all = true
		case rule.source == "*" && !given, slices.ContainsFunc(m.rules, func(r groupRule) bool { return r.source == rule.source }):
			problems = append(problems, fmt.Errorf("rule %d: %s already has a rule; remove one", i+1, rule.source))
		case !isGroupName(rule.source) || !isGroupName(rule.destination):
			problems = append(problems, fmt.Errorf("rule %d: expected a group's name, two as source=destination, or *", i+1))
		default:
			m.rules = append(m.rules, rule)
		}
	}
	if len(problems) > 0 {
		return GroupMap{}, errors.Join(problems...)
	}
	return m, nil
}

// isGroupName reports whether the text can be a user pool group's name
// ("CreateGroup", Amazon Cognito API Reference) without the characters that
// separate rules.
func isGroupName(name string) bool {
	return name != "" && len(name) <= 128 && !strings.ContainsFunc(name, func(r rune) bool {
		return r <= ' ' || r == 0x7f || r == '*' || r == '='
	})
}

// UnmarshalText implements [encoding.TextUnmarshaler]; see [ParseGroupMap].
func (m *GroupMap) UnmarshalText(text []byte) error {
	parsed, err := ParseGroupMap(string(text))
	if err != nil {
		return err
	}
	*m = parsed
	return nil
}

// String writes the map in the form that ParseGroupMap reads.
func (m GroupMap) String() string {
	var items []string
	for _, rule := range m.rules {
		if rule.source == rule.destination {
			items = append(items, rule.source)
			continue
		}
		items = append(items, rule.source+"="+rule.destination)
	}
	if m.all {
		items = append(items, "*")
	}
	return strings.Join(items, ",")
}

// Empty reports whether the map maps no group.
func (m GroupMap) Empty() bool {
	return !m.all && len(m.rules) == 0
}

// Destinations lists the destination groups that the rules name, without
// duplicates and in order. The groups that * maps depend on the users.
func (m GroupMap) Destinations() []string {
	var named []string
	for _, rule := range m.rules {
		named = append(named, rule.destination)
	}
	slices.Sort(named)
	return slices.Compact(named)
}

// Apply returns the destination groups for source groups, without duplicates
// and in order.
func (m GroupMap) Apply(groups []string) []string {
	var mapped []string
	for _, group := range groups {
		if destination := m.destinationOf(group); destination != "" && !slices.Contains(mapped, destination) {
			mapped = append(mapped, destination)
		}
	}
	slices.Sort(mapped)
	return mapped
}

func (m GroupMap) destinationOf(group string) string {
	for _, rule := range m.rules {
		if rule.source == group {
			return rule.destination
		}
	}
	if m.all {
		return group
	}
	return ""
}
