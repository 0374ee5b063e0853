package ports

import (
	"context"
	"errors"

	"cognito-user-migration/domain"
)

//go:generate go tool mockgen -source=completion.go -destination=mocks/completion.go -package=mocks

// CompletionQueue keeps completions until the destination user exists.
type CompletionQueue interface {
	// Send puts one completion into the queue, for delivery after a delay. It
	// returns an error if the completion may not be in the queue. It can be
	// repeated.
	Send(ctx context.Context, completion domain.Completion) error
}

// Destination reads and changes users of the destination, for completion. Its errors are those of [SourceDirectory], and [ErrNoGroup].
type Destination interface {
	// FindUser returns the user with this name or alias. It returns nil and no
	// error if the destination answers that there is none.
	FindUser(ctx context.Context, userPoolID, username string) (*domain.DestinationUser, error)
	// AddToGroup adds the user to the group, and can be repeated. It returns an
	// error that matches [ErrNoGroup] if there is no group of this name.
	AddToGroup(ctx context.Context, userPoolID, username, group string) error
	// CreateGroup creates a group, and can be repeated.
	CreateGroup(ctx context.Context, userPoolID, group string) error
	// PreferMFA switches the second factor on for the user, as the preferred one. It
	// leaves the others as they are, and can be repeated. The factor is
	// [domain.MFASMS] or [domain.MFAEmail].
	PreferMFA(ctx context.Context, userPoolID, username string, factor domain.MFAMethod) error
}

// ErrNoGroup is returned if the destination has no group with this name.
var ErrNoGroup = errors.New("no such group")

// ReasonOfDestination returns the reason for an error of [Destination]. It names the
// destination, so that the operator looks in the right account.
func ReasonOfDestination(err error) domain.CompletionReason {
	switch {
	case errors.Is(err, ErrNoGroup):
		return domain.ReasonGroupMissing
	case errors.Is(err, ErrThrottled):
		return domain.ReasonDestinationThrottled
	case errors.Is(err, ErrUnreachable):
		return domain.ReasonDestinationUnreachable
	case errors.Is(err, ErrMisconfigured):
		return domain.ReasonDestinationMisconfigured
	default:
		return CompletionReasonOf(err)
	}
}

// CompletionReasonOf returns the reason for an error of a source, as [ReasonOf] does
// for an attempt.
func CompletionReasonOf(err error) domain.CompletionReason {
	return domain.CompletionReason(ReasonOf(err))
}

// SourceRetirer disables and deletes source users. Each method succeeds if the user
// no longer exists or is in that state already. Its errors are those of
// [SourceDirectory].
type SourceRetirer interface {
	// Disable prevents the user from signing in at the source.
	Disable(ctx context.Context, username string) error
	// SignOut ends every session of the user at the source.
	SignOut(ctx context.Context, username string) error
	// Delete removes the user from the source for good.
	Delete(ctx context.Context, username string) error
}

// GroupLister lists groups that the source's profiles do not contain.
type GroupLister interface {
	// Groups returns the user's groups; none for a user who does not exist. Its
	// errors are those of [SourceDirectory].
	Groups(ctx context.Context, username string) ([]string, error)
}

// CompletionSink keeps the record of each attempt to complete a migration.
type CompletionSink interface {
	// RecordCompletion stores one record, as [AuditSink] does.
	RecordCompletion(ctx context.Context, record domain.CompletionRecord) error
}
