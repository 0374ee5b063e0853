package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"time"

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
}

// readRecords calls take for each audit record. Records are lines of the log, or
// what a stream has stored, which names no logger. Text before the JSON is ignored,
// because CloudWatch exports begin with a timestamp. The input can also be the AWS
// CLI's object with events. Other lines are skipped.
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
	for lines.Scan() {
		readRecord(lines.Text(), take)
	}
	return lines.Err()
}

// readRecord reads the record in a line, or in the message member of a line.
func readRecord(text string, take func(auditRecord)) {
	begins := strings.IndexByte(text, '{')
	if begins < 0 {
		return
	}
	var line recordLine
	if json.NewDecoder(strings.NewReader(text[begins:])).Decode(&line) != nil {
		return
	}
	switch {
	case strings.HasPrefix(line.Message, "{"):
		readRecord(line.Message, take)
	case line.Logger == "" || line.Logger == auditlog.Name:
		take(line.auditRecord)
	}
}
