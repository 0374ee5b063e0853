package app

import (
	"context"
	"errors"

	"cognito-user-migration/app/complete"
	"cognito-user-migration/app/config"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
	"cognito-user-migration/ports/parts"

	"go.uber.org/fx"
	"go.uber.org/zap"
)

// CompletionModules wires the function of the command complete, which completes
// the migrations in a queue. The graph provides a [parts.Handler], and the
// [*complete.Completer] that the operator's tool uses without the queue.
func CompletionModules(binary Parts, process Process, configuration *config.Config) fx.Option {
	return graph(binary, process, configuration, []any{
		newDestination,
		newCompletionSources,
		newCompleter,
		func(completer *complete.Completer, queue parts.CompletionQueue, logger *zap.Logger) parts.Handler {
			return queue.Handler(completer, logger)
		},
	})
}

// StartCompletion starts the function of the command complete. It is never
// stopped, because Lambda ends a process without notice.
func StartCompletion(ctx context.Context, binary Parts, process Process, configuration *config.Config) (Function, error) {
	if binary.Completion == nil {
		return Function{}, missing("command complete", "completion")
	}
	if !configuration.Completion.Wanted() {
		return Function{}, errors.New("command complete: COMPLETION_AFTER and COMPLETION_GROUPS ask for nothing, nor does MIGRATE_ON_MFA, so there is nothing to complete")
	}
	var function Function
	_, err := Start(ctx, CompletionModules(binary, process, configuration), fx.Populate(&function.Handler, &function.Log, &function.Tracing))
	return function, err
}

// newQueue opens the queue, if completion is configured.
func newQueue(binary Parts, configuration *config.Config) (parts.CompletionQueue, error) {
	if !configuration.Completion.Wanted() {
		return nil, nil //nolint:nilnil // without completion there is no queue
	}
	if binary.Completion == nil {
		return nil, missing("COMPLETION_AFTER, COMPLETION_GROUPS, MIGRATE_ON_MFA", "completion")
	}
	return binary.Completion.Queue(context.Background(), configuration.Completion.QueueURL, configuration.Completion.Keys)
}

func newDestination(binary Parts) (ports.Destination, error) {
	return binary.Completion.Destination(context.Background())
}

// CompletionSources are the sources of a [complete.Completer] by name.
type CompletionSources map[string]ports.Source

func newCompletionSources(opened sources) CompletionSources {
	named := make(CompletionSources, len(opened))
	for _, source := range opened {
		named[source.name] = source.Source
	}
	return named
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
		Keys:          configuration.Completion.Keys,
		SourcePools:   configuration.SourcePools(),
		After:         configuration.Completion.After,
		Groups:        configuration.Completion.Groups,
		CreateGroups:  configuration.Completion.CreateGroups,
		Pseudonymizer: pseudonymizer,
		RecordFailed: func(_ context.Context, err error) {
			logger.Error("a completion's record was not kept", zap.Error(err))
		},
	})
}
