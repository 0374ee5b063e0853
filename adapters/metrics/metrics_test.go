package metrics

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"cognito-user-migration/domain"
)

func newSink(to *bytes.Buffer) *Sink {
	s := New(to, "user-migration")
	s.now = func() time.Time { return time.UnixMilli(1_795_348_800_123) }
	return s
}

func attempt() domain.AuditRecord {
	return domain.AuditRecord{
		AttemptID: "request-1", Duration: 12_345 * time.Microsecond, Outcome: domain.OutcomeMigrated, Reason: domain.ReasonPasswordAccepted,
		Source: "SOURCE", Username: "canary", Completion: domain.CompletionUnsent, Calls: 3, Retries: 1,
	}
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	want, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is\n%swant\n%s", name, got, want)
	}
}

func TestAnAttemptIsOneLineOfMetrics(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	sink := newSink(&log)
	if err := sink.Record(context.Background(), attempt()); err != nil {
		t.Fatal(err)
	}
	golden(t, "attempt.json", log.Bytes())
}

func TestACompletionIsOneLineOfMetrics(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	record := domain.CompletionRecord{AttemptID: "request-1", Outcome: domain.CompletionDone, Retired: domain.RetiredDisabled, Username: "canary", Source: "SOURCE"}
	if err := newSink(&log).RecordCompletion(context.Background(), record); err != nil {
		t.Fatal(err)
	}
	golden(t, "completion.json", log.Bytes())
}

// The format's own rule, which CloudWatch keeps silently: what a directive
// names must stand in the line, dimensions as text and metrics as numbers.
func TestWhatADirectiveNamesStandsInTheLine(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	sink := newSink(&log)
	failed := domain.AuditRecord{AttemptID: "request-2", Outcome: domain.OutcomeFailed, Reason: domain.ReasonSourceThrottled}
	coded := domain.AuditRecord{AttemptID: "request-3", Outcome: domain.OutcomeFailed, Reason: domain.ReasonSourceMisconfigured, UnknownCode: "no_such_code"}
	for _, record := range []domain.AuditRecord{attempt(), failed, coded} {
		if err := sink.Record(context.Background(), record); err != nil {
			t.Fatal(err)
		}
	}
	if err := sink.RecordCompletion(context.Background(), domain.CompletionRecord{Outcome: domain.CompletionPending, Retired: domain.RetiredNot}); err != nil {
		t.Fatal(err)
	}
	for text := range bytes.Lines(log.Bytes()) {
		var fields map[string]any
		var typed struct {
			AWS struct {
				CloudWatchMetrics []struct {
					Dimensions [][]string
					Metrics    []struct{ Name string }
				}
			} `json:"_aws"`
		}
		if json.Unmarshal(text, &fields) != nil || json.Unmarshal(text, &typed) != nil {
			t.Fatalf("not JSON: %s", text)
		}
		if len(typed.AWS.CloudWatchMetrics) == 0 {
			t.Errorf("nothing is counted in %s", text)
		}
		for _, directive := range typed.AWS.CloudWatchMetrics {
			for _, dimension := range slices.Concat(directive.Dimensions...) {
				if value, ok := fields[dimension].(string); !ok || value == "" {
					t.Errorf("dimension %s has no value in %s", dimension, text)
				}
			}
			for _, metric := range directive.Metrics {
				if _, ok := fields[metric.Name].(float64); !ok {
					t.Errorf("metric %s has no value in %s", metric.Name, text)
				}
			}
		}
		if bytes.Contains(text, []byte("canary")) {
			t.Errorf("a person is in %s", text)
		}
	}
}

func TestUnknownCodesAreCountedAndBounded(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	sink := newSink(&log)
	for i := range 25 {
		for range 2 {
			log.Reset()
			record := attempt()
			record.UnknownCode = domain.NewResponseCode("code_"+string(rune('a'+i)), "", domain.Password{})
			if err := sink.Record(context.Background(), record); err != nil {
				t.Fatal(err)
			}
			var fields map[string]any
			if err := json.Unmarshal(log.Bytes(), &fields); err != nil {
				t.Fatal(err)
			}
			want := string(record.UnknownCode)
			if i >= 20 {
				want = "other"
			}
			if fields["UnknownCode"] != want || fields["UnknownCodes"] != 1.0 {
				t.Errorf("code %d: %s", i, log.Bytes())
			}
		}
	}
	log.Reset()
	if err := sink.Record(context.Background(), attempt()); err != nil || bytes.Contains(log.Bytes(), []byte("UnknownCode")) {
		t.Errorf("without a code: %v, %s", err, log.Bytes())
	}
}

func TestAProcessIsColdOnce(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	sink := newSink(&log)
	for _, want := range []float64{1, 0, 0} {
		log.Reset()
		if err := sink.Record(context.Background(), attempt()); err != nil {
			t.Fatal(err)
		}
		var fields map[string]any
		if err := json.Unmarshal(log.Bytes(), &fields); err != nil || fields["ColdStarts"] != want {
			t.Errorf("ColdStarts is %v, want %v", fields["ColdStarts"], want)
		}
	}
}

// broken is a log that takes nothing.
type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("broken") }

func TestALogThatTakesNothingIsAnError(t *testing.T) {
	t.Parallel()
	if New(broken{}, "user-migration").Record(context.Background(), attempt()) == nil {
		t.Error("the line is lost and nobody is told")
	}
}
