package auditlog_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"cognito-user-migration/adapters/auditlog"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// record has every field that there is.
func record() domain.AuditRecord {
	return domain.AuditRecord{
		AttemptID:   "8476a536-e9f4-11e8-9739-2dfe598c3fcd",
		Time:        time.Date(2025, 1, 31, 23, 59, 58, 123456789, time.FixedZone("JST", 9*60*60)),
		Duration:    1234567 * time.Microsecond,
		Trigger:     domain.TriggerAuthentication,
		Outcome:     domain.OutcomeMigrated,
		Reason:      domain.ReasonTemporaryPassword,
		Source:      "old",
		Challenge:   "NEW_PASSWORD_REQUIRED",
		FinalStatus: domain.FinalResetRequired,
		UserPoolID:  "ap-northeast-1_AbCdEf123",
		ClientID:    "3n4b5urk1ft4fl3mg5e62d9ado",
		Username:    "27b0a5c7ff52d2a5cd1d0d0a7a7a3d2f",
		Completion:  domain.CompletionQueued,
		Calls:       3,
		Retries:     1,

		OmittedAttributes: domain.AttributeNames{"birthdate", "custom:age"},
	}
}

// logger writes lines as the function does, from the level on.
func logger(to zapcore.WriteSyncer, level zapcore.Level) *zap.Logger {
	return zap.New(zapcore.NewCore(zapcore.NewJSONEncoder(zapcore.EncoderConfig{
		MessageKey: "message", LevelKey: "level", NameKey: "logger", EncodeLevel: zapcore.CapitalLevelEncoder,
	}), to, level))
}

func write(t *testing.T, level zapcore.Level, records ...domain.AuditRecord) string {
	t.Helper()
	var out bytes.Buffer
	sink := auditlog.New(logger(zapcore.AddSync(&out), level), domain.AuditFormatJSON, ports.AuditOrigin{})
	for _, r := range records {
		if err := sink.Record(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	return out.String()
}

func TestARecordIsOneLine(t *testing.T) {
	t.Parallel()
	refused := domain.AuditRecord{
		AttemptID: "second", Time: time.Unix(0, 0), Trigger: domain.TriggerForgotPassword,
		Outcome: domain.OutcomeRefused, Reason: domain.ReasonUserUnknown,
	}
	got := write(t, zapcore.InfoLevel, record(), refused)
	want, err := os.ReadFile(filepath.Join("testdata", "lines.golden"))
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// A record is not a log message: it is written even if only errors are logged.
func TestARecordIsWrittenAtEveryLevel(t *testing.T) {
	t.Parallel()
	want := write(t, zapcore.DebugLevel, record())
	for _, level := range []zapcore.Level{zapcore.InfoLevel, zapcore.WarnLevel, zapcore.ErrorLevel, zapcore.FatalLevel} {
		if got := write(t, level, record()); got != want {
			t.Errorf("at %v: %q", level, got)
		}
	}
}

// What the sink's own logger does beside it goes by its level as before.
func TestOtherLinesStillGoByTheirLevel(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	log := logger(zapcore.AddSync(&out), zapcore.ErrorLevel)
	sink := auditlog.New(log.With(zap.String("function", "f")), domain.AuditFormatJSON, ports.AuditOrigin{})
	log.Info("not this one")
	if err := sink.Record(t.Context(), record()); err != nil {
		t.Fatal(err)
	}
	if lines := strings.Count(out.String(), "\n"); lines != 1 || !strings.Contains(out.String(), `"function":"f"`) {
		t.Errorf("got %s", out.String())
	}
}

// No field can hold what must not be kept, whatever is added to a record later:
// the line's keys are a closed set.
func TestALineHasTheseKeysAndNoOther(t *testing.T) {
	t.Parallel()
	var line map[string]any
	full := record()
	full.UnknownCode = "on_holiday"
	if err := json.Unmarshal([]byte(write(t, zapcore.InfoLevel, full)), &line); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"attemptId", "calls", "challenge", "clientId", "completion", "durationMs", "finalUserStatus", "level", "logger", "message",
		"omittedAttributes", "outcome", "reason", "retries", "source", "time", "trigger", "unknownCode", "userPoolId", "username",
	}
	if got := slices.Sorted(maps.Keys(line)); !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	// Every field of a record is in the line, beside what is the log's own.
	if fields := reflect.TypeFor[domain.AuditRecord]().NumField(); fields != len(want)-len([]string{"level", "logger", "message"}) {
		t.Errorf("a record has %d fields, which are not in this line one by one", fields)
	}
}

func TestWhatIsEmptyIsLeftOut(t *testing.T) {
	t.Parallel()
	line := write(t, zapcore.InfoLevel, domain.AuditRecord{AttemptID: "x", Outcome: domain.OutcomeFailed, Reason: domain.ReasonInternal})
	for _, key := range []string{"source", "challenge", "finalUserStatus", "userPoolId", "clientId", "username", "completion", "unknownCode", "omittedAttributes"} {
		if strings.Contains(line, `"`+key+`"`) {
			t.Errorf("%s is in the line: %s", key, line)
		}
	}
}

// A line stays one line, whatever was typed.
func TestNothingTypedBreaksALine(t *testing.T) {
	t.Parallel()
	r := record()
	r.Username = "a\nb\r\n{\"outcome\":\"migrated\"}\x00\u2028\xff"
	line := write(t, zapcore.InfoLevel, r)
	var read map[string]any
	if err := json.Unmarshal([]byte(line), &read); err != nil || strings.Count(line, "\n") != 1 || read["outcome"] != "migrated" {
		t.Errorf("%v: %q", err, line)
	}
}

func TestManyRecordsAtATimeAreManyLines(t *testing.T) {
	t.Parallel()
	const many = 50
	var out bytes.Buffer
	sink := auditlog.New(logger(zapcore.Lock(zapcore.AddSync(&out)), zapcore.ErrorLevel), domain.AuditFormatJSON, ports.AuditOrigin{})
	var everyone sync.WaitGroup
	for range many {
		everyone.Go(func() { _ = sink.Record(t.Context(), record()) })
	}
	everyone.Wait()
	if lines := strings.Count(out.String(), "\n"); lines != many {
		t.Errorf("%d lines of %d", lines, many)
	}
}
