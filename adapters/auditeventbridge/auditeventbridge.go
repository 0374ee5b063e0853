// Package auditeventbridge sends audit records as events to an EventBridge bus.
// It implements ports.AuditSink and ports.CompletionSink and imports domain and
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

// Values that event rules can match.
const (
	// Source is the source of every event.
	Source = "cognito-user-migration"
	// DetailTypeAttempt is the detail-type of attempts.
	DetailTypeAttempt = "User Migration Attempt"
	// DetailTypeCompletion is the detail-type of attempts to complete a
	// migration.
	DetailTypeCompletion = "User Migration Completion"
)

const (
	adapter   = "audit"
	operation = "PutEvents"
	// longestWait is the longest wait between two attempts. A record has only a
	// few tenths of a second in all.
	longestWait = 100 * time.Millisecond
)

// Sink sends each record to a bus.
type Sink struct {
	api     awsjson.Caller
	bus     string
	encoder auditrecord.Encoder
	warm    func(context.Context) error
}

// Open returns a sink for the bus, given by name or ARN. It uses the
// configuration's credentials, and the region of the ARN or else of the
// configuration.
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

// New returns a sink for the bus that uses the given client.
func New(api awsjson.Caller, bus string, format domain.AuditFormat, origin ports.AuditOrigin) *Sink {
	return &Sink{api: api, bus: bus, encoder: auditrecord.New(format, origin)}
}

// Record implements [ports.AuditSink]. It returns the same kinds of errors as a
// source.
func (s *Sink) Record(ctx context.Context, record domain.AuditRecord) error {
	events, err := s.encoder.Attempt(record)
	if err != nil {
		return err
	}
	return s.put(ctx, DetailTypeAttempt, record.Time, events)
}

// RecordCompletion implements [ports.CompletionSink]. See Record for its
// errors.
func (s *Sink) RecordCompletion(ctx context.Context, record domain.CompletionRecord) error {
	events, err := s.encoder.Completion(record)
	if err != nil {
		return err
	}
	return s.put(ctx, DetailTypeCompletion, record.Time, events)
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
	// The status is 200 even if no entry was accepted.
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

// regionOf returns the region of a bus's ARN, or an empty string for a name.
func regionOf(bus string) string {
	if parts := strings.Split(bus, ":"); len(parts) > 3 {
		return parts[3]
	}
	return ""
}
