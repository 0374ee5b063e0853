// Package slapd starts OpenLDAP's server of Debian's package for one test, with TLS, a
// service account and the entries given.
package slapd

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"cognito-user-migration/test/certificate"
	"cognito-user-migration/test/process"
)

// Names of the directory.
const (
	Base            = "dc=example,dc=org"
	UsersDN         = "ou=people," + Base
	ServiceDN       = "cn=service," + Base
	ServicePassword = "service-Password-0"
)

// Server is OpenLDAP's server, started for one test.
type Server struct {
	// LDAP and LDAPS are its URLs.
	LDAP, LDAPS string
	// CA is the authority of its certificate, in PEM.
	CA string
	// Log is the path of its log.
	Log string
}

// Start starts a server with the entries given, on free ports of loopback
// and with files of its own; never the system's service. If slapd is missing, the
// test is skipped.
func Start(t *testing.T, entries ...Entry) *Server {
	t.Helper()
	server, adder := process.DebianProgram(t, "slapd", "slapd"), process.DebianProgram(t, "slapadd", "slapd")
	directory := t.TempDir()
	// Ubuntu's AppArmor profile keeps the installed program from a test's files.
	if _, err := os.Stat("/etc/apparmor.d/usr.sbin.slapd"); err == nil {
		server, adder = copied(t, server, directory, "slapd"), copied(t, server, directory, "slapadd")
	}
	ca := writeCertificates(t, directory)
	configuration := filepath.Join(directory, "slapd.conf")
	write(t, configuration, slapdConf(t, directory))
	var ldif bytes.Buffer
	for _, entry := range append(skeleton(), entries...) {
		entry.writeTo(&ldif)
	}
	add := exec.CommandContext(t.Context(), adder, "-f", configuration) //nolint:gosec // OpenLDAP's own program
	add.Stdin = &ldif
	if output, err := add.CombinedOutput(); err != nil {
		t.Fatalf("slapadd: %v\n%s", err, output)
	}
	s := &Server{
		LDAP: "ldap://" + process.ClosedAddress(t), LDAPS: "ldaps://" + process.ClosedAddress(t),
		CA: ca, Log: filepath.Join(directory, "log"),
	}
	s.start(t, server, configuration)
	return s
}

func copied(t *testing.T, program, directory, name string) string {
	t.Helper()
	content, err := os.ReadFile(program) //nolint:gosec // OpenLDAP's own program
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(directory, name)
	if err := os.WriteFile(path, content, 0o700); err != nil { //nolint:gosec // a program
		t.Fatal(err)
	}
	return path
}

func (s *Server) start(t *testing.T, server, configuration string) {
	t.Helper()
	running, err := process.Start(process.Command{
		Path: server, Arguments: []string{"-f", configuration, "-h", s.LDAP + " " + s.LDAPS, "-d", "stats"},
		Environment: os.Environ(), LogFile: s.Log,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(running.Stop)
	if err := running.Await(t.Context(), process.Connects(strings.TrimPrefix(s.LDAPS, "ldaps://"))); err != nil {
		t.Fatalf("slapd: %v", err)
	}
}

func slapdConf(t *testing.T, directory string) string {
	t.Helper()
	database := filepath.Join(directory, "database")
	if err := os.Mkdir(database, 0o700); err != nil {
		t.Fatal(err)
	}
	return strings.NewReplacer("DIRECTORY", directory, "BASE", Base).Replace(`
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/nis.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload ppolicy
moduleload memberof
pidfile DIRECTORY/pid
TLSCACertificateFile DIRECTORY/ca.pem
TLSCertificateFile DIRECTORY/server.pem
TLSCertificateKeyFile DIRECTORY/server.key
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="cn=service,BASE" read by anonymous auth by * none
database mdb
suffix "BASE"
rootdn "cn=admin,BASE"
directory DIRECTORY/database
overlay memberof
overlay ppolicy
ppolicy_default "cn=default,BASE"
ppolicy_use_lockout
`)
}

// skeleton has the entries of the directory except its users.
func skeleton() []Entry {
	return []Entry{
		{Base, "objectClass: organization", "objectClass: dcObject", "o: Example"},
		{ServiceDN, "objectClass: organizationalRole", "objectClass: simpleSecurityObject", "userPassword: " + ServicePassword},
		{UsersDN, "objectClass: organizationalUnit"},
		{"ou=groups," + Base, "objectClass: organizationalUnit"},
		{
			"cn=default," + Base, "objectClass: device", "objectClass: pwdPolicy", "pwdAttribute: userPassword",
			"pwdMustChange: TRUE", "pwdMaxAge: 1000000000", "pwdLockout: TRUE", "pwdMaxFailure: 0",
		},
		{
			"cn=strict," + Base, "objectClass: device", "objectClass: pwdPolicy", "pwdAttribute: userPassword",
			"pwdLockout: TRUE", "pwdMaxFailure: 2",
		},
	}
}

// Entry is an entry's DN and "attribute: value" after it, in order.
type Entry []string

// writeTo writes the entry as LDIF (RFC 2849), every value in Base64.
func (e Entry) writeTo(ldif *bytes.Buffer) {
	encode := func(value string) string { return base64.StdEncoding.EncodeToString([]byte(value)) }
	fmt.Fprintf(ldif, "dn:: %s\n", encode(e[0]))
	for _, line := range e[1:] {
		name, value, _ := strings.Cut(line, ": ")
		fmt.Fprintf(ldif, "%s:: %s\n", name, encode(value))
	}
	ldif.WriteString("\n")
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// writeCertificates makes an authority and a certificate for 127.0.0.1, writes
// what slapd reads of them, and returns the authority's in PEM.
func writeCertificates(t *testing.T, directory string) string {
	t.Helper()
	authority := certificate.New("test authority", nil)
	server := certificate.New("127.0.0.1", authority)
	write(t, filepath.Join(directory, "ca.pem"), authority.PEM())
	write(t, filepath.Join(directory, "server.pem"), server.PEM())
	write(t, filepath.Join(directory, "server.key"), server.KeyPEM())
	return authority.PEM()
}
