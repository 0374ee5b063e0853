// Package auditfirehose sends audit records to an Amazon Data Firehose stream.
// It implements ports.AuditSink and ports.CompletionSink and imports domain and
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
	// longestWait is the longest wait between two attempts. A record has only a
	// few tenths of a second in all.
	longestWait = 100 * time.Millisecond
)

// Sink sends each record to a stream as a line of JSON.
type Sink struct {
	api     awsjson.Caller
	stream  string
	encoder auditrecord.Encoder
	warm    func(context.Context) error
}

// Open returns a sink for the stream. It uses the configuration's credentials
// and region.
func Open(config aws.Config, stream string, format domain.AuditFormat, origin ports.AuditOrigin) *Sink {
	retryer := awsclient.RetryerWithin(longestWait)
	config.Retryer = func() aws.Retryer { return retryer }
	client := awsjson.New(config, awsjson.Firehose())
	sink := New(client, stream, format, origin)
	sink.warm = client.Connect
	return sink
}

// New returns a sink for the stream that uses the given client.
func New(api awsjson.Caller, stream string, format domain.AuditFormat, origin ports.AuditOrigin) *Sink {
	return &Sink{api: api, stream: stream, encoder: auditrecord.New(format, origin)}
}

// Record implements [ports.AuditSink]. It returns the same kinds of errors as a
// source.
func (s *Sink) Record(ctx context.Context, record domain.AuditRecord) error {
	events, err := s.encoder.Attempt(record)
	if err != nil {
		return err
	}
	return s.put(ctx, events)
}

// RecordCompletion implements [ports.CompletionSink]. See Record for its
// errors.
func (s *Sink) RecordCompletion(ctx context.Context, record domain.CompletionRecord) error {
	events, err := s.encoder.Completion(record)
	if err != nil {
		return err
	}
	return s.put(ctx, events)
}

// Warm opens the connection before the first record.
func (s *Sink) Warm(ctx context.Context) error {
	if s.warm == nil {
		return nil
	}
	if err := s.warm(ctx); err != nil {
		return awsfault.Of(ctx, adapter, "connect", err)
	}
	return nil
}

// put sends the events of a record as one Firehose record, one event per line,
// so that all are accepted or none. Firehose concatenates records without a
// separator, so every line must end with a line break. Consumers accept several
// objects in one record ("Convert input data format", Amazon Data Firehose
// Developer Guide).
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
