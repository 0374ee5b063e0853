package reportstate

import (
	"context"
	"fmt"
)

// LimitPages lets the file have no more pages, as a full disk does.
func (s *State) LimitPages(ctx context.Context, pages int) error {
	s.db.SetMaxOpenConns(1) // the limit is that of one connection
	_, err := s.db.ExecContext(ctx, fmt.Sprintf("PRAGMA max_page_count = %d", pages))
	return err
}
