package ldapsource

import (
	"context"
	"crypto/tls"
	"errors"
	"maps"
	"slices"
	"strings"

	"cognito-user-migration/adapters/internal/examine"
	"cognito-user-migration/ports"
	"cognito-user-migration/ports/parts"

	"github.com/go-ldap/ldap/v3"
)

// Examiner returns the examination of this kind of source.
func Examiner() parts.Examiner { return examine.Kind("ldap", examined) }

func examined(ctx context.Context, subject examine.Subject[*Settings]) []ports.Examined {
	e := examination{Subject: subject}
	return examine.Run(ctx,
		examine.One(ports.AspectReached, e.reached),
		examine.One(ports.AspectCertificate, e.certificate),
		examine.One(ports.AspectCredentials, e.credentials),
		[]examine.Step{{Aspect: ports.AspectLookUp, Question: e.lookUp}, {Aspect: ports.AspectLockout, Question: e.lockout}},
	)
}

// examination examines one directory.
type examination struct {
	examine.Subject[*Settings]
	directory *Directory
}

func (e *examination) reached(ctx context.Context) ports.Examined {
	return examine.Dial(ctx, e.Settings.URL.address(), e.Variable("URL"))
}

func (e *examination) certificate(ctx context.Context) ports.Examined {
	if !e.Settings.secured() {
		return examine.Skip("the connection has no TLS")
	}
	directory, err := e.Settings.open(e.Options)
	if err != nil {
		return examine.Fail(err.Error(), "correct "+e.Variable("CA_BUNDLE"))
	}
	return examine.Certificate(ctx, examine.Trust{
		Config: directory.tls, Host: e.Settings.URL.hostname(), Variable: e.Variable, Address: "URL", Now: e.Probe.Now,
	}, func(ctx context.Context, config *tls.Config) error {
		directory.tls = config
		directory.settings.BindDN = "" // the handshake fails before a bind anyway
		s, err := directory.connect(ctx)
		if err == nil {
			s.close()
		}
		return err
	})
}

// credentials binds the service account.
func (e *examination) credentials(ctx context.Context) ports.Examined {
	directory, err := e.Settings.open(e.Options)
	if err == nil {
		e.directory = directory
		err = directory.Warm(ctx)
	}
	fault, _ := errors.AsType[*Fault](err)
	switch {
	case err == nil && e.Settings.BindDN == "":
		return examine.Skip("the search is anonymous: " + e.Variable("BIND_DN") + " is not set")
	case err == nil:
		return examine.Pass("the server accepts the service account")
	case fault == nil:
		return examine.Fail(err.Error(), "check the server and the network")
	}
	return examine.Fail(err.Error(), e.remedyOfBind(fault))
}

func (e *examination) remedyOfBind(fault *Fault) string {
	account := e.Variable("BIND_DN") + " and " + e.Variable("BIND_PASSWORD")
	switch fault.SubCode {
	case "532", "773":
		return "the password of the service account has expired: set a new one, one that does not expire, and " + e.Variable("BIND_PASSWORD")
	case "533", "701":
		return "enable the service account " + e.Variable("BIND_DN") + " in the directory"
	case "775":
		return "unlock the service account, and correct " + account
	}
	switch fault.Code {
	case ldap.LDAPResultInvalidCredentials:
		return "correct " + account + ": the server does not know this account with this password"
	case ldap.LDAPResultNoSuchObject, ldap.LDAPResultInvalidDNSyntax:
		return "correct " + e.Variable("BIND_DN") + ": the directory has no such entry"
	case ldap.LDAPResultConfidentialityRequired, ldap.LDAPResultStrongAuthRequired:
		return "the server demands TLS: use ldaps:// in " + e.Variable("URL") + ", or set " + e.Variable("STARTTLS") + "=true"
	case ldap.LDAPResultProtocolError:
		return "the server does not offer StartTLS: use ldaps:// in " + e.Variable("URL") + ", or switch StartTLS on"
	case ldap.LDAPResultConstraintViolation, ldap.LDAPResultUnwillingToPerform, ldap.LDAPResultInsufficientAccessRights:
		return "unlock or enable the service account in the directory, and check " + account
	case ldap.LDAPResultInappropriateAuthentication:
		return "the server allows no anonymous search, or the entry has no password: set " + account
	}
	return "check " + account + " and the log of the server"
}

// lookUp searches for the probe, and reads what the directory says about the
// names in the settings.
func (e *examination) lookUp(ctx context.Context) ports.Examined {
	finding, err := e.directory.FindUser(ctx, e.Probe.Username)
	if err != nil {
		fault, _ := errors.AsType[*Fault](err)
		return examine.Fail(err.Error(), e.remedyOfSearch(fault))
	}
	found := examine.Found(e.Probe, finding, e.Options.Rules, e.directory.layout.attributes)
	if found.Status != ports.ExaminedPass {
		return found
	}
	if unknown := e.directory.unknownAttributes(ctx); len(unknown) > 0 {
		return examine.Warn("the server's schema has no attribute "+strings.Join(unknown, ", ")+": it is never compared or read",
			"correct the name in "+e.Variable("FILTER")+", "+e.Variable("USERNAME_ATTRIBUTE")+" or "+e.Variable("ATTRIBUTES"))
	}
	if !e.Probe.Exists && e.directory.isEmpty(ctx) {
		return examine.Warn("the filter finds no user at all below "+e.Variable("BASE_DN"),
			"correct "+e.Variable("BASE_DN")+" and "+e.Variable("FILTER")+", and let the service account read the users and their attributes")
	}
	return found
}

func (e *examination) remedyOfSearch(fault *Fault) string {
	if fault == nil {
		return "check the server and the network; an attribute of " + e.Variable("FILTER") + " may have no index at the server"
	}
	switch fault.Code {
	case ldap.LDAPResultNoSuchObject:
		return "correct " + e.Variable("BASE_DN") + ": the directory has no such entry, or the service account may not see it"
	case ldap.LDAPResultReferral:
		return "the server refers to another one, which is not followed: set " + e.Variable("URL") + " to the server that holds " + e.Variable("BASE_DN")
	case ldap.LDAPResultInsufficientAccessRights, ldap.LDAPResultOperationsError, ldap.LDAPResultInappropriateAuthentication, ldap.LDAPResultStrongAuthRequired:
		return "let the service account search below " + e.Variable("BASE_DN") + ", and set " + e.Variable("BIND_DN") + " if it is not set"
	case ldap.LDAPResultTimeLimitExceeded, ldap.LDAPResultAdminLimitExceeded, ldap.LDAPResultUnwillingToPerform:
		return "index the attributes of " + e.Variable("FILTER") + " for equality at the server"
	case 0:
		return "let the service account read " + e.Variable("USERNAME_ATTRIBUTE") + " of the users"
	}
	return "correct " + e.Variable("FILTER") + " and " + e.Variable("BASE_DN")
}

// read searches one entry, or returns nil.
func (s *session) read(ctx context.Context, base string, scope int, filter string, attributes ...string) *ldap.Entry {
	request := ldap.NewSearchRequest(base, scope, ldap.NeverDerefAliases, 1, secondsLeft(ctx), false, filter, attributes, nil)
	result, err := s.Search(request)
	if result == nil || err != nil && !ldap.IsErrorWithCode(err, ldap.LDAPResultSizeLimitExceeded) || len(result.Entries) == 0 {
		return nil
	}
	return result.Entries[0]
}

// values returns the values of an attribute of one entry, or none.
func (s *session) values(ctx context.Context, base, filter, attribute string) []string {
	entry := s.read(ctx, base, ldap.ScopeBaseObject, filter, attribute)
	if entry == nil {
		return nil
	}
	return entry.GetEqualFoldAttributeValues(attribute)
}

// isEmpty reports whether the filter matches no user, whatever the name.
func (d *Directory) isEmpty(ctx context.Context) bool {
	s, err := d.connect(ctx)
	if err != nil {
		return false
	}
	defer s.close()
	entries, err := s.search(ctx, string(d.settings.BaseDN), d.layout.filter.allUsers(), 1, []string{"1.1"})
	return err == nil && len(entries) == 0
}

// unknownAttributes lists the attributes of the settings that the server's schema
// does not have (RFC 4512, 4.2). It returns none if the schema cannot be read.
func (d *Directory) unknownAttributes(ctx context.Context) []string {
	s, err := d.connect(ctx)
	if err != nil {
		return nil
	}
	defer s.close()
	at := s.values(ctx, "", "(objectClass=*)", "subschemaSubentry")
	if len(at) == 0 {
		return nil
	}
	known := make(map[string]bool)
	for _, definition := range s.values(ctx, at[0], "(objectClass=subschema)", "attributeTypes") {
		for _, name := range namesIn(definition) {
			known[strings.ToLower(name)] = true
		}
	}
	if len(known) == 0 {
		return nil
	}
	named := []string{d.layout.usernameAttribute, string(d.settings.SubAttribute), string(d.settings.GroupAttribute), string(d.settings.MFAAttribute)}
	for _, assertion := range d.layout.filter.asserts {
		named = append(named, assertion.attribute)
	}
	named = slices.AppendSeq(named, maps.Values(d.settings.Attributes))
	slices.Sort(named)
	return slices.DeleteFunc(slices.Compact(named), func(name string) bool {
		bare, _, _ := strings.Cut(strings.ToLower(name), ";")
		return bare == "" || known[bare] || bare == "dn" || bare[0] >= '0' && bare[0] <= '9'
	})
}

// namesIn returns the names of an attribute type description: NAME 'a' or NAME (
// 'a' 'b' ) (RFC 4512, 4.1.2).
func namesIn(definition string) []string {
	_, rest, there := strings.Cut(definition, " NAME ")
	if !there {
		return nil
	}
	rest = strings.TrimSpace(rest)
	if inner, listed := strings.CutPrefix(rest, "("); listed {
		inner, _, _ = strings.Cut(inner, ")")
		return strings.FieldsFunc(inner, func(r rune) bool { return r == '\'' || r == ' ' })
	}
	quoted := strings.SplitN(rest, "'", 3)
	if len(quoted) < 3 {
		return nil
	}
	return quoted[1:2]
}

// policyControl is the request control of the password policy
// (draft-behera-ldap-password-policy, 6.1).
const policyControl = "1.3.6.1.4.1.42.2.27.8.5.1"

// lockout asks whether the directory counts wrong passwords.
func (e *examination) lockout(ctx context.Context) ports.Examined {
	if e.Probe.CountsAttempts {
		return examine.Pass("the function counts wrong passwords (LOCKOUT_TABLE)")
	}
	s, err := e.directory.connect(ctx)
	if err != nil {
		return examine.Skip("the directory was not asked: " + err.Error())
	}
	defer s.close()
	const remedy = "switch a lockout on in the directory, or set LOCKOUT_TABLE (docs/brute-force.md)"
	root := s.read(ctx, "", ldap.ScopeBaseObject, "(objectClass=*)", "supportedControl", "defaultNamingContext", "vendorName")
	if root == nil {
		return examine.Warn("the directory does not say whether it locks out clients that guess passwords", remedy)
	}
	if domain := root.GetEqualFoldAttributeValue("defaultNamingContext"); domain != "" && e.Settings.Preset == PresetActiveDirectory {
		threshold := s.values(ctx, domain, "(objectClass=*)", "lockoutThreshold")
		switch {
		case len(threshold) == 0:
		case threshold[0] == "0":
			return examine.Warn("the domain has no lockout (lockoutThreshold=0): passwords can be guessed through the sign-in", remedy)
		default:
			return examine.Pass("the domain locks an account after " + threshold[0] + " wrong passwords")
		}
	}
	if !slices.Contains(root.GetEqualFoldAttributeValues("supportedControl"), policyControl) {
		return examine.Warn("the directory announces no password policy: passwords can be guessed through the sign-in", remedy)
	}
	policy := s.read(ctx, string(e.Settings.BaseDN), ldap.ScopeWholeSubtree, "(&(objectClass=pwdPolicy)(pwdLockout=TRUE))", "pwdMaxFailure")
	if policy == nil {
		return examine.Warn("the directory has the password policy overlay, but no policy with pwdLockout=TRUE is visible below "+e.Variable("BASE_DN"), remedy)
	}
	most := policy.GetEqualFoldAttributeValue("pwdMaxFailure")
	if most == "" || most == "0" {
		return examine.Warn("a password policy has pwdLockout=TRUE, but pwdMaxFailure is not set: no user is locked out", remedy)
	}
	return examine.Pass("a password policy locks an account after " + most + " wrong passwords")
}
