// Package dialect is what the SQL source and a driver of a database say to each
// other. Each driver is a package of its own, so that a binary whose main does
// not list it has none of its code. It imports ports.
package dialect

import (
	"context"
	"crypto/tls"
	"database/sql/driver"

	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
)

// Driver connects to one kind of database.
type Driver struct {
	// Name is the value of SOURCE_DRIVER.
	Name string
	// Connector configures a connection. It sends nothing.
	Connector func(Connection) (driver.Connector, error)
	// Fault tells what an error of the driver means.
	Fault func(error) Fault
}

// Connection is what a driver is told about the database.
type Connection struct {
	Host, Port, Database, User string
	// TLS is nil where the connection is not secured.
	TLS *tls.Config
	// Cleartext allows the password to be sent as it is, which RDS demands of
	// a token.
	Cleartext bool
	// Password is asked for each connection.
	Password func(context.Context) (domain.Secret, error)
}

// Fault is what an error of a driver means.
type Fault struct {
	// Class is the error of ports that it is.
	Class error
	// Code is what the database gave, if it did.
	Code string
	// Incomparable holds where the database could not compare its names with
	// what was typed, such as characters that its alphabet lacks.
	Incomparable bool
}

// Unreachable is the fault of an error that no database worded.
func Unreachable() Fault {
	return Fault{Class: ports.ErrUnreachable}
}
