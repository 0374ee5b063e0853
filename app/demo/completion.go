package demo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"cognito-user-migration/app"
	"cognito-user-migration/app/complete"
	"cognito-user-migration/app/trial"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
	"cognito-user-migration/ports/parts"

	"go.uber.org/fx"
	"go.uber.org/zap"
)

// secondHalf replaces SQS and the destination user pool in the demonstration,
// to show how a migration is completed.
type secondHalf struct {
	queued []domain.Completion
	user   *domain.DestinationUser
	groups []string
}

// settings returns the settings of a function with completion.
func (*secondHalf) settings() []string {
	return []string{
		"COMPLETION_AFTER=disable", "COMPLETION_GROUPS=editors=writers",
		"COMPLETION_QUEUE_URL=https://sqs.example.com/123456789012/demo", // not called
		"COMPLETION_HMAC_KEY=a demonstration signs with this key",
	}
}

// Send implements [ports.CompletionQueue].
func (h *secondHalf) Send(_ context.Context, completion domain.Completion) error {
	h.queued = append(h.queued, completion)
	return nil
}

// FindUser implements [ports.Destination].
func (h *secondHalf) FindUser(context.Context, string, string) (*domain.DestinationUser, error) {
	return h.user, nil
}

// AddToGroup implements [ports.Destination].
func (h *secondHalf) AddToGroup(_ context.Context, _, _, group string) error {
	h.groups = append(h.groups, group)
	return nil
}

// CreateGroup implements [ports.Destination].
func (*secondHalf) CreateGroup(context.Context, string, string) error {
	return nil
}

// PreferMFA implements [ports.Destination].
func (*secondHalf) PreferMFA(context.Context, string, string, domain.MFAMethod) error {
	return nil
}

// part returns completion with this queue and this destination.
func (h *secondHalf) part() *parts.Completion {
	return &parts.Completion{
		Queue:       func(context.Context, string, domain.CompletionKeys) (parts.CompletionQueue, error) { return h, nil },
		Destination: func(context.Context) (ports.Destination, error) { return h, nil },
	}
}

// Handler implements [parts.CompletionQueue]. The demonstration does not use
// it.
func (*secondHalf) Handler(parts.Completer, *zap.Logger) parts.Handler { return nil }

// show completes the first queued migration twice: before the user of the
// response is created, and after.
func (h *secondHalf) show(ctx context.Context, binary app.Parts, environ []string, first trial.Outcome, to io.Writer) error {
	if len(h.queued) == 0 {
		return errors.New("there is no migration to complete")
	}
	configuration, err := app.Load(ctx, binary, environ)
	if err != nil {
		return err
	}
	var completer *complete.Completer
	stop, err := app.Start(ctx,
		app.CompletionModules(binary, app.Process{Environ: environ, Log: io.Discard}, configuration),
		fx.Populate(&completer),
	)
	if err != nil {
		return err
	}
	defer func() { _ = stop(ctx) }()
	fmt.Fprint(to, "\nThe completion of the first migration, from a queue (group editors becomes writers; the source user is disabled):\n\n")
	table := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	for _, when := range []string{"before Cognito has created the user", "afterwards"} {
		record, err := completer.Complete(ctx, h.queued[0])
		if err != nil {
			return err
		}
		result := trial.Completion{Outcome: record.Outcome, Reason: record.Reason, SourceUser: record.Retired, Groups: h.groups}
		fmt.Fprintf(table, "%s\t%s\n", when, result.Words(false))
		if err := h.create(first.Response); err != nil {
			return err
		}
	}
	return table.Flush()
}

// create creates the user of a response, as Cognito does.
func (h *secondHalf) create(response json.RawMessage) error {
	var read struct {
		UserAttributes  domain.Attributes `json:"userAttributes"`
		FinalUserStatus domain.UserStatus `json:"finalUserStatus"`
	}
	if err := json.Unmarshal(response, &read); err != nil {
		return err
	}
	h.user = &domain.DestinationUser{
		Username: read.UserAttributes["username"], Enabled: true, Status: read.FinalUserStatus, Attributes: read.UserAttributes, CreatedAt: time.Now(),
	}
	return nil
}
