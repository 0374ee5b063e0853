package examine_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"cognito-user-migration/adapters/internal/examine"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
)

func variable(name string) string { return "OLD_" + name }

func TestAConnectionThatIsNotMadeIsExplained(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		err         error
		saw, remedy string
	}{
		"a name that does not exist": {&net.DNSError{Name: "db.example", IsNotFound: true}, "db.example does not exist in DNS", "correct OLD_URL"},
		"DNS that does not answer":   {&net.DNSError{Name: "db.example", IsTimeout: true}, "DNS does not answer", "DNS server"},
		"nothing that listens":       {&net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}, "db.example:1 refuses connections", "OLD_URL"},
		"no answer":                  {context.DeadlineExceeded, "db.example:1 does not answer", "security groups"},
		"no route":                   {&net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.EHOSTUNREACH)}, "no route to db.example:1", "OLD_URL"},
		"something else":             {errors.New("S3cret text"), "db.example:1 cannot be reached", "OLD_URL"},
	} {
		found := examine.Unreached("db.example:1", "OLD_URL", fmt.Errorf("dial: %w", row.err))
		if found.Status != ports.ExaminedFail || !strings.Contains(found.Saw, row.saw) || !strings.Contains(found.Remedy, row.remedy) || strings.Contains(found.Saw, "S3cret") {
			t.Errorf("%s: %s -> %s", name, found.Saw, found.Remedy)
		}
	}
}

// signed makes a certificate that ends so many days from now, signed by the parent
// or by itself.
func signed(t *testing.T, days int, parent *tls.Certificate, change func(*x509.Certificate)) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	end := time.Now().Add(time.Duration(days)*24*time.Hour + time.Hour)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, NotBefore: time.Now().Add(-1000 * time.Hour * 24), NotAfter: end,
		DNSNames: []string{"db.example"}, BasicConstraintsValid: true, IsCA: parent == nil, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	change(template)
	by, byKey := template, any(key)
	if parent != nil {
		by, byKey = parent.Leaf, parent.PrivateKey
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, by, key.Public(), byKey)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(raw)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{raw}, PrivateKey: key, Leaf: leaf}
}

func TestACertificateIsJudged(t *testing.T) {
	t.Parallel()
	nothing := func(*x509.Certificate) {}
	authority, stranger := signed(t, 400, nil, nothing), signed(t, 400, nil, nothing)
	by := func(days int, change func(*x509.Certificate)) tls.Certificate {
		return signed(t, days, &authority, change)
	}
	named := func(names ...string) func(*x509.Certificate) { return func(c *x509.Certificate) { c.DNSNames = names } }
	for name, row := range map[string]struct {
		certificate tls.Certificate
		roots       *x509.Certificate // nil: the public ones
		host        string
		unverified  bool
		status      ports.ExaminedStatus
		saw, remedy string
	}{
		"in order":                  {by(90, nothing), authority.Leaf, "", false, ports.ExaminedPass, "valid for 90 days", ""},
		"30 days left":              {by(30, nothing), authority.Leaf, "", false, ports.ExaminedPass, "valid for 30 days", ""},
		"29 days left":              {by(29, nothing), authority.Leaf, "", false, ports.ExaminedWarn, "expires in 29 days", "renew"},
		"expired yesterday":         {by(-2, nothing), authority.Leaf, "", false, ports.ExaminedFail, "(1 day ago)", "renew"},
		"not yet valid":             {by(90, func(c *x509.Certificate) { c.NotBefore = time.Now().Add(48 * time.Hour) }), authority.Leaf, "", false, ports.ExaminedFail, "not valid before", "clock"},
		"another name":              {by(90, named("old.example", "www.example")), authority.Leaf, "", false, ports.ExaminedFail, "is for old.example, www.example, not for db.example", "OLD_URL"},
		"a wildcard":                {by(90, named("*.example")), authority.Leaf, "", false, ports.ExaminedPass, "valid", ""},
		"no name":                   {by(90, named()), authority.Leaf, "", false, ports.ExaminedFail, "no subject alternative name", "issue a certificate"},
		"an address as host":        {by(90, nothing), authority.Leaf, "192.0.2.1", false, ports.ExaminedFail, "not for 192.0.2.1", "OLD_URL"},
		"another authority":         {by(90, nothing), stranger.Leaf, "", false, ports.ExaminedFail, "no authority in OLD_CA_BUNDLE signed", "OLD_CA_BUNDLE"},
		"no public authority":       {by(90, nothing), nil, "", false, ports.ExaminedFail, "no public authority signed", "set OLD_CA_BUNDLE"},
		"two faults":                {by(-10, named("old.example")), authority.Leaf, "", false, ports.ExaminedFail, "days ago); the certificate is for old.example", "renew the server's certificate, and let the server load it; use a name"},
		"expired, and not verified": {by(-10, nothing), authority.Leaf, "", true, ports.ExaminedWarn, "it is not verified", "renew"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: "db.example", InsecureSkipVerify: row.unverified}
			if row.roots != nil {
				config.RootCAs = x509.NewCertPool()
				config.RootCAs.AddCert(row.roots)
			}
			trust := examine.Trust{Config: config, Host: "db.example", Variable: variable, Address: "URL", Now: time.Now()}
			if row.host != "" {
				trust.Host = row.host
			}
			found := examine.Certificate(t.Context(), trust, func(ctx context.Context, config *tls.Config) error {
				client, server := net.Pipe()
				defer func() { _ = client.Close() }()
				go func() {
					_ = tls.Server(server, &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{row.certificate}}).HandshakeContext(ctx)
					_ = server.Close()
				}()
				err := tls.Client(client, config).HandshakeContext(ctx)
				if err == nil {
					t.Error("the handshake did not end")
				}
				return err
			})
			if found.Status != row.status || !strings.Contains(found.Saw, row.saw) || !strings.Contains(found.Remedy, row.remedy) {
				t.Errorf("%s: %s -> %s", found.Status, found.Saw, found.Remedy)
			}
		})
	}
}

func TestAServerWithoutTLSIsNamed(t *testing.T) {
	t.Parallel()
	trust := examine.Trust{Config: &tls.Config{MinVersion: tls.VersionTLS12}, Host: "db.example", Variable: variable, Address: "URL", Now: time.Now()}
	for text, saw := range map[string]string{
		"tls: first record does not look like a TLS handshake":      "does not speak TLS",
		"remote error: tls: protocol version not supported":         "no version of TLS",
		"remote error: tls: handshake failure":                      "no TLS cipher in common",
		"server refused TLS connection; S3cret":                     "does not speak TLS",
		"tls: server selected unsupported protocol version 301 abc": "no version of TLS",
	} {
		found := examine.Certificate(t.Context(), trust, func(context.Context, *tls.Config) error { return errors.New(text) })
		if found.Status != ports.ExaminedFail || !strings.Contains(found.Saw, saw) || found.Remedy == "" {
			t.Errorf("%s: %s", text, found.Saw)
		}
	}
}

// After a failure nothing more is asked, and a question that ignores its context
// does not hold the others up.
func TestTheAspectsFollowEachOther(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		answer := func(found ports.Examined) examine.Question {
			return func(context.Context) ports.Examined { return found }
		}
		ignores := make(chan struct{})
		began := time.Now()
		found := examine.Run(t.Context(),
			[]examine.Step{{Aspect: ports.AspectReached, Question: answer(examine.Pass("here"))}, {Aspect: ports.AspectLockout, Question: answer(examine.Warn("unwise", "mend it"))}},
			examine.One(ports.AspectCertificate, func(context.Context) ports.Examined {
				<-ignores
				return examine.Pass("too late")
			}),
			examine.One(ports.AspectLookUp, func(context.Context) ports.Examined {
				t.Error("asked after a failure")
				return ports.Examined{}
			}),
			examine.One(ports.AspectHashes, answer(examine.Pass("never"))),
		)
		close(ignores)
		if waited := time.Since(began); waited > 6*time.Second {
			t.Errorf("it waited %v", waited)
		}
		var texts []string
		for _, one := range found {
			texts = append(texts, fmt.Sprintf("%s %s %s", one.Aspect, one.Status, one.Because))
		}
		if got := strings.Join(texts, "; "); got != "reached pass ; lockout warn ; certificate fail ; look-up skip certificate; hashes skip certificate" {
			t.Error(got)
		}
	})
}

func TestALookUpIsJudged(t *testing.T) {
	t.Parallel()
	nobody, named := ports.Probe{Username: "x", Variable: variable}, ports.Probe{Username: "alice", Exists: true, Variable: variable}
	user := domain.SourceUser{Username: "alice", Attributes: domain.Attributes{"email": "S3cret@example.com"}, GroupsKnown: true, Groups: []string{"S3cret"}}
	for name, row := range map[string]struct {
		probe  ports.Probe
		kind   domain.FindingKind
		status ports.ExaminedStatus
		saw    string
	}{
		"an unknown user":        {nobody, domain.UserUnknown, ports.ExaminedPass, "as expected"},
		"a user who cannot be":   {nobody, domain.UserFound, ports.ExaminedFail, "does not exist"},
		"several":                {nobody, domain.UserAmbiguous, ports.ExaminedWarn, "does not exist"},
		"no look-ups":            {nobody, domain.LookUpUnsupported, ports.ExaminedSkip, "cannot look users up"},
		"the named user":         {named, domain.UserFound, ports.ExaminedPass, "it has 1 groups, mail as email, username; no value of"},
		"a named user not there": {named, domain.UserUnknown, ports.ExaminedPass, "does not know the named user"},
		"two of the named user":  {named, domain.UserAmbiguous, ports.ExaminedWarn, "about the named user"},
	} {
		found := examine.Found(row.probe, domain.Finding{Kind: row.kind, User: user}, domain.DefaultRules(), map[string]string{"email": "mail"})
		if found.Status != row.status || !strings.Contains(found.Saw, row.saw) || strings.Contains(found.Saw, "S3cret") || strings.Contains(found.Saw, "alice") {
			t.Errorf("%s: %s %s", name, found.Status, found.Saw)
		}
	}
}
