package app

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
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

// warmUp is how long the start may take to fetch credentials and connect.
// Cognito waits for a cold function too, so what is not ready by then is left
// to the first attempt.
const warmUp = time.Second

// Process is what the parts take from the process that they run in.
type Process struct {
	// Environ is the environment, as [os.Environ] gives it.
	Environ []string
	// Log is where log lines and audit lines go.
	Log io.Writer
	// Version is the program's, for records that name it.
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
	// Handler is what Lambda calls, inside of what Tracing makes of it.
	Handler parts.Handler
	// Log is where the function writes.
	Log *zap.Logger
	// Tracing traces what it does.
	Tracing *Tracing
}

// Modules wires the function of the command migrate: everything from the
// configuration to the handler that Lambda calls. Production, the operator's tool
// and tests all use it. The graph gives a [*lambdatrigger.Handler].
func Modules(binary Parts, process Process, configuration *config.Config) fx.Option {
	return graph(binary, process, configuration, []any{newLockout, newMigrator, newHandler}, warnOfFactors, warm)
}

// graph is what both commands are made of, and what one of them adds to it:
// constructors, and a last step where there is one.
func graph(binary Parts, process Process, configuration *config.Config, more []any, last ...any) fx.Option {
	// Several write to the log, each line in one write.
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

// Start starts a graph of modules and returns how it is stopped. Its error is
// that of the part that could not be made, without the graph's own words.
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

// warn writes down what of the configuration may not be meant.
func warn(process Process, logger *zap.Logger, configuration *config.Config) {
	for _, warning := range configuration.Warnings {
		logger.Warn(warning)
	}
	if level := process.variable("AWS_LAMBDA_LOG_LEVEL"); dropsInfo(level) && process.variable("AWS_LAMBDA_LOG_FORMAT") == "JSON" {
		// Lambda itself filters lines by their level, audit records too.
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
					if errors.Is(err, ports.ErrMisconfigured) { // to try again does not help
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

// completionOf is what follows a decision to migrate; nil where nothing does.
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

func newHandler(migrator lambdatrigger.Migrator, logger *zap.Logger, configuration *config.Config) *lambdatrigger.Handler {
	return lambdatrigger.New(migrator, logger, lambdatrigger.Options{
		Explain: configuration.Refusal == config.RefusalExplain,
	})
}
