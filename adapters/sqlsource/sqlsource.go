// Package sqlsource is a source that reads users from PostgreSQL, MySQL or
// MariaDB. One query, written by the operator, returns the user and the
// password hash. The password is verified here. The typed name is a bound
// parameter, never part of the query's text. It imports domain and ports.
package sqlsource

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"cognito-user-migration/adapters/internal/fields"
	"cognito-user-migration/adapters/internal/hashed"
	"cognito-user-migration/adapters/sqlsource/dialect"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
)

var _ ports.SourceDirectory = (*Directory)(nil)

// Options are the arguments for opening a database, besides its settings.
type Options = hashed.Options

const (
	// connections is the limit of open connections. Lambda sends a process one
	// sign-in at a time, and a thousand processes must share the database's
	// connections.
	connections = 1
	// connectionIdle is the idle time after which the connection is closed.
	connectionIdle = time.Minute
	// connectionLife is the maximum age of a connection. A NAT gateway silently
	// drops a connection after 350 idle seconds; a process that was frozen for
	// longer must connect again instead of waiting.
	connectionLife = 5 * time.Minute
)

// Directory is a table of users as [ports.SourceDirectory].
type Directory struct {
	hashed.Directory
	db    *sql.DB
	query string
	// listQuery lists all users; empty if not set.
	listQuery string
	fault     func(error) dialect.Fault
	names     fields.Names
	// told ensures that unused columns are reported once.
	told sync.Once
}

// Open returns the database that the settings name, without connecting yet.
// credentials is used only with AUTH=iam, and may be nil otherwise. drivers
// lists the supported databases.
func Open(name string, settings Settings, credentials ports.CredentialProvider, drivers []dialect.Driver, options Options) (*Directory, error) {
	query, err := translate(settings.Query, settings.Driver)
	if err != nil {
		return nil, fmt.Errorf("QUERY: %w", err)
	}
	to, err := settings.address()
	if err != nil {
		return nil, fmt.Errorf("URL: %w", err)
	}
	secured, err := settings.tls(to.host)
	if err != nil {
		return nil, err
	}
	password := func(context.Context) (domain.Secret, error) { return to.password, nil }
	if settings.Auth == AuthIAM {
		password = rdsToken(to, settings.region(to), credentials)
	}
	driver, err := settings.Driver.of(drivers)
	if err != nil {
		return nil, fmt.Errorf("DRIVER: %w", err)
	}
	connector, err := driver.Connector(dialect.Connection{
		Host: to.host, Port: to.port, Database: to.database, User: to.user,
		TLS: secured, Cleartext: settings.Auth == AuthIAM, Password: password,
	})
	if err != nil {
		return nil, err
	}
	checker, err := settings.Hashes.Checker()
	if err != nil {
		return nil, err
	}
	d := &Directory{
		Directory: hashed.Directory{Name: name, Checker: checker, Options: options},
		db:        sql.OpenDB(connector), query: query, listQuery: settings.ListQuery, fault: driver.Fault,
		names: fields.NewNames(options.Mapped...),
	}
	d.Find = d.rows
	d.db.SetMaxOpenConns(connections)
	d.db.SetMaxIdleConns(connections)
	d.db.SetConnMaxIdleTime(connectionIdle)
	d.db.SetConnMaxLifetime(connectionLife)
	return d, nil
}

// Close closes the connection, if there is one.
func (d *Directory) Close() error { return d.db.Close() }

// Warm connects and runs the query once for a username that cannot exist. This
// finds faults in the connection or query at start.
func (d *Directory) Warm(ctx context.Context) error {
	_, _, err := d.Ask(ctx, "-")
	return err
}

// rows reads up to hashed.MostFound+1 rows. It returns none if the database cannot
// compare the typed name, for example because of its character set or a numeric column.
// No user has such a name.
func (d *Directory) rows(ctx context.Context, username string) (entries []*hashed.Entry, err error) {
	note := func(header fields.Header) { d.told.Do(func() { d.note(header) }) }
	err = d.each(ctx, note, func(entry *hashed.Entry) error {
		if entries = append(entries, entry); len(entries) > hashed.MostFound {
			return errStop
		}
		return nil
	}, d.query, username)
	if _, ok := errors.AsType[incomparable](err); ok {
		return nil, nil
	}
	return entries, unlessStopped(err)
}

// note reports what the query lacks, and what it has without need.
func (d *Directory) note(header fields.Header) {
	var unknown fields.Set
	unknown.Add(header.Unknown...)
	d.Options.Tell(unknown.Notes(fields.UnusedAttributes)...)
	if d.Options.NoteFactors && !slices.Contains(header.Names, fields.MFA) {
		d.Options.Tell(ports.Note{Text: ports.NoSecondFactors})
	}
}

// errStop ends a query early.
var errStop = errors.New("stop")

func unlessStopped(err error) error {
	if errors.Is(err, errStop) {
		return nil
	}
	return err
}

// each runs a query in a read-only transaction, and calls do for each row. It ends with
// the error of do. begin gets the columns before the first row.
func (d *Directory) each(ctx context.Context, begin func(fields.Header), do func(*hashed.Entry) error, query string, arguments ...any) error {
	tx, err := d.db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return d.classify(ctx, err)
	}
	defer func() { _ = tx.Rollback() }() // the transaction is read-only
	rows, err := tx.QueryContext(ctx, query, arguments...)
	if err != nil {
		return d.classify(ctx, err)
	}
	defer func() { _ = rows.Close() }() // Err, below, returns the same error
	columns, err := rows.ColumnTypes()
	if err != nil {
		return d.classify(ctx, err)
	}
	header, err := header(d.names, columns)
	if err != nil {
		return err
	}
	begin(header)
	for rows.Next() {
		entry, err := d.entry(ctx, rows, header.Names, columns)
		if err != nil {
			return err
		}
		if err := do(entry); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return d.classify(ctx, err)
	}
	return nil
}

// entry reads the current row.
func (d *Directory) entry(ctx context.Context, rows *sql.Rows, names []string, columns []*sql.ColumnType) (*hashed.Entry, error) {
	values := make([]any, len(columns))
	for i := range values {
		values[i] = new(any)
	}
	if err := rows.Scan(values...); err != nil {
		return nil, d.classify(ctx, err)
	}
	return entryOf(names, columns, values)
}

// incomparable is the error of a typed name that the database cannot compare.
type incomparable struct{ error }

// Unwrap returns the error of ports.
func (i incomparable) Unwrap() error { return i.error }

// classify returns an error of ports. It does not wrap the driver's error,
// whose text and fields contain the query, names and values.
func (d *Directory) classify(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	for _, class := range []error{ports.ErrThrottled, ports.ErrUnreachable, ports.ErrMisconfigured} {
		if errors.Is(err, class) { // an error of the credential provider
			return fmt.Errorf("creating the IAM token for the database failed: %w", class)
		}
	}
	switch told := d.fault(err); {
	case told.Code != "":
		answer := fmt.Errorf("the database returned error %s: %w", told.Code, told.Class)
		if told.Incomparable {
			return incomparable{answer}
		}
		return answer
	case isCertificate(err):
		return fmt.Errorf("the database's certificate is not trusted: %w", ports.ErrMisconfigured)
	default:
		return fmt.Errorf("the database does not respond: %w", told.Class)
	}
}

// isCertificate reports whether the server's certificate was rejected; a retry
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
