package ldapsource

import (
	"errors"
	"slices"
	"strings"

	"cognito-user-migration/domain"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"
)

// The places in a template.
const (
	placeUsername = "{username}"
	placeDN       = "{dn}"
)

// Filter is the template of a search filter (RFC 4515), with a place for the
// username.
type Filter string

// UnmarshalText implements [encoding.TextUnmarshaler]; the error says what is
// wrong with the template.
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

// of is the filter for one username, which is escaped here and nowhere else.
func (f Filter) of(username string) string {
	return strings.ReplaceAll(string(f), placeUsername, ldap.EscapeFilter(username))
}

// assertion is one comparison of the template: an attribute, and the value with
// the place in it.
type assertion struct {
	attribute, value string
}

// assertions lists the comparisons that the username stands in. It may stand in
// no other part of a filter than a plain comparison: a person is named, not
// described.
func (f Filter) assertions() ([]assertion, error) {
	packet, err := ldap.CompileFilter(string(f))
	if err != nil {
		return nil, errors.New("expected an LDAP filter (RFC 4515)")
	}
	var found []assertion
	places := strings.Count(string(f), placeUsername)
	walk(packet, func(attribute, value string) {
		if n := strings.Count(value, placeUsername); n > 0 {
			found = append(found, assertion{attribute, value})
			places -= n
		}
	})
	if places != 0 {
		return nil, errors.New("expected {username} only as the value of a comparison, such as (uid={username})")
	}
	return found, nil
}

// walk calls what is given for every equality in a filter.
func walk(packet *ber.Packet, equality func(attribute, value string)) {
	switch packet.Tag { //nolint:exhaustive // the choices that a filter is (RFC 4511, 4.5.1); other tags are none
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

// namedBy lists the comparisons by which the entry carries this very name, letter
// case aside; of a telephone number the spaces and dashes do not matter. Servers
// compare more loosely than that: they fold spaces and much of Unicode (RFC 4518),
// so that a name nobody has would find somebody.
func (l loginFilter) namedBy(entry *ldap.Entry, username string) []assertion {
	var carried []assertion
	for _, a := range l.asserts {
		wanted := strings.ReplaceAll(a.value, placeUsername, username)
		if slices.ContainsFunc(entry.GetEqualFoldAttributeValues(a.attribute), func(value string) bool {
			number, _ := domain.FitStandardAttribute("phone_number", value)
			return strings.EqualFold(value, wanted) || wanted != "" && number == wanted
		}) {
			carried = append(carried, a)
		}
	}
	return carried
}

// loginFilter is a [Filter] that was read.
type loginFilter struct {
	Filter
	asserts []assertion
}

// GroupFilter is the template of a search filter for a person's groups, with
// places for their username and for the DN of their entry.
type GroupFilter string

// UnmarshalText implements [encoding.TextUnmarshaler]; the error says what the
// template takes.
func (f *GroupFilter) UnmarshalText(text []byte) error {
	filter := string(text)
	if _, err := ldap.CompileFilter(filter); err != nil || !strings.Contains(filter, placeUsername) && !strings.Contains(filter, placeDN) {
		return errors.New("expected an LDAP filter with the placeholder {dn} or {username}, such as (member={dn})")
	}
	*f = GroupFilter(text)
	return nil
}

// of is the filter for one person.
func (f GroupFilter) of(username, dn string) string {
	return strings.NewReplacer(placeUsername, ldap.EscapeFilter(username), placeDN, ldap.EscapeFilter(dn)).Replace(string(f))
}
