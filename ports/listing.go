package ports

import (
	"context"
	"iter"

	"cognito-user-migration/domain"
)

// UserLister lists the users of a source, for the operator's report.
type UserLister interface {
	// Slices names the parts of the source that can be listed side by side. They
	// are disjoint, and together they are the source. There is one at least.
	Slices() []string
	// Pages lists the users of one slice. It stops after an error, which is one of
	// those of [SourceDirectory]. A page can be empty although more follow. The
	// profiles are those that [SourceDirectory.FindUser] returns, but a second
	// factor may be missing where the source lists none.
	Pages(ctx context.Context, request ListRequest) iter.Seq2[UserPage, error]
}

// ListRequest says what to list.
type ListRequest struct {
	// Slice is one of [UserLister.Slices].
	Slice string
	// Position is [UserPage.Next] of an earlier page, to continue after it; empty
	// for the beginning.
	Position string
	// Wait is called before each request to the source, and ends the listing with
	// its error. It is nil where there is no limit.
	Wait func(context.Context) error
}

// Turn waits for the request's turn.
func (r ListRequest) Turn(ctx context.Context) error {
	if r.Wait == nil {
		return ctx.Err()
	}
	return r.Wait(ctx)
}

// UserPage are some users of a source.
type UserPage struct {
	Users []domain.SourceUser
	// Next is the position after this page. It is empty on the last page, and where
	// the source can only be listed from the beginning.
	Next string
}

// HashLister lists the password hashes of a source, for the operator's export. A
// [UserLister] can be one.
type HashLister interface {
	// Hashes lists the users who have a hash, and stops after an error.
	Hashes(ctx context.Context) iter.Seq2[UserHash, error]
}

// UserHash is the password hash of a user, as the source has it.
type UserHash struct {
	Username string
	Hash     domain.Secret
}
