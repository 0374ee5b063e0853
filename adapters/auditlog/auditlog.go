// Package auditlog writes audit records as lines of the log, by zap. It
// implements ports.AuditSink and imports domain and ports.
package auditlog

import (
	"context"
	"time"

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

// Sink writes each record as one line.
type Sink struct {
	logger *zap.Logger
}

// New returns the sink over a logger. Its level does not matter: a record is
// written even where only errors are logged, because it is no log message.
func New(logger *zap.Logger) *Sink {
	return &Sink{logger: logger.Named(Name).WithOptions(zap.WrapCore(func(core zapcore.Core) zapcore.Core {
		return always{core}
	}))}
}

// Record implements [ports.AuditSink]. The line is out when it returns; zap
// reports no error of writing it, so neither does this.
func (s *Sink) Record(_ context.Context, record domain.AuditRecord) error {
	fields := make([]zap.Field, 0, 13)
	fields = append(fields,
		zap.String("requestId", record.AttemptID),
		zap.String("attemptId", record.AttemptID),
		zap.String("time", record.Time.UTC().Format(time.RFC3339Nano)),
		zap.String("trigger", record.Trigger.String()),
		zap.String("outcome", string(record.Outcome)),
		zap.String("reason", string(record.Reason)),
		zap.Float64("durationMs", float64(record.Duration.Microseconds())/1000),
		zap.Int("calls", record.Calls),
		zap.Int("retries", record.Retries),
	)
	for _, optional := range [...]struct{ key, value string }{
		{"source", record.Source},
		{"challenge", record.Challenge},
		{"finalUserStatus", string(record.FinalStatus)},
		{"userPoolId", record.UserPoolID},
		{"clientId", record.ClientID},
		{"username", string(record.Username)},
		{"completion", string(record.Completion)},
	} {
		if optional.value != "" {
			fields = append(fields, zap.String(optional.key, optional.value))
		}
	}
	s.logger.Info("attempt "+string(record.Outcome), fields...)
	return nil
}

// RecordCompletion implements [ports.CompletionSink], as Record does.
func (s *Sink) RecordCompletion(_ context.Context, record domain.CompletionRecord) error {
	fields := []zap.Field{
		zap.String("attemptId", record.AttemptID),
		zap.String("completion", string(record.Outcome)),
		zap.String("source", record.Source),
		zap.String("sourceUser", string(record.Retired)),
		zap.Int("groups", record.Groups),
		zap.String("userPoolId", record.UserPoolID),
	}
	if record.Reason != "" {
		fields = append(fields, zap.String("reason", string(record.Reason)))
	}
	if record.Username != "" {
		fields = append(fields, zap.String("username", string(record.Username)))
	}
	s.logger.Info("completion "+string(record.Outcome), fields...)
	return nil
}

// always is a core that writes at every level.
type always struct {
	zapcore.Core
}

// Enabled implements zapcore.LevelEnabler.
func (always) Enabled(zapcore.Level) bool {
	return true
}

// With implements zapcore.Core.
func (a always) With(fields []zapcore.Field) zapcore.Core {
	return always{a.Core.With(fields)}
}

// Check implements zapcore.Core: the inner core would ask its level.
func (a always) Check(entry zapcore.Entry, checked *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	return checked.AddCore(entry, a)
}
