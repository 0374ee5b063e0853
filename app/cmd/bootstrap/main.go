// Bootstrap is what the image runs: the Lambda function. Its command says which:
// migrate, the default, answers the user migration trigger.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"cognito-user-migration/adapters/lambdatrigger"
	"cognito-user-migration/app"
	"cognito-user-migration/app/config"

	"github.com/aws/aws-lambda-go/lambda"
	"go.uber.org/fx"
	"go.uber.org/zap"
)

// version is set by the build.
var version = "devel"

// startTimeout bounds the start; Lambda itself allows ten seconds.
const startTimeout = 8 * time.Second

func main() {
	began := time.Now()
	handler, logger, err := start(os.Args[1:], os.Environ(), os.Stdout)
	if err != nil {
		fail(err)
	}
	took := time.Since(began)
	handler.Started(took)
	logger.Info("ready", zap.String("version", version), zap.Duration("startMs", took))
	lambda.Start(handler) // never returns
}

// start makes the handler ready to serve.
func start(args, environ []string, log io.Writer) (*lambdatrigger.Handler, *zap.Logger, error) {
	if err := checkCommand(args); err != nil {
		return nil, nil, err
	}
	if os.Getenv("AWS_LAMBDA_RUNTIME_API") == "" {
		return nil, nil, errors.New("this program runs in AWS Lambda, which sets AWS_LAMBDA_RUNTIME_API; elsewhere use `migratectl serve` or `migratectl simulate`")
	}
	configuration, err := config.Load(environ, app.Kinds())
	if err != nil {
		return nil, nil, err
	}
	var (
		handler *lambdatrigger.Handler
		logger  *zap.Logger
	)
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	// Lambda ends the process without a word, so there is nothing to stop.
	_, err = app.Start(ctx, app.Modules(app.Process{Environ: environ, Log: log}, configuration), fx.Populate(&handler, &logger))
	return handler, logger, err
}

func checkCommand(args []string) error {
	switch {
	case len(args) == 0, len(args) == 1 && args[0] == "migrate":
		return nil
	case len(args) == 1 && args[0] == "complete":
		return errors.New("command complete: completion is not there yet; the command is migrate")
	default:
		return errors.New("the command is migrate, the default, and takes no arguments")
	}
}

// fail ends the start: the error goes to Lambda and to the log, and the process
// with exit status 1.
func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	if runtimeAPI := os.Getenv("AWS_LAMBDA_RUNTIME_API"); runtimeAPI != "" {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if reportErr := lambdatrigger.ReportInitError(ctx, runtimeAPI, err); reportErr != nil {
			fmt.Fprintln(os.Stderr, reportErr)
		}
	}
	os.Exit(1) //nolint:gocritic // the deferred cancel has nothing left to do
}
