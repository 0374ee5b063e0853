package auditlog_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"cognito-user-migration/adapters/auditlog"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"

	"go.uber.org/zap/zapcore"
)

// A line is CloudWatch's to filter and OCSF's to read.
func TestInOCSFEachEventIsALineAndAnAttemptIsCountedOnce(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	sink := auditlog.New(logger(zapcore.AddSync(&out), zapcore.ErrorLevel), domain.AuditFormatOCSF, ports.AuditOrigin{Username: domain.AuditUsernameHMAC})
	if err := sink.Record(t.Context(), record()); err != nil {
		t.Fatal(err)
	}
	if err := sink.RecordCompletion(t.Context(), domain.CompletionRecord{
		AttemptID: record().AttemptID, Time: time.Unix(0, 0), Outcome: domain.CompletionDone, Retired: domain.RetiredDeleted, Source: "old",
	}); err != nil {
		t.Fatal(err)
	}
	type line struct {
		Level, Logger, Message, AttemptID, Outcome, Reason, Source, UserPoolID, Username, Completion string

		OCSF struct {
			ClassUID int `json:"class_uid"`
			Metadata struct {
				CorrelationUID string `json:"correlation_uid"`
			}
		}
	}
	var got []line
	for text := range strings.Lines(out.String()) {
		var one line
		if err := json.Unmarshal([]byte(text), &one); err != nil {
			t.Fatalf("%v in %s", err, text)
		}
		if one.Level != "INFO" || one.Logger != "audit" || one.Message == "" || one.AttemptID != record().AttemptID || one.OCSF.Metadata.CorrelationUID != record().AttemptID {
			t.Errorf("got %s", text)
		}
		got = append(got, one)
	}
	if len(got) != 3 {
		t.Fatalf("%d lines: %s", len(got), out.String())
	}
	attempt, change, completion := got[0], got[1], got[2]
	if attempt.OCSF.ClassUID != 3002 || attempt.Outcome != "migrated" || attempt.Reason != "temporary_password" || attempt.AttemptID != record().AttemptID ||
		attempt.Source != "old" || attempt.UserPoolID != record().UserPoolID || attempt.Username != string(record().Username) || attempt.Completion != "queued" {
		t.Errorf("the attempt is %+v", attempt)
	}
	if change.OCSF.ClassUID != 3001 || change.Outcome != "" || change.Completion != "" || change.AttemptID != record().AttemptID {
		t.Errorf("the change is %+v", change)
	}
	if completion.OCSF.ClassUID != 3001 || completion.Outcome != "" || completion.Completion != "completed" {
		t.Errorf("the completion is %+v", completion)
	}
}

// full is a log that takes nothing more.
type full struct{}

var errFull = errors.New("no space left")

func (full) Write([]byte) (int, error) { return 0, errFull }
func (full) Sync() error               { return nil }

func TestALineThatIsNotWrittenIsAnError(t *testing.T) {
	t.Parallel()
	for _, format := range []domain.AuditFormat{domain.AuditFormatJSON, domain.AuditFormatOCSF} {
		sink := auditlog.New(logger(full{}, zapcore.InfoLevel), format, ports.AuditOrigin{})
		if err := sink.Record(t.Context(), record()); !errors.Is(err, errFull) {
			t.Errorf("%s: %v", format, err)
		}
		if err := sink.RecordCompletion(t.Context(), domain.CompletionRecord{}); !errors.Is(err, errFull) {
			t.Errorf("%s: %v", format, err)
		}
	}
}
