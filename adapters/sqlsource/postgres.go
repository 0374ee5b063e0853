//go:build !nopostgres

package sqlsource

import (
	"context"
	"database/sql/driver"
	"errors"
	"strconv"

	"cognito-user-migration/ports"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

func addPostgres(to map[Driver]dialer) {
	to[Postgres] = dialer{openPostgres, postgresFault}
}

// openPostgres configures pgx in full: it would look for PostgreSQL's own
// environment variables and files otherwise.
func openPostgres(c connect) (driver.Connector, error) {
	config, err := pgx.ParseConfig("host=127.0.0.1 port=5432 user=none password=none dbname=none sslmode=disable target_session_attrs=any")
	if err != nil {
		return nil, errors.New("pgx takes no configuration: unset the PG… variables")
	}
	port, err := strconv.ParseUint(c.to.port, 10, 16)
	if err != nil {
		return nil, errors.New("URL: takes a port number")
	}
	config.Host, config.Port, config.Database, config.User = c.to.host, uint16(port), c.to.database, c.to.user
	config.TLSConfig, config.Fallbacks, config.ConnectTimeout = c.secured, nil, 0
	config.RuntimeParams = map[string]string{"application_name": "cognito-user-migration"}
	// One round trip, and nothing prepared that a proxy would have to remember.
	// The parameter's type is left to the query, as psql does.
	config.DefaultQueryExecMode = pgx.QueryExecModeExec
	config.StatementCacheCapacity, config.DescriptionCacheCapacity = 0, 0
	return stdlib.GetConnector(*config, stdlib.OptionBeforeConnect(func(ctx context.Context, config *pgx.ConnConfig) error {
		password, err := c.password(ctx)
		config.Password = password
		return err
	})), nil
}

// postgresFault reads the SQLSTATE (PostgreSQL's documentation, appendix A).
func postgresFault(err error) fault {
	answer, ok := errors.AsType[*pgconn.PgError](err)
	if !ok || len(answer.Code) != 5 {
		return unreachable()
	}
	code := "SQLSTATE " + answer.Code
	switch answer.Code {
	case "22021", "22P05", "22P02", "22003", "22007", "22008":
		// characters, numbers or dates that are none here
		return fault{class: ports.ErrMisconfigured, code: code, strange: true}
	case "53300":
		return fault{class: ports.ErrThrottled, code: code}
	}
	switch answer.Code[:2] {
	case "08", "40", "53", "55", "57", "58", "XX":
		// the connection, conflicts, resources, locks, shutting down, the system
		return fault{class: ports.ErrUnreachable, code: code}
	default:
		return fault{class: ports.ErrMisconfigured, code: code}
	}
}
