package sqlsource_test

import (
	"database/sql"
	"testing"

	"cognito-user-migration/adapters/internal/pemfile"
	"cognito-user-migration/adapters/sqlsource"
	"cognito-user-migration/domain"
	"cognito-user-migration/test/sqlservers"
)

// server is a database server that nobody here wrote, started for one test.
type server struct {
	*sqlservers.Server
	driver sqlsource.Driver
	admin  *sql.DB
}

const readerName, readerPassword = sqlservers.ReaderName, sqlservers.ReaderPassword

func startPostgres(t *testing.T) *server {
	t.Helper()
	return serverOf(sqlservers.StartPostgres(t))
}

func startMariaDB(t *testing.T) *server {
	t.Helper()
	return serverOf(sqlservers.StartMariaDB(t))
}

func serverOf(s *sqlservers.Server) *server {
	return &server{Server: s, driver: sqlsource.Driver(s.Driver), admin: s.Admin}
}

// settings are those of somebody who may read.
func (s *server) settings(query string) sqlsource.Settings {
	return sqlsource.Settings{
		Driver: s.driver, URL: s.url(readerName, readerPassword, "people"), Query: query,
		Auth: sqlsource.AuthPassword, TLS: sqlsource.TLSVerify, CABundle: pemfile.Text(s.CA),
	}
}

func (s *server) url(name, password, database string) domain.Secret {
	return domain.NewSecret(s.URL(name, password, database))
}

// exec runs statements as the owner.
func (s *server) exec(t *testing.T, statements ...string) {
	t.Helper()
	s.Exec(t, statements...)
}
