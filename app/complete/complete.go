// Package complete is the second use case: it completes a migration after Cognito
// created the user. It sets the second factor first, then adds groups, and changes the
// source user last, because the user may depend on the source until then. It sees domain and ports
// only.
package complete

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
)

// Options are the choices of a [Completer].
type Options struct {
	// Rules are the rules of migrations.
	Rules domain.Rules
	// Keys check the digests in completions.
	Keys domain.CompletionKeys
	// SourcePools are the IDs of the source user pools. A completion with one
	// of them as the destination does nothing: it would disable or delete the
	// user who must be kept.
	SourcePools []string
	// After says what happens to source users.
	After domain.After
	// Groups maps source groups to destination groups.
	Groups domain.GroupMap
	// CreateGroups creates groups that the destination lacks.
	CreateGroups bool
	// Pseudonymizer returns the recorded form of usernames.
	Pseudonymizer domain.Pseudonymizer
	// RecordFailed is called if a record could not be stored. The completion
	// stands, because it cannot be undone.
	RecordFailed func(ctx context.Context, err error)
	// Now is the clock; nil means [time.Now].
	Now func() time.Time
}

// Completer completes migrations.
type Completer struct {
	sources     map[string]ports.Source
	destination ports.Destination
	records     ports.CompletionSink
	options     Options
}

// New returns the use case for the sources, by name, and the destination.
func New(sources map[string]ports.Source, destination ports.Destination, records ports.CompletionSink, options Options) *Completer {
	if options.RecordFailed == nil {
		options.RecordFailed = func(context.Context, error) {}
	}
	if options.Now == nil {
		options.Now = time.Now
	}
	return &Completer{sources: sources, destination: destination, records: records, options: options}
}

// result is the result of one attempt to complete a migration.
type result struct {
	domain.CompletionRecord
	err error
}

// Complete attempts to complete one migration and records the result. It can be
// repeated in any order and after a crash. The error is for the log; the record has
// only the reason.
func (c *Completer) Complete(ctx context.Context, completion domain.Completion) (domain.CompletionRecord, error) {
	result := result{CompletionRecord: domain.CompletionRecord{
		AttemptID:  completion.AttemptID,
		Time:       c.options.Now(),
		Source:     completion.Source,
		UserPoolID: completion.UserPoolID,
		Username:   c.options.Pseudonymizer.Pseudonym(completion.SourceUsername),
		Retired:    domain.RetiredNot,
	}}
	c.finish(ctx, completion, &result)
	c.record(ctx, result.CompletionRecord)
	return result.CompletionRecord, result.err
}

// recording limits the time for one record. A sink that hangs must not use up
// the time of the following messages.
const recording = 2 * time.Second

func (c *Completer) record(ctx context.Context, record domain.CompletionRecord) {
	limited, cancel := context.WithTimeout(ctx, recording)
	defer cancel()
	if err := c.records.RecordCompletion(limited, record); err != nil {
		c.options.RecordFailed(ctx, err)
	}
}

// stopped ends an attempt with a reason, which determines whether it is
// retried.
func (r *result) stopped(reason domain.CompletionReason, err error) {
	r.Outcome, r.Reason, r.err = reason.Outcome(), reason, err
}

func (r *result) done(retired domain.Retired) {
	r.Outcome, r.Retired = domain.CompletionDone, retired
}

func (c *Completer) finish(ctx context.Context, completion domain.Completion, result *result) {
	source, known := c.sources[completion.Source]
	switch {
	case slices.Contains(c.options.SourcePools, completion.UserPoolID):
		result.stopped(domain.ReasonSourceIsDestination, nil)
		return
	case !known || c.retires() && source.Retirer == nil:
		result.stopped(domain.ReasonSourceUnfit, nil)
		return
	}
	created, ready := c.readDestination(ctx, completion, result)
	if !ready {
		return
	}
	verified, err := source.Directory.FindUser(ctx, completion.SourceUsername)
	if err != nil {
		result.stopped(ports.CompletionReasonOf(err), fmt.Errorf("the source user: %w", err))
		return
	}
	switch {
	case verified.Kind == domain.UserUnknown:
		// Disabled or deleted by an earlier attempt or by an administrator.
		c.finishWithoutSource(ctx, completion, *created, domain.RetiredGone, result)
		return
	case verified.Kind == domain.LookUpUnsupported && !c.retires() && (completion.GroupsKnown || c.options.Groups.Empty() && completion.ConcernsMFA()):
		c.finishWithoutSource(ctx, completion, *created, domain.RetiredNot, result)
		return
	case verified.Kind != domain.UserFound || !completion.IsUser(verified.User):
		result.stopped(domain.ReasonSourceUserReplaced, nil)
		return
	}
	if reason := domain.SameUser(c.options.Rules, completion, verified.User, *created); reason != "" {
		result.stopped(reason, nil)
		return
	}
	if !c.secure(ctx, completion, *created, result) || !c.addGroups(ctx, completion, source, verified.User, created.Username, result) {
		return
	}
	if c.retires() && !c.stillReady(ctx, completion, verified.User, *created, result) {
		return
	}
	c.retire(ctx, completion, source, verified.User, result)
	if result.Outcome == domain.CompletionDone {
		result.AreSame(verified.User, *created)
	}
}

// readDestination reads the destination user. It returns false if that user's
// state prevents the completion.
func (c *Completer) readDestination(ctx context.Context, completion domain.Completion, result *result) (*domain.DestinationUser, bool) {
	user, err := c.destination.FindUser(ctx, completion.UserPoolID, completion.Username)
	if err != nil {
		result.stopped(ports.ReasonOfDestination(err), fmt.Errorf("the destination user: %w", err))
		return nil, false
	}
	if reason := domain.ReadyToComplete(c.options.Rules, completion, user); reason != "" {
		result.stopped(reason, nil)
		return nil, false
	}
	return user, true
}

// stillReady reads the destination user once more. In the meantime, someone may
// have disabled, deleted or replaced that user; then the user has only the
// source user left.
func (c *Completer) stillReady(ctx context.Context, completion domain.Completion, verified domain.SourceUser, created domain.DestinationUser, result *result) bool {
	again, ready := c.readDestination(ctx, completion, result)
	if !ready {
		return false
	}
	if !again.Is(created) {
		// A new user does not have the groups that were added to the previous
		// one.
		result.stopped(domain.ReasonDestinationReplaced, nil)
		return false
	}
	if reason := domain.SameUser(c.options.Rules, completion, verified, *again); reason != "" {
		result.stopped(reason, nil)
		return false
	}
	return true
}

// secure sets the second factor that the user keeps, and adds the group of users who
// must set up a new one. It returns false if that failed. A user who prefers a
// factor in the destination already has passed one there, or chose it: it stays.
func (c *Completer) secure(ctx context.Context, completion domain.Completion, created domain.DestinationUser, result *result) bool {
	if factor := completion.SecondFactor; factor != "" && created.PreferredMFA == "" {
		if err := c.destination.PreferMFA(ctx, completion.UserPoolID, created.Username, factor); err != nil {
			result.stopped(ports.ReasonOfDestination(err), fmt.Errorf("second factor %s: %w", factor, err))
			return false
		}
		result.SecondFactor = factor
	} else if created.PreferredMFA == factor {
		result.SecondFactor = factor
	}
	if completion.MFAGroup == "" {
		return true
	}
	return c.put(ctx, completion, completion.MFAGroup, created.Username, result)
}

// finishWithoutSource does what only the message knows: the second factor and the
// groups. The source user cannot be read, so the message itself has to prove who the
// destination user is.
func (c *Completer) finishWithoutSource(ctx context.Context, completion domain.Completion, created domain.DestinationUser, retired domain.Retired, result *result) {
	groups := completion.GroupsKnown && !c.options.Groups.Empty()
	if !groups && !completion.ConcernsMFA() {
		result.done(retired)
		return
	}
	if reason := completion.ProvenBy(c.options.Rules, c.options.Keys, created); reason != "" {
		result.stopped(reason, nil)
		return
	}
	if !c.secure(ctx, completion, created, result) || groups && !c.putInto(ctx, completion, completion.Groups, created.Username, result) {
		return
	}
	result.done(retired)
}

// addGroups adds the destination user to the groups. It returns false if it
// could not finish.
func (c *Completer) addGroups(ctx context.Context, completion domain.Completion, source ports.Source, verified domain.SourceUser, username string, result *result) bool {
	if c.options.Groups.Empty() {
		return true
	}
	groups, err := groupsOf(ctx, completion, source, verified)
	if err != nil {
		result.stopped(ports.CompletionReasonOf(err), fmt.Errorf("the groups at the source: %w", err))
		return false
	}
	return c.putInto(ctx, completion, groups, username, result)
}

// putInto adds the destination user to the groups that the rules select.
func (c *Completer) putInto(ctx context.Context, completion domain.Completion, groups []string, username string, result *result) bool {
	for _, group := range c.options.Groups.Apply(groups) {
		if !c.put(ctx, completion, group, username, result) {
			return false
		}
	}
	return true
}

// put adds the destination user to one group.
func (c *Completer) put(ctx context.Context, completion domain.Completion, group, username string, result *result) bool {
	if err := c.addGroup(ctx, completion.UserPoolID, username, group); err != nil {
		result.stopped(ports.ReasonOfDestination(err), fmt.Errorf("group %s: %w", group, err))
		return false
	}
	result.Groups++
	return true
}

// groupsOf reads the current groups. Those in the message date from the
// sign-in, and are used only if the source cannot be asked.
func groupsOf(ctx context.Context, completion domain.Completion, source ports.Source, verified domain.SourceUser) ([]string, error) {
	switch {
	case verified.GroupsKnown:
		return verified.Groups, nil
	case source.Groups != nil:
		return source.Groups.Groups(ctx, verified.Username)
	default:
		return completion.Groups, nil
	}
}

func (c *Completer) addGroup(ctx context.Context, userPoolID, username, group string) error {
	err := c.destination.AddToGroup(ctx, userPoolID, username, group)
	if !errors.Is(err, ports.ErrNoGroup) || !c.options.CreateGroups {
		return err
	}
	if err := c.destination.CreateGroup(ctx, userPoolID, group); err != nil {
		return err
	}
	return c.destination.AddToGroup(ctx, userPoolID, username, group)
}

// retires reports whether source users are disabled or deleted.
func (c *Completer) retires() bool {
	return c.options.After == domain.AfterDisable || c.options.After == domain.AfterDelete
}

// retire disables or deletes the source user. A user whose attributes changed since
// the migration is only disabled, because a deletion would lose the changes.
func (c *Completer) retire(ctx context.Context, completion domain.Completion, source ports.Source, verified domain.SourceUser, result *result) {
	switch {
	case !c.retires():
		result.done(domain.RetiredNot)
	case c.options.After == domain.AfterDelete && completion.Unchanged(c.options.Rules, c.options.Keys, verified):
		c.remove(ctx, verified.Username, source, result)
	default:
		if err := disable(ctx, source, verified); err != nil {
			result.stopped(ports.CompletionReasonOf(err), fmt.Errorf("disable the source user: %w", err))
			return
		}
		result.done(domain.RetiredDisabled)
		result.DisabledBefore = !verified.Enabled
		if c.options.After == domain.AfterDelete {
			result.Retired, result.Reason = domain.RetiredDisabledInstead, domain.ReasonSourceUserChanged
		}
	}
}

func disable(ctx context.Context, source ports.Source, verified domain.SourceUser) error {
	if !verified.Enabled {
		return nil
	}
	return source.Retirer.Disable(ctx, verified.Username)
}

// remove deletes the source user. It ends their sessions first: some services accept
// a token without asking whether the user still exists.
func (c *Completer) remove(ctx context.Context, username string, source ports.Source, result *result) {
	if err := source.Retirer.SignOut(ctx, username); err != nil {
		result.stopped(ports.CompletionReasonOf(err), fmt.Errorf("sign out the source user: %w", err))
		return
	}
	if err := source.Retirer.Delete(ctx, username); err != nil {
		result.stopped(ports.CompletionReasonOf(err), fmt.Errorf("delete the source user: %w", err))
		return
	}
	result.done(domain.RetiredDeleted)
}
