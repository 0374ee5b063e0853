package ports

import (
	"context"
	"iter"

	"cognito-user-migration/domain"
)

// UserLister lists the users of a source, for the operator's report.
type UserLister interface {
	// Slices lists the parts of the source that can be listed concurrently.
	// They are disjoint, and together they are the whole source. There is at
	// least one.
	Slices() []string
	// Pages lists the users of one slice. It stops after an error, which is one
	// of those of [SourceDirectory]. A page can be empty although more follow.
	// The profiles are those that [SourceDirectory.FindUser] returns, but a
	// second factor may be missing if the source does not list it.
	Pages(ctx context.Context, request ListRequest) iter.Seq2[UserPage, error]
}

// ListRequest has the parameters of a listing.
type ListRequest struct {
	// Slice is one of [UserLister.Slices].
	Slice string
	// Position is [UserPage.Next] of an earlier page, to continue after it; empty
	// for the beginning.
	Position string
	// Wait is called before each request to the source; its error ends the
	// listing. It is nil without a rate limit.
	Wait func(context.Context) error
}

// Turn calls Wait, if it is set.
func (r ListRequest) Turn(ctx context.Context) error {
	if r.Wait == nil {
		return ctx.Err()
	}
	return r.Wait(ctx)
}

// Pages lists page by page from the position on. It calls Turn before each page, and
// read with the position of the page.
func (r ListRequest) Pages(ctx context.Context, read func(position string) (UserPage, error)) iter.Seq2[UserPage, error] {
	return func(yield func(UserPage, error) bool) {
		for position := r.Position; ; {
			page, err := UserPage{}, r.Turn(ctx)
			if err == nil {
				page, err = read(position)
			}
			if !yield(page, err) || err != nil || page.Next == "" {
				return
			}
			position = page.Next
		}
	}
}

// UserPage has some users of a source.
type UserPage struct {
	Users []domain.SourceUser
	// Next is the position after this page. It is empty on the last page, and
	// if the source can be listed only from the beginning.
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
