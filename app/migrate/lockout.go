package migrate

import (
	"context"
	"errors"
	"fmt"
	"time"

	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
)

// Lockout limits the password attempts for one name, for sources without a
// lockout of their own. Look-ups after a forgotten password are not counted:
// they check no password, and Cognito sends its code to the user's own address.
// So a locked user can still set a new password.
type Lockout struct {
	// Limiter counts the attempts.
	Limiter ports.Limiter
	// Keys computes the keys under which names are counted.
	Keys domain.LockoutKeys
	// Unsettled gets the error if an attempt could not be released or a count not
	// cleared. The decision stands, and the count expires. It may be nil.
	Unsettled func(ctx context.Context, err error)
}

// errLockout: it is not known whether the name is locked.
var errLockout = errors.New("the attempt could not be counted")

// prove asks the source about a password unless the name is locked. It counts the
// attempt as failed first, so that crashes and concurrent attempts cannot exceed the
// limit. settling is the context for correcting the count afterwards.
func (m *Migrator) prove(ctx, settling context.Context, attempt domain.Attempt) (domain.Finding, error) {
	if m.options.Lockout == nil {
		return m.authenticate(ctx, attempt)
	}
	name := m.options.Lockout.Keys.Of(attempt.Username)
	counted, err := m.take(ctx, name)
	switch {
	case err != nil:
		// The source is not asked. Otherwise anyone who can overload the table
		// could switch the lockout off.
		return domain.Finding{}, fmt.Errorf("%w: %w", errLockout, err)
	case !counted.Granted:
		return domain.Finding{Kind: domain.LockedOut}, nil
	}
	finding, err := m.authenticate(ctx, attempt)
	if errors.Is(err, ports.ErrNotJudged) { // any other error may be an answer to the password
		m.settle(settling, func(ctx context.Context) error { return m.options.Lockout.Limiter.GiveBack(ctx, name, counted) })
	}
	return finding, err
}

// clear clears the count of a name whose user migrates. It must not be called
// for a refusal: a right password that is refused must look like a wrong one.
func (m *Migrator) clear(settling context.Context, attempt domain.Attempt, finding domain.Finding) {
	if m.options.Lockout == nil || finding.Kind.LockoutEffect() != domain.LockoutClears {
		return
	}
	name := m.options.Lockout.Keys.Of(attempt.Username)
	m.settle(settling, func(ctx context.Context) error { return m.options.Lockout.Limiter.Clear(ctx, name) })
}

func (m *Migrator) take(ctx context.Context, name domain.LockoutKey) (counted ports.LockoutAttempt, err error) {
	defer Recovered(&err)
	return m.options.Lockout.Limiter.Take(ctx, name)
}

// settle corrects the count. The source may have used up its time, so settle may use
// half of the reserve.
func (m *Migrator) settle(ctx context.Context, set func(context.Context) error) {
	ctx, cancel := before(ctx, m.options.Reserve/2)
	defer cancel()
	err := func() (err error) {
		defer Recovered(&err)
		return set(ctx)
	}()
	if err != nil && m.options.Lockout.Unsettled != nil {
		m.options.Lockout.Unsettled(ctx, err)
	}
}

// before returns a context that ends earlier by reserve.
func before(ctx context.Context, reserve time.Duration) (context.Context, context.CancelFunc) {
	deadline, ok := ctx.Deadline()
	if !ok {
		return context.WithCancel(ctx)
	}
	return context.WithDeadline(ctx, deadline.Add(-reserve))
}
