//go:build nocompletion

package app

import (
	"context"
	"errors"

	"cognito-user-migration/app/config"
	"cognito-user-migration/ports"
)

// StartCompletion says that there is no such command.
func StartCompletion(context.Context, Process, *config.Config) (Function, error) {
	return Function{}, errors.New("command complete: this binary was built without completion (build tag nocompletion)")
}

// queueConstructors give no queue, and an error where one is needed.
func queueConstructors() []any {
	return []any{func(configuration *config.Config) (ports.CompletionQueue, error) {
		if configuration.Completion.Wanted() {
			return nil, errors.New("COMPLETION_AFTER, COMPLETION_GROUPS: this binary was built without completion (build tag nocompletion)")
		}
		return nil, nil // nothing is owed, so nothing is queued
	}}
}
