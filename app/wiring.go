package app

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"cognito-user-migration/adapters/lambdatrigger"
	"cognito-user-migration/app/config"
	"cognito-user-migration/app/migrate"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
	"cognito-user-migration/ports/parts"

	"go.uber.org/dig"
	"go.uber.org/fx"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// warmUp is the time limit at start for fetching credentials and connecting.
// Cognito waits during a cold start too, so the first attempt does what is not
// ready by then.
const warmUp = time.Second

// Process describes the process for the parts.
type Process struct {
	// Environ is the environment in the form of [os.Environ].
	Environ []string
	// Log receives log lines and audit lines.
	Log io.Writer
	// Version is the program's version for records.
	Version string
}

func (p Process) variable(name string) string {
	for _, variable := range p.Environ {
		if value, found := strings.CutPrefix(variable, name+"="); found {
			return value
		}
	}
	return ""
}

// Function is a function that is ready to serve.
type Function struct {
	// Handler handles Lambda's events, inside Tracing.
	Handler parts.Handler
	// Log is the function's log.
	Log *zap.Logger
	// Tracing traces the function.
	Tracing *Tracing
}

// Modules wires the function of the command migrate, from the configuration to
// the handler. Production, the operator's tool and tests all use it. The graph
// provides a [*lambdatrigger.Handler].
func Modules(binary Parts, process Process, configuration *config.Config) fx.Option {
	return graph(binary, process, configuration, []any{newLockout, newMigrator, newHandler}, warnOfFactors, warm)
}

// graph returns the common modules of both commands with the constructors of
// one command, and its last step, if any.
func graph(binary Parts, process Process, configuration *config.Config, more []any, last ...any) fx.Option {
	// Several components write to the log, each line in one write.
	process.Log = zapcore.Lock(zapcore.AddSync(process.Log))
	constructors := append(more,
		func() (Parts, Process, *config.Config) { return binary, process, configuration },
		newProcessLogger,
		newTracing,
		newSources,
		newRecords,
		newQueue,
		newPseudonymizer,
	)
	return fx.Options(
		fx.NopLogger,
		fx.Provide(constructors...),
		fx.Invoke(append([]any{warn}, last...)...),
	)
}

// Start starts a graph of modules and returns a function that stops it. It
// returns the error of the part that failed, without fx's own text.
func Start(ctx context.Context, graph ...fx.Option) (stop func(context.Context) error, err error) {
	application := fx.New(graph...)
	if err := application.Err(); err != nil {
		return nil, dig.RootCause(err)
	}
	if err := application.Start(ctx); err != nil {
		return nil, err
	}
	return application.Stop, nil
}

func newProcessLogger(process Process) *zap.Logger {
	return NewLog(process.Log, process.variable("AWS_LAMBDA_LOG_LEVEL"))
}

// warn logs the configuration's warnings.
func warn(process Process, logger *zap.Logger, configuration *config.Config) {
	for _, warning := range configuration.Warnings {
		logger.Warn(warning)
	}
	if level := process.variable("AWS_LAMBDA_LOG_LEVEL"); dropsInfo(level) && process.variable("AWS_LAMBDA_LOG_FORMAT") == "JSON" {
		// Lambda filters lines by level, including audit records.
		logger.Error("at this log level Lambda drops audit records; set the application log level to INFO", zap.String("logLevel", level))
	}
}

// warnOfFactors writes down which sources cannot tell who has a second factor, unless
// such users migrate anyway.
func warnOfFactors(opened sources, logger *zap.Logger, configuration *config.Config) {
	for i, source := range opened {
		if !source.TellsSecondFactors && configuration.Rules.OnMFA != domain.MFAMigrate {
			logger.Warn(ports.NoSecondFactors, zap.String("source", source.name), zap.String("kind", configuration.Sources[i].Kind))
		}
	}
}

// warm prepares the sources, the audit sinks and the lockout table side by side,
// as far as each can be. A failure is not fatal: the first attempt tries again.
func warm(lifecycle fx.Lifecycle, binary Parts, opened sources, audit records, lockout lockout, logger *zap.Logger) {
	if binary.Unwarmed {
		return
	}
	lifecycle.Append(fx.StartHook(func(ctx context.Context) {
		ctx, cancel := context.WithTimeout(ctx, warmUp)
		defer cancel()
		var work sync.WaitGroup
		prepare := func(part func(context.Context) error, warning string, fields ...zap.Field) {
			if part == nil {
				return
			}
			work.Go(func() {
				if err := part(ctx); err != nil {
					level := zapcore.WarnLevel
					if errors.Is(err, ports.ErrMisconfigured) { // a retry does not help
						level = zapcore.ErrorLevel
					}
					logger.Log(level, warning, append(fields, zap.Error(err))...)
				}
			})
		}
		for _, source := range opened {
			prepare(source.Warm, "the source could not be prepared; the first attempt will try again", zap.String("source", source.name))
		}
		prepare(lockout.warm, "the lockout table could not be prepared; the first attempt will try again")
		for _, sink := range audit.sinks {
			prepare(sink.warm, "the audit sink could not be prepared; the first record will try again", zap.String("sink", sink.name))
		}
		work.Wait()
	}))
}

func newPseudonymizer(configuration *config.Config) domain.Pseudonymizer {
	key := configuration.Audit.HMACKey
	if key.Empty() {
		key = domain.NewSecret(rand.Text())
	}
	return domain.NewPseudonymizer(configuration.Audit.Username, key)
}

func newMigrator(
	opened sources,
	audit records,
	pseudonymizer domain.Pseudonymizer,
	queue parts.CompletionQueue,
	lockout lockout,
	configuration *config.Config,
	logger *zap.Logger,
	tracing *Tracing,
) lambdatrigger.Migrator {
	return migrate.New(tracing.directory(opened.directory()), audit, migrate.Options{
		Rules:         configuration.Rules,
		SourcePools:   configuration.SourcePools(),
		SecondFactors: opened.secondFactors(),
		Pseudonymizer: pseudonymizer,
		Earlier:       opened.earlier(tracing.directory),
		Completion:    completionOf(configuration.Completion, tracing.queue(queue), logger),
		Lockout:       lockout.Lockout,
		AuditRequired: configuration.Audit.Required,
		AuditFailed: func(_ context.Context, attemptID string, err error) {
			logger.Error("an audit record was not kept", zap.String("requestId", attemptID), zap.Error(err))
		},
	})
}

// completionOf returns what follows a decision to migrate, or nil.
func completionOf(settings config.Completion, queue ports.CompletionQueue, logger *zap.Logger) *migrate.Completion {
	if !settings.Wanted() {
		return nil
	}
	return &migrate.Completion{
		Queue:    queue,
		Keys:     settings.Keys,
		Required: settings.Required,

		OnlySecondFactors: settings.OnlySecondFactors(),
		Unsent: func(_ context.Context, err error) {
			logger.Error("a completion could not be queued", zap.Error(err))
		},
	}
}

func newHandler(migrator lambdatrigger.Migrator, opened sources, logger *zap.Logger, configuration *config.Config) *lambdatrigger.Handler {
	return lambdatrigger.New(migrator, logger, lambdatrigger.Options{
		Explain:   configuration.Refusal == config.RefusalExplain,
		PassEvent: slices.ContainsFunc(opened, func(source openedSource) bool { return source.ReadsEvent }),
	})
}
