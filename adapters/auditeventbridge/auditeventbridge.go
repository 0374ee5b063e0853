// Package auditeventbridge keeps audit records as events on an EventBridge bus. It
// implements ports.AuditSink and ports.CompletionSink and imports domain and
// ports.
package auditeventbridge

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"cognito-user-migration/adapters/internal/auditrecord"
	"cognito-user-migration/adapters/internal/awsclient"
	"cognito-user-migration/adapters/internal/awsfault"
	"cognito-user-migration/adapters/internal/awsjson"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go"
)

var (
	_ ports.AuditSink      = (*Sink)(nil)
	_ ports.CompletionSink = (*Sink)(nil)
)

// What rules select events by.
const (
	// Source is the source of every event.
	Source = "cognito-user-migration"
	// DetailTypeAttempt is the detail-type of an attempt's events.
	DetailTypeAttempt = "User Migration Attempt"
	// DetailTypeCompletion is that of a try to finish a move.
	DetailTypeCompletion = "User Migration Completion"
)

const (
	adapter   = "audit"
	operation = "PutEvents"
	// longestWait is the longest wait between two tries: a record has a few
	// tenths of a second in all.
	longestWait = 100 * time.Millisecond
)

// Sink puts each record on a bus.
type Sink struct {
	api     awsjson.Caller
	bus     string
	encoder auditrecord.Encoder
	warm    func(context.Context) error
}

// Open returns the sink of the bus, by its name or ARN, asked with the
// configuration's credentials, in the bus's region where it says so and else in
// the configuration's.
func Open(config aws.Config, bus string, format domain.AuditFormat, origin ports.AuditOrigin) *Sink {
	if region := regionOf(bus); region != "" {
		config.Region = region
	}
	retryer := awsclient.RetryerWithin(longestWait)
	config.Retryer = func() aws.Retryer { return retryer }
	client := awsjson.New(config, awsjson.EventBridge())
	sink := New(client, bus, format, origin)
	sink.warm = client.Connect
	return sink
}

// New returns the sink of the bus, asked through the client given.
func New(api awsjson.Caller, bus string, format domain.AuditFormat, origin ports.AuditOrigin) *Sink {
	return &Sink{api: api, bus: bus, encoder: auditrecord.New(format, origin)}
}

// Record implements [ports.AuditSink]. Its errors are those of a source.
func (s *Sink) Record(ctx context.Context, record domain.AuditRecord) error {
	events, err := s.encoder.Attempt(record)
	if err != nil {
		return err
	}
	return s.put(ctx, DetailTypeAttempt, record.Time, events)
}

// RecordCompletion implements [ports.CompletionSink], as Record does.
func (s *Sink) RecordCompletion(ctx context.Context, record domain.CompletionRecord) error {
	events, err := s.encoder.Completion(record)
	if err != nil {
		return err
	}
	return s.put(ctx, DetailTypeCompletion, record.Time, events)
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

func (s *Sink) put(ctx context.Context, detailType string, at time.Time, events []auditrecord.Event) error {
	entries := make([]entry, len(events))
	for i, event := range events {
		entries[i] = entry{
			EventBusName: s.bus, Source: Source, DetailType: detailType,
			Detail: string(event.JSON), Time: float64(at.UnixMilli()) / 1000,
		}
	}
	answer, err := s.api.Call(ctx, operation, map[string]any{"Entries": entries})
	if err != nil {
		return awsfault.Of(ctx, adapter, operation, err)
	}
	var read struct {
		FailedEntryCount int
		Entries          []struct{ ErrorCode string }
	}
	if json.Unmarshal(answer, &read) != nil {
		return awsfault.Empty(adapter, operation)
	}
	// The answer is 200 where no entry was taken too.
	for _, entry := range read.Entries {
		if entry.ErrorCode != "" {
			return awsfault.Of(ctx, adapter, operation, &smithy.GenericAPIError{Code: entry.ErrorCode})
		}
	}
	if read.FailedEntryCount != 0 || len(read.Entries) != len(entries) {
		return awsfault.Empty(adapter, operation)
	}
	return nil
}

// entry is one event of PutEvents; Time is in seconds since 1970.
type entry struct {
	EventBusName, Source, DetailType, Detail string
	Time                                     float64
}

// regionOf is the region in a bus's ARN; empty where it is a name.
func regionOf(bus string) string {
	if parts := strings.Split(bus, ":"); len(parts) > 3 {
		return parts[3]
	}
	return ""
}
