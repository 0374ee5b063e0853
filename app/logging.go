package app

import (
	"io"
	"strings"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// newLogger writes JSON lines with the keys that CloudWatch and Lambda's own
// log lines have ("Configuring advanced logging controls", AWS Lambda Developer
// Guide). The level is one of Lambda's; info where it is none.
func newLogger(to io.Writer, level string) *zap.Logger {
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

// dropsInfo reports whether lines at INFO are filtered at this level.
func dropsInfo(lambda string) bool {
	return levelOf(lambda) > zapcore.InfoLevel
}

// utc is the clock of the log: Lambda's own lines are in UTC.
type utc struct {
	zapcore.Clock
}

// Now implements zapcore.Clock.
func (u utc) Now() time.Time {
	return u.Clock.Now().UTC()
}
