package sqlsource_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"database/sql"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"cognito-user-migration/adapters/sqlsource"
	"cognito-user-migration/domain"
	"cognito-user-migration/test/process"
)

// server is a database server that nobody here wrote, started for one test.
type server struct {
	driver sqlsource.Driver
	port   string
	ca     string // of its certificate, in PEM
	admin  *sql.DB
}

const (
	adminName, adminPassword   = "owner", "Owner-Password-1"
	readerName, readerPassword = "reader", "R:e@d/e%r 1?#"
)

// settings are those of somebody who may read.
func (s *server) settings(query string) sqlsource.Settings {
	return sqlsource.Settings{
		Driver: s.driver, URL: s.url(readerName, readerPassword, "people"), Query: query,
		Auth: sqlsource.AuthPassword, TLS: sqlsource.TLSVerify, CABundle: s.ca,
	}
}

func (s *server) url(name, password, database string) domain.Secret {
	var escaped strings.Builder
	for _, c := range []byte(password) {
		fmt.Fprintf(&escaped, "%%%02X", c)
	}
	return domain.NewSecret(fmt.Sprintf("%s://%s:%s@127.0.0.1:%s/%s", s.driver, name, &escaped, s.port, database))
}

// exec puts statements as the owner.
func (s *server) exec(t *testing.T, statements ...string) {
	t.Helper()
	for _, statement := range statements {
		if _, err := s.admin.ExecContext(t.Context(), statement); err != nil {
			t.Fatalf("%v\n%s", err, statement)
		}
	}
}

// startPostgres starts PostgreSQL from Debian's package, as somebody else than
// root, in a folder of its own.
func startPostgres(t *testing.T) *server {
	t.Helper()
	initdb, postgres := program(t, "initdb", "postgresql"), program(t, "postgres", "postgresql")
	home := newHome(t)
	s := &server{driver: sqlsource.Postgres}
	s.ca = home.certificate(t)
	home.write(t, "password", adminPassword)
	home.run(t, initdb, "--pgdata", home.path("data"), "--username", adminName, "--pwfile", home.path("password"),
		"--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync")
	home.write(t, "data/pg_hba.conf", "hostssl all all 127.0.0.1/32 scram-sha-256\n")
	dsn := func(database string) string {
		return fmt.Sprintf("postgres://%s:%s@127.0.0.1:%s/%s?sslmode=require", adminName, adminPassword, s.port, database)
	}
	first := s.launch(t, home, func() (string, string) { return "pgx", dsn("postgres") }, func() []string {
		return []string{
			postgres, "-D", home.path("data"), "-p", s.port, "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=",
			"-c", "fsync=off", "-c", "max_connections=200",
			"-c", "ssl=on", "-c", "ssl_cert_file=" + home.path("server.pem"), "-c", "ssl_key_file=" + home.path("server.key"),
		}
	})
	if _, err := first.ExecContext(t.Context(), "CREATE DATABASE people"); err != nil {
		t.Fatal(err)
	}
	var err error
	if s.admin, err = sql.Open("pgx", dsn("people")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.admin.Close() })
	s.exec(t, "CREATE ROLE "+readerName+" LOGIN PASSWORD '"+readerPassword+"'", "CREATE ROLE crowded LOGIN CONNECTION LIMIT 0 PASSWORD 'crowded'")
	return s
}

// startMariaDB does the same with MariaDB.
func startMariaDB(t *testing.T) *server {
	t.Helper()
	install, mariadbd := program(t, "mariadb-install-db", "mariadb-server"), program(t, "mariadbd", "mariadb-server")
	home := newHome(t)
	s := &server{driver: sqlsource.MySQL}
	s.ca = home.certificate(t)
	home.run(t, install, "--no-defaults", "--datadir="+home.path("data"), "--skip-test-db", "--auth-root-authentication-method=normal", "--skip-name-resolve")
	home.write(t, "init.sql", fmt.Sprintf(`CREATE DATABASE IF NOT EXISTS people CHARACTER SET utf8mb4;
CREATE USER IF NOT EXISTS %[1]s@'127.0.0.1' IDENTIFIED BY '%[2]s';
GRANT ALL ON *.* TO %[1]s@'127.0.0.1' WITH GRANT OPTION;
CREATE USER IF NOT EXISTS %[3]s@'127.0.0.1' IDENTIFIED BY '%[4]s' REQUIRE SSL;
CREATE USER IF NOT EXISTS crowded@'127.0.0.1' IDENTIFIED BY 'crowded' WITH MAX_USER_CONNECTIONS 1;
GRANT SELECT ON people.* TO crowded@'127.0.0.1';
`, adminName, adminPassword, readerName, readerPassword))
	s.admin = s.launch(t, home, func() (string, string) {
		return "mysql", fmt.Sprintf("%s:%s@tcp(127.0.0.1:%s)/people?tls=skip-verify", adminName, adminPassword, s.port)
	}, func() []string {
		return []string{
			mariadbd, "--no-defaults", "--datadir=" + home.path("data"), "--port=" + s.port, "--bind-address=127.0.0.1",
			"--socket=" + home.path("socket"), "--pid-file=" + home.path("pid"), "--init-file=" + home.path("init.sql"), "--skip-name-resolve",
			"--ssl-cert=" + home.path("server.pem"), "--ssl-key=" + home.path("server.key"), "--innodb-buffer-pool-size=16M",
		}
	})
	return s
}

// launch starts the server on a port of its own and waits until it answers.
func (s *server) launch(t *testing.T, home *home, dsn func() (driver, name string), command func() []string) *sql.DB {
	t.Helper()
	port, release, err := process.ReservePort()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(release)
	s.port = strconv.Itoa(port)
	words := command()
	running, err := process.Start(process.Command{
		Path: words[0], Arguments: words[1:], Folder: home.folder, Environment: home.environment(), Owner: home.owner,
		Signals: []os.Signal{syscall.SIGINT, syscall.SIGTERM}, // PostgreSQL's fast shutdown; MariaDB ignores the first
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		running.Stop()
		if t.Failed() {
			t.Logf("%s wrote:\n%s", filepath.Base(words[0]), running.Log())
		}
	})
	db, err := sql.Open(dsn())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	if err := running.Await(t.Context(), db.PingContext); err != nil {
		t.Fatalf("%s: %v", filepath.Base(words[0]), err)
	}
	return db
}

// program finds a program of a Debian package, in PATH or where Debian puts
// PostgreSQL's. Where it is missing the test is skipped with a line that says so, or fails where
// E2E=required: a skipped test would look like one that passed.
func program(t *testing.T, name, debianPackage string) string {
	t.Helper()
	if path, err := exec.LookPath(name); err == nil {
		return path
	}
	for _, pattern := range []string{"/usr/lib/postgresql/*/bin/", "/usr/sbin/"} {
		if found, _ := filepath.Glob(pattern + name); len(found) > 0 {
			return found[len(found)-1]
		}
	}
	process.Missing(t, fmt.Sprintf("%s is missing, so nothing was tested against it: apt-get install %s", name, debianPackage))
	return ""
}

// home is a folder, and who owns it: PostgreSQL refuses to be root's.
type home struct {
	folder string
	owner  *syscall.Credential
}

func newHome(t *testing.T) *home {
	t.Helper()
	// Not t.TempDir: its name is long, and that of a socket may not be.
	folder, err := os.MkdirTemp("", "sqlsource") //nolint:usetesting // see above
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	h := &home{folder: folder}
	if os.Getuid() != 0 {
		return h
	}
	nobody, err := user.Lookup("nobody")
	if err != nil {
		t.Fatal(err)
	}
	uid, _ := strconv.ParseUint(nobody.Uid, 10, 32)
	gid, _ := strconv.ParseUint(nobody.Gid, 10, 32)
	h.owner = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	h.own(t, folder)
	return h
}

func (h *home) own(t *testing.T, path string) {
	t.Helper()
	if h.owner == nil {
		return
	}
	if err := os.Chown(path, int(h.owner.Uid), int(h.owner.Gid)); err != nil {
		t.Fatal(err)
	}
}

func (h *home) path(name string) string {
	return filepath.Join(h.folder, name)
}

func (h *home) write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(h.path(name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	h.own(t, h.path(name))
}

// certificate makes one for loopback, and returns it: it vouches for itself.
func (h *home) certificate(t *testing.T) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "sqlsource"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	public := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate}))
	h.write(t, "server.pem", public)
	h.write(t, "server.key", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})))
	return public
}

func (h *home) environment() []string {
	return []string{"PATH=" + os.Getenv("PATH"), "HOME=" + h.folder, "LC_ALL=C.UTF-8", "TMPDIR=" + h.folder}
}

func (h *home) run(t *testing.T, name string, arguments ...string) {
	t.Helper()
	command := exec.CommandContext(t.Context(), name, arguments...)
	command.Dir, command.Env = h.folder, h.environment()
	command.SysProcAttr = &syscall.SysProcAttr{Credential: h.owner}
	if output, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", filepath.Base(name), err, output)
	}
}
