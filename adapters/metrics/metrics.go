// Package metrics writes CloudWatch metrics as log lines in the embedded metric
// format. CloudWatch extracts the metrics without any call from the function.
// The package implements ports.AuditSink and ports.CompletionSink, because
// records are what it counts. It imports domain and ports. No dimension names a
// user.
package metrics

import (
	"context"
	"io"
	"strconv"
	"sync"
	"time"

	"cognito-user-migration/adapters/internal/rawjson"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
)

var (
	_ ports.AuditSink      = (*Sink)(nil)
	_ ports.CompletionSink = (*Sink)(nil)
)

// Namespace is the namespace of every metric.
const Namespace = "CognitoUserMigration"

// Sink writes one line per record.
type Sink struct {
	mu       sync.Mutex
	to       io.Writer
	function string
	now      func() time.Time
	cold     bool
	codes    map[domain.ResponseCode]bool // codes that are already dimensions
}

// New returns a sink that writes each line to a log in one write. The
// function's name is a dimension of every metric.
func New(to io.Writer, function string) *Sink {
	return &Sink{to: to, function: function, now: time.Now, cold: true, codes: make(map[domain.ResponseCode]bool)}
}

// Metrics and dimensions ("Specification: Embedded metric format", Amazon
// CloudWatch User Guide). Each metric named in a line needs a value, even zero.
const (
	ofAttempts = `{"Namespace":"` + Namespace + `","Dimensions":[["FunctionName","Outcome","Reason"]],"Metrics":[{"Name":"Attempts","Unit":"Count"}]},` +
		`{"Namespace":"` + Namespace + `","Dimensions":[["FunctionName"]],"Metrics":[{"Name":"Latency","Unit":"Milliseconds"},{"Name":"Calls","Unit":"Count"},` +
		`{"Name":"Retries","Unit":"Count"},{"Name":"ColdStarts","Unit":"Count"},{"Name":"CompletionsOwed","Unit":"Count"}]}`
	ofSources     = `,{"Namespace":"` + Namespace + `","Dimensions":[["FunctionName","Source"]],"Metrics":[{"Name":"Latency","Unit":"Milliseconds"}]}`
	ofCodes       = `,{"Namespace":"` + Namespace + `","Dimensions":[["FunctionName","UnknownCode"]],"Metrics":[{"Name":"UnknownCodes","Unit":"Count"}]}`
	ofCompletions = `{"Namespace":"` + Namespace + `","Dimensions":[["FunctionName","Outcome","Retired"]],"Metrics":[{"Name":"Completions","Unit":"Count"}]}`
)

// Record implements [ports.AuditSink].
func (s *Sink) Record(_ context.Context, record domain.AuditRecord) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	cold := 0
	if s.cold {
		cold, s.cold = 1, false
	}
	pending := 0
	if record.Completion == domain.CompletionUnsent {
		pending = 1
	}
	counted := append(make([]string, 0, 3), ofAttempts)
	if record.Source != "" {
		counted = append(counted, ofSources)
	}
	code := s.bounded(record.UnknownCode)
	if code != "" {
		counted = append(counted, ofCodes)
	}
	l := s.begin(counted...)
	l.text("Outcome", string(record.Outcome))
	l.text("Reason", string(record.Reason))
	l.text("Source", record.Source)
	l.text("UnknownCode", string(code))
	l.id(record.AttemptID)
	l.number("Attempts", 1)
	l.milliseconds("Latency", record.Duration)
	l.number("Calls", record.Calls)
	l.number("Retries", record.Retries)
	l.number("ColdStarts", cold)
	l.number("CompletionsOwed", pending)
	if code != "" {
		l.number("UnknownCodes", 1)
	}
	return s.write(l)
}

const (
	// maxCodes limits the codes that one process reports, because CloudWatch
	// charges for every metric.
	maxCodes   = 20
	otherCodes = domain.ResponseCode("other")
)

// bounded returns the code, or "other" beyond the limit.
func (s *Sink) bounded(code domain.ResponseCode) domain.ResponseCode {
	switch {
	case code == "" || s.codes[code]:
		return code
	case len(s.codes) == maxCodes:
		return otherCodes
	default:
		s.codes[code] = true
		return code
	}
}

// RecordCompletion implements [ports.CompletionSink].
func (s *Sink) RecordCompletion(_ context.Context, record domain.CompletionRecord) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.begin(ofCompletions)
	l.text("Outcome", string(record.Outcome))
	l.text("Reason", string(record.Reason))
	l.text("Retired", string(record.Retired))
	l.id(record.AttemptID)
	l.number("Completions", 1)
	return s.write(l)
}

// line is a line in the format under construction.
type line []byte

// begin writes the part that CloudWatch parses first, and the function's name.
func (s *Sink) begin(counted ...string) line {
	l := append(make(line, 0, 1024), `{"_aws":{"Timestamp":`...)
	l = strconv.AppendInt(l, s.now().UnixMilli(), 10)
	l = append(l, `,"CloudWatchMetrics":[`...)
	for _, directives := range counted {
		l = append(l, directives...)
	}
	l = append(l, `]},"FunctionName":`...)
	return rawjson.AppendText(l, s.function)
}

// text writes a dimension, if it has a value.
func (l *line) text(name, value string) {
	if value != "" {
		l.key(name)
		*l = rawjson.AppendText(*l, value)
	}
}

// id writes the attempt's ID. It is not a dimension; it joins the line to the
// audit record.
func (l *line) id(attempt string) {
	l.key("attemptId")
	*l = rawjson.AppendText(*l, attempt)
}

func (l *line) number(name string, value int) {
	l.key(name)
	*l = strconv.AppendInt(*l, int64(value), 10)
}

// milliseconds writes a duration in milliseconds, with microseconds as
// decimals.
func (l *line) milliseconds(name string, value time.Duration) {
	l.key(name)
	*l = strconv.AppendFloat(*l, float64(value.Microseconds())/1000, 'f', -1, 64)
}

func (l *line) key(name string) {
	*l = append(append(append(*l, `,"`...), name...), `":`...)
}

func (s *Sink) write(l line) error {
	_, err := s.to.Write(append(l, "}\n"...))
	return err
}
