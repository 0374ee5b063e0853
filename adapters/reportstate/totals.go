package reportstate

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
)

// ErrNoScan is the error for a file without a finished scan.
var ErrNoScan = errors.New("the state file has no finished scan; run `bin/migratectl report` until it is complete")

// LastTotals returns the JSON object of the last finished scan of a state file. It
// creates no file, and changes nothing.
func LastTotals(ctx context.Context, path string) (string, error) {
	if _, err := os.Stat(path); err != nil {
		return "", err
	}
	if err := prepare(path); err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	db, err := sql.Open("sqlite", "file:"+escaped(path)+"?mode=ro&_pragma=busy_timeout(10000)")
	if err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	defer func() { _ = db.Close() }() // nothing was written
	s := &State{db: db}
	isNew, err := s.isOurs(ctx)
	if err == nil && isNew {
		err = ErrNoScan
	}
	var totals string
	if err == nil {
		err = db.QueryRowContext(ctx, "SELECT totals FROM scan WHERE finished_at IS NOT NULL AND totals IS NOT NULL ORDER BY id DESC LIMIT 1").Scan(&totals)
	}
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNoScan
	}
	if err != nil {
		return "", fmt.Errorf("%s: %w", path, classify(err))
	}
	return totals, nil
}
