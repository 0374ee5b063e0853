// Package auditeventbridge keeps audit records as events on an EventBridge bus. It
// implements ports.AuditSink and ports.CompletionSink and imports domain and
// ports.
package auditeventbridge

import (
	"context"
	"strings"
	"time"

	"cognito-user-migration/adapters/internal/auditrecord"
	"cognito-user-migration/adapters/internal/awsclient"
	"cognito-user-migration/adapters/internal/awsfault"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
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

// API is what is called of the SDK's client.
type API interface {
	PutEvents(context.Context, *eventbridge.PutEventsInput, ...func(*eventbridge.Options)) (*eventbridge.PutEventsOutput, error)
}

// Sink puts each record on a bus.
type Sink struct {
	api     API
	bus     string
	encoder auditrecord.Encoder
	warm    func(context.Context) error
}

// Open returns the sink of the bus, by its name or ARN, asked through the SDK with the
// configuration's credentials, in the bus's region where it says so and else in
// the configuration's.
func Open(config aws.Config, bus string, format domain.AuditFormat, origin ports.AuditOrigin) *Sink {
	client := eventbridge.NewFromConfig(config, func(o *eventbridge.Options) {
		if region := regionOf(bus); region != "" {
			o.Region = region
		}
		o.HTTPClient = awsclient.Over(o.HTTPClient)
		o.Retryer = awsclient.RetryerWithin(longestWait)
	})
	sink := New(client, bus, format, origin)
	sink.warm = func(ctx context.Context) error { return connect(ctx, client.Options()) }
	return sink
}

// New returns the sink of the bus, asked through the client given.
func New(api API, bus string, format domain.AuditFormat, origin ports.AuditOrigin) *Sink {
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
	return s.warm(ctx)
}

func (s *Sink) put(ctx context.Context, detailType string, at time.Time, events []auditrecord.Event) error {
	entries := make([]types.PutEventsRequestEntry, len(events))
	for i, event := range events {
		entries[i] = types.PutEventsRequestEntry{
			EventBusName: &s.bus, Source: aws.String(Source), DetailType: &detailType,
			Detail: aws.String(string(event.JSON)), Time: &at,
		}
	}
	answer, err := s.api.PutEvents(ctx, &eventbridge.PutEventsInput{Entries: entries})
	if err != nil {
		return awsfault.Of(ctx, adapter, operation, err)
	}
	// The answer is 200 where no entry was taken too.
	for _, entry := range answer.Entries {
		if code := aws.ToString(entry.ErrorCode); code != "" {
			return awsfault.Of(ctx, adapter, operation, &smithy.GenericAPIError{Code: code})
		}
	}
	if answer.FailedEntryCount != 0 || len(answer.Entries) != len(entries) {
		return awsfault.Empty(adapter, operation)
	}
	return nil
}

func connect(ctx context.Context, options eventbridge.Options) error {
	endpoint, err := options.EndpointResolverV2.ResolveEndpoint(ctx, eventbridge.EndpointParameters{
		Region: &options.Region, Endpoint: options.BaseEndpoint,
	})
	if err != nil {
		return awsfault.Of(ctx, adapter, "connect", err)
	}
	if err := awsclient.Connect(ctx, options.HTTPClient, endpoint.URI.String()); err != nil {
		return awsfault.Of(ctx, adapter, "connect", err)
	}
	return nil
}

// regionOf is the region in a bus's ARN; empty where it is a name.
func regionOf(bus string) string {
	if parts := strings.Split(bus, ":"); len(parts) > 3 {
		return parts[3]
	}
	return ""
}
