// Package auditlog writes audit records as log lines, by zap. It implements
// ports.AuditSink and ports.CompletionSink and imports domain and ports.
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

// Name is the logger's name in audit lines, which distinguishes them from other
// lines.
const Name = "audit"

// Sink writes one line per record; in OCSF, one per event.
type Sink struct {
	core    zapcore.Core
	name    string
	format  domain.AuditFormat
	encoder auditrecord.Encoder
}

// New returns a sink that writes to the logger. It ignores the logger's level,
// so records are written even if only errors are logged.
func New(logger *zap.Logger, format domain.AuditFormat, origin ports.AuditOrigin) *Sink {
	named := logger.Named(Name)
	return &Sink{core: named.Core(), name: named.Name(), format: format, encoder: auditrecord.New(format, origin)}
}

// Record implements [ports.AuditSink]. It returns after the line is written.
//
// In OCSF, the line contains the event under the key ocsf, and next to it the
// members that CloudWatch filters and the operator's tool read. The second
// event of a user who migrates is another line without an outcome, so that the
// attempt is counted once.
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

// RecordCompletion implements [ports.CompletionSink]. See Record.
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

// writeEvents writes each event as a line. The first line has other additional
// members than the rest.
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

// write writes to the core itself. A logger would check the level, and hide
// write errors.
func (s *Sink) write(message string, members auditrecord.Object, more ...zap.Field) error {
	fields := make([]zap.Field, 0, len(members)+len(more))
	for _, member := range members {
		fields = append(fields, zap.Any(member.Key, member.Value))
	}
	return s.core.Write(zapcore.Entry{
		Level: zapcore.InfoLevel, Time: time.Now(), LoggerName: s.name, Message: message,
	}, append(fields, more...))
}
