package ldapsource_test

import (
	"strings"
	"testing"
	"time"

	"cognito-user-migration/adapters/ldapsource"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
	"cognito-user-migration/ports/parts"
	"cognito-user-migration/test/process"
)

func TestTheExaminationFindsFaultsOfDirectories(t *testing.T) {
	t.Parallel()
	s := startSlapd(t, person("alice"))
	type settings = ldapsource.Settings
	const day = 24 * time.Hour
	for name, row := range map[string]struct {
		change func(*settings)
		probe  func(*ports.Probe)
		aspect ports.Aspect
		status ports.ExaminedStatus
		saw    string
		remedy string
	}{
		"nothing: the connection":   {aspect: ports.AspectReached, status: ports.ExaminedPass, saw: "accepts connections"},
		"nothing: the certificate":  {aspect: ports.AspectCertificate, status: ports.ExaminedPass, saw: "valid for 99 days"},
		"nothing: the account":      {aspect: ports.AspectCredentials, status: ports.ExaminedPass, saw: "accepts the service account"},
		"nothing: the look-up":      {aspect: ports.AspectLookUp, status: ports.ExaminedPass, saw: "does not exist, as expected"},
		"a lockout":                 {change: func(o *settings) { o.BaseDN = "dc=example,dc=org" }, aspect: ports.AspectLockout, status: ports.ExaminedWarn, saw: "pwdMaxFailure is not set", remedy: "LOCKOUT_TABLE"},
		"a policy out of sight":     {aspect: ports.AspectLockout, status: ports.ExaminedWarn, saw: "no policy with pwdLockout=TRUE is visible", remedy: "LOCKOUT_TABLE"},
		"the function's own counts": {probe: func(p *ports.Probe) { p.CountsAttempts = true }, aspect: ports.AspectLockout, status: ports.ExaminedPass, saw: "LOCKOUT_TABLE"},
		"StartTLS":                  {change: func(o *settings) { o.URL, o.StartTLS = ldapsource.URL(s.ldap), true }, aspect: ports.AspectCertificate, status: ports.ExaminedPass, saw: "valid for"},
		"no TLS":                    {change: func(o *settings) { o.URL, o.CABundle = ldapsource.URL(s.ldap), "" }, aspect: ports.AspectCertificate, status: ports.ExaminedSkip, saw: "no TLS"},
		"a named user": {probe: func(p *ports.Probe) { p.Username, p.Exists = "alice", true }, aspect: ports.AspectLookUp, status: ports.ExaminedPass,
			saw: "mail as email"},
		"a named user who is not there": {probe: func(p *ports.Probe) { p.Username, p.Exists = "zoe", true }, aspect: ports.AspectLookUp, status: ports.ExaminedPass,
			saw: "does not know the named user"},
		"an expired certificate": {probe: func(p *ports.Probe) { p.Now = time.Now().Add(102*day + time.Hour) }, aspect: ports.AspectCertificate, status: ports.ExaminedFail,
			saw: "expired on", remedy: "renew"},
		"a certificate that ends": {probe: func(p *ports.Probe) { p.Now = time.Now().Add(80 * day) }, aspect: ports.AspectCertificate, status: ports.ExaminedWarn,
			saw: "expires in 19 days", remedy: "renew"},
		"a certificate for another name": {change: func(o *settings) { o.URL = ldapsource.URL(strings.Replace(s.ldaps, "127.0.0.1", "localhost", 1)) }, aspect: ports.AspectCertificate,
			status: ports.ExaminedFail, saw: "is for 127.0.0.1, not for localhost", remedy: "OLD_URL"},
		"another name over StartTLS": {change: func(o *settings) {
			o.URL, o.StartTLS = ldapsource.URL(strings.Replace(s.ldap, "127.0.0.1", "localhost", 1)), true
		}, aspect: ports.AspectCertificate, status: ports.ExaminedFail, saw: "not for localhost", remedy: "OLD_URL"},
		"an unknown authority": {change: func(o *settings) { o.CABundle = "" }, aspect: ports.AspectCertificate, status: ports.ExaminedFail,
			saw: "no public authority signed", remedy: "set OLD_CA_BUNDLE"},
		"TLS on a port without it": {change: func(o *settings) { o.URL = ldapsource.URL("ldaps" + strings.TrimPrefix(s.ldap, "ldap")) }, aspect: ports.AspectCertificate,
			status: ports.ExaminedFail, saw: "does not speak TLS", remedy: "OLD_URL"},
		"a port where nothing listens": {change: func(o *settings) { o.URL = ldapsource.URL("ldaps://" + process.ClosedAddress(t)) }, aspect: ports.AspectReached,
			status: ports.ExaminedFail, saw: "refuses connections", remedy: "OLD_URL"},
		"a wrong bind password": {change: func(o *settings) { o.BindPassword = domain.NewSecret("Wr0ng-Password") }, aspect: ports.AspectCredentials,
			status: ports.ExaminedFail, saw: "result 49", remedy: "correct OLD_BIND_DN and OLD_BIND_PASSWORD"},
		"an account that is not there": {change: func(o *settings) { o.BindDN = "cn=nonesuch,dc=example,dc=org" }, aspect: ports.AspectCredentials,
			status: ports.ExaminedFail, saw: "result 49", remedy: "correct OLD_BIND_DN"},
		"a base that is not there": {change: func(o *settings) { o.BaseDN = "ou=nonesuch,dc=example,dc=org" }, aspect: ports.AspectLookUp,
			status: ports.ExaminedFail, saw: "result 32", remedy: "correct OLD_BASE_DN"},
		"an attribute that is not in the schema": {change: func(o *settings) { o.Filter = "(logim={username})" }, aspect: ports.AspectLookUp,
			status: ports.ExaminedWarn, saw: "no attribute logim", remedy: "OLD_FILTER"},
		"a mapping that is not in the schema": {change: func(o *settings) { o.Attributes = ldapsource.AttributeMap{"nickname": "nickNaem"} }, aspect: ports.AspectLookUp,
			status: ports.ExaminedWarn, saw: "no attribute nickNaem", remedy: "OLD_ATTRIBUTES"},
		"a filter that finds no user": {change: func(o *settings) { o.Filter = "(&(objectClass=posixAccount)(uid={username}))" }, aspect: ports.AspectLookUp,
			status: ports.ExaminedWarn, saw: "no user at all", remedy: "OLD_FILTER"},
		"an anonymous search that sees nothing": {change: func(o *settings) { o.BindDN, o.BindPassword = "", domain.Secret{} }, aspect: ports.AspectLookUp,
			status: ports.ExaminedFail, saw: "result 50", remedy: "set OLD_BIND_DN"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			given := s.settings()
			if row.change != nil {
				row.change(&given)
			}
			probe := ports.Probe{Username: "migratectl-doctor-x", Now: time.Now(), Variable: func(name string) string { return "OLD_" + name }}
			if row.probe != nil {
				row.probe(&probe)
			}
			options := parts.SourceOptions{Name: "OLD", Rules: domain.DefaultRules(), Note: func(ports.Note) {}}
			found := ldapsource.Examiner().Examine(t.Context(), &given, options, probe)
			for _, one := range found {
				for _, secret := range []string{servicePassword, "Wr0ng-Password", "alice@example"} {
					if strings.Contains(one.Saw+one.Remedy, secret) {
						t.Errorf("%s shows a value: %s %s", one.Aspect, one.Saw, one.Remedy)
					}
				}
				if one.Aspect == row.aspect && (one.Status != row.status || !strings.Contains(one.Saw, row.saw) || !strings.Contains(one.Remedy, row.remedy)) {
					t.Errorf("%s is %s: %s -> %s\nall: %v", row.aspect, one.Status, one.Saw, one.Remedy, found)
				}
			}
		})
	}
}
