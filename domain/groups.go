package domain

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// GroupMap says which of a user's groups at the source they get in the
// destination, and under which name. The zero map gives none.
type GroupMap struct {
	all   bool
	rules []groupRule
}

type groupRule struct {
	source, destination string
}

// ParseGroupMap reads a list of rules, separated by commas:
//
//	admins            the group of the same name
//	editors=writers   the source's editors become writers
//	*                 every other group, under its own name
//
// No group of the source may have two rules; two may lead to one destination.
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

// isGroupName holds for what can be a group's name in a user pool ("CreateGroup",
// Amazon Cognito API Reference), without the signs that rules are written with.
func isGroupName(name string) bool {
	return name != "" && len(name) <= 128 && !strings.ContainsFunc(name, func(r rune) bool {
		return r <= ' ' || r == 0x7f || r == '*' || r == '='
	})
}

// UnmarshalText implements [encoding.TextUnmarshaler] by ParseGroupMap.
func (m *GroupMap) UnmarshalText(text []byte) error {
	parsed, err := ParseGroupMap(string(text))
	if err != nil {
		return err
	}
	*m = parsed
	return nil
}

// String writes the map as ParseGroupMap reads it.
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

// Empty reports whether the map gives no group to anyone.
func (m GroupMap) Empty() bool {
	return !m.all && len(m.rules) == 0
}

// Destinations lists the groups of the destination that the rules name, each
// once and in order. Those that * leads to are not known before the users are.
func (m GroupMap) Destinations() []string {
	var named []string
	for _, rule := range m.rules {
		named = append(named, rule.destination)
	}
	slices.Sort(named)
	return slices.Compact(named)
}

// Apply gives the destination's groups for those at the source, each once and in
// order.
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
