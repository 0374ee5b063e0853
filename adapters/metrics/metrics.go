// Package metrics writes CloudWatch metrics as lines of the log, in the embedded
// metric format: CloudWatch makes metrics of them without a call of ours. It
// implements ports.AuditSink and ports.CompletionSink, because what is counted
// is what is recorded, and imports domain and ports. No dimension names a person.
package metrics

import (
	"context"
	"encoding/json"
	"io"
	"sync"
	"time"

	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
)

var (
	_ ports.AuditSink      = (*Sink)(nil)
	_ ports.CompletionSink = (*Sink)(nil)
)

// Namespace is that of every metric.
const Namespace = "CognitoUserMigration"

// Sink writes one line for each record.
type Sink struct {
	mu       sync.Mutex
	to       io.Writer
	function string
	now      func() time.Time
	cold     bool
}

// New returns the sink that writes to a log, each line in one write. The
// function's name is a dimension of all its metrics.
func New(to io.Writer, function string) *Sink {
	return &Sink{to: to, function: function, now: time.Now, cold: true}
}

// line is one line of the format ("Specification: Embedded metric format",
// Amazon CloudWatch User Guide). A metric that is named has a value, zero too.
type line struct {
	AWS struct {
		Timestamp         int64       `json:"Timestamp"`
		CloudWatchMetrics []directive `json:"CloudWatchMetrics"`
	} `json:"_aws"`

	FunctionName string `json:"FunctionName"`
	Outcome      string `json:"Outcome,omitempty"`
	Reason       string `json:"Reason,omitempty"`
	Source       string `json:"Source,omitempty"`
	Retired      string `json:"Retired,omitempty"`
	AttemptID    string `json:"attemptId"` // no dimension: it joins the line to the audit record

	Attempts        int      `json:"Attempts,omitempty"`
	Completions     int      `json:"Completions,omitempty"`
	Latency         *float64 `json:"Latency,omitempty"`
	Calls           *int     `json:"Calls,omitempty"`
	Retries         *int     `json:"Retries,omitempty"`
	ColdStarts      *int     `json:"ColdStarts,omitempty"`
	CompletionsOwed *int     `json:"CompletionsOwed,omitempty"`
}

// directive names metrics and the dimensions they are counted by.
type directive struct {
	Namespace  string     `json:"Namespace"`
	Dimensions [][]string `json:"Dimensions"`
	Metrics    []metric   `json:"Metrics"`
}

type metric struct {
	Name string `json:"Name"`
	Unit string `json:"Unit"`
}

func counted(by []string, metrics ...metric) directive {
	return directive{Namespace: Namespace, Dimensions: [][]string{by}, Metrics: metrics}
}

func count(name string) metric {
	return metric{Name: name, Unit: "Count"}
}

// Record implements [ports.AuditSink].
func (s *Sink) Record(_ context.Context, record domain.AuditRecord) error {
	latency := float64(record.Duration.Microseconds()) / 1000
	owed := 0
	if record.Completion == domain.CompletionUnsent {
		owed = 1
	}
	l := line{
		FunctionName: s.function, Outcome: string(record.Outcome), Reason: string(record.Reason), Source: record.Source,
		AttemptID: record.AttemptID,
		Attempts:  1, Latency: &latency,
		Calls: &record.Calls, Retries: &record.Retries, CompletionsOwed: &owed,
	}
	l.AWS.CloudWatchMetrics = []directive{
		counted([]string{"FunctionName", "Outcome", "Reason"}, count("Attempts")),
		counted([]string{"FunctionName"},
			metric{Name: "Latency", Unit: "Milliseconds"}, count("Calls"), count("Retries"), count("ColdStarts"), count("CompletionsOwed")),
	}
	if record.Source != "" {
		l.AWS.CloudWatchMetrics = append(l.AWS.CloudWatchMetrics,
			counted([]string{"FunctionName", "Source"}, metric{Name: "Latency", Unit: "Milliseconds"}))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	cold := 0
	if s.cold {
		cold, s.cold = 1, false
	}
	l.ColdStarts = &cold
	return s.write(l)
}

// RecordCompletion implements [ports.CompletionSink].
func (s *Sink) RecordCompletion(_ context.Context, record domain.CompletionRecord) error {
	l := line{
		FunctionName: s.function, Outcome: string(record.Outcome), Reason: string(record.Reason), Retired: string(record.Retired),
		AttemptID: record.AttemptID, Completions: 1,
	}
	l.AWS.CloudWatchMetrics = []directive{
		counted([]string{"FunctionName", "Outcome", "Retired"}, count("Completions")),
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.write(l)
}

func (s *Sink) write(l line) error {
	l.AWS.Timestamp = s.now().UnixMilli()
	text, err := json.Marshal(l)
	if err != nil {
		return err
	}
	_, err = s.to.Write(append(text, '\n'))
	return err
}
