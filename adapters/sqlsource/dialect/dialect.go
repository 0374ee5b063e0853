// Package dialect is the interface between the SQL source and the database
// drivers. Each driver is in its own package, so a binary contains only the
// drivers that its main lists. It imports ports.
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
	// Fault classifies an error of the driver.
	Fault func(error) Fault
}

// Connection has the parameters of a connection.
type Connection struct {
	Host, Port, Database, User string
	// TLS is nil for a connection without TLS.
	TLS *tls.Config
	// Cleartext allows sending the password as plain text, which RDS requires
	// for a token.
	Cleartext bool
	// Password is called for each connection.
	Password func(context.Context) (domain.Secret, error)
}

// Fault is the meaning of a driver's error.
type Fault struct {
	// Class is an error of ports.
	Class error
	// Code is the database's error code, if there is one.
	Code string
	// Incomparable is true if the database could not compare the typed name
	// with its own, for example because its character set lacks a character.
	Incomparable bool
}

// Unreachable is the fault of an error without an error code.
func Unreachable() Fault {
	return Fault{Class: ports.ErrUnreachable}
}
