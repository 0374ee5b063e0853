package reportstate

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// sweepTable has the users whose move was completed since a scan, by the request.
const sweepTable = "CREATE TABLE IF NOT EXISTS completed (scan INTEGER NOT NULL, asked TEXT NOT NULL, user INTEGER NOT NULL, PRIMARY KEY (scan, asked, user)) WITHOUT ROWID"

// Sweep is a state whose migrations must be completed.
type Sweep struct {
	*State
	// ScannedAt is when the scan was finished.
	ScannedAt time.Time
	scan      int64
	asked     string
}

// OpenSweep opens the state of a finished scan of the same destination and sources.
// asked says what completion does. Users who were completed since the scan with the
// same text are left out. It returns [ErrNoScan] for a missing file.
func OpenSweep(ctx context.Context, path string, destination, sources, asked string) (*Sweep, error) {
	if !hasContent(path) {
		return nil, fmt.Errorf("%s: %w", path, ErrNoScan)
	}
	sweep := &Sweep{asked: asked}
	state, err := openFile(ctx, path, "&_pragma=synchronous(FULL)&_txlock=immediate", 2, func(s *State, isNew bool) error {
		if isNew {
			return ErrNoScan
		}
		found, err := s.identity(ctx)
		if err == nil {
			err = found.sameMigration(Identity{Destination: destination, Sources: sources})
		}
		if err == nil && found.Digests {
			err = ErrDigests
		}
		if err != nil {
			return err
		}
		id, scan, err := lastScan(ctx, s.db)
		if err == nil && scan.FinishedAt.IsZero() {
			err = ErrNoScan
		}
		sweep.scan, sweep.ScannedAt = id, scan.FinishedAt
		return err
	})
	if err != nil {
		return nil, err
	}
	sweep.State = state
	return sweep, nil
}

// MovedUser is a source user and the destination user that they became.
type MovedUser struct {
	ID int64
	// Source is the index of the source.
	Source                  int
	Username, Sub           string
	DestinationName, NewSub string
}

// SweepCounts counts the users who moved.
type SweepCounts struct {
	// Open is the number of users that Moved returns. Before were completed since the
	// scan. Unconfirmed had not set a password at the scan.
	Open, Before, Unconfirmed int
}

// openMoves selects the users whose move may be open. Its parameter is onlyEnabled.
const openMoves = ` FROM source_user s JOIN destination_user d ON d.id = s.destination_user
	WHERE s.standing = 'moved' AND d.status = 'CONFIRMED' AND (s.enabled OR NOT ?)`

// Counts counts the users who moved. With onlyEnabled, it leaves out source users who
// were disabled at the scan.
func (s *Sweep) Counts(ctx context.Context, onlyEnabled bool) (SweepCounts, error) {
	var counts SweepCounts
	has, err := s.hasSwept(ctx)
	if err != nil {
		return counts, err
	}
	err = s.db.QueryRowContext(ctx, "SELECT count(*)"+openMoves, onlyEnabled).Scan(&counts.Open)
	if err == nil && has {
		err = s.db.QueryRowContext(ctx, "SELECT count(*)"+openMoves+" AND EXISTS (SELECT 1 FROM completed c WHERE c.scan = ? AND c.asked = ? AND c.user = s.id)",
			onlyEnabled, s.scan, s.asked).Scan(&counts.Before)
	}
	if err == nil {
		err = s.db.QueryRowContext(ctx, "SELECT count(*) FROM source_user s JOIN destination_user d ON d.id = s.destination_user WHERE s.standing = 'moved' AND d.status <> 'CONFIRMED'").
			Scan(&counts.Unconfirmed)
	}
	counts.Open -= counts.Before
	return counts, classify(err)
}

func (s *Sweep) hasSwept(ctx context.Context) (bool, error) {
	return s.exists(ctx, "SELECT 1 FROM sqlite_master WHERE name = 'completed'")
}

// Moved returns some users whose move may be open, beginning after an ID.
func (s *Sweep) Moved(ctx context.Context, onlyEnabled bool, after int64, most int) ([]MovedUser, error) {
	has, err := s.hasSwept(ctx)
	if err != nil {
		return nil, err
	}
	query, arguments := "SELECT s.id, s.source, s.username, s.sub, d.username, d.sub"+openMoves+" AND s.id > ?", []any{onlyEnabled, after}
	if has {
		query += " AND NOT EXISTS (SELECT 1 FROM completed c WHERE c.scan = ? AND c.asked = ? AND c.user = s.id)"
		arguments = append(arguments, s.scan, s.asked)
	}
	var users []MovedUser
	err = s.each(ctx, query+" ORDER BY s.id LIMIT ?", func(rows *sql.Rows) error {
		var user MovedUser
		err := rows.Scan(&user.ID, &user.Source, &user.Username, &user.Sub, &user.DestinationName, &user.NewSub)
		users = append(users, user)
		return err
	}, append(arguments, most)...)
	return users, err
}

// Completed stores that the move of a user is complete.
func (s *Sweep) Completed(ctx context.Context, user MovedUser) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, sweepTable); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, "INSERT OR IGNORE INTO completed VALUES (?, ?, ?)", s.scan, s.asked, user.ID)
		return err
	})
}
