package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"cognito-user-migration/domain"
)

// move returns the pending completion of the user with this name.
func (r auditRecord) move(username string) pendingMove {
	at := r.Time
	if at.IsZero() && r.OCSF.Time != 0 {
		at = time.UnixMilli(r.OCSF.Time)
	}
	return pendingMove{username: username, attemptID: r.AttemptID, source: r.Source, at: at}
}

// readPending returns the records of attempts whose completion is pending, one for each
// user; on request also those whose message was queued.
func readPending(from io.Reader, queuedToo bool) ([]auditRecord, error) {
	var pending []auditRecord
	at := make(map[string]int)
	err := readRecords(from, func(record auditRecord) {
		if record.Outcome != domain.OutcomeMigrated ||
			record.Completion != domain.CompletionUnsent && (!queuedToo || record.Completion != domain.CompletionQueued) {
			return
		}
		user := record.UserPoolID + " " + string(record.Username)
		if record.Username == "" {
			user += record.AttemptID
		}
		if i, twice := at[user]; twice {
			pending[i] = record // the latest record counts
			return
		}
		at[user] = len(pending)
		pending = append(pending, record)
	})
	return pending, err
}

// finishAll completes every migration that is pending according to a file of records.
func (h *manualCompleter) finishAll(ctx context.Context, given completeFlags, summary *completed, notes io.Writer) error {
	from, err := os.Open(given.pending)
	if err != nil {
		return err
	}
	defer func() { _ = from.Close() }() // it was only read
	lines, err := readPending(from, given.includeQueued)
	if err != nil {
		return fmt.Errorf("%s: %w", given.pending, err)
	}
	var pending []auditRecord
	for _, line := range lines {
		if line.UserPoolID != h.pool {
			summary.Elsewhere++
			continue
		}
		pending = append(pending, line)
	}
	progress := &progress{to: notes, last: time.Now()}
	moves, err := h.named(ctx, pending, progress)
	if err != nil {
		return err
	}
	found := make(map[string]bool)
	for i, move := range moves {
		found[move.attemptID] = true
		summary.Users = append(summary.Users, h.finish(ctx, move))
		progress.tell("%d of %d attempted", i+1, len(moves))
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	for _, line := range pending {
		if !found[line.AttemptID] {
			summary.Unnamed = append(summary.Unnamed, line.AttemptID)
		}
	}
	return nil
}

// named finds the users of the records. By default a record holds a digest of the
// name. Then it is compared with the digests of the destination users' names.
func (h *manualCompleter) named(ctx context.Context, pending []auditRecord, progress *progress) ([]pendingMove, error) {
	if len(pending) == 0 {
		return nil, nil
	}
	switch audit := h.configuration.Audit; audit.Username {
	case domain.AuditUsernamePlain:
		var moves []pendingMove
		for _, line := range pending {
			if line.Username != "" {
				moves = append(moves, line.move(string(line.Username)))
			}
		}
		return moves, nil
	case domain.AuditUsernameHMAC:
		if audit.HMACKey.Empty() {
			return nil, errors.New("AUDIT_HMAC_KEY is not set; set the key that the function had when it wrote the records. Without a key each process made its own, and the names cannot be found")
		}
		return h.undigested(ctx, pending, progress)
	case domain.AuditUsernameNone:
	}
	return nil, errors.New("AUDIT_USERNAME=none: the records hold no usernames; use --user for each user")
}

// undigested finds the destination users whose identifiers have the digests of the
// records.
func (h *manualCompleter) undigested(ctx context.Context, pending []auditRecord, progress *progress) ([]pendingMove, error) {
	wanted := make(map[domain.Pseudonym]auditRecord, len(pending))
	for _, line := range pending {
		if line.Username != "" {
			wanted[line.Username] = line
		}
	}
	var moves []pendingMove
	listed := 0
	for user, err := range h.destination.Users(ctx, h.pool) {
		if err != nil {
			return nil, fmt.Errorf("the destination's users: %w", err)
		}
		listed++
		for _, identifier := range []string{
			user.Username, user.Attributes["email"], user.Attributes["phone_number"], user.Attributes["preferred_username"],
		} {
			digest := h.pseudonymizer.Pseudonym(identifier)
			if line, is := wanted[digest]; is && identifier != "" {
				moves = append(moves, line.move(identifier))
				delete(wanted, digest)
			}
		}
		if len(wanted) == 0 {
			break
		}
		progress.tell("%d users of the destination compared, %d of %d found", listed, len(moves), len(pending))
	}
	return moves, nil
}

// progress prints how far the work is, at most every three seconds.
type progress struct {
	to   io.Writer
	last time.Time
}

func (p *progress) tell(format string, arguments ...any) {
	const pause = 3 * time.Second
	if time.Since(p.last) < pause {
		return
	}
	p.last = time.Now()
	fmt.Fprintf(p.to, format+"\n", arguments...)
}
