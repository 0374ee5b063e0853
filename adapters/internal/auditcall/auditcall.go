// Package auditcall is shared by the sinks that store audit records by a call of an AWS
// service. It encodes records and names their errors. It imports domain and ports.
package auditcall

import (
	"context"
	"time"

	"cognito-user-migration/adapters/internal/auditrecord"
	"cognito-user-migration/adapters/internal/awsclient"
	"cognito-user-migration/adapters/internal/awsfault"
	"cognito-user-migration/adapters/internal/awsjson"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
	"cognito-user-migration/ports/parts"

	"github.com/aws/aws-sdk-go-v2/aws"
)

var _ parts.OpenSink = (*Sink)(nil)

const (
	adapter = "audit"
	// longestWait is the longest wait between two attempts. A record has only a
	// few tenths of a second in all.
	longestWait = 100 * time.Millisecond
)

// Record is an encoded record. Its events are stored together or not at all.
type Record struct {
	// IsCompletion is true for the record of a completion.
	IsCompletion bool
	// Time is the start of the attempt.
	Time   time.Time
	Events []auditrecord.Event
}

// Sink encodes records, and stores each by one call.
type Sink struct {
	encoder auditrecord.Encoder
	client  awsjson.Caller
	put     func(context.Context, Record) error
}

// New returns a sink. put stores a record with the client. Its errors are those of
// [Fault] and [Empty].
func New(client awsjson.Caller, format domain.AuditFormat, origin ports.AuditOrigin, put func(context.Context, Record) error) *Sink {
	return &Sink{encoder: auditrecord.New(format, origin), client: client, put: put}
}

// Part returns a sink for a main to list. config provides the AWS configuration.
func Part[S parts.OpenSink](name string, config func(context.Context) (aws.Config, error), open func(aws.Config, string, domain.AuditFormat, ports.AuditOrigin) S) parts.AuditSink {
	return parts.AuditSink{Name: name, Open: func(ctx context.Context, target string, format domain.AuditFormat, origin ports.AuditOrigin) (parts.OpenSink, error) {
		loaded, err := config(ctx)
		if err != nil {
			return nil, err
		}
		return open(loaded, target, format, origin), nil
	}}
}

// Client returns a client for a sink.
func Client(config aws.Config, service awsjson.Service) *awsjson.Client {
	retryer := awsclient.RetryerWithin(longestWait)
	config.Retryer = func() aws.Retryer { return retryer }
	return awsjson.New(config, service)
}

// Record implements [ports.AuditSink]. It returns the same kinds of errors as a
// source.
func (s *Sink) Record(ctx context.Context, record domain.AuditRecord) error {
	events, err := s.encoder.Attempt(record)
	if err != nil {
		return err
	}
	return s.put(ctx, Record{Time: record.Time, Events: events})
}

// RecordCompletion implements [ports.CompletionSink]. See Record for its errors.
func (s *Sink) RecordCompletion(ctx context.Context, record domain.CompletionRecord) error {
	events, err := s.encoder.Completion(record)
	if err != nil {
		return err
	}
	return s.put(ctx, Record{IsCompletion: true, Time: record.Time, Events: events})
}

// Warm opens the client's connection before the first record.
func (s *Sink) Warm(ctx context.Context) error {
	client, ok := s.client.(*awsjson.Client)
	if !ok {
		return nil
	}
	if err := client.Connect(ctx); err != nil {
		return Fault(ctx, "connect", err)
	}
	return nil
}

// Fault turns an error of the client into an error of ports.
func Fault(ctx context.Context, operation string, err error) error {
	return awsfault.Of(ctx, adapter, operation, err)
}

// Empty is the error for a response that does not say that the record was stored.
func Empty(operation string) error { return awsfault.Empty(adapter, operation) }
