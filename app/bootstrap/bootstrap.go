// Package bootstrap runs the Lambda function with the parts that a main lists.
// The command selects the function. migrate, the default, answers the user
// migration trigger. complete completes migrations from a queue. claims adds
// the source's sub to tokens.
package bootstrap

import (
	"context"
	"errors"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"cognito-user-migration/adapters/lambdatrigger"
	"cognito-user-migration/app"
	"cognito-user-migration/app/config"

	"github.com/aws/aws-lambda-go/lambda"
	"go.uber.org/fx"
	"go.uber.org/zap"
)

// startTimeout limits the start; Lambda itself allows ten seconds.
const startTimeout = 8 * time.Second

// completeWithin limits an invocation of the command complete without a
// deadline of Lambda: the longest time that Lambda allows.
const completeWithin = 15 * time.Minute

// garbage is the amount of garbage, in percent of the memory in use, that
// starts a collection (GOGC). Go's default is 100. With little memory in use,
// Go rounds up to four megabytes. This value makes it three. It saves a
// megabyte without measurable cost, because a sign-in leaves about sixty
// kilobytes of garbage.
const garbage = 75

// Main starts the function, serves it to Lambda and never returns. It reads the
// process's arguments and environment. If the start fails, it reports the error
// to Lambda and exits with status 1.
func Main(version string, binary app.Parts) {
	began := time.Now()
	if n := processors(os.Getenv); n > 0 {
		runtime.GOMAXPROCS(n)
	}
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(garbage)
	}
	app.RedirectStandardLog(app.NewLog(os.Stdout, os.Getenv("AWS_LAMBDA_LOG_LEVEL")))
	function, err := start(version, binary, os.Args[1:], unpacked(os.Environ(), os.Setenv), os.Stdout)
	if err != nil {
		fail(err)
	}
	took := time.Since(began)
	within, charged := completeWithin, time.Duration(0)
	if trigger, ok := function.Handler.(*lambdatrigger.Handler); ok {
		within, charged = lambdatrigger.CognitoWait, trigger.Started(took)
	}
	function.Log.Info("ready", zap.String("version", version), zap.Duration("startMs", took))
	lambda.Start(function.Tracing.Handler(function.Handler, within, charged)) // never returns
}

// unpacked returns the environment with the variables of SOURCE_VARIABLES in its
// place. OpenTelemetry's SDK reads the process's own environment, so its variables
// are set there too. With a problem, it changes nothing, and the start reports it.
func unpacked(environ []string, set func(name, value string) error) []string {
	plain, err := config.Unpack(environ)
	if err != nil {
		return environ
	}
	for _, variable := range plain {
		if name, value, _ := strings.Cut(variable, "="); strings.HasPrefix(name, "OTEL_") {
			_ = set(name, value) // the name and the value are fit for it: Unpack read them
		}
	}
	return plain
}

// start starts the function of the command.
func start(version string, binary app.Parts, args, environ []string, log io.Writer) (app.Function, error) {
	command, err := commandOf(args)
	if err != nil {
		return app.Function{}, err
	}
	process := app.Process{Environ: environ, Log: log, Version: version}
	if os.Getenv("AWS_LAMBDA_RUNTIME_API") == "" {
		return app.Function{}, errors.New("AWS_LAMBDA_RUNTIME_API is not set: this program runs only in AWS Lambda; elsewhere use `migratectl serve` or `migratectl simulate`")
	}
	if command == commandClaims {
		return app.StartClaims(process)
	}
	configuration, err := app.Load(context.Background(), binary, environ)
	if err != nil {
		return app.Function{}, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	// Lambda ends the process without notice, so nothing is ever stopped.
	if command == commandComplete {
		return app.StartCompletion(ctx, binary, process, configuration)
	}
	var (
		handler  *lambdatrigger.Handler
		function app.Function
	)
	_, err = app.Start(ctx, app.Modules(binary, process, configuration), fx.Populate(&handler, &function.Log, &function.Tracing))
	function.Handler = handler
	return function, err
}

// Commands, which are the image's CMD.
const (
	commandMigrate  = "migrate"
	commandComplete = "complete"
	commandClaims   = "claims"
)

func commandOf(args []string) (string, error) {
	switch {
	case len(args) == 0:
		return commandMigrate, nil
	case len(args) == 1 && slices.Contains([]string{commandMigrate, commandComplete, commandClaims}, args[0]):
		return args[0], nil
	default:
		return "", errors.New("unknown command; expected migrate (the default), complete or claims, without arguments")
	}
}

// fail reports the error to Lambda and the log, and exits with status 1.
func fail(err error) {
	log := app.NewLog(os.Stderr, "") // at any level: this line is the only message
	log.Error("the function does not start", zap.Error(err))
	if runtimeAPI := os.Getenv("AWS_LAMBDA_RUNTIME_API"); runtimeAPI != "" {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if reportErr := reportInitError(ctx, runtimeAPI, err); reportErr != nil {
			log.Error("Lambda was not told why", zap.Error(reportErr))
		}
	}
	os.Exit(1) //nolint:gocritic // the deferred cancel has nothing left to do
}
