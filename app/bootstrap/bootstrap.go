// Package bootstrap runs the Lambda function that a main lists the parts of. The
// command says which function: migrate, the default, answers the user migration
// trigger; complete finishes moves from a queue; claims puts the sub that users had
// at the source into their tokens.
package bootstrap

import (
	"context"
	"errors"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"time"

	"cognito-user-migration/adapters/lambdatrigger"
	"cognito-user-migration/app"

	"github.com/aws/aws-lambda-go/lambda"
	"go.uber.org/fx"
	"go.uber.org/zap"
)

// startTimeout bounds the start; Lambda itself allows ten seconds.
const startTimeout = 8 * time.Second

// completeWithin bounds an invocation of the command complete where Lambda's own
// deadline does not: the longest that Lambda itself allows.
const completeWithin = 15 * time.Minute

// garbage is how much of it there may be before it is collected, in percent of
// what is in use (GOGC); Go's own is 100. Little is in use here, and then Go
// counts in parts of four megabytes: this makes it three, which saves a megabyte
// and costs nothing that could be measured, since a sign-in leaves some sixty
// kilobytes behind.
const garbage = 75

// Main starts the function, serves it to Lambda and never returns. It reads the
// process's arguments and environment. A start that fails is reported to Lambda,
// and the process exits with status 1.
func Main(version string, binary app.Parts) {
	began := time.Now()
	if n := processors(os.Getenv); n > 0 {
		runtime.GOMAXPROCS(n)
	}
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(garbage)
	}
	app.RedirectStandardLog(app.NewLog(os.Stdout, os.Getenv("AWS_LAMBDA_LOG_LEVEL")))
	function, err := start(version, binary, os.Args[1:], os.Environ(), os.Stdout)
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

// start makes the function of the command ready to serve.
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
	// Lambda ends the process without a word, so nothing is ever stopped.
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

// The commands: the image's CMD.
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

// fail ends the start: the error goes to Lambda and to the log, and the process
// with exit status 1.
func fail(err error) {
	log := app.NewLog(os.Stderr, "") // at whatever level: nothing else tells of it
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
