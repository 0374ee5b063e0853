package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"cognito-user-migration/adapters/auditlog"
	"cognito-user-migration/domain"
)

// auditRecord has the members that are needed of an attempt's record and of a
// completion's record, in both formats.
type auditRecord struct {
	Logger    string         `json:"logger"`
	AttemptID string         `json:"attemptId"`
	Time      time.Time      `json:"time"`
	Outcome   domain.Outcome `json:"outcome"`
	// Completion is a [domain.CompletionOutcome] in a completion's record.
	Completion domain.CompletionState `json:"completion"`
	Source     string                 `json:"source"`
	UserPoolID string                 `json:"userPoolId"`
	Username   domain.Pseudonym       `json:"username"`
	completionMembers
	OCSF struct { // AUDIT_FORMAT=ocsf in the log
		Time     int64             `json:"time"` // milliseconds
		Unmapped completionMembers `json:"unmapped"`
	} `json:"ocsf"`
}

type completionMembers struct {
	SourceUser       domain.Retired `json:"sourceUser"`
	SourceUserBefore domain.Retired `json:"sourceUserBefore"`
	SourceSub        string         `json:"sourceSub"`
}

// recordLine is a line that has a record, or has it as its message.
type recordLine struct {
	auditRecord
	Message string `json:"message"`
	// Detail is the record in an event of EventBridge.
	Detail json.RawMessage `json:"detail"`
}

// errNoRecords is the error for a file whose records would all be overlooked.
var errNoRecords = errors.New("has no line of JSON in UTF-8; expected lines of the function's log, or audit records; decompress or convert the file first")

// readRecords calls take for each audit record. Records are lines of the log, or
// what a stream has stored, which names no logger. Text before the JSON is ignored,
// because CloudWatch exports begin with a timestamp. The input can also be the AWS
// CLI's object with events. A line can have several records, because a stream need not
// separate them, and an export can be one list. Other lines are skipped. The error
// matches errNoRecords for a file that is compressed, has another encoding, or writes
// JSON in the cells of a table.
func readRecords(from io.Reader, take func(auditRecord)) error {
	text, err := io.ReadAll(from)
	if err != nil {
		return err
	}
	var whole struct {
		Events []struct {
			Message string `json:"message"`
		} `json:"events"`
	}
	if json.Unmarshal(text, &whole) == nil && len(whole.Events) > 0 {
		for _, event := range whole.Events {
			readRecord(event.Message, take)
		}
		return nil
	}
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, len(text)+1)
	found := false
	for lines.Scan() {
		found = readRecord(lines.Text(), take) || found
	}
	if err := lines.Err(); err != nil {
		return err
	}
	if !found && (bytes.Contains(text, []byte(`{""`)) || bytes.IndexByte(text, 0) >= 0 || !utf8.Valid(text)) {
		return errNoRecords
	}
	return nil
}

// readRecord reads the records in a line, or in the members message and detail of
// its objects. It reports whether the line has an object.
func readRecord(text string, take func(auditRecord)) (found bool) {
	for {
		begins := strings.IndexByte(text, '{')
		if begins < 0 {
			return found
		}
		text = text[begins:]
		var line recordLine
		decoder := json.NewDecoder(strings.NewReader(text))
		if decoder.Decode(&line) != nil {
			return found
		}
		found = true
		switch {
		case strings.HasPrefix(line.Message, "{"):
			readRecord(line.Message, take)
		case len(line.Detail) > 0:
			readRecord(string(line.Detail), take)
		case line.Logger == "" || line.Logger == auditlog.Name:
			take(line.auditRecord)
		}
		text = text[decoder.InputOffset():]
	}
}
