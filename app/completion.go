//go:build !nocompletion

package app

import (
	"context"
	"errors"

	"cognito-user-migration/adapters/cognitodestination"
	"cognito-user-migration/adapters/sqscompletion"
	"cognito-user-migration/app/complete"
	"cognito-user-migration/app/config"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"

	"go.uber.org/fx"
	"go.uber.org/zap"
)

// CompletionModules wires the function of the command complete, which finishes
// the moves that a queue holds. The graph gives an [*sqscompletion.Handler], and
// the [*complete.Completer] that the operator's tool uses without the queue.
func CompletionModules(process Process, configuration *config.Config) fx.Option {
	return graph(process, configuration, []any{
		func() (ports.Destination, error) { return OpenDestination(context.Background(), "") },
		newCompletionSources,
		newCompleter,
		func(completer *complete.Completer, queue *sqscompletion.Queue, logger *zap.Logger) *sqscompletion.Handler {
			return sqscompletion.NewHandler(completer, queue, logger)
		},
	})
}

// StartCompletion starts the function of the command complete. It is not stopped:
// Lambda ends a process without a word.
func StartCompletion(ctx context.Context, process Process, configuration *config.Config) (Function, error) {
	if !configuration.Completion.Wanted() {
		return Function{}, errors.New("command complete: COMPLETION_AFTER and COMPLETION_GROUPS ask for nothing, so there is nothing to complete")
	}
	var (
		handler  *sqscompletion.Handler
		function Function
	)
	_, err := Start(ctx, CompletionModules(process, configuration), fx.Populate(&handler, &function.Log, &function.Tracing))
	function.Handler = handler
	return function, err
}

// queueConstructors give the queue; its client is made only where a queue is set.
func queueConstructors() []any {
	return []any{
		newQueue,
		func(queue *sqscompletion.Queue) ports.CompletionQueue { return queue },
	}
}

func newQueue(configuration *config.Config, load awsLoader) (*sqscompletion.Queue, error) {
	if !configuration.Completion.Wanted() {
		return nil, nil //nolint:nilnil // nothing is owed, so nothing is queued
	}
	awsConfig, err := load()
	if err != nil {
		return nil, err
	}
	return sqscompletion.NewQueue(sqscompletion.NewClient(awsConfig), configuration.Completion.QueueURL), nil
}

// CompletionSources are the sources of a [complete.Completer], by their names.
type CompletionSources map[string]complete.Source

// OpenDestination gives the user pools of a region that the process's own
// credentials can ask; where none is named, of the process's own region.
func OpenDestination(ctx context.Context, region string) (*cognitodestination.Pools, error) {
	awsConfig, err := loadAWS(ctx)
	if err != nil {
		return nil, err
	}
	if region != "" {
		awsConfig.Region = region
	}
	return cognitodestination.New(cognitodestination.NewClient(awsConfig)), nil
}

func newCompletionSources(opened sources) CompletionSources {
	parts := make(CompletionSources, len(opened))
	for _, source := range opened {
		parts[source.name] = source.Source
	}
	return parts
}

func newCompleter(
	sources CompletionSources,
	destination ports.Destination,
	records records,
	pseudonymizer domain.Pseudonymizer,
	configuration *config.Config,
	logger *zap.Logger,
) *complete.Completer {
	return complete.New(sources, destination, records, complete.Options{
		Rules:         configuration.Rules,
		After:         configuration.Completion.After,
		Groups:        configuration.Completion.Groups,
		CreateGroups:  configuration.Completion.CreateGroups,
		Pseudonymizer: pseudonymizer,
		RecordFailed: func(_ context.Context, err error) {
			logger.Error("a completion's record was not kept", zap.Error(err))
		},
	})
}
