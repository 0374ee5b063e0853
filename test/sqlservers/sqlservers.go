// Package sqlservers starts real database servers for tests: PostgreSQL and MariaDB of
// Debian's packages, with TLS and one user with read permissions.
package sqlservers

import (
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	_ "github.com/go-sql-driver/mysql" // the driver "mysql"
	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"

	"cognito-user-migration/test/certificate"
	"cognito-user-migration/test/process"
)

// database is the name of the database of every [Server].
const database = "people"

// Server is a database server that was started for one test.
type Server struct {
	// Driver is the value of SOURCE_DRIVER: postgres or mysql.
	Driver string
	// CA is the certificate of the server and of its authority, in PEM.
	CA string
	// Admin is a connection of the owner.
	Admin *sql.DB

	port string
	// open opens a database as the owner.
	open func(name string) (*sql.DB, error)
}

// The user who may connect. What it may read is granted by the test.
const (
	ReaderName     = "reader"
	ReaderPassword = "R:e@d/e%r 1?#" //nolint:gosec // of a server that lives for one test

	ownerName, ownerPassword = "owner", "Owner-Password-1"
)

// URL is the value of SOURCE_URL for a user of the server.
func (s *Server) URL(name, password, database string) string {
	var escaped strings.Builder
	for _, c := range []byte(password) {
		fmt.Fprintf(&escaped, "%%%02X", c)
	}
	return fmt.Sprintf("%s://%s:%s@127.0.0.1:%s/%s", s.Driver, name, &escaped, s.port, database)
}

// Exec runs statements as the owner.
func (s *Server) Exec(t *testing.T, statements ...string) {
	t.Helper()
	for _, statement := range statements {
		if _, err := s.Admin.ExecContext(t.Context(), statement); err != nil {
			t.Fatalf("%v\n%s", err, statement)
		}
	}
}

// Database makes a database of its own from statements that end with a semicolon and a line
// break. The reader may read all of it.
func (s *Server) Database(t *testing.T, name, statements string) {
	t.Helper()
	characters := ""
	if s.Driver == "mysql" {
		characters = " CHARACTER SET utf8mb4"
	}
	s.Exec(t, "CREATE DATABASE "+name+characters)
	db, err := s.open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close() //nolint:errcheck // nothing is lost
	for statement := range strings.SplitSeq(statements, ";\n") {
		if strings.TrimSpace(statement) == "" {
			continue
		}
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatalf("%v\n%s", err, statement)
		}
	}
	if s.Driver == "mysql" {
		s.Exec(t, "GRANT SELECT ON "+name+".* TO "+ReaderName+"@'127.0.0.1'")
		return
	}
	if _, err := db.ExecContext(t.Context(), "GRANT pg_read_all_data TO "+ReaderName); err != nil {
		t.Fatal(err)
	}
}

// StartPostgres starts PostgreSQL from Debian's package, not as root, in its own
// folder.
func StartPostgres(t *testing.T) *Server {
	t.Helper()
	initdb, postgres := process.DebianProgram(t, "initdb", "postgresql"), process.DebianProgram(t, "postgres", "postgresql")
	home := newHome(t)
	s := &Server{Driver: "postgres"}
	s.CA = home.certificate(t)
	home.write(t, "password", ownerPassword)
	home.run(t, initdb, "--pgdata", home.path("data"), "--username", ownerName, "--pwfile", home.path("password"),
		"--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync")
	home.write(t, "data/pg_hba.conf", "hostssl all all 127.0.0.1/32 scram-sha-256\n")
	dsn := func(name string) string {
		return fmt.Sprintf("postgres://%s:%s@127.0.0.1:%s/%s?sslmode=require", ownerName, ownerPassword, s.port, name)
	}
	s.open = func(name string) (*sql.DB, error) { return sql.Open("pgx", dsn(name)) }
	first := s.launch(t, home, func() (string, string) { return "pgx", dsn("postgres") }, func() []string {
		return []string{
			postgres, "-D", home.path("data"), "-p", s.port, "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=",
			"-c", "fsync=off", "-c", "max_connections=200",
			"-c", "ssl=on", "-c", "ssl_cert_file=" + home.path("server.pem"), "-c", "ssl_key_file=" + home.path("server.key"),
		}
	})
	if _, err := first.ExecContext(t.Context(), "CREATE DATABASE "+database); err != nil {
		t.Fatal(err)
	}
	var err error
	if s.Admin, err = s.open(database); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Admin.Close() })
	s.Exec(t, "CREATE ROLE "+ReaderName+" LOGIN PASSWORD '"+ReaderPassword+"'", "CREATE ROLE crowded LOGIN CONNECTION LIMIT 0 PASSWORD 'crowded'")
	return s
}

// StartMariaDB does the same with MariaDB.
func StartMariaDB(t *testing.T) *Server {
	t.Helper()
	install, mariadbd := process.DebianProgram(t, "mariadb-install-db", "mariadb-server"), process.DebianProgram(t, "mariadbd", "mariadb-server")
	home := newHome(t)
	s := &Server{Driver: "mysql"}
	s.CA = home.certificate(t)
	home.run(t, install, "--no-defaults", "--datadir="+home.path("data"), "--skip-test-db", "--auth-root-authentication-method=normal", "--skip-name-resolve")
	home.write(t, "init.sql", fmt.Sprintf(`CREATE DATABASE IF NOT EXISTS people CHARACTER SET utf8mb4;
CREATE USER IF NOT EXISTS %[1]s@'127.0.0.1' IDENTIFIED BY '%[2]s';
GRANT ALL ON *.* TO %[1]s@'127.0.0.1' WITH GRANT OPTION;
CREATE USER IF NOT EXISTS %[3]s@'127.0.0.1' IDENTIFIED BY '%[4]s' REQUIRE SSL;
CREATE USER IF NOT EXISTS crowded@'127.0.0.1' IDENTIFIED BY 'crowded' WITH MAX_USER_CONNECTIONS 1;
GRANT SELECT ON people.* TO crowded@'127.0.0.1';
`, ownerName, ownerPassword, ReaderName, ReaderPassword))
	dsn := func(name string) string {
		return fmt.Sprintf("%s:%s@tcp(127.0.0.1:%s)/%s?tls=skip-verify", ownerName, ownerPassword, s.port, name)
	}
	s.open = func(name string) (*sql.DB, error) { return sql.Open("mysql", dsn(name)) }
	s.Admin = s.launch(t, home, func() (string, string) { return "mysql", dsn("people") }, func() []string {
		return []string{
			mariadbd, "--no-defaults", "--datadir=" + home.path("data"), "--port=" + s.port, "--bind-address=127.0.0.1",
			"--socket=" + home.path("socket"), "--pid-file=" + home.path("pid"), "--init-file=" + home.path("init.sql"), "--skip-name-resolve",
			"--ssl-cert=" + home.path("server.pem"), "--ssl-key=" + home.path("server.key"), "--innodb-buffer-pool-size=16M",
		}
	})
	return s
}

// launch starts the server on a port of its own and waits until it answers.
func (s *Server) launch(t *testing.T, home *home, dsn func() (driver, name string), command func() []string) *sql.DB {
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

// home is a folder, and who owns it: PostgreSQL refuses to be root's.
type home struct {
	folder string
	owner  *syscall.Credential
}

func newHome(t *testing.T) *home {
	t.Helper()
	// Not t.TempDir: its name is long, and that of a socket may not be.
	folder, err := os.MkdirTemp("", "database") //nolint:usetesting // see above
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	h := &home{folder: folder}
	if os.Getuid() != 0 {
		return h
	}
	unprivileged, err := user.Lookup("nobody")
	if err != nil {
		t.Fatal(err)
	}
	uid, _ := strconv.ParseUint(unprivileged.Uid, 10, 32)
	gid, _ := strconv.ParseUint(unprivileged.Gid, 10, 32)
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

// certificate makes one for loopback, and returns it: it is its own authority.
func (h *home) certificate(t *testing.T) string {
	t.Helper()
	own := certificate.New("database", nil)
	h.write(t, "server.pem", own.PEM())
	h.write(t, "server.key", own.KeyPEM())
	return own.PEM()
}

func (h *home) environment() []string {
	return []string{"PATH=" + os.Getenv("PATH"), "HOME=" + h.folder, "LC_ALL=C.UTF-8", "TMPDIR=" + h.folder}
}

func (h *home) run(t *testing.T, name string, arguments ...string) {
	t.Helper()
	command := exec.CommandContext(t.Context(), name, arguments...) //nolint:gosec // programs of the database
	command.Dir, command.Env = h.folder, h.environment()
	command.SysProcAttr = &syscall.SysProcAttr{Credential: h.owner}
	if output, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", filepath.Base(name), err, output)
	}
}
