// Package reportstate stores what a report has listed in one SQLite file, so that a
// scan can be continued and memory stays flat. The file has identifiers of users. Only
// the operator's tool imports it. It imports domain and ports.
package reportstate

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"cognito-user-migration/ports"

	"modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"
)

// applicationID identifies our files, and version the form of their tables.
const (
	applicationID = 0x6d6f7665 // "move"
	version       = 3
)

// Errors of a state file, matched by errors.Is. None of them changes the file.
var (
	// ErrForeign: the file is not one of ours.
	ErrForeign = errors.New("the file is not a state of migratectl report; give another --state")
	// ErrVersion: another version of the tool wrote the file.
	ErrVersion = errors.New("another version of migratectl wrote the state file; use that version, or give another --state")
	// ErrOther: the file is of another destination, other sources or other rules.
	ErrOther = errors.New("the state file belongs to another migration")
	// ErrDamaged: the file is truncated or not readable.
	ErrDamaged = errors.New("the state file is damaged; restore it, or delete it and scan again")
	// ErrFull: nothing can be written.
	ErrFull = errors.New("the disk is full; what was written before is kept, so free space and run the command again")
	// ErrDisk: the operating system refused to read or write, for example because of a
	// quota.
	ErrDisk = errors.New("the state file could not be written; check the disk, its free space and quotas, then run the command again; earlier writes are kept")
	// ErrReadOnly: the file or its folder cannot be written.
	ErrReadOnly = errors.New("the state file cannot be written; check its permissions and those of its folder")
)

// schema creates the tables. A key is a number (see [keyMaker]), which is faster to
// write, sort and join than its text. Users with the same status and forecast share a
// row of outcome. The join adds rows to joined, and changes none. The view source_user
// is for readers of the file.
const schema = `
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE scan (
  id INTEGER PRIMARY KEY, started_at TEXT NOT NULL, finished_at TEXT, complete INTEGER NOT NULL DEFAULT 0, totals TEXT
);
CREATE TABLE part (
  source INTEGER NOT NULL, slice TEXT NOT NULL, position TEXT NOT NULL DEFAULT '', done INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (source, slice)
);
CREATE TABLE outcome (
  id INTEGER PRIMARY KEY, status TEXT NOT NULL, enabled INTEGER NOT NULL,
  sign_in INTEGER NOT NULL, sign_in_reason TEXT NOT NULL,
  forgot_password INTEGER NOT NULL, forgot_password_reason TEXT NOT NULL,
  import INTEGER NOT NULL, import_reason TEXT NOT NULL
);
CREATE TABLE listed_user (
  id INTEGER PRIMARY KEY, source INTEGER NOT NULL, slice TEXT NOT NULL, username TEXT NOT NULL, sub TEXT NOT NULL,
  key_sub INTEGER, key_name INTEGER, key_email INTEGER, key_phone INTEGER, other_email INTEGER, other_phone INTEGER,
  outcome INTEGER NOT NULL, last_sign_in INTEGER NOT NULL, import_user BLOB
);
CREATE TABLE destination_user (
  id INTEGER PRIMARY KEY, slice TEXT NOT NULL, username TEXT NOT NULL, sub TEXT NOT NULL,
  key_sub INTEGER, key_name INTEGER, key_email INTEGER, key_phone INTEGER, other_email INTEGER, other_phone INTEGER,
  status TEXT NOT NULL, enabled INTEGER NOT NULL, created_at INTEGER NOT NULL
);
CREATE TABLE joined (
  user INTEGER PRIMARY KEY, standing TEXT NOT NULL, cause TEXT NOT NULL, evidence INTEGER NOT NULL,
  destination_user INTEGER, destination_status TEXT NOT NULL, destination_day INTEGER NOT NULL
);
CREATE VIEW source_user AS SELECT
  l.id, l.source, l.slice, l.username, l.sub, o.status, o.enabled,
  o.sign_in, o.sign_in_reason, o.forgot_password, o.forgot_password_reason, o.import, o.import_reason,
  coalesce(j.standing, 'remaining') AS standing, coalesce(j.cause, '') AS cause, coalesce(j.evidence, 0) AS evidence, j.destination_user,
  l.last_sign_in, l.import_user, l.key_sub, l.key_name, l.key_email, l.key_phone, l.other_email, l.other_phone
  FROM listed_user l JOIN outcome o ON o.id = l.outcome LEFT JOIN joined j ON j.user = l.id;
CREATE TABLE source_group (
  source INTEGER NOT NULL, name TEXT NOT NULL, destination_name TEXT NOT NULL, key_name INTEGER, username TEXT NOT NULL,
  PRIMARY KEY (source, name, username)
) WITHOUT ROWID;
CREATE TABLE destination_group (name TEXT NOT NULL, username TEXT NOT NULL, PRIMARY KEY (name, username)) WITHOUT ROWID;
CREATE TABLE candidate (
  source_user INTEGER NOT NULL, destination_user INTEGER NOT NULL, PRIMARY KEY (source_user, destination_user)
) WITHOUT ROWID;`

// Identity says to which migration a state belongs.
type Identity struct {
	// Destination is the user pool's ID, Sources are the sources' names and pools.
	Destination, Sources string
	// Rules are the rules of the forecast. Digests is true if the file has digests
	// instead of identifiers.
	Rules   string
	Digests bool
}

// State is an open state file.
type State struct {
	db   *sql.DB
	keys keyMaker
	// outcomes are the IDs of the outcomes that were written or read. One goroutine
	// at a time writes users.
	outcomes map[outcome]int64
}

// Open opens the file, or creates it with mode 0600. With rescan, the rules may differ
// from those of the file.
func Open(ctx context.Context, path string, identity Identity, rescan bool) (*State, error) {
	// Of the two connections, one reads while the other writes.
	const options = "&_pragma=synchronous(NORMAL)&_pragma=cache_size(-16000)&_pragma=temp_store(FILE)&_pragma=threads(2)&_pragma=wal_autocheckpoint(4000)&_txlock=immediate"
	return openFile(ctx, path, options, 2, func(s *State, isNew bool) error {
		if _, err := s.db.ExecContext(ctx, "PRAGMA journal_mode = WAL"); err != nil {
			return err
		}
		var err error
		if isNew {
			err = s.create(ctx, identity)
		} else {
			err = s.check(ctx, identity, rescan)
		}
		if err == nil {
			s.keys, err = s.keyMaker(ctx)
		}
		return err
	})
}

// openFile opens a file with options of SQLite, and calls begin. isNew is true if the
// file has no tables yet. An error names the file.
func openFile(ctx context.Context, path, options string, connections int, begin func(s *State, isNew bool) error) (*State, error) {
	if err := prepare(path); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	db, err := sql.Open("sqlite", "file:"+escaped(path)+"?_pragma=busy_timeout(10000)"+options)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	s := &State{db: db}
	isNew, err := s.isOurs(ctx)
	if err == nil {
		err = begin(s, isNew)
	}
	if err != nil {
		_ = db.Close() // the error before it says more
		return nil, fmt.Errorf("%s: %w", path, classify(err))
	}
	return s, nil
}

// hasContent reports whether the file exists and is not empty.
func hasContent(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Size() > 0
}

// escaped escapes the characters of a path that have a meaning in a URI.
func escaped(path string) string {
	return strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23").Replace(path)
}

// Close closes the file.
func (s *State) Close() error { return s.db.Close() }

// prepare creates a missing file, and checks an existing one before SQLite may change
// it.
func prepare(path string) error {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600) //nolint:gosec // the operator names the file
	if err != nil {
		if errors.Is(err, os.ErrPermission) {
			return ErrReadOnly
		}
		return err
	}
	defer func() { _ = file.Close() }() // nothing was written
	header := make([]byte, 100)
	read, err := io.ReadFull(file, header)
	switch {
	case read == 0:
		return nil
	case err != nil, string(header[:16]) != "SQLite format 3\x00":
		return ErrForeign
	}
	// "The Database Header" (Database File Format, sqlite.org).
	pageSize, pages := int64(binary.BigEndian.Uint16(header[16:])), int64(binary.BigEndian.Uint32(header[28:]))
	if pageSize == 1 {
		pageSize = 65536
	}
	info, err := file.Stat()
	if err != nil {
		return err
	}
	// The file beside it has what a killed run committed.
	if _, err := os.Stat(path + "-wal"); errors.Is(err, os.ErrNotExist) && info.Size() < pages*pageSize {
		return ErrDamaged
	}
	return nil
}

// isOurs checks the application ID and the version of the file, and reports whether it
// has no tables yet.
func (s *State) isOurs(ctx context.Context) (isNew bool, err error) {
	var id, ours, tables int64
	for query, value := range map[string]*int64{"PRAGMA application_id": &id, "PRAGMA user_version": &ours, "SELECT count(*) FROM sqlite_master": &tables} {
		if err := s.db.QueryRowContext(ctx, query).Scan(value); err != nil {
			return false, err
		}
	}
	switch {
	case id == 0 && ours == 0 && tables == 0: // new, or the run that created it was killed
		return true, nil
	case id != applicationID:
		return false, ErrForeign
	case ours != version:
		return false, ErrVersion
	}
	return false, nil
}

func (s *State) create(ctx context.Context, identity Identity) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, fmt.Sprintf("PRAGMA application_id=%d; PRAGMA user_version=%d;", applicationID, version)+schema); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, "INSERT INTO meta VALUES (?, ?)", seedName, newSeed()); err != nil {
			return err
		}
		return identity.write(ctx, tx)
	})
}

func (i Identity) write(ctx context.Context, tx *sql.Tx) error {
	for name, value := range map[string]string{"destination": i.Destination, "sources": i.Sources, "rules": i.Rules, "digests": fmt.Sprint(i.Digests)} {
		if _, err := tx.ExecContext(ctx, "INSERT OR REPLACE INTO meta VALUES (?, ?)", name, value); err != nil {
			return err
		}
	}
	return nil
}

func (s *State) check(ctx context.Context, identity Identity, rescan bool) error {
	found, err := s.identity(ctx)
	if err == nil {
		err = found.sameMigration(identity)
	}
	switch {
	case err != nil:
		return err
	case rescan:
		return s.write(ctx, func(tx *sql.Tx) error { return identity.write(ctx, tx) })
	case found.Digests != identity.Digests:
		return fmt.Errorf("%w: it was scanned with another --digests; give --rescan to scan again", ErrOther)
	case found.Rules != identity.Rules:
		return fmt.Errorf("%w: it was scanned with other rules (the MIGRATE_ variables); give --rescan to scan again", ErrOther)
	}
	return nil
}

// identity reads the identity of the file.
func (s *State) identity(ctx context.Context) (Identity, error) {
	found, err := s.meta(ctx)
	return Identity{Destination: found["destination"], Sources: found["sources"], Rules: found["rules"], Digests: found["digests"] == "true"}, err
}

// sameMigration returns an error if the other identity has another destination or other
// sources than that of the file.
func (i Identity) sameMigration(other Identity) error {
	switch {
	case i.Destination != other.Destination:
		return fmt.Errorf("%w: its destination is %s, not %s; give another --state", ErrOther, i.Destination, other.Destination)
	case i.Sources != other.Sources:
		return fmt.Errorf("%w: its sources are %s, not %s; give another --state", ErrOther, i.Sources, other.Sources)
	}
	return nil
}

// meta reads the names and values of the table meta.
func (s *State) meta(ctx context.Context) (map[string]string, error) {
	found := make(map[string]string)
	err := s.each(ctx, "SELECT name, value FROM meta", func(rows *sql.Rows) error {
		var name, value string
		err := rows.Scan(&name, &value)
		found[name] = value
		return err
	})
	return found, err
}

// Scan is one scan of both sides.
type Scan struct {
	StartedAt time.Time
	// FinishedAt is zero if the listing is not complete.
	FinishedAt time.Time
	// Complete is true if everything was listed.
	Complete bool
}

// Begin continues the last scan, or starts one if there is none or on request. It
// returns a complete scan unchanged.
func (s *State) Begin(ctx context.Context, now time.Time, parts []ports.ReportPart, rescan bool) (Scan, error) {
	var scan Scan
	err := s.write(ctx, func(tx *sql.Tx) error {
		var err error
		if _, scan, err = lastScan(ctx, tx); err != nil {
			return err
		}
		if !scan.StartedAt.IsZero() && !rescan {
			if !scan.Complete {
				scan.FinishedAt = time.Time{}
			}
			return nil
		}
		scan = Scan{StartedAt: now}
		for _, statement := range []string{
			"DELETE FROM part", "DELETE FROM listed_user", "DELETE FROM joined", "DELETE FROM destination_user", "DELETE FROM candidate", "DELETE FROM source_group", "DELETE FROM destination_group", "DELETE FROM meta WHERE name = 'groups'",
			"DELETE FROM scan WHERE finished_at IS NULL",
		} {
			if _, err := tx.ExecContext(ctx, statement); err != nil {
				return err
			}
		}
		if _, err := tx.ExecContext(ctx, "INSERT INTO scan (started_at) VALUES (?)", now.UTC().Format(time.RFC3339Nano)); err != nil {
			return err
		}
		for _, part := range parts {
			if _, err := tx.ExecContext(ctx, "INSERT INTO part (source, slice) VALUES (?, ?)", part.Source, part.Slice); err != nil {
				return err
			}
		}
		return nil
	})
	return scan, err
}

// lastScan returns the last scan with its ID, or the zero Scan if there is none.
func lastScan(ctx context.Context, from interface {
	QueryRowContext(ctx context.Context, query string, arguments ...any) *sql.Row
}) (id int64, scan Scan, err error) {
	var started string
	var finished sql.NullString
	err = from.QueryRowContext(ctx, "SELECT id, started_at, finished_at, complete FROM scan ORDER BY id DESC LIMIT 1").Scan(&id, &started, &finished, &scan.Complete)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, Scan{}, nil
	}
	if err == nil {
		scan.StartedAt, err = time.Parse(time.RFC3339Nano, started)
	}
	if err == nil && finished.Valid {
		scan.FinishedAt, err = time.Parse(time.RFC3339Nano, finished.String)
	}
	return id, scan, err
}

// Finish closes the scan with its totals.
func (s *State) Finish(ctx context.Context, now time.Time, complete bool, totals string) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "UPDATE scan SET finished_at = ?, complete = ?, totals = ? WHERE id = (SELECT max(id) FROM scan)",
			now.UTC().Format(time.RFC3339Nano), complete, totals)
		return err
	})
}

// write runs one transaction.
func (s *State) write(ctx context.Context, do func(*sql.Tx) error) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return classify(err)
	}
	if err := do(tx); err != nil {
		_ = tx.Rollback() // the error before it says more
		return classify(err)
	}
	return classify(tx.Commit())
}

// each calls do for each row of a query.
func (s *State) each(ctx context.Context, query string, do func(*sql.Rows) error, arguments ...any) error {
	rows, err := s.db.QueryContext(ctx, query, arguments...)
	if err != nil {
		return classify(err)
	}
	defer func() { _ = rows.Close() }() // Err tells what went wrong
	for rows.Next() {
		if err := do(rows); err != nil {
			return classify(err)
		}
	}
	return classify(rows.Err())
}

// exists reports whether a query finds a row.
func (s *State) exists(ctx context.Context, query string, arguments ...any) (bool, error) {
	var found bool
	err := s.db.QueryRowContext(ctx, "SELECT EXISTS ("+query+")", arguments...).Scan(&found)
	return found, classify(err)
}

// classify turns errors of SQLite into ours. SQLite's texts may contain values.
func classify(err error) error {
	failure, ok := errors.AsType[*sqlite.Error](err)
	if !ok {
		return err
	}
	switch failure.Code() & 0xff {
	case lib.SQLITE_CORRUPT, lib.SQLITE_NOTADB:
		return ErrDamaged
	case lib.SQLITE_FULL:
		return ErrFull
	case lib.SQLITE_IOERR:
		return ErrDisk
	case lib.SQLITE_READONLY, lib.SQLITE_CANTOPEN, lib.SQLITE_PERM:
		return ErrReadOnly
	default:
		return fmt.Errorf("the state file cannot be used: SQLite's code %d", failure.Code())
	}
}
