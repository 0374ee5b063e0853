package sqlsource

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"database/sql/driver"
	"errors"

	"cognito-user-migration/ports"
)

// connect is what a driver needs to be told.
type connect struct {
	to      address
	secured *tls.Config
	// cleartext allows the password to be sent as it is, which a token must be.
	cleartext bool
	password  func(context.Context) (string, error)
}

// fault is an error of a driver, told.
type fault struct {
	// class is which of the port's it is.
	class error
	// code is what the database gave, if it did.
	code string
	// strange: it was what was typed that the database could not take.
	strange bool
}

// dialer is one of the drivers.
type dialer struct {
	open  func(connect) (driver.Connector, error)
	fault func(error) fault
}

// drivers are those that this program was built with: the build tags nopostgres
// and nomysql leave one out.
func drivers() map[Driver]dialer {
	built := make(map[Driver]dialer)
	addPostgres(built)
	addMySQL(built)
	return built
}

// unreachable is what an error is that no database worded.
func unreachable() fault {
	return fault{class: ports.ErrUnreachable}
}

// isCertificate reports whether the server's certificate was not taken: waiting
// will not help.
func isCertificate(err error) bool {
	var (
		verification *tls.CertificateVerificationError
		authority    x509.UnknownAuthorityError
		host         x509.HostnameError
		invalid      x509.CertificateInvalidError
	)
	return errors.As(err, &verification) || errors.As(err, &authority) || errors.As(err, &host) || errors.As(err, &invalid)
}
