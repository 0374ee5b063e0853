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
	"strings"
	"sync"
	"time"
	"unicode/utf8"

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
	name  string
	db    *sql.DB
	query string
	// listQuery lists all users; empty if not set.
	listQuery string
	fault     func(error) dialect.Fault
	names     fields.Names
	// checker has learned the hashes that were read.
	checker *hashed.Checker
	options Options
	// told ensures that unused columns are reported once.
	told sync.Once
}

// Open returns the database that the settings name, without connecting yet.
// credentials is used only with AUTH=iam, and may be nil otherwise. drivers
// lists the supported databases.
func Open(name string, settings Settings, credentials ports.CredentialProvider, drivers []dialect.Driver, options Options) (*Directory, error) {
	query, err := settings.translated()
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
	checker, err := hashed.NewChecker(settings.Passwords, settings.Decoy.Reveal())
	if err != nil {
		return nil, fmt.Errorf("DECOY: %w", err)
	}
	d := &Directory{
		name: name, db: sql.OpenDB(connector), query: query, listQuery: settings.ListQuery, fault: driver.Fault,
		names: fields.NewNames(options.Mapped...), checker: checker, options: options,
	}
	d.db.SetMaxOpenConns(connections)
	d.db.SetMaxIdleConns(connections)
	d.db.SetConnMaxIdleTime(connectionIdle)
	d.db.SetConnMaxLifetime(connectionLife)
	return d, nil
}

// Close closes the connection, if there is one.
func (d *Directory) Close() error {
	return d.db.Close()
}

// Warm connects and runs the query once for a username that cannot exist. This
// finds faults in the connection or query at start.
func (d *Directory) Warm(ctx context.Context) error {
	_, _, err := d.ask(ctx, "-")
	return err
}

// Authenticate implements [ports.SourceDirectory]. Every answer takes the time
// of the query and of the slowest hash that was read, except for an empty
// password. So the time does not reveal which users exist.
func (d *Directory) Authenticate(ctx context.Context, username string, password domain.Password) (domain.Finding, error) {
	if err := ctx.Err(); err != nil {
		return domain.Finding{}, ports.NotJudged(err)
	}
	if password.Empty() {
		return d.found(domain.PasswordWrong), nil
	}
	entry, kind, err := d.ask(ctx, username)
	if err != nil {
		return domain.Finding{}, ports.NotJudged(err) // the password is verified here, after the query
	}
	hash := ""
	if entry != nil {
		hash = entry.Hash
	}
	right, unusable := d.checker.Check(ctx, hash, password)
	switch {
	case ctx.Err() != nil:
		return domain.Finding{}, ctx.Err()
	case entry == nil:
		return d.found(kind), nil
	case unusable != nil: // to the client, this is a wrong password
		d.options.Tell(hashed.UnusableHash(unusable))
	}
	finding := d.found(entry.Proved(right))
	finding.User = entry.User
	return finding, nil
}

// FindUser implements [ports.SourceDirectory].
func (d *Directory) FindUser(ctx context.Context, username string) (domain.Finding, error) {
	entry, kind, err := d.ask(ctx, username)
	if err != nil {
		return domain.Finding{}, err
	}
	finding := d.found(kind)
	if entry != nil {
		finding.User = entry.User
	}
	return finding, nil
}

func (d *Directory) found(kind domain.FindingKind) domain.Finding {
	return domain.Finding{Kind: kind, Source: d.name}
}

// ask runs the query and returns the user that the typed name identifies. A
// database may treat different names as equal: it may ignore accents, trailing
// spaces or other characters. Such rows do not belong to this user.
func (d *Directory) ask(ctx context.Context, username string) (*hashed.Entry, domain.FindingKind, error) {
	entry, kind, err := d.identify(ctx, username)
	if err != nil || entry == nil {
		return nil, kind, err
	}
	// The row was found by another name than the new user's username. That
	// username may be another user's address.
	name := entry.User.Username
	if strings.EqualFold(name, username) || !domain.LooksLikeContact(name) {
		return entry, kind, nil
	}
	byName, _, err := d.identify(ctx, name)
	if err != nil {
		return nil, 0, err
	}
	if byName != nil && byName.User.Username == name {
		entry.User.Disputed = append(entry.User.Disputed, byName.User.Disputed...)
	}
	return entry, kind, nil
}

func (d *Directory) identify(ctx context.Context, username string) (*hashed.Entry, domain.FindingKind, error) {
	if err := ctx.Err(); err != nil {
		return nil, 0, err
	}
	// No database stores such a name, and some cannot represent it.
	if username == "" || !utf8.ValidString(username) || strings.Contains(username, "\x00") {
		return nil, domain.UserUnknown, nil
	}
	entries, err := d.rows(ctx, username)
	if err != nil {
		return nil, 0, err
	}
	if len(entries) > mostRows {
		return nil, domain.UserAmbiguous, nil
	}
	users := make([]domain.SourceUser, len(entries))
	for i, entry := range entries {
		users[i] = entry.User
	}
	who := domain.Identify(username, users, d.options.VerifiedContacts)
	if who.Kind != domain.UserFound {
		return nil, who.Kind, nil
	}
	entry := entries[who.Index]
	entry.User = who.User
	return entry, domain.UserFound, nil
}

// mostRows is the largest number of rows that are examined. A query that
// returns more does not identify a user.
const mostRows = 100

// rows reads up to mostRows+1 rows in a read-only transaction.
func (d *Directory) rows(ctx context.Context, username string) (entries []*hashed.Entry, err error) {
	tx, err := d.db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return nil, d.classify(ctx, err)
	}
	defer func() { _ = tx.Rollback() }() // the transaction is read-only
	rows, err := tx.QueryContext(ctx, d.query, username)
	if err != nil {
		return d.unlessStrange(ctx, err)
	}
	defer func() { _ = rows.Close() }() // Err, below, returns the same error
	columns, err := rows.ColumnTypes()
	if err != nil {
		return nil, d.classify(ctx, err)
	}
	header, err := header(d.names, columns)
	if err != nil {
		return nil, err
	}
	d.told.Do(func() {
		var unknown fields.Set
		unknown.Add(header.Unknown...)
		d.options.Tell(unknown.Notes(fields.UnusedAttributes)...)
	})
	for len(entries) <= mostRows && rows.Next() {
		entry, err := d.entry(ctx, rows, header.Names, columns)
		if err != nil {
			return nil, err
		}
		entries = append(entries, entry)
	}
	if err := rows.Err(); err != nil {
		return d.unlessStrange(ctx, err)
	}
	return entries, nil
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

// unlessStrange returns no rows if the database cannot compare the typed name,
// for example because of its character set or a numeric column. No user has
// such a name.
func (d *Directory) unlessStrange(ctx context.Context, err error) ([]*hashed.Entry, error) {
	if d.fault(err).Incomparable && ctx.Err() == nil {
		return nil, nil
	}
	return nil, d.classify(ctx, err)
}

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
	told := d.fault(err)
	if told.Code != "" {
		return fmt.Errorf("the database returned error %s: %w", told.Code, told.Class)
	}
	if isCertificate(err) {
		return fmt.Errorf("the database's certificate is not trusted: %w", ports.ErrMisconfigured)
	}
	return fmt.Errorf("the database does not respond: %w", told.Class)
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
