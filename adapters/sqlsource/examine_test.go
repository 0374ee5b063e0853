package sqlsource_test

import (
	"strings"
	"testing"
	"time"

	"cognito-user-migration/adapters/sqlsource"
	"cognito-user-migration/adapters/sqlsource/mysql"
	"cognito-user-migration/adapters/sqlsource/postgres"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
	"cognito-user-migration/ports/parts"
	"cognito-user-migration/test/process"
)

// examined examines a database for a user whom nobody has.
func examined(t *testing.T, settings sqlsource.Settings, change ...func(*ports.Probe)) map[ports.Aspect]ports.Examined {
	t.Helper()
	probe := ports.Probe{
		Username: "migratectl-doctor-x", Now: time.Now(),
		Variable: func(name string) string { return "OLD_" + name },
	}
	for _, change := range change {
		change(&probe)
	}
	options := parts.SourceOptions{Name: "OLD", Rules: domain.DefaultRules(), Note: func(ports.Note) {}}
	found := make(map[ports.Aspect]ports.Examined)
	for _, one := range sqlsource.Examiner().Examine(t.Context(), sqlsource.Configured(settings, mysql.Driver(), postgres.Driver()), options, probe) {
		found[one.Aspect] = one
		for _, secret := range []string{readerPassword, "Owner-Password-1", "alice@example.com", "$2y$", "d41d8cd98f00b204e9800998ecf8427e"} {
			if strings.Contains(one.Saw+one.Remedy, secret) {
				t.Errorf("%s shows a value: %s %s", one.Aspect, one.Saw, one.Remedy)
			}
		}
	}
	return found
}

// The first aspect that fails or warns is the fault; what follows a failure is
// not examined.
func TestTheExaminationFindsFaultsOfDatabases(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]func(*testing.T) *server{"postgres": startPostgres, "mysql": startMariaDB} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t)
			isPostgres := s.driver == sqlsource.Postgres
			s.exec(t, "CREATE TABLE people (username varchar(100) PRIMARY KEY, email varchar(100), login varchar(100), nickname varchar(100), password_hash varchar(200))",
				"CREATE INDEX people_login ON people (login)",
				"INSERT INTO people VALUES ('alice', 'alice@example.com', 'al', 'Al', '$2y$04$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW'), ('bob', 'bob@example.com', 'bo', 'Bo', NULL)",
				"CREATE TABLE oldest (username varchar(100) PRIMARY KEY, password_hash varchar(200))",
				"INSERT INTO oldest VALUES ('carol', 'd41d8cd98f00b204e9800998ecf8427e'), ('dave', 'd41d8cd98f00b204e9800998ecf8427e')",
				"CREATE TABLE secrets (username varchar(100) PRIMARY KEY, password_hash varchar(200))")
			if isPostgres {
				s.exec(t, "CREATE INDEX people_lower ON people (lower(login))")
			}
			s.exec(t, "GRANT SELECT ON people TO "+grantee(s), "GRANT SELECT ON oldest TO "+grantee(s))
			either := func(postgres, mysql string) string {
				if isPostgres {
					return postgres
				}
				return mysql
			}
			const query = "SELECT username, email, password_hash FROM people WHERE username = :username"
			for name, row := range map[string]struct {
				query  string
				change func(*sqlsource.Settings)
				probe  func(*ports.Probe)
				aspect ports.Aspect
				status ports.ExaminedStatus
				saw    string
				remedy string
			}{
				"nothing: the look-up":     {aspect: ports.AspectLookUp, status: ports.ExaminedPass, saw: "does not exist, as expected"},
				"nothing: the index":       {aspect: ports.AspectIndex, status: ports.ExaminedPass, saw: "uses an index"},
				"nothing: the login":       {aspect: ports.AspectCredentials, status: ports.ExaminedPass, saw: "with its password"},
				"nothing: the hashes":      {aspect: ports.AspectHashes, status: ports.ExaminedPass, saw: "1 hashes sampled: 1 bcrypt (cost 4)"},
				"a named user":             {probe: func(p *ports.Probe) { p.Username, p.Exists = "alice", true }, aspect: ports.AspectLookUp, status: ports.ExaminedPass, saw: "it has email, username"},
				"nothing: the certificate": {aspect: ports.AspectCertificate, status: ports.ExaminedPass, saw: "valid for 99 days"},
				"a certificate that ends": {probe: func(p *ports.Probe) { p.Now = time.Now().Add(75 * 24 * time.Hour) }, aspect: ports.AspectCertificate, status: ports.ExaminedWarn,
					saw: "expires in 24 days", remedy: "renew"},
				"a certificate soon expired": {probe: func(p *ports.Probe) { p.Now = time.Now().Add((100*24 + 73) * time.Hour) }, aspect: ports.AspectCertificate, status: ports.ExaminedFail, saw: "3 days ago", remedy: "renew"},
				"a certificate not yet valid": {probe: func(p *ports.Probe) { p.Now = time.Now().Add(-72 * time.Hour) }, aspect: ports.AspectCertificate, status: ports.ExaminedFail,
					saw: "not valid before", remedy: "clock"},
				"an authority that nobody knows": {change: func(o *sqlsource.Settings) { o.CABundle = "" }, aspect: ports.AspectCertificate, status: ports.ExaminedFail,
					saw: "no public authority signed", remedy: "OLD_CA_BUNDLE"},
				"a certificate for another name": {change: func(o *sqlsource.Settings) {
					o.URL = domain.NewSecret(strings.Replace(o.URL.Reveal(), "127.0.0.1", "localhost", 1))
				}, aspect: ports.AspectCertificate, status: ports.ExaminedFail, saw: "is for 127.0.0.1, not for localhost", remedy: "OLD_URL"},
				"a certificate that is not verified": {change: func(o *sqlsource.Settings) { o.TLS, o.CABundle = sqlsource.TLSUnverified, "" }, aspect: ports.AspectCertificate,
					status: ports.ExaminedWarn, saw: "it is not verified", remedy: "OLD_CA_BUNDLE"},
				"a port where nothing listens": {change: func(o *sqlsource.Settings) {
					o.URL = domain.NewSecret(string(s.driver) + "://reader:x@" + process.ClosedAddress(t) + "/people")
				}, aspect: ports.AspectReached, status: ports.ExaminedFail, saw: "refuses connections", remedy: "OLD_URL"},
				"a wrong password": {change: func(o *sqlsource.Settings) { o.URL = s.url(readerName, "wrong", "people") }, aspect: ports.AspectCredentials,
					status: ports.ExaminedFail, saw: either("28P01", "1045"), remedy: "correct user and password in OLD_URL"},
				"a database that does not exist": {change: func(o *sqlsource.Settings) { o.URL = s.url(readerName, readerPassword, "nonesuch") }, aspect: ports.AspectCredentials,
					status: ports.ExaminedFail, saw: either("3D000", "104"), remedy: either("database's name", "OLD_URL")},
				"an unknown column": {query: "SELECT username, passwd AS password_hash FROM people WHERE username = :username", aspect: ports.AspectLookUp,
					status: ports.ExaminedFail, saw: "passwd", remedy: "correct the column's name in OLD_QUERY"},
				"an unknown table": {query: "SELECT username FROM persons WHERE username = :username", aspect: ports.AspectLookUp,
					status: ports.ExaminedFail, saw: "persons", remedy: either("correct the table's name", "if they exist")},
				"a table without a grant": {query: "SELECT username FROM secrets WHERE username = :username", aspect: ports.AspectLookUp,
					status: ports.ExaminedFail, saw: either("42501", "1142"), remedy: "SELECT"},
				"a query that is none": {query: "SELECT username FRM people WHERE username = :username", aspect: ports.AspectLookUp,
					status: ports.ExaminedFail, saw: either("42601", "1064"), remedy: "correct the syntax"},
				"a query without a username": {query: "SELECT email FROM people WHERE username = :username", aspect: ports.AspectLookUp,
					status: ports.ExaminedFail, saw: "no column username", remedy: "OLD_QUERY"},
				"a query that finds everybody": {query: "SELECT username FROM people WHERE username <> :username", aspect: ports.AspectLookUp,
					status: ports.ExaminedPass, saw: "as expected"},
				"a column without an index": {query: "SELECT username, email, password_hash FROM people WHERE email = :username", aspect: ports.AspectIndex,
					status: ports.ExaminedWarn, saw: "reads the whole table people", remedy: either("CREATE INDEX ON people (email)", "CREATE INDEX people_email ON people (email)")},
				"a column under a function": {query: "SELECT username, password_hash FROM people WHERE lower(email) = lower(:username)", aspect: ports.AspectIndex,
					status: ports.ExaminedWarn, saw: "reads the whole table people", remedy: either("CREATE INDEX ON people ((lower(email)))", "compare the column itself")},
				"a table by another name": {query: "SELECT p.username, p.password_hash FROM people AS p WHERE p.nickname = :username", aspect: ports.AspectIndex,
					status: ports.ExaminedWarn, saw: "reads the whole table people", remedy: "CREATE INDEX"},
				"another column with an index": {query: "SELECT username, password_hash FROM people WHERE login = :username", aspect: ports.AspectIndex,
					status: ports.ExaminedPass, saw: "uses an index"},
				"a join with an index": {query: "SELECT p.username, o.password_hash FROM people p LEFT JOIN oldest o ON o.username = p.username WHERE p.username = :username", aspect: ports.AspectIndex,
					status: ports.ExaminedPass, saw: "uses an index"},
				"hashes that are not supported": {query: "SELECT username, password_hash FROM oldest WHERE username = :username", aspect: ports.AspectHashes,
					status: ports.ExaminedFail, saw: "2 unsupported: an unsalted MD5 in hexadecimal", remedy: "docs/password-hashes.md"},
				"hashes of a list": {change: func(o *sqlsource.Settings) {
					o.ListQuery = "SELECT username, password_hash FROM oldest UNION SELECT username, password_hash FROM people"
				}, aspect: ports.AspectHashes,
					status: ports.ExaminedWarn, saw: "3 hashes sampled: 2 unsupported: an unsalted MD5 in hexadecimal, 1 bcrypt (cost 4)", remedy: "docs/password-hashes.md"},
				"no hashes": {query: "SELECT username, NULL AS password_hash FROM people WHERE username = :username", aspect: ports.AspectHashes,
					status: ports.ExaminedWarn, saw: "no user of the sample has a password hash", remedy: "password_hash"},
			} {
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					settings := s.settings(query)
					if row.query != "" {
						settings.Query = row.query
					}
					if row.change != nil {
						row.change(&settings)
					}
					if row.probe == nil {
						row.probe = func(*ports.Probe) {}
					}
					found := examined(t, settings, row.probe)
					one := found[row.aspect]
					if one.Status != row.status || !strings.Contains(one.Saw, row.saw) || !strings.Contains(one.Remedy, row.remedy) {
						t.Errorf("%s is %s: %s -> %s\nall: %v", row.aspect, one.Status, one.Saw, one.Remedy, found)
					}
				})
			}
		})
	}
}

// grantee is how the database calls the reader.
func grantee(s *server) string {
	if s.driver == sqlsource.Postgres {
		return readerName
	}
	return readerName + "@'127.0.0.1'"
}
