package sqlsource_test

import (
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"testing"

	"cognito-user-migration/adapters/sqlsource"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
	"cognito-user-migration/ports/sourcetest"
	"cognito-user-migration/test/process"

	"github.com/zitadel/passwap/bcrypt"
)

// columns are those of the table, and how the query names them.
func columns() []string {
	return []string{
		"username", "password_hash", "status", "enabled", "sub", "email", "email_verified", "phone_number",
		"phone_number_verified", "name", "given_name", "updated_at", "mfa",
	}
}

// byNameOrEmail finds people as Cognito would, by either.
const byNameOrEmail = `
	WITH typed AS (SELECT :username AS name) -- :username is bound once
	SELECT username, password_hash, status, enabled, sub, email, email_verified, phone_number, phone_number_verified,
		people.name AS name, given_name, updated_at, mfa
	FROM people, typed WHERE username = typed.name OR email = typed.name`

// capabilities are what a table and this query can do.
func capabilities(more ...sourcetest.Capability) []sourcetest.Capability {
	return append(more, sourcetest.DisabledUsers, sourcetest.UnconfirmedUsers, sourcetest.FederatedUsers,
		sourcetest.TemporaryPasswords, sourcetest.Resets, sourcetest.SMSMFA, sourcetest.SoftwareTokenMFA, sourcetest.EmailMFA,
		sourcetest.EmailAliases, sourcetest.Ambiguity,
		sourcetest.KeepsSubs, sourcetest.VerifiesHashes, sourcetest.Lists,
		sourcetest.Unreachability, sourcetest.Throttling, sourcetest.Misconfiguration, sourcetest.Silence,
		sourcetest.Closure, sourcetest.CertifiesUnjudged)
}

// contract runs the contract over a table of the server.
func contract(t *testing.T, s *server, more ...sourcetest.Capability) {
	t.Helper()
	settings := s.settings(byNameOrEmail)
	settings.ListQuery = "SELECT " + strings.Join(columns(), ", ") + " FROM people"
	var listed *sqlsource.Directory
	away := func(t *testing.T) ports.SourceDirectory {
		away := settings
		away.URL = domain.NewSecret(fmt.Sprintf("%s://a:b@%s/people", s.driver, process.ClosedAddress(t)))
		return open(t, away)
	}
	var work func() map[string]int
	sourcetest.Run(t, sourcetest.Harness{
		Name:     "people",
		Work:     func() map[string]int { return work() },
		Declared: capabilities(more...),
		Open: func(t *testing.T, people []sourcetest.User) ports.SourceDirectory {
			fill(t, s, people)
			directory := open(t, settings)
			work, listed = directory.Checker.CountHashes(), directory
			return directory
		},
		Lister:      func() ports.UserLister { return listed },
		Unreachable: away,
		Closed:      away,
		Throttled: func(t *testing.T) ports.SourceDirectory {
			crowded := settings
			crowded.URL = s.url("crowded", "crowded", "people")
			first := open(t, crowded) // takes the one connection, where one is allowed
			_ = first.Warm(t.Context())
			return open(t, crowded)
		},
		Misconfigured: func(t *testing.T) ports.SourceDirectory {
			wrong := settings
			wrong.URL = s.url(readerName, "not the password", "people")
			return open(t, wrong)
		},
		Silent: func(t *testing.T) ports.SourceDirectory {
			mute := settings
			mute.URL = domain.NewSecret(fmt.Sprintf("%s://a:b@%s/people", s.driver, process.SilentAddress(t)))
			return open(t, mute)
		},
	})
}

func open(t *testing.T, settings sqlsource.Settings) *sqlsource.Directory {
	t.Helper()
	for _, problem := range settings.Validate(func(name string) string { return "OLD_" + name }) {
		t.Fatal(problem)
	}
	return openWith(t, settings, sqlsource.Options{})
}

func openWith(t *testing.T, settings sqlsource.Settings, options sqlsource.Options) *sqlsource.Directory {
	t.Helper()
	directory, err := sqlsource.Open("people", settings, nil, databases(), options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = directory.Close() })
	return directory
}

// fill puts people into the table.
func fill(t *testing.T, s *server, people []sourcetest.User) {
	t.Helper()
	hashes := bcrypt.New(4, nil) // the least there is: it is asked for hundreds of times
	for _, entry := range people {
		row := map[string]any{"username": entry.Username, "status": string(entry.Status), "enabled": !entry.Disabled, "sub": entry.Sub}
		if entry.MFA != "" {
			row["mfa"] = string(entry.MFA)
		}
		if entry.Password != "" {
			hash, err := hashes.Hash(entry.Password)
			if err != nil {
				t.Fatal(err)
			}
			row["password_hash"] = hash
		}
		for name, value := range entry.Attributes {
			row[name] = value
			if strings.HasSuffix(name, "_verified") {
				row[name] = value == "true"
			}
		}
		insert(t, s, row)
	}
}

func insert(t *testing.T, s *server, row map[string]any) {
	t.Helper()
	var names, places []string
	var values []any
	for name, value := range row {
		if !slices.Contains(columns(), name) {
			t.Fatalf("there is no column %s", name)
		}
		names, values = append(names, name), append(values, value)
		store := "?"
		if s.driver == sqlsource.Postgres {
			store = fmt.Sprintf("$%d", len(values))
		}
		places = append(places, store)
	}
	_, err := s.admin.ExecContext(t.Context(), "INSERT INTO people ("+strings.Join(names, ", ")+") VALUES ("+strings.Join(places, ", ")+")", values...)
	if err != nil {
		t.Fatal(err)
	}
}

// The two servers run one after the other: what they are asked within seconds
// is a lot for a small machine.
func TestPostgreSQL(t *testing.T) {
	s := startPostgres(t)
	s.exec(t, `CREATE TABLE people (username text PRIMARY KEY, password_hash text, status text, enabled boolean NOT NULL, sub uuid,
		email text, email_verified boolean, phone_number varchar(20), phone_number_verified boolean, name text, given_name text, updated_at bigint, mfa text)`,
		"GRANT SELECT ON people TO "+readerName)
	t.Run("the contract", func(t *testing.T) { contract(t, s) })
	t.Run("what every database is held to", func(t *testing.T) { every(t, s) })
	t.Run("values", func(t *testing.T) {
		for literal, want := range map[string]string{
			"'text'": "text", "''": "", "42": "42", "true": "true", "1.50::numeric": "1.50", "date '1990-02-03'": "1990-02-03",
			"'12345678-1234-1234-1234-123456789abc'::uuid": "12345678-1234-1234-1234-123456789abc", `'{"a": 1}'::json`: `{"a": 1}`,
			"-7::smallint": "-7", "'x'::varchar(3)": "x", "'ab'::char(3)": "ab", `'{a,b}'::text[]`: "{a,b}",
		} {
			valueIs(t, s, literal, want)
		}
		for _, literal := range []string{"now()", "localtimestamp", "1.5::float8"} {
			valueIsRefused(t, s, literal)
		}
	})
	t.Run("faults", func(t *testing.T) {
		s.exec(t, "CREATE TABLE hidden (username text)")
		faults(t, s, map[string]want{
			"SELECT username FROM hidden WHERE username = :username":                                                      {ports.ErrMisconfigured, "SQLSTATE 42501"},
			"SELECT username FROM absent WHERE username = :username":                                                      {ports.ErrMisconfigured, "SQLSTATE 42P01"},
			"SELECT username FORM people WHERE username = :username":                                                      {ports.ErrMisconfigured, "SQLSTATE 42"},
			"WITH x AS (DELETE FROM people RETURNING username) SELECT username FROM x WHERE username = :username":         {ports.ErrMisconfigured, "SQLSTATE "},
			"SELECT username FROM people WHERE username = :username; DELETE FROM people":                                  {ports.ErrMisconfigured, "SQLSTATE 42601"},
			"SELECT set_config('transaction_read_only', 'off', true) AS username, nextval('none') WHERE '' < :username":   {ports.ErrMisconfigured, "SQLSTATE "},
			"SELECT username FROM people WHERE username = :username AND 1 / (SELECT 0) = 1 UNION SELECT (1 / 0)::text":    {ports.ErrMisconfigured, "SQLSTATE 22012"},
			"SELECT email AS username FROM people WHERE 'a' <> :username AND email IS NULL UNION SELECT NULL AS username": {ports.ErrMisconfigured, "a row of the query has no username"},
			"SELECT :username AS username, 'x' AS status":                                                                 {ports.ErrMisconfigured, "status: expected one of"},
			"SELECT :username AS username, 'x' AS enabled":                                                                {ports.ErrMisconfigured, "enabled: expected true or false"},
			"SELECT :username AS username, 'x' AS email_verified":                                                         {ports.ErrMisconfigured, "email_verified: expected true or false"},
			"SELECT pg_terminate_backend(pg_backend_pid())::text AS username WHERE '' < :username":                        {ports.ErrUnreachable, "SQLSTATE 57P01"},
		})
	})
	t.Run("an identifier of another type", func(t *testing.T) {
		for _, query := range []string{
			"SELECT username FROM people WHERE updated_at = :username", "SELECT username FROM people WHERE sub = :username",
			"SELECT username FROM people WHERE '2020-01-01'::date = :username",
		} {
			unknown(t, open(t, s.settings(query)), "alice", "99999999999999999999")
		}
		finding, err := open(t, s.settings("SELECT sub AS username, username AS preferred_username FROM people WHERE sub = :username")).
			FindUser(t.Context(), subOf(t, s))
		if err != nil || finding.Kind != domain.UserFound {
			t.Errorf("by a UUID: %v, %v", finding, err)
		}
	})
	t.Run("a database of another alphabet", func(t *testing.T) {
		s.exec(t, "CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
		settings := s.settings("SELECT 'x'::text AS username WHERE 'x'::text = :username")
		settings.URL = s.url(readerName, readerPassword, "latin")
		unknown(t, open(t, settings), "名前", "ü", "y")
	})
	t.Run("columns of fixed width", func(t *testing.T) {
		s.exec(t, `CREATE TABLE padded (login char(20), hash char(80), state char(30), active char(5), mail char(40))`,
			"INSERT INTO padded VALUES ('anna', '"+right+"', 'CONFIRMED', 'true', 'anna@example.com'), ('berta', '"+right+"', 'CONFIRMED', 'false', 'berta@example.com')",
			"GRANT SELECT ON padded TO "+readerName)
		padded(t, open(t, s.settings("SELECT login AS username, hash AS password_hash, state AS status, active AS enabled, mail AS email FROM padded WHERE login = :username ")))
	})
	t.Run("a connection that the server closed", func(t *testing.T) {
		// With a time, it waits until the process of the connection has ended.
		closed(t, s, "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity WHERE usename = '"+readerName+"'",
			"SELECT count(*) FROM pg_stat_activity WHERE usename = '"+readerName+"'")
	})
	t.Run("one connection is kept", func(t *testing.T) {
		kept(t, s, "SELECT count(*) FROM pg_stat_activity WHERE usename = '"+readerName+"'")
	})
}

func TestMariaDB(t *testing.T) {
	s := startMariaDB(t)
	s.exec(t, `CREATE TABLE people (username varchar(190) PRIMARY KEY, password_hash varchar(255), status varchar(32), enabled tinyint(1) NOT NULL, sub char(36),
		email varchar(255), email_verified bit(1), phone_number varchar(20), phone_number_verified boolean, name text, given_name text, updated_at bigint, mfa varchar(64)) CHARACTER SET utf8mb4`,
		"GRANT SELECT, EXECUTE ON people.* TO "+readerName+"@'127.0.0.1'")
	// Its collation puts letter case aside, and spaces at the end with it.
	t.Run("the contract", func(t *testing.T) { contract(t, s, sourcetest.CaseInsensitive) })
	t.Run("what every database is held to", func(t *testing.T) { every(t, s) })
	t.Run("values", func(t *testing.T) {
		for literal, want := range map[string]string{
			"'text'": "text", "''": "", "42": "42", "true": "1", "1.50": "1.50", "date '1990-02-03'": "1990-02-03", "18446744073709551615": "18446744073709551615",
			"cast('x' AS char)": "x", "cast('x' AS binary)": "x",
		} {
			valueIs(t, s, literal, want)
		}
		for _, literal := range []string{"now()", "1.5e0"} {
			valueIsRefused(t, s, literal)
		}
	})
	t.Run("faults", func(t *testing.T) {
		s.exec(t, "CREATE DATABASE hidden", "CREATE TABLE hidden.hidden (username text)",
			"CREATE FUNCTION people.writes() RETURNS text BEGIN DELETE FROM people; RETURN 'x'; END")
		faults(t, s, map[string]want{
			"SELECT username FROM hidden.hidden WHERE username = :username":              {ports.ErrMisconfigured, "error 1142"},
			"SELECT username FROM absent WHERE username = :username":                     {ports.ErrMisconfigured, "error 1146"},
			"SELECT username FORM people WHERE username = :username":                     {ports.ErrMisconfigured, "error 1064"},
			"SELECT writes() AS username WHERE '' < :username":                           {ports.ErrMisconfigured, "error 1792"},
			"SELECT username FROM people WHERE username = :username; DELETE FROM people": {ports.ErrMisconfigured, "error 1064"},
			"SELECT :username AS username, 'x' AS status":                                {ports.ErrMisconfigured, "status: expected one of"},
			"SELECT :username AS username, 2 AS enabled":                                 {ports.ErrMisconfigured, "enabled: expected true or false"},
			"SELECT NULL AS username FROM people WHERE '' < :username":                   {ports.ErrMisconfigured, "a row of the query has no username"},
		})
	})
	t.Run("a table of another alphabet", func(t *testing.T) {
		s.exec(t, "CREATE TABLE latin (username varchar(20) CHARACTER SET latin1)", "INSERT INTO latin VALUES ('x')")
		unknown(t, open(t, s.settings("SELECT username FROM latin WHERE username = :username")), "名前", "🦆", "y")
	})
	t.Run("columns of fixed width", func(t *testing.T) {
		s.exec(t, `CREATE TABLE padded (login char(20), hash char(80), state char(30), active char(5), mail char(40))`,
			"INSERT INTO padded VALUES ('anna', '"+right+"', 'CONFIRMED', 'true', 'anna@example.com'), ('berta', '"+right+"', 'CONFIRMED', 'false', 'berta@example.com')")
		s.exec(t, "SET GLOBAL sql_mode = CONCAT(@@GLOBAL.sql_mode, ',PAD_CHAR_TO_FULL_LENGTH')")
		padded(t, open(t, s.settings("SELECT login AS username, hash AS password_hash, state AS status, active AS enabled, mail AS email FROM padded WHERE login = :username")))
		s.exec(t, "SET GLOBAL sql_mode = DEFAULT")
	})
	t.Run("a connection that the server closed", func(t *testing.T) {
		closed(t, s, "KILL USER "+readerName+"@'127.0.0.1'", "SELECT count(*) FROM information_schema.processlist WHERE user = '"+readerName+"'")
	})
	t.Run("one connection is kept", func(t *testing.T) {
		kept(t, s, "SELECT count(*) FROM information_schema.processlist WHERE user = '"+readerName+"'")
	})
}

func subOf(t *testing.T, s *server) string {
	t.Helper()
	var sub sql.NullString
	if err := s.admin.QueryRowContext(t.Context(), "SELECT max(sub::text) FROM people").Scan(&sub); err != nil {
		t.Fatal(err)
	}
	return sub.String
}
