package reportstate

import (
	"context"
	"database/sql"
	"errors"
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
	var totals string
	s, err := openFile(ctx, path, "&mode=ro", 1, func(s *State, isNew bool) error {
		if isNew {
			return ErrNoScan
		}
		err := s.db.QueryRowContext(ctx, "SELECT totals FROM scan WHERE finished_at IS NOT NULL AND totals IS NOT NULL ORDER BY id DESC LIMIT 1").Scan(&totals)
		if errors.Is(err, sql.ErrNoRows) {
			return ErrNoScan
		}
		return err
	})
	if err != nil {
		return "", err
	}
	_ = s.Close() // nothing was written
	return totals, nil
}
