package sqlsource

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"

	"cognito-user-migration/adapters/sqlsource/dialect"
	"cognito-user-migration/adapters/sqlsource/mysql"
	"cognito-user-migration/adapters/sqlsource/postgres"
	"cognito-user-migration/ports"

	mysqldriver "github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5/pgconn"
)

func databases() map[Driver]dialect.Driver {
	return map[Driver]dialect.Driver{MySQL: mysql.Driver(), Postgres: postgres.Driver()}
}

// What the databases answer, by their references; those that a real server can
// be brought to give are asked of one in contract_test.go.
func TestFaultsAreToldApart(t *testing.T) {
	t.Parallel()
	const text = "S3cret text"
	pg := func(code string) error {
		return fmt.Errorf("failed: %w", &pgconn.PgError{Code: code, Message: text, Detail: text})
	}
	maria := func(number uint16) error { return &mysqldriver.MySQLError{Number: number, Message: text} }
	for name, test := range map[string]struct {
		driver Driver
		err    error
		class  error
		text   string
	}{
		"too many connections":               {Postgres, pg("53300"), ports.ErrThrottled, "SQLSTATE 53300"},
		"out of memory":                      {Postgres, pg("53200"), ports.ErrUnreachable, "SQLSTATE 53200"},
		"connection failure":                 {Postgres, pg("08006"), ports.ErrUnreachable, "SQLSTATE 08006"},
		"serialization failure":              {Postgres, pg("40001"), ports.ErrUnreachable, "SQLSTATE 40001"},
		"lock not available":                 {Postgres, pg("55P03"), ports.ErrUnreachable, "SQLSTATE 55P03"},
		"statement timeout":                  {Postgres, pg("57014"), ports.ErrUnreachable, "SQLSTATE 57014"},
		"starting up":                        {Postgres, pg("57P03"), ports.ErrUnreachable, "SQLSTATE 57P03"},
		"disk full":                          {Postgres, pg("58030"), ports.ErrUnreachable, "SQLSTATE 58030"},
		"internal error":                     {Postgres, pg("XX000"), ports.ErrUnreachable, "SQLSTATE XX000"},
		"invalid password":                   {Postgres, pg("28P01"), ports.ErrMisconfigured, "SQLSTATE 28P01"},
		"no such database":                   {Postgres, pg("3D000"), ports.ErrMisconfigured, "SQLSTATE 3D000"},
		"read-only transaction":              {Postgres, pg("25006"), ports.ErrMisconfigured, "SQLSTATE 25006"},
		"no privilege":                       {Postgres, pg("42501"), ports.ErrMisconfigured, "SQLSTATE 42501"},
		"no code":                            {Postgres, pg(""), ports.ErrUnreachable, "does not respond"},
		"a broken connection":                {Postgres, io.ErrUnexpectedEOF, ports.ErrUnreachable, "does not respond"},
		"a host that is not there":           {Postgres, &net.DNSError{Err: text, Name: text, IsNotFound: true}, ports.ErrUnreachable, "does not respond"},
		"MySQL: too many connections":        {MySQL, maria(1040), ports.ErrThrottled, "error 1040"},
		"MySQL: too many of the user's":      {MySQL, maria(1203), ports.ErrThrottled, "error 1203"},
		"MySQL: a user's limit":              {MySQL, maria(1226), ports.ErrThrottled, "error 1226"},
		"MySQL: shutting down":               {MySQL, maria(1053), ports.ErrUnreachable, "error 1053"},
		"MySQL: deadlock":                    {MySQL, maria(1213), ports.ErrUnreachable, "error 1213"},
		"MySQL: statement timeout":           {MySQL, maria(3024), ports.ErrUnreachable, "error 3024"},
		"MySQL: access denied":               {MySQL, maria(1045), ports.ErrMisconfigured, "error 1045"},
		"MySQL: syntax":                      {MySQL, maria(1064), ports.ErrMisconfigured, "error 1064"},
		"MySQL: no TLS":                      {MySQL, mysqldriver.ErrNoTLS, ports.ErrMisconfigured, "does not support TLS"},
		"MySQL: an old way to sign in":       {MySQL, mysqldriver.ErrOldPassword, ports.ErrMisconfigured, "an unsupported authentication method"},
		"MySQL: a broken connection":         {MySQL, mysqldriver.ErrInvalidConn, ports.ErrUnreachable, "does not respond"},
		"what the credentials say is theirs": {MySQL, fmt.Errorf("%s: %w", text, ports.ErrThrottled), ports.ErrThrottled, "the IAM token"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := &Directory{fault: databases()[test.driver].Fault}
			err := d.classify(t.Context(), test.err)
			if !errors.Is(err, test.class) || !strings.Contains(err.Error(), test.text) || strings.Contains(fmt.Sprintf("%+v", err), text) {
				t.Errorf("got %v, want %v with %q", err, test.class, test.text)
			}
			if errors.Is(err, test.err) {
				t.Error("the driver's error is wrapped, and with it what it holds")
			}
			ended, cancel := context.WithCancel(t.Context())
			cancel()
			if err := d.classify(ended, test.err); !errors.Is(err, context.Canceled) {
				t.Errorf("an ended context comes back as %v", err)
			}
		})
	}
	for driver, strange := range map[Driver][]error{
		Postgres: {pg("22021"), pg("22P05"), pg("22P02"), pg("22003")},
		MySQL:    {maria(1267), maria(3988)},
	} {
		for _, err := range strange {
			if !databases()[driver].Fault(err).Incomparable {
				t.Errorf("%v is not taken for what nobody is called", err)
			}
		}
	}
}
