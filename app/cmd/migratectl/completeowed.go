package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"cognito-user-migration/adapters/auditlog"
	"cognito-user-migration/domain"
)

// auditLine is what is read of an audit record.
type auditLine struct {
	Logger     string                 `json:"logger"`
	AttemptID  string                 `json:"attemptId"`
	Time       time.Time              `json:"time"`
	Outcome    domain.Outcome         `json:"outcome"`
	Completion domain.CompletionState `json:"completion"`
	Source     string                 `json:"source"`
	UserPoolID string                 `json:"userPoolId"`
	Username   domain.Pseudonym       `json:"username"`
	Message    string                 `json:"message"`
	Events     []struct {
		Message string `json:"message"`
	} `json:"events"`
}

// readOwed reads the records of attempts whose completion is owed, each person
// once. Lines may have something before the JSON, as CloudWatch exports them, or
// be one object with events, as the AWS CLI prints them; other lines are passed
// over.
func readOwed(from io.Reader) ([]auditLine, error) {
	text, err := io.ReadAll(from)
	if err != nil {
		return nil, err
	}
	var owed []auditLine
	at := make(map[string]int)
	take := func(line auditLine) {
		if line.Logger != auditlog.Name || line.Outcome != domain.OutcomeMigrated || line.Completion != domain.CompletionUnsent {
			return
		}
		person := line.UserPoolID + " " + string(line.Username)
		if line.Username == "" {
			person += line.AttemptID
		}
		if i, twice := at[person]; twice {
			owed[i] = line // the latest says most
			return
		}
		at[person] = len(owed)
		owed = append(owed, line)
	}
	var whole auditLine
	if json.Unmarshal(text, &whole) == nil && len(whole.Events) > 0 {
		for _, event := range whole.Events {
			readLine(event.Message, take)
		}
		return owed, nil
	}
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, len(text)+1)
	for lines.Scan() {
		readLine(lines.Text(), take)
	}
	return owed, lines.Err()
}

// readLine takes the record of a line, or of the message in one.
func readLine(text string, take func(auditLine)) {
	begins := strings.IndexByte(text, '{')
	if begins < 0 {
		return
	}
	var line auditLine
	if json.NewDecoder(strings.NewReader(text[begins:])).Decode(&line) != nil {
		return
	}
	if strings.HasPrefix(line.Message, "{") {
		readLine(line.Message, take)
		return
	}
	take(line)
}

// finishAll finishes what the records of a file say is owed.
func (h *hand) finishAll(ctx context.Context, file string, summary *completed, notes io.Writer) error {
	from, err := os.Open(file)
	if err != nil {
		return err
	}
	defer func() { _ = from.Close() }() // it was only read
	lines, err := readOwed(from)
	if err != nil {
		return err
	}
	var owed []auditLine
	for _, line := range lines {
		if line.UserPoolID != h.pool {
			summary.Elsewhere++
			continue
		}
		owed = append(owed, line)
	}
	progress := &progress{to: notes, last: time.Now()}
	moves, err := h.named(ctx, owed, progress)
	if err != nil {
		return err
	}
	found := make(map[string]bool)
	for i, move := range moves {
		found[move.attemptID] = true
		summary.add(h.finish(ctx, move))
		progress.tell("%d of %d tried", i+1, len(moves))
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	for _, line := range owed {
		if !found[line.AttemptID] {
			summary.Unnamed = append(summary.Unnamed, line.AttemptID)
		}
	}
	return nil
}

// named finds the people of records. Their names are digests by default, and
// then those of the destination's users are compared.
func (h *hand) named(ctx context.Context, owed []auditLine, progress *progress) ([]owedMove, error) {
	if len(owed) == 0 {
		return nil, nil
	}
	switch audit := h.configuration.Audit; audit.Username {
	case domain.AuditUsernamePlain:
		var moves []owedMove
		for _, line := range owed {
			if line.Username != "" {
				moves = append(moves, owedMove{string(line.Username), line.AttemptID, line.Source, line.Time})
			}
		}
		return moves, nil
	case domain.AuditUsernameHMAC:
		if audit.HMACKey.Empty() {
			return nil, errors.New("AUDIT_HMAC_KEY is not set: give the key with which the records' usernames were digested; without one, each process made its own, and nobody can tell whom they name")
		}
		return h.undigested(ctx, owed, progress)
	case domain.AuditUsernameNone:
	}
	return nil, errors.New("AUDIT_USERNAME=none: the records do not say whom they are of; use --user for each person")
}

// undigested finds those of the destination's users whose identifiers have the
// digests of the records.
func (h *hand) undigested(ctx context.Context, owed []auditLine, progress *progress) ([]owedMove, error) {
	wanted := make(map[domain.Pseudonym]auditLine, len(owed))
	for _, line := range owed {
		if line.Username != "" {
			wanted[line.Username] = line
		}
	}
	var moves []owedMove
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
				moves = append(moves, owedMove{identifier, line.AttemptID, line.Source, line.Time})
				delete(wanted, digest)
			}
		}
		if len(wanted) == 0 {
			break
		}
		progress.tell("%d users of the destination compared, %d of %d found", listed, len(moves), len(owed))
	}
	return moves, nil
}

// progress tells now and then how far something has come.
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
