// Package auditfirehose keeps audit records by a stream of Amazon Data Firehose. It
// implements ports.AuditSink and ports.CompletionSink and imports domain and
// ports.
package auditfirehose

import (
	"context"
	"encoding/json"
	"time"

	"cognito-user-migration/adapters/internal/auditrecord"
	"cognito-user-migration/adapters/internal/awsclient"
	"cognito-user-migration/adapters/internal/awsfault"
	"cognito-user-migration/adapters/internal/awsjson"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"

	"github.com/aws/aws-sdk-go-v2/aws"
)

var (
	_ ports.AuditSink      = (*Sink)(nil)
	_ ports.CompletionSink = (*Sink)(nil)
)

const (
	adapter   = "audit"
	operation = "PutRecord"
	// longestWait is the longest wait between two tries: a record has a few
	// tenths of a second in all.
	longestWait = 100 * time.Millisecond
)

// Sink puts each record into a stream, as a line of JSON.
type Sink struct {
	api     awsjson.Caller
	stream  string
	encoder auditrecord.Encoder
	warm    func(context.Context) error
}

// Open returns the sink of the stream, asked with the
// configuration's credentials and region.
func Open(config aws.Config, stream string, format domain.AuditFormat, origin ports.AuditOrigin) *Sink {
	retryer := awsclient.RetryerWithin(longestWait)
	config.Retryer = func() aws.Retryer { return retryer }
	client := awsjson.New(config, awsjson.Firehose())
	sink := New(client, stream, format, origin)
	sink.warm = client.Connect
	return sink
}

// New returns the sink of the stream, asked through the client given.
func New(api awsjson.Caller, stream string, format domain.AuditFormat, origin ports.AuditOrigin) *Sink {
	return &Sink{api: api, stream: stream, encoder: auditrecord.New(format, origin)}
}

// Record implements [ports.AuditSink]. Its errors are those of a source.
func (s *Sink) Record(ctx context.Context, record domain.AuditRecord) error {
	events, err := s.encoder.Attempt(record)
	if err != nil {
		return err
	}
	return s.put(ctx, events)
}

// RecordCompletion implements [ports.CompletionSink], as Record does.
func (s *Sink) RecordCompletion(ctx context.Context, record domain.CompletionRecord) error {
	events, err := s.encoder.Completion(record)
	if err != nil {
		return err
	}
	return s.put(ctx, events)
}

// Warm opens the connection, so that the first record finds it.
func (s *Sink) Warm(ctx context.Context) error {
	if s.warm == nil {
		return nil
	}
	if err := s.warm(ctx); err != nil {
		return awsfault.Of(ctx, adapter, "connect", err)
	}
	return nil
}

// put puts the events of a record into the stream as one of Firehose's own
// records, each event on a line: all are taken or none. Firehose puts its records
// one after the other, with nothing between them, so what is delivered has a line
// for each event; and what reads records there takes several objects in one
// ("Convert input data format", Amazon Data Firehose Developer Guide).
func (s *Sink) put(ctx context.Context, events []auditrecord.Event) error {
	var lines []byte
	for _, event := range events {
		lines = append(append(lines, event.JSON...), '\n')
	}
	answer, err := s.api.Call(ctx, operation, map[string]any{"DeliveryStreamName": s.stream, "Record": map[string]any{"Data": lines}})
	if err != nil {
		return awsfault.Of(ctx, adapter, operation, err)
	}
	var read struct{ RecordId string } //nolint:revive // Firehose's name
	if json.Unmarshal(answer, &read) != nil || read.RecordId == "" {
		return awsfault.Empty(adapter, operation)
	}
	return nil
}
