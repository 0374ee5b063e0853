package ldapsource

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"cognito-user-migration/domain"

	"github.com/go-ldap/ldap/v3"
)

// layout names the entry's attributes.
type layout struct {
	filter                           loginFilter
	usernameAttribute, subAttribute  string
	groupAttribute                   string            // empty if groups are found by a search
	mfaAttribute                     string            // empty if no attribute lists second factors
	attributes                       map[string]string // by Cognito's names
	emailIsVerified, phoneIsVerified bool
	// vouchesForAll: the operator's setting marks every contact as verified.
	vouchesForAll bool
}

// wanted lists the attributes to read. Operational attributes must be named.
func (l layout) wanted() []string {
	wanted := append([]string{l.usernameAttribute}, stateAttributes()...)
	for _, assertion := range l.filter.asserts {
		wanted = append(wanted, assertion.attribute)
	}
	for _, attribute := range l.attributes {
		wanted = append(wanted, attribute)
	}
	wanted = append(wanted, l.subAttribute)
	for _, attribute := range []string{l.groupAttribute, l.mfaAttribute} {
		if attribute != "" {
			wanted = append(wanted, attribute)
		}
	}
	slices.Sort(wanted)
	return slices.Compact(wanted)
}

// user reads an entry. The typed name identifies the user if the filter compares it
// with a verified contact, or with an attribute that is not a contact. An unverified contact identifies no user, because users can
// edit it in many directories.
func (l layout) user(entry *ldap.Entry, typed string, now time.Time) domain.SourceUser {
	user := domain.SourceUser{
		Username:    l.username(entry),
		Sub:         l.sub(entry),
		Enabled:     !switchedOff(entry, now),
		Attributes:  make(domain.Attributes, len(l.attributes)),
		Groups:      l.groups(entry),
		GroupsKnown: l.groupAttribute != "",
	}
	if l.mfaAttribute != "" { // a bind asks only for a password
		user.MFA, user.MFAUnasked = domain.ParseMFA(strings.Join(entry.GetEqualFoldAttributeValues(l.mfaAttribute), ",")), true
	}
	for name, attribute := range l.attributes {
		value := valueOf(name, entry.GetEqualFoldAttributeValues(attribute), typed)
		if name == "email_verified" || name == "phone_number_verified" {
			value = strings.ToLower(value) // LDAP's booleans are TRUE and FALSE (RFC 4517, 3.3.3)
		}
		if value != "" {
			user.Attributes[name] = value
		}
	}
	if l.emailIsVerified && user.Attributes["email"] != "" {
		user.Attributes["email_verified"] = "true"
	}
	if l.phoneIsVerified && user.Attributes["phone_number"] != "" {
		user.Attributes["phone_number_verified"] = "true"
	}
	if slices.ContainsFunc(l.filter.namedBy(entry, typed), func(a assertion) bool { return l.isProved(user, a) }) {
		user.Identifiers = []string{typed}
	}
	return user
}

// isProved reports whether the comparison identifies the user. Either its
// attribute is not a contact, or it is a verified contact that
// [domain.Identify] cannot compare. Examples are a part of an address, such as
// (mail={username}@example.com), and a number in the directory's own form.
func (l layout) isProved(user domain.SourceUser, a assertion) bool {
	contact := l.contactOf(a.attribute)
	if contact == "email" && a.value == usernamePlaceholder {
		return false
	}
	return contact == "" || l.vouchesForAll || user.Attributes[contact+"_verified"] == "true"
}

// contactOf returns Cognito's name of the contact in an attribute, or an empty
// text. The contact attributes of RFC 4519 and RFC 4524 count, whatever they
// are mapped to.
func (l layout) contactOf(attribute string) string {
	is := func(name string) bool { return strings.EqualFold(attribute, name) }
	switch {
	case is(l.usernameAttribute):
		return ""
	case is(l.attributes["email"]), is("mail"), is("rfc822Mailbox"):
		return "email"
	case is(l.attributes["phone_number"]), is("mobile"), is("telephoneNumber"):
		return "phone_number"
	default:
		return ""
	}
}

// unproved lists the contacts in the filter that nothing marks as verified.
func (l layout) unproved() []string {
	var attributes []string
	for _, a := range l.filter.asserts {
		if contact := l.contactOf(a.attribute); contact != "" && !l.proves(contact) {
			attributes = append(attributes, a.attribute)
		}
	}
	return attributes
}

// proves reports whether some setting or attribute can mark the contact as
// verified.
func (l layout) proves(contact string) bool {
	vouched := l.emailIsVerified
	if contact == "phone_number" {
		vouched = l.phoneIsVerified
	}
	return vouched || l.vouchesForAll || l.attributes[contact+"_verified"] != ""
}

// groups returns the groups in the entry.
func (l layout) groups(entry *ldap.Entry) []string {
	if l.groupAttribute == "" {
		return nil
	}
	return groupNames(entry.GetEqualFoldAttributeValues(l.groupAttribute))
}

func (l layout) username(entry *ldap.Entry) string {
	return entry.GetEqualFoldAttributeValue(l.usernameAttribute)
}

func (l layout) sub(entry *ldap.Entry) string {
	raw := entry.GetEqualFoldRawAttributeValue(l.subAttribute)
	if strings.EqualFold(l.subAttribute, "objectGUID") {
		return guid(raw)
	}
	if !utf8.Valid(raw) {
		return ""
	}
	return string(raw)
}

// guid formats a GUID as Windows does: the first three fields of the sixteen
// bytes are little-endian ([MS-DTYP], 2.3.4).
func guid(raw []byte) string {
	if len(raw) != 16 {
		return ""
	}
	return fmt.Sprintf("%08x-%04x-%04x-%x-%x",
		binary.LittleEndian.Uint32(raw), binary.LittleEndian.Uint16(raw[4:]), binary.LittleEndian.Uint16(raw[6:]), raw[8:10], raw[10:])
}

// valueOf returns the attribute value for the destination. LDAP values have no
// meaningful order (RFC 4511, 4.1.7). Of several, it returns the typed one,
// else the first. Values that are not UTF-8 come last.
func valueOf(name string, values []string, typed string) string {
	chosen := ""
	for _, value := range values {
		fitted, _ := domain.FitStandardAttribute(name, value)
		switch {
		case strings.EqualFold(value, typed), fitted != "" && strings.EqualFold(fitted, typed):
			return value
		case chosen == "", !utf8.ValidString(chosen) && utf8.ValidString(value):
			chosen = value
		}
	}
	return chosen
}

// groupNames returns the names of groups from their DNs: the value of the first
// component, "staff" of "cn=staff,ou=groups,dc=example,dc=com".
func groupNames(dns []string) []string {
	var names []string
	for _, text := range dns {
		if dn, err := ldap.ParseDN(text); err == nil && len(dn.RDNs) > 0 {
			names = append(names, dn.RDNs[0].Attributes[0].Value)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// stateAttributes lists the attributes that say that a user may not sign in.
func stateAttributes() []string {
	return []string{
		"userAccountControl", "accountExpires", // Active Directory
		"msDS-UserAccountDisabled",           // AD LDS
		"pwdAccountLockedTime", "pwdEndTime", // draft-behera-ldap-password-policy
		"nsAccountLock", // 389 Directory Server, FreeIPA
		"shadowExpire",  // RFC 2307
	}
}

// accountDisable is a flag of userAccountControl ([MS-ADTS], 2.2.16).
const accountDisable = 0x2

// switchedOff reports whether an administrator disabled the user, now or by a
// date that has passed. A lockout does not count, because it ends by itself. An
// expired password does not count, because the bind reports it. The flags of
// userAccountControl for both are not maintained ([MS-ADTS], 2.2.16).
func switchedOff(entry *ldap.Entry, now time.Time) bool {
	flags, _ := strconv.ParseInt(entry.GetEqualFoldAttributeValue("userAccountControl"), 10, 64) // absent means no flags
	return flags&accountDisable != 0 ||
		strings.EqualFold(entry.GetEqualFoldAttributeValue("msDS-UserAccountDisabled"), "TRUE") ||
		strings.EqualFold(entry.GetEqualFoldAttributeValue("nsAccountLock"), "TRUE") ||
		// "Locked permanently": only an administrator can unlock (5.3.3).
		entry.GetEqualFoldAttributeValue("pwdAccountLockedTime") == "000001010000Z" ||
		slices.ContainsFunc(ends(entry), func(end time.Time) bool { return !end.After(now) })
}

// ends lists the last days in an entry.
func ends(entry *ldap.Entry) []time.Time {
	var ends []time.Time
	// Intervals of 100 ns since 1601; 0 and the greatest number mean never.
	if ticks, err := strconv.ParseInt(entry.GetEqualFoldAttributeValue("accountExpires"), 10, 64); err == nil && ticks > 0 && ticks != 1<<63-1 {
		const perSecond, from1601To1970 = 10_000_000, 11_644_473_600
		ends = append(ends, time.Unix(ticks/perSecond-from1601To1970, 0))
	}
	if end, err := time.Parse("20060102150405Z", entry.GetEqualFoldAttributeValue("pwdEndTime")); err == nil {
		ends = append(ends, end)
	}
	// Days since 1970; values below 1 are not dates (shadow(5)).
	if days, err := strconv.ParseInt(entry.GetEqualFoldAttributeValue("shadowExpire"), 10, 32); err == nil && days > 0 {
		ends = append(ends, time.Unix(days*24*60*60, 0))
	}
	return ends
}
