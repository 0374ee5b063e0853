package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"cognito-user-migration/adapters/reportstate"
	"cognito-user-migration/domain"

	"golang.org/x/sync/errgroup"
	"golang.org/x/time/rate"
)

// sweepPage is how many users are read from the state file at a time. sweepAtOnce is
// how many of them are completed at the same time. Each needs several requests, one
// after the other, so --rate is the limit, and not their latency.
const (
	sweepPage   = 500
	sweepAtOnce = 32
)

// sweep completes the move of every user whom a state file shows as moved and
// CONFIRMED. Each is read again on both sides and checked as a message of the queue
// is. A user who is completed is noted in the file, so the same command continues.
func (h *manualCompleter) sweep(ctx context.Context, given completeFlags, summary *completed, notes io.Writer) error {
	completion := h.configuration.Completion
	asked := fmt.Sprintf("%s %+v", completion.After, completion.Groups)
	state, err := reportstate.OpenSweep(ctx, given.state, h.pool, strings.Join(sourcesOf(h.configuration), ", "), asked)
	if err != nil {
		return err
	}
	defer func() { _ = state.Close() }() // every write was committed
	// A source user who is disabled needs nothing more, unless the user must be deleted
	// or has groups.
	onlyEnabled := completion.After == domain.AfterDisable && completion.Groups.Empty()
	counts, err := state.Counts(ctx, onlyEnabled)
	if err != nil {
		return err
	}
	summary.Swept, summary.Before, summary.Unconfirmed = true, counts.Before, counts.Unconfirmed
	fmt.Fprintf(notes, "note: the state file was scanned at %s; users who moved since are not in it\n", state.ScannedAt.Format(time.RFC3339))
	pace := rate.NewLimiter(rate.Limit(given.rate), 1)
	progress := &progress{to: notes, last: time.Now()}
	last := int64(0)
	for {
		users, err := state.Moved(ctx, onlyEnabled, last, sweepPage)
		if err != nil || len(users) == 0 {
			return err
		}
		last = users[len(users)-1].ID
		before := len(summary.Users)
		results, err := h.sweepSome(ctx, given, state, pace, users, func(attempted int) {
			progress.tell("%d of %d attempted", before+attempted, counts.Open)
		})
		if err != nil {
			return err
		}
		summary.Users = append(summary.Users, results...)
	}
}

// sweepSome completes the moves of some users, several at a time, and returns the
// results in the order of the users. attempted is called with their number, by one
// goroutine at a time.
func (h *manualCompleter) sweepSome(ctx context.Context, given completeFlags, state *reportstate.Sweep, pace *rate.Limiter, users []reportstate.MovedUser, attempted func(int)) ([]tried, error) {
	var mu sync.Mutex
	results, done := make([]tried, len(users)), 0
	group, working := errgroup.WithContext(ctx)
	group.SetLimit(sweepAtOnce)
	for i, user := range users {
		if pace.Wait(working) != nil {
			break // Wait says why
		}
		group.Go(func() error {
			one, err := h.sweepOne(working, given, state, user)
			if err != nil {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			results[i], done = one, done+1
			attempted(done)
			return nil
		})
	}
	err := group.Wait()
	return results, cmp.Or(ctx.Err(), err)
}

// sweepOne completes the move of one user, and notes it, also where the context has
// ended meanwhile.
func (h *manualCompleter) sweepOne(ctx context.Context, given completeFlags, state *reportstate.Sweep, user reportstate.MovedUser) (tried, error) {
	move := pendingMove{username: user.Username, source: h.configuration.Sources[user.Source].Name, sub: user.Sub, destination: user.DestinationName}
	one := h.finish(ctx, move)
	if !given.yes || one.Outcome != domain.CompletionDone {
		return one, ctx.Err()
	}
	return one, state.Completed(context.WithoutCancel(ctx), user)
}
