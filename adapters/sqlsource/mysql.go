//go:build !nomysql

package sqlsource

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"net"
	"time"

	"cognito-user-migration/ports"

	"github.com/go-sql-driver/mysql"
)

func addMySQL(to map[Driver]dialer) {
	to[MySQL] = dialer{openMySQL, mysqlFault}
}

// openMySQL configures the driver. What is bound is sent apart from the query:
// the driver would paste it only with InterpolateParams.
func openMySQL(c connect) (driver.Connector, error) {
	config := mysql.NewConfig()
	config.Net, config.Addr = "tcp", net.JoinHostPort(c.to.host, c.to.port)
	config.User, config.DBName = c.to.user, c.to.database
	config.TLS = c.secured
	config.AllowCleartextPasswords = c.cleartext
	config.ParseTime, config.Loc = true, time.UTC
	config.Logger = &mysql.NopLogger{} // it would write texts of the server's to stderr
	err := config.Apply(mysql.BeforeConnect(func(ctx context.Context, config *mysql.Config) error {
		password, err := c.password(ctx)
		config.Passwd = password
		return err
	}))
	if err != nil {
		return nil, errors.New("the MySQL driver takes no such configuration")
	}
	connector, err := mysql.NewConnector(config)
	if err != nil {
		return nil, errors.New("the MySQL driver takes no such configuration")
	}
	return connector, nil
}

// mysqlFault reads the number of an error (MySQL's and MariaDB's references of
// server errors).
func mysqlFault(err error) fault {
	if errors.Is(err, mysql.ErrNoTLS) {
		return fault{class: ports.ErrMisconfigured, code: "that it has no TLS"}
	}
	if errors.Is(err, mysql.ErrCleartextPassword) || errors.Is(err, mysql.ErrNativePassword) || errors.Is(err, mysql.ErrOldPassword) || errors.Is(err, mysql.ErrUnknownPlugin) {
		return fault{class: ports.ErrMisconfigured, code: "with a way to sign in that is not taken"}
	}
	answer, ok := errors.AsType[*mysql.MySQLError](err)
	if !ok {
		return unreachable()
	}
	code := fmt.Sprintf("error %d", answer.Number)
	switch answer.Number {
	case 1267, 1271, 1366, 3854, 3988: // characters that the table's set lacks
		return fault{class: ports.ErrMisconfigured, code: code, strange: true}
	case 1040, 1203, 1226: // connections: of the server, of a user, of a limit
		return fault{class: ports.ErrThrottled, code: code}
	case 1053, 1077, 1079, 1080, 1152, 1158, 1159, 1160, 1161, // shutting down, the connection
		1021, 1037, 1038, 1041, 1135, // resources
		1205, 1213, 1129, 1290, 1836, 1927, 1969, 3024: // locks, blocked, read-only, killed, statement timeouts
		return fault{class: ports.ErrUnreachable, code: code}
	default:
		return fault{class: ports.ErrMisconfigured, code: code}
	}
}
