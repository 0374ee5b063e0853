package ldapsource

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"cognito-user-migration/adapters/internal/pemfile"
	"cognito-user-migration/adapters/internal/problem"
	"cognito-user-migration/domain"

	"github.com/go-ldap/ldap/v3"
)

// Settings are the variables of an LDAP source.
type Settings struct {
	URL               URL           `env:"URL,required" takes:"ldaps://host or ldap://host, with or without a port" desc:"The directory server. An ldap:// URL needs \u0060STARTTLS\u0060."`
	StartTLS          bool          `env:"STARTTLS" envDefault:"false" takes:"true, false" desc:"Start TLS on an ldap:// connection before anything else is sent."`
	AllowPlaintext    bool          `env:"ALLOW_PLAINTEXT" envDefault:"false" takes:"true, false" desc:"Allow ldap:// without TLS: passwords are sent in the clear. Always allowed for loopback addresses."`
	CABundle          pemfile.Text  `env:"CA_BUNDLE" takes:"PEM, or the path of a PEM file" desc:"Certificate authorities to trust for the server, instead of the public ones."`
	BindDN            string        `env:"BIND_DN" takes:"a DN; for Active Directory also a user principal name" desc:"The service account that searches. Without it, the search is anonymous."`
	BindPassword      domain.Secret `env:"BIND_PASSWORD" takes:"the service account's password" desc:"Required with \u0060BIND_DN\u0060."`
	BaseDN            DN            `env:"BASE_DN,required" takes:"a DN" desc:"Users are searched for below this entry."`
	Preset            Preset        `env:"PRESET" envDefault:"openldap" takes:"openldap, active_directory" desc:"Default values of the variables below. docs/sources/ldap.md lists them."`
	Filter            Filter        `env:"FILTER" takes:"an LDAP filter with {username} in it" desc:"The filter that finds the user by the submitted identifier."`
	UsernameAttribute AttributeName `env:"USERNAME_ATTRIBUTE" takes:"the name of an attribute" desc:"The attribute that holds the username."`
	SubAttribute      AttributeName `env:"SUB_ATTRIBUTE" takes:"the name of an attribute" desc:"The attribute that holds an identifier that never changes."`
	Attributes        AttributeMap  `env:"ATTRIBUTES" takes:"pairs, separated by commas" desc:"Attributes in addition to the preset's, as Cognito's name and the directory's: \u0060nickname=displayName,phone_number=telephoneNumber\u0060. \u0060name=\u0060 removes an attribute of the preset."`
	Verified          Verified      `env:"VERIFIED" takes:"email, phone_number, or both" desc:"Contacts that the directory has verified. Without it, no contact becomes verified."`
	MFAAttribute      AttributeName `env:"MFA_ATTRIBUTE" takes:"the name of an attribute" desc:"The attribute that holds the user's second factors, or whether there is one. Without it, the source cannot tell. docs/second-factors.md lists the words."`
	GroupAttribute    AttributeName `env:"GROUP_ATTRIBUTE" takes:"the name of an attribute" desc:"The attribute that holds the DNs of the user's groups."`
	GroupFilter       GroupFilter   `env:"GROUP_FILTER" takes:"an LDAP filter with {dn} or {username} in it" desc:"The filter that finds the user's groups, instead of \u0060GROUP_ATTRIBUTE\u0060."`
	GroupBaseDN       DN            `env:"GROUP_BASE_DN" takes:"a DN" desc:"Groups are searched for below this entry. Default: \u0060BASE_DN\u0060."`

	// VerifiedContacts says whose verification of contacts counts. It is not a
	// variable of the source. Empty means the directory's.
	VerifiedContacts domain.VerifiedContacts
}

// Validate checks combinations of variables.
func (s *Settings) Validate(variable func(string) string) []error {
	problems := problem.List{Variable: variable}
	switch {
	case s.URL.isTLS() && s.StartTLS:
		problems.Add("STARTTLS", "is used only with an ldap:// URL; an ldaps:// connection always uses TLS; remove it")
	case !s.secured() && !s.AllowPlaintext && !s.URL.isLoopback():
		problems.Addf("URL", "passwords would be sent in the clear; expected ldaps://, or ldap:// with %s=true; %s=true allows it", variable("STARTTLS"), variable("ALLOW_PLAINTEXT"))
	}
	if s.CABundle != "" && !s.secured() {
		problems.Add("CA_BUNDLE", "has no effect without TLS; remove it, or use TLS")
	} else if _, err := s.CABundle.Authorities(); err != nil {
		problems.Add("CA_BUNDLE", err.Error())
	}
	if (s.BindDN == "") != s.BindPassword.Empty() {
		problems.Addf("BIND_DN", "is required with %s; set both or neither", variable("BIND_PASSWORD"))
	}
	for contact, vouched := range map[string]bool{"email": s.Verified.Email, "phone_number": s.Verified.PhoneNumber} {
		if _, mapped := s.Attributes[contact+"_verified"]; vouched && mapped {
			problems.Addf("VERIFIED", "%s already maps an attribute to %s; remove one of them", variable("ATTRIBUTES"), contact)
		}
	}
	if s.GroupBaseDN != "" && s.GroupFilter == "" {
		problems.Addf("GROUP_BASE_DN", "is used only with %s", variable("GROUP_FILTER"))
	}
	return problems.Found
}

// LooksUp implements the settings of a source.
func (s *Settings) LooksUp() bool { return true }

// LimitsAttempts implements the settings of a source. Directory servers can
// lock users by a password policy.
func (s *Settings) LimitsAttempts() bool { return true }

// Warnings lists settings that are valid but unwise.
func (s *Settings) Warnings(variable func(string) string) []string {
	var warnings []string
	if !s.secured() && !s.URL.isLoopback() {
		warnings = append(warnings, variable("ALLOW_PLAINTEXT")+"=true: anyone on the network path can read the passwords, including the service account's")
	}
	if s.BindDN == "" {
		warnings = append(warnings, variable("BIND_DN")+" is not set, so the search is anonymous: a user that the server hides from anonymous searches is unknown")
	}
	if s.Verified.Email || s.Verified.PhoneNumber {
		warnings = append(warnings, variable("VERIFIED")+": the directory's contacts become verified; if users can edit their own entries, they can take over another user's address")
	}
	layout := s.layout()
	if unproved := layout.unproved(); len(unproved) > 0 {
		warnings = append(warnings, variable("FILTER")+" compares "+strings.Join(unproved, ", ")+", and these addresses are not verified, so no user is found by them; set "+
			variable("VERIFIED")+", or "+variable("USERNAME_ATTRIBUTE")+" if it is the username")
	}
	if !slices.ContainsFunc(layout.filter.asserts, func(a assertion) bool {
		return strings.EqualFold(a.attribute, layout.usernameAttribute) && a.value == usernamePlaceholder
	}) {
		warnings = append(warnings, variable("FILTER")+" does not find users by "+variable("USERNAME_ATTRIBUTE")+": if the user signed in by another name, the source user is not found again, and completion is not possible")
	}
	return warnings
}

func (s *Settings) secured() bool { return s.URL.isTLS() || s.StartTLS }

// CanRetire reports whether every directory of this kind supports disabling
// users.
func (s *Settings) CanRetire() bool { return s.Preset == PresetActiveDirectory }

// Preset names the attributes of a kind of server.
type Preset string

// The presets.
const (
	// PresetOpenLDAP has inetOrgPerson entries (RFC 2798) with entryUUID (RFC 4530).
	PresetOpenLDAP Preset = "openldap"
	// PresetActiveDirectory has user objects ([MS-ADSC]).
	PresetActiveDirectory Preset = "active_directory"
)

// UnmarshalText implements [encoding.TextUnmarshaler]. An error lists the choices.
func (p *Preset) UnmarshalText(text []byte) error {
	return domain.Choose(p, text, PresetOpenLDAP, PresetActiveDirectory)
}

// layout returns the preset's attributes, replaced by those in the settings.
func (s *Settings) layout() layout {
	l := layout{
		usernameAttribute: "uid",
		subAttribute:      "entryUUID",
		groupAttribute:    "memberOf",
		mfaAttribute:      string(s.MFAAttribute),
		attributes: map[string]string{
			"email": "mail", "phone_number": "mobile", "name": "cn", "given_name": "givenName", "family_name": "sn",
		},
		emailIsVerified: s.Verified.Email, phoneIsVerified: s.Verified.PhoneNumber,
		vouchesForAll: s.VerifiedContacts == domain.VerifiedAlways,
	}
	if s.Preset == PresetActiveDirectory {
		l.usernameAttribute, l.subAttribute = "sAMAccountName", "objectGUID"
		l.attributes["name"] = "displayName"
	}
	l.usernameAttribute = cmp.Or(string(s.UsernameAttribute), l.usernameAttribute)
	l.subAttribute = cmp.Or(string(s.SubAttribute), l.subAttribute)
	l.groupAttribute = cmp.Or(string(s.GroupAttribute), l.groupAttribute)
	maps.Copy(l.attributes, s.Attributes)
	maps.DeleteFunc(l.attributes, func(_, attribute string) bool { return attribute == "" })
	if s.GroupFilter != "" {
		l.groupAttribute = ""
	}
	filter := s.Filter
	if filter == "" {
		filter = s.presetFilter(l.proves("email") || strings.EqualFold(l.usernameAttribute, "mail"))
	}
	asserts, _ := filter.assertions() // already parsed without error
	l.filter = loginFilter{filter, asserts}
	return l
}

// presetFilter finds users by username, and also by address if something says
// which addresses are verified.
func (s *Settings) presetFilter(byMail bool) Filter {
	switch {
	case s.Preset == PresetActiveDirectory && byMail:
		return "(&(objectCategory=person)(objectClass=user)(|(sAMAccountName={username})(userPrincipalName={username})(mail={username})))"
	case s.Preset == PresetActiveDirectory:
		return "(&(objectCategory=person)(objectClass=user)(|(sAMAccountName={username})(userPrincipalName={username})))"
	case byMail:
		return "(|(uid={username})(mail={username}))"
	default:
		return "(uid={username})"
	}
}

// URL is the address of a directory server.
type URL string

// UnmarshalText implements [encoding.TextUnmarshaler]; the error says what a URL
// looks like.
func (u *URL) UnmarshalText(text []byte) error {
	location, err := url.Parse(string(text))
	if err != nil || location.Scheme != "ldaps" && location.Scheme != "ldap" || location.Hostname() == "" ||
		location.User != nil || strings.Trim(location.Path, "/") != "" || location.RawQuery != "" || location.Fragment != "" {
		return errors.New("expected ldaps://host or ldap://host, with or without a port, and nothing after it")
	}
	*u = URL(text)
	return nil
}

func (u URL) parse() *url.URL {
	location, err := url.Parse(string(u))
	if err != nil {
		return new(url.URL) // an empty address; UnmarshalText accepted the text, so this is impossible
	}
	return location
}

func (u URL) isTLS() bool { return u.parse().Scheme == "ldaps" }

func (u URL) hostname() string { return u.parse().Hostname() }

func (u URL) address() string {
	location := u.parse()
	port := location.Port()
	switch {
	case port != "":
	case u.isTLS():
		port = ldap.DefaultLdapsPort
	default:
		port = ldap.DefaultLdapPort
	}
	return net.JoinHostPort(location.Hostname(), port)
}

func (u URL) isLoopback() bool {
	address, err := netip.ParseAddr(u.hostname())
	return u.hostname() == "localhost" || err == nil && address.IsLoopback()
}

// DN is a distinguished name.
type DN string

// UnmarshalText implements [encoding.TextUnmarshaler]; the error says what a DN
// looks like.
func (d *DN) UnmarshalText(text []byte) error {
	if _, err := ldap.ParseDN(string(text)); err != nil {
		return errors.New("expected a DN, such as ou=people,dc=example,dc=com")
	}
	*d = DN(text)
	return nil
}

// AttributeName is the name of a directory attribute.
type AttributeName string

// UnmarshalText implements [encoding.TextUnmarshaler]; the error says what a name
// looks like.
func (a *AttributeName) UnmarshalText(text []byte) error {
	if !isAttributeName(string(text)) {
		return errors.New("expected the name of an attribute of the directory, such as mail")
	}
	*a = AttributeName(text)
	return nil
}

// isAttributeName reports whether the text is an attribute's name or number,
// with options (RFC 4512, 2.5).
func isAttributeName(name string) bool {
	// The length is checked separately, because compiling {0,127} takes longer
	// than everything else here.
	return len(name) <= 128 && regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9.;-]*$`).MatchString(name)
}

// AttributeMap maps Cognito's attribute names to the directory's; empty for
// none.
type AttributeMap map[string]string

// UnmarshalText implements [encoding.TextUnmarshaler]: pairs, separated by commas.
func (m *AttributeMap) UnmarshalText(text []byte) error {
	read := make(AttributeMap)
	for i, pair := range strings.Split(string(text), ",") {
		name, attribute, given := strings.Cut(pair, "=")
		name, attribute = strings.TrimSpace(name), strings.TrimSpace(attribute)
		_, twice := read[name]
		switch {
		case !given || name == "" || attribute != "" && !isAttributeName(attribute):
			return fmt.Errorf("pair %d: expected Cognito's name and the directory's, such as email=mail", i+1)
		case twice:
			return fmt.Errorf("pair %d: an earlier pair has the same Cognito name", i+1)
		case name == "sub" || name == "username":
			return fmt.Errorf("pair %d: %s has its own variable; remove the pair", i+1, name)
		}
		read[name] = attribute
	}
	*m = read
	return nil
}

// Verified says which of the directory's contacts count as verified.
type Verified struct {
	Email, PhoneNumber bool
}

// UnmarshalText implements [encoding.TextUnmarshaler]: a list, separated by commas.
func (v *Verified) UnmarshalText(text []byte) error {
	var read Verified
	for contact := range strings.SplitSeq(string(text), ",") {
		switch strings.TrimSpace(contact) {
		case "email":
			read.Email = true
		case "phone_number":
			read.PhoneNumber = true
		default:
			return errors.New("expected email, phone_number, or both, separated by a comma")
		}
	}
	*v = read
	return nil
}
