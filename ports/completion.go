package ports

import (
	"context"
	"errors"

	"cognito-user-migration/domain"
)

//go:generate go tool mockgen -source=completion.go -destination=mocks/completion.go -package=mocks

// CompletionQueue keeps what is owed until the destination user is there.
type CompletionQueue interface {
	// Send puts one completion into the queue, not to be delivered at once. It
	// returns an error when it is not in the queue, or may not be; to send it
	// twice does no harm.
	Send(ctx context.Context, completion domain.Completion) error
}

// Destination are the user pools that users are moved to, as far as the move is
// finished there. Its errors are those of [SourceDirectory], and [ErrNoGroup].
type Destination interface {
	// FindUser returns the user of the pool whom the name or alias names; nil,
	// and no error, where the destination says that there is none.
	FindUser(ctx context.Context, userPoolID, username string) (*domain.DestinationUser, error)
	// AddToGroup puts the user into the group; it is fine if they are in it.
	// It returns an error that matches [ErrNoGroup] where there is no group of
	// this name.
	AddToGroup(ctx context.Context, userPoolID, username, group string) error
	// CreateGroup makes a group; it is fine if there is one of this name.
	CreateGroup(ctx context.Context, userPoolID, group string) error
}

// ErrNoGroup is a group that the destination does not have.
var ErrNoGroup = errors.New("no such group")

// ReasonOfDestination names why a move is not finished, by an error of
// [Destination]: an operator is to look in the right account.
func ReasonOfDestination(err error) domain.Reason {
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
		return ReasonOf(err)
	}
}

// SourceRetirer is what a source can do besides, that can part with users. Each
// method is fine with a user who is not there any more, or is in that state
// already; its errors are those of [SourceDirectory].
type SourceRetirer interface {
	// Disable keeps the user from signing in at the source.
	Disable(ctx context.Context, username string) error
	// SignOut ends every session of the user at the source.
	SignOut(ctx context.Context, username string) error
	// Delete removes the user from the source for good.
	Delete(ctx context.Context, username string) error
}

// GroupLister is what a source can do besides, that knows groups its profiles do
// not name.
type GroupLister interface {
	// Groups returns the user's groups; none for a user who is not there. Its
	// errors are those of [SourceDirectory].
	Groups(ctx context.Context, username string) ([]string, error)
}

// CompletionSink keeps the record of each try to finish a move.
type CompletionSink interface {
	// RecordCompletion keeps one record, as [AuditSink] does.
	RecordCompletion(ctx context.Context, record domain.CompletionRecord) error
}
