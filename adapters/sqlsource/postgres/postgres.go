// Package postgres connects the SQL source to PostgreSQL.
package postgres

import (
	"context"
	"database/sql/driver"
	"errors"
	"strconv"

	"cognito-user-migration/adapters/sqlsource/dialect"
	"cognito-user-migration/ports"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

// Driver returns the driver, for a main to list.
func Driver() dialect.Driver {
	return dialect.Driver{Name: "postgres", Connector: connector, Fault: faultOf}
}

// connector sets every option of pgx. For a missing option, pgx would read
// PostgreSQL's environment variables and files.
func connector(c dialect.Connection) (driver.Connector, error) {
	config, err := pgx.ParseConfig("host=127.0.0.1 port=5432 user=none password=none dbname=none sslmode=disable target_session_attrs=any")
	if err != nil {
		return nil, errors.New("pgx rejected its configuration; unset the PG… environment variables")
	}
	port, err := strconv.ParseUint(c.Port, 10, 16)
	if err != nil {
		return nil, errors.New("URL: expected a port number")
	}
	config.Host, config.Port, config.Database, config.User = c.Host, uint16(port), c.Database, c.User
	config.TLSConfig, config.Fallbacks, config.ConnectTimeout = c.TLS, nil, 0
	config.RuntimeParams = map[string]string{"application_name": "cognito-user-migration"}
	// One round trip, without prepared statements, which a connection pooler
	// might lose. The query determines the parameter's type, as in psql.
	config.DefaultQueryExecMode = pgx.QueryExecModeExec
	config.StatementCacheCapacity, config.DescriptionCacheCapacity = 0, 0
	return stdlib.GetConnector(*config, stdlib.OptionBeforeConnect(func(ctx context.Context, config *pgx.ConnConfig) error {
		secret, err := c.Password(ctx)
		config.Password = secret.Reveal()
		return err
	})), nil
}

// faultOf classifies an error by its SQLSTATE (PostgreSQL's documentation,
// appendix A).
func faultOf(err error) dialect.Fault {
	answer, ok := errors.AsType[*pgconn.PgError](err)
	if !ok || len(answer.Code) != 5 {
		return dialect.Unreachable()
	}
	code := "SQLSTATE " + answer.Code
	switch answer.Code {
	case "22021", "22P05", "22P02", "22003", "22007", "22008":
		// invalid characters, numbers or dates
		return dialect.Fault{Class: ports.ErrMisconfigured, Code: code, Incomparable: true}
	case "53300":
		return dialect.Fault{Class: ports.ErrThrottled, Code: code}
	}
	switch answer.Code[:2] {
	case "08", "40", "53", "55", "57", "58", "XX":
		// connection, conflicts, resources, locks, shutdown, system errors
		return dialect.Fault{Class: ports.ErrUnreachable, Code: code}
	default:
		return dialect.Fault{Class: ports.ErrMisconfigured, Code: code}
	}
}
