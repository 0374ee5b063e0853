// Package auditeventbridge sends audit records as events to an EventBridge bus.
// It implements ports.AuditSink and ports.CompletionSink and imports domain and
// ports.
package auditeventbridge

import (
	"context"
	"encoding/json"
	"strings"

	"cognito-user-migration/adapters/internal/auditcall"
	"cognito-user-migration/adapters/internal/awsjson"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
	"cognito-user-migration/ports/parts"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go"
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

// Sink sends each record to a bus.
type Sink struct {
	*auditcall.Sink
	api awsjson.Caller
	bus string
}

// Part returns this sink for a main to list. config provides the AWS
// configuration.
func Part(config func(context.Context) (aws.Config, error)) parts.AuditSink {
	return auditcall.Part("eventbridge", config, Open)
}

// Open returns a sink for the bus, given by name or ARN. It uses the
// configuration's credentials, and the region of the ARN or else of the
// configuration.
func Open(config aws.Config, bus string, format domain.AuditFormat, origin ports.AuditOrigin) *Sink {
	if parts := strings.Split(bus, ":"); len(parts) > 3 {
		config.Region = parts[3]
	}
	return New(auditcall.Client(config, awsjson.EventBridge()), bus, format, origin)
}

// New returns a sink for the bus that uses the given client.
func New(api awsjson.Caller, bus string, format domain.AuditFormat, origin ports.AuditOrigin) *Sink {
	s := &Sink{api: api, bus: bus}
	s.Sink = auditcall.New(api, format, origin, s.put)
	return s
}

func (s *Sink) put(ctx context.Context, record auditcall.Record) error {
	const operation = "PutEvents"
	detailType := DetailTypeAttempt
	if record.IsCompletion {
		detailType = DetailTypeCompletion
	}
	entries := make([]entry, len(record.Events))
	for i, event := range record.Events {
		entries[i] = entry{
			EventBusName: s.bus, Source: Source, DetailType: detailType,
			Detail: string(event.JSON), Time: float64(record.Time.UnixMilli()) / 1000,
		}
	}
	answer, err := s.api.Call(ctx, operation, map[string]any{"Entries": entries})
	if err != nil {
		return auditcall.Fault(ctx, operation, err)
	}
	var read struct {
		FailedEntryCount int
		Entries          []struct{ ErrorCode string }
	}
	if json.Unmarshal(answer, &read) != nil {
		return auditcall.Empty(operation)
	}
	// The status is 200 even if no entry was accepted.
	for _, entry := range read.Entries {
		if entry.ErrorCode != "" {
			return auditcall.Fault(ctx, operation, &smithy.GenericAPIError{Code: entry.ErrorCode})
		}
	}
	if read.FailedEntryCount != 0 || len(read.Entries) != len(entries) {
		return auditcall.Empty(operation)
	}
	return nil
}

// entry is one event of PutEvents; Time is in seconds since 1970.
type entry struct {
	EventBusName, Source, DetailType, Detail string
	Time                                     float64
}
