// Package mysql connects the SQL source to MySQL and MariaDB.
package mysql

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"net"
	"time"

	"cognito-user-migration/adapters/sqlsource/dialect"
	"cognito-user-migration/ports"

	"github.com/go-sql-driver/mysql"
)

// Driver returns the driver, for a main to list.
func Driver() dialect.Driver {
	return dialect.Driver{Name: "mysql", Connector: connector, Fault: faultOf}
}

// connector configures the driver. Parameters are sent separately from the
// query; the driver inserts them into its text only with InterpolateParams.
func connector(c dialect.Connection) (driver.Connector, error) {
	config := mysql.NewConfig()
	config.Net, config.Addr = "tcp", net.JoinHostPort(c.Host, c.Port)
	config.User, config.DBName = c.User, c.Database
	config.TLS = c.TLS
	config.AllowCleartextPasswords = c.Cleartext
	config.ParseTime, config.Loc = true, time.UTC
	config.Logger = &mysql.NopLogger{} // the driver would log the server's texts to stderr
	err := config.Apply(mysql.BeforeConnect(func(ctx context.Context, config *mysql.Config) error {
		secret, err := c.Password(ctx)
		config.Passwd = secret.Reveal()
		return err
	}))
	if err != nil {
		return nil, errors.New("the MySQL driver rejected its configuration")
	}
	connector, err := mysql.NewConnector(config)
	if err != nil {
		return nil, errors.New("the MySQL driver rejected its configuration")
	}
	return connector, nil
}

// faultOf classifies an error by its number (MySQL's and MariaDB's references
// of server errors).
func faultOf(err error) dialect.Fault {
	if errors.Is(err, mysql.ErrNoTLS) {
		return dialect.Fault{Class: ports.ErrMisconfigured, Code: "that it does not support TLS"}
	}
	if errors.Is(err, mysql.ErrCleartextPassword) || errors.Is(err, mysql.ErrNativePassword) || errors.Is(err, mysql.ErrOldPassword) || errors.Is(err, mysql.ErrUnknownPlugin) {
		return dialect.Fault{Class: ports.ErrMisconfigured, Code: "with an unsupported authentication method"}
	}
	answer, ok := errors.AsType[*mysql.MySQLError](err)
	if !ok {
		return dialect.Unreachable()
	}
	code := fmt.Sprintf("error %d", answer.Number)
	switch answer.Number {
	case 1267, 1271, 1366, 3854, 3988: // characters that are not in the table's character set
		return dialect.Fault{Class: ports.ErrMisconfigured, Code: code, Incomparable: true}
	case 1040, 1203, 1226: // limits of connections: per server, per user
		return dialect.Fault{Class: ports.ErrThrottled, Code: code}
	case 1053, 1077, 1079, 1080, 1152, 1158, 1159, 1160, 1161, // shutdown, connection errors
		1021, 1037, 1038, 1041, 1135, // out of resources
		1205, 1213, 1129, 1290, 1836, 1927, 1969, 3024: // locks, blocked host, read-only, killed, statement timeouts
		return dialect.Fault{Class: ports.ErrUnreachable, Code: code}
	default:
		return dialect.Fault{Class: ports.ErrMisconfigured, Code: code}
	}
}
