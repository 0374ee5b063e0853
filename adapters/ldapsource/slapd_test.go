package ldapsource_test

import (
	"os"
	"regexp"
	"testing"

	"cognito-user-migration/adapters/internal/pemfile"
	"cognito-user-migration/adapters/ldapsource"
	"cognito-user-migration/domain"
	slapdserver "cognito-user-migration/test/slapd"
)

// Names of the tests' directory.
const (
	base            = slapdserver.Base
	people          = slapdserver.UsersDN
	serviceDN       = slapdserver.ServiceDN
	servicePassword = slapdserver.ServicePassword
)

// slapd is OpenLDAP's server, started for one test.
type slapd struct {
	ldap, ldaps string // URLs
	ca          string // in PEM
	log         string // the path of its log
}

type entry = slapdserver.Entry

func startSlapd(t *testing.T, entries ...entry) *slapd {
	t.Helper()
	s := slapdserver.Start(t, entries...)
	return &slapd{ldap: s.LDAP, ldaps: s.LDAPS, ca: s.CA, log: s.Log}
}

// settings are those of a source over ldaps.
func (s *slapd) settings(change ...func(*ldapsource.Settings)) ldapsource.Settings {
	settings := ldapsource.Settings{
		URL: ldapsource.URL(s.ldaps), CABundle: pemfile.Text(s.ca),
		BindDN: serviceDN, BindPassword: domain.NewSecret(servicePassword), BaseDN: people,
	}
	for _, change := range change {
		change(&settings)
	}
	return settings
}

// personBind matches a line of the log: a bind by a name below people, or by no name,
// which would be anonymous.
var personBind = regexp.MustCompile(`BIND dn="(uid=[^"]*)?" method=128`)

// binds counts how often the server was asked about a person's password. It
// writes a line before it answers.
func (s *slapd) binds(t *testing.T) int {
	t.Helper()
	log, err := os.ReadFile(s.log)
	if err != nil {
		t.Fatal(err)
	}
	return len(personBind.FindAll(log, -1))
}

func open(t *testing.T, settings ldapsource.Settings) *ldapsource.Directory {
	t.Helper()
	directory, err := ldapsource.Open("corp", settings)
	if err != nil {
		t.Fatal(err)
	}
	return directory
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
