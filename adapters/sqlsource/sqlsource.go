// Package sqlsource makes a table of people a source: PostgreSQL, MySQL or
// MariaDB is asked by one query of the operator's for the person and the hash of
// their password, and the password is verified here. What was typed is bound to
// the query and never pasted into it. It imports domain and ports.
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

// Options are what a database is opened with, beside its settings.
type Options = hashed.Options

const (
	// connections is how many are kept: Lambda gives a process one sign-in at a
	// time, and a database has few connections to give to a thousand processes.
	connections = 1
	// connectionIdle closes the connection of a process that is not asked.
	connectionIdle = time.Minute
	// connectionLife is less than the 350 seconds after which a NAT gateway
	// forgets a connection that nothing goes through, without a word: a process
	// that slept longer connects anew and waits for nobody.
	connectionLife = 5 * time.Minute
)

// Directory is a table of people as [ports.SourceDirectory].
type Directory struct {
	name  string
	db    *sql.DB
	query string
	// listQuery lists everybody; empty where the operator gave none.
	listQuery string
	fault     func(error) dialect.Fault
	names     fields.Names
	// checker knows the hashes that were seen.
	checker *hashed.Checker
	options Options
	// told: the operator knows which columns nothing uses.
	told sync.Once
}

// Open returns the database that the settings name. Nothing is connected yet.
// The credentials are asked with AUTH=iam alone, and may be nil otherwise. The
// drivers are those that the main lists.
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

// Warm connects and puts the query once, for a person who cannot be: what is
// wrong with either is known at start.
func (d *Directory) Warm(ctx context.Context) error {
	_, _, err := d.ask(ctx, "-")
	return err
}

// Authenticate implements [ports.SourceDirectory]. Every answer but that to an
// empty password takes the time of the query and of the dearest hash that was
// seen, so that the time does not tell who is there.
func (d *Directory) Authenticate(ctx context.Context, username string, password domain.Password) (domain.Finding, error) {
	if err := ctx.Err(); err != nil {
		return domain.Finding{}, ports.NotJudged(err)
	}
	if password.Empty() {
		return d.found(domain.PasswordWrong), nil
	}
	person, kind, err := d.ask(ctx, username)
	if err != nil {
		return domain.Finding{}, ports.NotJudged(err) // the password is verified here, after the query
	}
	hash := ""
	if person != nil {
		hash = person.Hash
	}
	right, unusable := d.checker.Check(ctx, hash, password)
	switch {
	case ctx.Err() != nil:
		return domain.Finding{}, ctx.Err()
	case person == nil:
		return d.found(kind), nil
	case unusable != nil: // to the client, a wrong password like any other
		d.options.Tell(hashed.UnusableHash(unusable))
	}
	finding := d.found(person.Proved(right))
	finding.User = person.User
	return finding, nil
}

// FindUser implements [ports.SourceDirectory].
func (d *Directory) FindUser(ctx context.Context, username string) (domain.Finding, error) {
	person, kind, err := d.ask(ctx, username)
	if err != nil {
		return domain.Finding{}, err
	}
	finding := d.found(kind)
	if person != nil {
		finding.User = person.User
	}
	return finding, nil
}

func (d *Directory) found(kind domain.FindingKind) domain.Finding {
	return domain.Finding{Kind: kind, Source: d.name}
}

// ask puts the query, and says whom of the rows the name that was typed names. A
// database may take names for equal that are not: by accents, by spaces at the
// end, by characters that it leaves out. They are not this person's.
func (d *Directory) ask(ctx context.Context, username string) (*hashed.Person, domain.FindingKind, error) {
	person, kind, err := d.identify(ctx, username)
	if err != nil || person == nil {
		return nil, kind, err
	}
	// The row was found by another name than the one that the user would be
	// created by, and that one may be somebody's address.
	name := person.User.Username
	if strings.EqualFold(name, username) || !domain.LooksLikeContact(name) {
		return person, kind, nil
	}
	byName, _, err := d.identify(ctx, name)
	if err != nil {
		return nil, 0, err
	}
	if byName != nil && byName.User.Username == name {
		person.User.Disputed = append(person.User.Disputed, byName.User.Disputed...)
	}
	return person, kind, nil
}

func (d *Directory) identify(ctx context.Context, username string) (*hashed.Person, domain.FindingKind, error) {
	if err := ctx.Err(); err != nil {
		return nil, 0, err
	}
	// No database keeps such a name, and some have no way to say so.
	if username == "" || !utf8.ValidString(username) || strings.Contains(username, "\x00") {
		return nil, domain.UserUnknown, nil
	}
	people, err := d.rows(ctx, username)
	if err != nil {
		return nil, 0, err
	}
	if len(people) > mostRows {
		return nil, domain.UserAmbiguous, nil
	}
	users := make([]domain.SourceUser, len(people))
	for i, person := range people {
		users[i] = person.User
	}
	who := domain.Identify(username, users, d.options.VerifiedContacts)
	if who.Kind != domain.UserFound {
		return nil, who.Kind, nil
	}
	person := people[who.Index]
	person.User = who.User
	return person, domain.UserFound, nil
}

// mostRows is how many rows of one name are looked at. A query that finds more
// does not name a person.
const mostRows = 100

// rows reads the rows, and one more than are looked at, in a transaction that
// writes nothing.
func (d *Directory) rows(ctx context.Context, username string) (people []*hashed.Person, err error) {
	tx, err := d.db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return nil, d.classify(ctx, err)
	}
	defer func() { _ = tx.Rollback() }() // nothing was written
	rows, err := tx.QueryContext(ctx, d.query, username)
	if err != nil {
		return d.unlessStrange(ctx, err)
	}
	defer func() { _ = rows.Close() }() // its error is that of Err, below
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
	for len(people) <= mostRows && rows.Next() {
		person, err := d.person(ctx, rows, header.Names, columns)
		if err != nil {
			return nil, err
		}
		people = append(people, person)
	}
	if err := rows.Err(); err != nil {
		return d.unlessStrange(ctx, err)
	}
	return people, nil
}

// person reads the row at hand.
func (d *Directory) person(ctx context.Context, rows *sql.Rows, names []string, columns []*sql.ColumnType) (*hashed.Person, error) {
	values := make([]any, len(columns))
	for i := range values {
		values[i] = new(any)
	}
	if err := rows.Scan(values...); err != nil {
		return nil, d.classify(ctx, err)
	}
	return personOf(names, columns, values)
}

// unlessStrange takes what was typed for nobody's where the database cannot
// even compare it: another alphabet than its own, no number where it has numbers.
func (d *Directory) unlessStrange(ctx context.Context, err error) ([]*hashed.Person, error) {
	if d.fault(err).Incomparable && ctx.Err() == nil {
		return nil, nil
	}
	return nil, d.classify(ctx, err)
}

// classify gives the port's error. The driver's own is not wrapped: its texts
// and fields hold the query, names and values.
func (d *Directory) classify(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	for _, class := range []error{ports.ErrThrottled, ports.ErrUnreachable, ports.ErrMisconfigured} {
		if errors.Is(err, class) { // that of the credentials
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
