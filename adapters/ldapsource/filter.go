package ldapsource

import (
	"errors"
	"slices"
	"strings"

	"cognito-user-migration/domain"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"
)

// Placeholders in a template.
const (
	usernamePlaceholder = "{username}"
	dnPlaceholder       = "{dn}"
)

// Filter is the template of a search filter (RFC 4515), with a placeholder for
// the username.
type Filter string

// UnmarshalText implements [encoding.TextUnmarshaler]. The error describes the
// fault of the template.
func (f *Filter) UnmarshalText(text []byte) error {
	filter := Filter(text)
	assertions, err := filter.assertions()
	if err != nil {
		return err
	}
	if len(assertions) == 0 {
		return errors.New("expected an LDAP filter with the placeholder {username}, such as (|(uid={username})(mail={username}))")
	}
	*f = filter
	return nil
}

// of returns the filter for one username. Usernames are escaped only here.
func (f Filter) of(username string) string {
	return strings.ReplaceAll(string(f), usernamePlaceholder, ldap.EscapeFilter(username))
}

// assertion is one comparison of the template: an attribute, and the value with
// the placeholder.
type assertion struct {
	attribute, value string
}

// assertions lists the comparisons that contain the username. The username may
// be used only in plain equality comparisons, because it must identify one
// user.
func (f Filter) assertions() ([]assertion, error) {
	packet, err := ldap.CompileFilter(string(f))
	if err != nil {
		return nil, errors.New("expected an LDAP filter (RFC 4515)")
	}
	var found []assertion
	placeholders := strings.Count(string(f), usernamePlaceholder)
	walk(packet, func(attribute, value string) {
		if n := strings.Count(value, usernamePlaceholder); n > 0 {
			found = append(found, assertion{attribute, value})
			placeholders -= n
		}
	})
	if placeholders != 0 {
		return nil, errors.New("expected {username} only as the value of a comparison, such as (uid={username})")
	}
	return found, nil
}

// walk calls equality for every equality comparison in a filter.
func walk(packet *ber.Packet, equality func(attribute, value string)) {
	switch packet.Tag { //nolint:exhaustive // the choices of a filter (RFC 4511, 4.5.1)
	case ldap.FilterAnd, ldap.FilterOr, ldap.FilterNot:
		for _, part := range packet.Children {
			walk(part, equality)
		}
	case ldap.FilterEqualityMatch:
		attribute, _ := packet.Children[0].Value.(string)
		value, _ := packet.Children[1].Value.(string)
		equality(attribute, value)
	}
}

// namedBy lists the comparisons in which the entry has exactly this name,
// ignoring letter case, and spaces and dashes in telephone numbers. Servers
// compare more loosely, for example spaces and Unicode characters (RFC 4518),
// so they could find another user.
func (l loginFilter) namedBy(entry *ldap.Entry, username string) []assertion {
	var carried []assertion
	for _, a := range l.asserts {
		wanted := strings.ReplaceAll(a.value, usernamePlaceholder, username)
		if slices.ContainsFunc(entry.GetEqualFoldAttributeValues(a.attribute), func(value string) bool {
			number, _ := domain.FitStandardAttribute("phone_number", value)
			return strings.EqualFold(value, wanted) || wanted != "" && number == wanted
		}) {
			carried = append(carried, a)
		}
	}
	return carried
}

// loginFilter is a parsed [Filter].
type loginFilter struct {
	Filter
	asserts []assertion
}

// GroupFilter is the template of a search filter for a user's groups, with
// placeholders for the username and for the DN of the user's entry.
type GroupFilter string

// UnmarshalText implements [encoding.TextUnmarshaler]. The error describes the
// template.
func (f *GroupFilter) UnmarshalText(text []byte) error {
	filter := string(text)
	if _, err := ldap.CompileFilter(filter); err != nil || !strings.Contains(filter, usernamePlaceholder) && !strings.Contains(filter, dnPlaceholder) {
		return errors.New("expected an LDAP filter with the placeholder {dn} or {username}, such as (member={dn})")
	}
	*f = GroupFilter(text)
	return nil
}

// of returns the filter for one user.
func (f GroupFilter) of(username, dn string) string {
	return strings.NewReplacer(usernamePlaceholder, ldap.EscapeFilter(username), dnPlaceholder, ldap.EscapeFilter(dn)).Replace(string(f))
}
