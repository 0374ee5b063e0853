package app

import (
	"bytes"
	"encoding/json"
	"io"
	"log"
	"strings"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// NewLog returns a log of JSON lines with the keys of Lambda's own lines
// ("Configuring advanced logging controls", AWS Lambda Developer Guide). The level is
// one of Lambda's; any other value means info.
func NewLog(to io.Writer, level string) *zap.Logger {
	encoder := zapcore.NewJSONEncoder(zapcore.EncoderConfig{
		TimeKey:        "timestamp",
		LevelKey:       "level",
		NameKey:        "logger",
		MessageKey:     "message",
		EncodeTime:     zapcore.TimeEncoderOfLayout("2006-01-02T15:04:05.000Z07:00"),
		EncodeLevel:    zapcore.CapitalLevelEncoder,
		EncodeDuration: zapcore.MillisDurationEncoder,
	})
	core := zapcore.NewCore(encoder, zapcore.AddSync(to), levelOf(level))
	return zap.New(core, zap.WithClock(utc{zapcore.DefaultClock}))
}

// RedirectStandardLog writes the messages of Go's standard logger to this log.
// AWS's library logs there each error that it returns to Lambda.
func RedirectStandardLog(to *zap.Logger) {
	log.SetFlags(0)
	log.SetPrefix("")
	log.SetOutput(standardLog{to})
}

// standardLog receives the standard logger's output, one message per write.
type standardLog struct{ to *zap.Logger }

// Write implements [io.Writer]. An error returned to Lambda is JSON, and
// becomes a field. Any other message is cut at its first quotation mark,
// because libraries quote outside data such as responses.
func (s standardLog) Write(message []byte) (int, error) {
	text := bytes.TrimSpace(message)
	if json.Valid(text) {
		s.to.Info("error returned to Lambda", zap.Any("error", json.RawMessage(text)))
	} else {
		text, _, _ = bytes.Cut(text, []byte(`"`))
		s.to.Warn("a library wrote a message", zap.ByteString("text", text))
	}
	return len(message), nil
}

func levelOf(lambda string) zapcore.Level {
	switch strings.ToUpper(lambda) {
	case "TRACE", "DEBUG":
		return zapcore.DebugLevel
	case "WARN":
		return zapcore.WarnLevel
	case "ERROR":
		return zapcore.ErrorLevel
	case "FATAL":
		return zapcore.FatalLevel
	default:
		return zapcore.InfoLevel
	}
}

// dropsInfo reports whether this level drops INFO lines.
func dropsInfo(lambda string) bool {
	return levelOf(lambda) > zapcore.InfoLevel
}

// utc is a clock in UTC, as in Lambda's own lines.
type utc struct {
	zapcore.Clock
}

// Now implements zapcore.Clock.
func (u utc) Now() time.Time {
	return u.Clock.Now().UTC()
}
