package sqlsource

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os/exec"
	"strings"
	"testing"

	"cognito-user-migration/ports"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5/pgconn"
)

// What the databases answer, by their references; those that a real server can
// be brought to give are asked of one in contract_test.go.
func TestFaultsAreToldApart(t *testing.T) {
	t.Parallel()
	const text = "S3cret text"
	postgres := func(code string) error {
		return fmt.Errorf("failed: %w", &pgconn.PgError{Code: code, Message: text, Detail: text})
	}
	maria := func(number uint16) error { return &mysql.MySQLError{Number: number, Message: text} }
	for name, test := range map[string]struct {
		driver Driver
		err    error
		class  error
		text   string
	}{
		"too many connections":               {Postgres, postgres("53300"), ports.ErrThrottled, "SQLSTATE 53300"},
		"out of memory":                      {Postgres, postgres("53200"), ports.ErrUnreachable, "SQLSTATE 53200"},
		"connection failure":                 {Postgres, postgres("08006"), ports.ErrUnreachable, "SQLSTATE 08006"},
		"serialization failure":              {Postgres, postgres("40001"), ports.ErrUnreachable, "SQLSTATE 40001"},
		"lock not available":                 {Postgres, postgres("55P03"), ports.ErrUnreachable, "SQLSTATE 55P03"},
		"statement timeout":                  {Postgres, postgres("57014"), ports.ErrUnreachable, "SQLSTATE 57014"},
		"starting up":                        {Postgres, postgres("57P03"), ports.ErrUnreachable, "SQLSTATE 57P03"},
		"disk full":                          {Postgres, postgres("58030"), ports.ErrUnreachable, "SQLSTATE 58030"},
		"internal error":                     {Postgres, postgres("XX000"), ports.ErrUnreachable, "SQLSTATE XX000"},
		"invalid password":                   {Postgres, postgres("28P01"), ports.ErrMisconfigured, "SQLSTATE 28P01"},
		"no such database":                   {Postgres, postgres("3D000"), ports.ErrMisconfigured, "SQLSTATE 3D000"},
		"read-only transaction":              {Postgres, postgres("25006"), ports.ErrMisconfigured, "SQLSTATE 25006"},
		"no privilege":                       {Postgres, postgres("42501"), ports.ErrMisconfigured, "SQLSTATE 42501"},
		"no code":                            {Postgres, postgres(""), ports.ErrUnreachable, "does not answer"},
		"a broken connection":                {Postgres, io.ErrUnexpectedEOF, ports.ErrUnreachable, "does not answer"},
		"a host that is not there":           {Postgres, &net.DNSError{Err: text, Name: text, IsNotFound: true}, ports.ErrUnreachable, "does not answer"},
		"MySQL: too many connections":        {MySQL, maria(1040), ports.ErrThrottled, "error 1040"},
		"MySQL: too many of the user's":      {MySQL, maria(1203), ports.ErrThrottled, "error 1203"},
		"MySQL: a user's limit":              {MySQL, maria(1226), ports.ErrThrottled, "error 1226"},
		"MySQL: shutting down":               {MySQL, maria(1053), ports.ErrUnreachable, "error 1053"},
		"MySQL: deadlock":                    {MySQL, maria(1213), ports.ErrUnreachable, "error 1213"},
		"MySQL: statement timeout":           {MySQL, maria(3024), ports.ErrUnreachable, "error 3024"},
		"MySQL: access denied":               {MySQL, maria(1045), ports.ErrMisconfigured, "error 1045"},
		"MySQL: syntax":                      {MySQL, maria(1064), ports.ErrMisconfigured, "error 1064"},
		"MySQL: no TLS":                      {MySQL, mysql.ErrNoTLS, ports.ErrMisconfigured, "has no TLS"},
		"MySQL: an old way to sign in":       {MySQL, mysql.ErrOldPassword, ports.ErrMisconfigured, "a way to sign in"},
		"MySQL: a broken connection":         {MySQL, mysql.ErrInvalidConn, ports.ErrUnreachable, "does not answer"},
		"what the credentials say is theirs": {MySQL, fmt.Errorf("%s: %w", text, ports.ErrThrottled), ports.ErrThrottled, "the token"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := &Directory{fault: drivers()[test.driver].fault}
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
		Postgres: {postgres("22021"), postgres("22P05"), postgres("22P02"), postgres("22003")},
		MySQL:    {maria(1267), maria(3988)},
	} {
		for _, err := range strange {
			if !drivers()[driver].fault(err).strange {
				t.Errorf("%v is not taken for what nobody is called", err)
			}
		}
	}
}

// A program without a driver has none of its code, and says so at start.
func TestADriverCanBeLeftOut(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("compiles, which -short leaves out")
	}
	for tags, without := range map[string][]string{
		"nopostgres":         {"github.com/jackc/pgx"},
		"nomysql":            {"github.com/go-sql-driver/mysql"},
		"nopostgres,nomysql": {"github.com/jackc/pgx", "github.com/go-sql-driver/mysql"},
	} {
		if output, err := exec.CommandContext(t.Context(), "go", "build", "-tags", tags, ".").CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", tags, err, output)
		}
		output, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "-tags", tags, ".").Output()
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range without {
			if strings.Contains(string(output), path) {
				t.Errorf("%s: %s is there all the same", tags, path)
			}
		}
	}
}
