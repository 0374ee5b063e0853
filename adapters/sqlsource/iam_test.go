package sqlsource_test

import (
	"context"
	"crypto/tls"
	"encoding/pem"
	"errors"
	"net"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"cognito-user-migration/adapters/internal/pemfile"
	"cognito-user-migration/adapters/sqlsource"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"

	"github.com/jackc/pgx/v5/pgproto3"
)

// keys gives fixed credentials, or none.
type keys struct {
	err error
}

func (k keys) Invalidate() {}

func (k keys) Retrieve(context.Context) (ports.Credentials, error) {
	return ports.Credentials{
		AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: domain.NewSecret("S3cret"), SessionToken: domain.NewSecret("session"),
	}, k.err
}

// There is no RDS here, so a server of the test's own speaks as much of
// PostgreSQL as it takes to be told the token, over TLS; and refuses it.
func TestATokenOfRDSIsThePassword(t *testing.T) {
	t.Parallel()
	port, ca, told := rdsLike(t)
	settings := ordinary()
	settings.Auth, settings.Region = sqlsource.AuthIAM, "eu-west-1"
	settings.URL = domain.NewSecret("postgres://reader@127.0.0.1:" + port + "/people")
	settings.CABundle = pemfile.Text(ca)
	directory, err := sqlsource.Open("people", settings, keys{}, databases(), sqlsource.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = directory.Close() }()
	for range 2 {
		if _, err := directory.FindUser(t.Context(), "anna"); !errors.Is(err, ports.ErrMisconfigured) || !strings.Contains(err.Error(), "28000") {
			t.Fatalf("a refused token: %v", err)
		}
	}
	tokens := told()
	if len(tokens) != 2 {
		t.Fatalf("%d tokens for 2 connections", len(tokens))
	}
	token, err := url.Parse("https://" + tokens[0])
	if err != nil {
		t.Fatal(err)
	}
	if token.Host != "127.0.0.1:"+port {
		t.Errorf("the token is for %s", token.Host)
	}
	for name, want := range map[string]string{
		"Action": "connect", "DBUser": "reader", "X-Amz-Expires": "900", "X-Amz-Security-Token": "session", "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
	} {
		if got := token.Query().Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if credential := token.Query().Get("X-Amz-Credential"); !strings.HasPrefix(credential, "AKIDEXAMPLE/") || !strings.HasSuffix(credential, "/eu-west-1/rds-db/aws4_request") {
		t.Errorf("X-Amz-Credential is %q", credential)
	}
	if strings.Contains(tokens[0], "S3cret") {
		t.Error("the token holds the secret key")
	}
}

// What is wrong with the credentials is said as the credentials say it.
func TestCredentialsThatAreNotThere(t *testing.T) {
	t.Parallel()
	settings := ordinary()
	settings.Auth, settings.Region = sqlsource.AuthIAM, "eu-west-1"
	for name, test := range map[string]struct {
		url         string
		credentials ports.CredentialProvider
		want        error
	}{
		"throttled":           {"postgres://reader@127.0.0.1:1/people", keys{ports.ErrThrottled}, ports.ErrThrottled},
		"refused":             {"postgres://reader@127.0.0.1:1/people", keys{ports.ErrMisconfigured}, ports.ErrMisconfigured},
		"none":                {"postgres://reader@127.0.0.1:1/people", nil, ports.ErrMisconfigured},
		"out of reach, MySQL": {"mysql://reader@127.0.0.1:1/people", keys{ports.ErrUnreachable}, ports.ErrUnreachable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			settings := settings
			settings.URL = domain.NewSecret(test.url)
			if strings.HasPrefix(test.url, "mysql") {
				settings.Driver = sqlsource.MySQL
			}
			directory, err := sqlsource.Open("people", settings, test.credentials, databases(), sqlsource.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = directory.Close() }()
			if _, err := directory.FindUser(t.Context(), "anna"); !errors.Is(err, test.want) {
				t.Errorf("%v, want %v", err, test.want)
			}
		})
	}
}

// rdsLike takes connections, asks for a password in the clear, keeps it and
// refuses it.
func rdsLike(t *testing.T) (port, ca string, told func() []string) {
	t.Helper()
	web := httptest.NewTLSServer(nil) // for its certificate, of loopback
	certificate := web.TLS.Certificates[0]
	ca = string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: web.Certificate().Raw}))
	web.Close()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	var mu sync.Mutex
	var passwords []string
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = connection.Close() }()
				if err := askPassword(connection, certificate, func(password string) {
					mu.Lock()
					defer mu.Unlock()
					passwords = append(passwords, password)
				}); err != nil {
					t.Error(err)
				}
			}()
		}
	}()
	_, port, _ = net.SplitHostPort(listener.Addr().String())
	return port, ca, func() []string {
		mu.Lock()
		defer mu.Unlock()
		return passwords
	}
}

func askPassword(connection net.Conn, certificate tls.Certificate, keep func(string)) error {
	if _, err := pgproto3.NewBackend(connection, connection).ReceiveStartupMessage(); err != nil { // the wish for TLS
		return err
	}
	if _, err := connection.Write([]byte("S")); err != nil {
		return err
	}
	secured := tls.Server(connection, &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12})
	backend := pgproto3.NewBackend(secured, secured)
	if _, err := backend.ReceiveStartupMessage(); err != nil {
		return err
	}
	backend.Send(&pgproto3.AuthenticationCleartextPassword{})
	if err := backend.Flush(); err != nil {
		return err
	}
	if err := backend.SetAuthType(pgproto3.AuthTypeCleartextPassword); err != nil {
		return err
	}
	message, err := backend.Receive()
	if err != nil {
		return err
	}
	answer, ok := message.(*pgproto3.PasswordMessage)
	if !ok {
		return errors.New("no password came")
	}
	keep(answer.Password)
	backend.Send(&pgproto3.ErrorResponse{Severity: "FATAL", Code: "28000", Message: "PAM authentication failed"})
	return backend.Flush()
}
