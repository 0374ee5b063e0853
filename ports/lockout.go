package ports

import (
	"context"

	"cognito-user-migration/domain"
)

//go:generate go tool mockgen -source=lockout.go -destination=mocks/lockout.go -package=mocks

// Limiter bounds how often passwords are tried for one name, over all processes
// together. A try is counted before the source is asked, as one that failed:
// whatever becomes of the process afterwards, and however many ask at the same
// time, there are never more tries than [domain.Tries] allows.
//
// Every method returns an error that matches, by errors.Is, [ErrThrottled],
// [ErrUnreachable], [ErrMisconfigured] or the context's own, as
// [SourceDirectory] has them. Implementations are safe for use by several
// goroutines.
type Limiter interface {
	// Take counts one try of a name. It returns a Try that is not granted where
	// the name is locked, and then nothing is counted. It returns an error when
	// it is not known whether the name is locked: nothing may be tried then,
	// though the try may be counted.
	Take(ctx context.Context, name domain.LockoutKey) (Try, error)

	// GiveBack takes a granted try out of the count, because the source certainly
	// did not judge the password ([ErrNotJudged]). It is called once for a try. It returns an error when the try
	// may count still.
	GiveBack(ctx context.Context, name domain.LockoutKey, try Try) error

	// Clear forgets what was counted of a name, because its user migrates.
	// It returns an error when that may count still. To clear twice is fine.
	Clear(ctx context.Context, name domain.LockoutKey) error
}

// Try is one try that a [Limiter] was asked for.
type Try struct {
	// Granted is true where the password may be tried.
	Granted bool
	// ID names a granted try at its limiter.
	ID string
	// Before and After are what was counted of the name around it.
	Before, After domain.Tries
}
