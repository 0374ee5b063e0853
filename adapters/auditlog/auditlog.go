// Package auditlog writes audit records as lines of the log, by zap. It
// implements ports.AuditSink and ports.CompletionSink and imports domain and
// ports.
package auditlog

import (
	"context"
	"time"

	"cognito-user-migration/adapters/internal/auditrecord"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

var (
	_ ports.AuditSink      = (*Sink)(nil)
	_ ports.CompletionSink = (*Sink)(nil)
)

// Name is the name of the logger of audit lines, by which they are told from
// the others.
const Name = "audit"

// Sink writes each record as one line; in OCSF, each event.
type Sink struct {
	core    zapcore.Core
	name    string
	format  domain.AuditFormat
	encoder auditrecord.Encoder
}

// New returns the sink over a logger. The logger's level does not matter: a
// record is written even where only errors are logged, because it is no log
// message.
func New(logger *zap.Logger, format domain.AuditFormat, origin ports.AuditOrigin) *Sink {
	named := logger.Named(Name)
	return &Sink{core: named.Core(), name: named.Name(), format: format, encoder: auditrecord.New(format, origin)}
}

// Record implements [ports.AuditSink]. The line is out when it returns.
//
// In OCSF the line has the event under the key ocsf, and beside it what
// CloudWatch's filters and the operator's tool read of a record. The second event
// of a user who is moved has a line of its own, without an outcome: an attempt is
// counted once.
func (s *Sink) Record(_ context.Context, record domain.AuditRecord) error {
	message, members := "attempt "+string(record.Outcome), auditrecord.Attempt(record)
	if s.format != domain.AuditFormatOCSF {
		return s.write(message, members)
	}
	events, err := s.encoder.Attempt(record)
	if err != nil {
		return err
	}
	return s.writeEvents(events, members.Only("attemptId", "outcome", "reason", "source", "userPoolId", "username", "completion"),
		members.Only("attemptId"))
}

// RecordCompletion implements [ports.CompletionSink], as Record does.
func (s *Sink) RecordCompletion(_ context.Context, record domain.CompletionRecord) error {
	message, members := "completion "+string(record.Outcome), auditrecord.Completion(record)
	if s.format != domain.AuditFormatOCSF {
		return s.write(message, members)
	}
	events, err := s.encoder.Completion(record)
	if err != nil {
		return err
	}
	return s.writeEvents(events, members.Only("attemptId", "completion", "source", "sourceUser", "userPoolId", "reason", "username"), nil)
}

// writeEvents writes each event as a line, the first with members of its own.
func (s *Sink) writeEvents(events []auditrecord.Event, first, others auditrecord.Object) error {
	members := first
	for _, event := range events {
		if err := s.write(event.Message, members, zap.Reflect("ocsf", event.JSON)); err != nil {
			return err
		}
		members = others
	}
	return nil
}

// write writes to the core itself: a logger would ask for the level, and keep to
// itself that a line is not out.
func (s *Sink) write(message string, members auditrecord.Object, more ...zap.Field) error {
	fields := make([]zap.Field, 0, len(members)+len(more))
	for _, member := range members {
		fields = append(fields, zap.Any(member.Key, member.Value))
	}
	return s.core.Write(zapcore.Entry{
		Level: zapcore.InfoLevel, Time: time.Now(), LoggerName: s.name, Message: message,
	}, append(fields, more...))
}
