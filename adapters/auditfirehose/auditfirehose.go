// Package auditfirehose sends audit records to an Amazon Data Firehose stream.
// It implements ports.AuditSink and ports.CompletionSink and imports domain and
// ports.
package auditfirehose

import (
	"context"
	"encoding/json"

	"cognito-user-migration/adapters/internal/auditcall"
	"cognito-user-migration/adapters/internal/awsjson"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
	"cognito-user-migration/ports/parts"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Sink sends each record to a stream as a line of JSON.
type Sink struct {
	*auditcall.Sink
	api    awsjson.Caller
	stream string
}

// Part returns this sink for a main to list. config provides the AWS
// configuration.
func Part(config func(context.Context) (aws.Config, error)) parts.AuditSink {
	return auditcall.Part("firehose", config, Open)
}

// Open returns a sink for the stream. It uses the configuration's credentials
// and region.
func Open(config aws.Config, stream string, format domain.AuditFormat, origin ports.AuditOrigin) *Sink {
	return New(auditcall.Client(config, awsjson.Firehose()), stream, format, origin)
}

// New returns a sink for the stream that uses the given client.
func New(api awsjson.Caller, stream string, format domain.AuditFormat, origin ports.AuditOrigin) *Sink {
	s := &Sink{api: api, stream: stream}
	s.Sink = auditcall.New(api, format, origin, s.put)
	return s
}

// put sends the events of a record as one Firehose record, one event per line,
// so that all are accepted or none. Firehose concatenates records without a
// separator, so every line must end with a line break. Consumers accept several
// objects in one record ("Convert input data format", Amazon Data Firehose
// Developer Guide).
func (s *Sink) put(ctx context.Context, record auditcall.Record) error {
	const operation = "PutRecord"
	var lines []byte
	for _, event := range record.Events {
		lines = append(append(lines, event.JSON...), '\n')
	}
	answer, err := s.api.Call(ctx, operation, map[string]any{"DeliveryStreamName": s.stream, "Record": map[string]any{"Data": lines}})
	if err != nil {
		return auditcall.Fault(ctx, operation, err)
	}
	var read struct{ RecordId string } //nolint:revive // Firehose's name
	if json.Unmarshal(answer, &read) != nil || read.RecordId == "" {
		return auditcall.Empty(operation)
	}
	return nil
}
