package deploy_test

import (
	"bytes"
	"context"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"

	"cognito-user-migration/adapters/auditlog"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// TestTheMetricFiltersCountTheAuditLines gives the filters' patterns the lines
// that the program writes: a key by another name would make an alarm that never
// rings.
func TestTheMetricFiltersCountTheAuditLines(t *testing.T) {
	t.Parallel()
	given := exampleParameters(t, destination)
	given["CompletionAfter"] = "disable"
	filters := make(map[string]string)
	for _, resource := range newStack(readTemplate(t, destination), "111111111111", "ap-northeast-1", "aws", given).resources() {
		if resource["Type"] == "AWS::Logs::MetricFilter" {
			properties := resource["Properties"].(map[string]any)
			filters[properties["FilterName"].(string)] = properties["FilterPattern"].(string)
		}
	}
	for name, row := range map[string]struct {
		record func(*auditlog.Sink) error
		want   []string
	}{
		"migrated":  {attempt(domain.OutcomeMigrated, domain.CompletionNone), []string{"migrated"}},
		"queued":    {attempt(domain.OutcomeMigrated, domain.CompletionQueued), []string{"migrated"}},
		"owed":      {attempt(domain.OutcomeMigrated, domain.CompletionUnsent), []string{"migrated", "owed"}},
		"refused":   {attempt(domain.OutcomeRefused, domain.CompletionNone), []string{"refused"}},
		"failed":    {attempt(domain.OutcomeFailed, domain.CompletionNone), []string{"failed"}},
		"completed": {completion(domain.CompletionDone), []string{"completed"}},
		"abandoned": {completion(domain.CompletionAbandoned), []string{"abandoned"}},
		"not yet":   {completion(domain.CompletionPending), nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log bytes.Buffer
			for _, format := range []domain.AuditFormat{domain.AuditFormatJSON, domain.AuditFormatOCSF} {
				log.Reset()
				encoder := zapcore.NewJSONEncoder(zapcore.EncoderConfig{NameKey: "logger", MessageKey: "message"})
				if err := row.record(auditlog.New(zap.New(zapcore.NewCore(encoder, zapcore.AddSync(&log), zapcore.ErrorLevel)), format, ports.AuditOrigin{})); err != nil {
					t.Fatal(err)
				}
				var counted []string
				for text := range bytes.Lines(log.Bytes()) {
					var line map[string]any
					if err := json.Unmarshal(text, &line); err != nil {
						t.Fatal(err)
					}
					for filter, pattern := range filters {
						if matches(t, pattern, line) {
							counted = append(counted, filter)
						}
					}
				}
				if slices.Sort(counted); !slices.Equal(counted, row.want) {
					t.Errorf("%s: counted by %q, want %q: %s", format, counted, row.want, log.Bytes())
				}
			}
		})
	}
}

func attempt(outcome domain.Outcome, state domain.CompletionState) func(*auditlog.Sink) error {
	return func(sink *auditlog.Sink) error {
		return sink.Record(context.Background(), domain.AuditRecord{Outcome: outcome, Completion: state})
	}
}

func completion(outcome domain.CompletionOutcome) func(*auditlog.Sink) error {
	return func(sink *auditlog.Sink) error {
		return sink.RecordCompletion(context.Background(), domain.CompletionRecord{Outcome: outcome})
	}
}

// matches knows the one form that the templates use: { $.a = "b" && $.c = "d" }.
func matches(t *testing.T, pattern string, line map[string]any) bool {
	t.Helper()
	term := regexp.MustCompile(`^\$\.(\w+) = "(\w+)"$`)
	for text := range strings.SplitSeq(strings.Trim(pattern, "{ }"), " && ") {
		found := term.FindStringSubmatch(text)
		if found == nil {
			t.Fatalf("this test does not know the pattern %s", pattern)
		}
		if line[found[1]] != found[2] {
			return false
		}
	}
	return true
}
