package ports

import (
	"context"

	"cognito-user-migration/domain"
)

//go:generate go tool mockgen -source=lockout.go -destination=mocks/lockout.go -package=mocks

// Limiter limits the password attempts for one name, over all processes together.
// It counts an attempt as failed before the source is asked. So crashes and
// concurrent attempts never allow more than [domain.LockoutCount] does.
//
// Every method returns an error that matches, by errors.Is, [ErrThrottled],
// [ErrUnreachable], [ErrMisconfigured] or the context's own, as
// [SourceDirectory] has them. Implementations are safe for use by several
// goroutines.
type Limiter interface {
	// Take counts one attempt for a name. If the name is locked, it counts nothing
	// and returns a LockoutAttempt that is not granted. It returns an error if it is not
	// known whether the name is locked. Then the source must not be asked, and the
	// attempt may have been counted.
	Take(ctx context.Context, name domain.LockoutKey) (LockoutAttempt, error)

	// GiveBack releases a granted attempt, because the source certainly did not
	// check the password ([ErrNotJudged]). It is called once for each attempt.
	// It returns an error if the attempt may still count.
	GiveBack(ctx context.Context, name domain.LockoutKey, attempt LockoutAttempt) error

	// Clear deletes the count of a name, because its user migrates. It returns an
	// error if the attempts may still count. It can be repeated.
	Clear(ctx context.Context, name domain.LockoutKey) error
}

// LockoutAttempt is the answer of a [Limiter] to one attempt.
type LockoutAttempt struct {
	// Granted is true if the source may be asked.
	Granted bool
	// ID identifies a granted attempt at its limiter.
	ID string
	// Before and After are the counts of the name around this attempt.
	Before, After domain.LockoutCount
}
