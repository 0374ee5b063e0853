package migrate

import (
	"context"
	"errors"
	"fmt"
	"time"

	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
)

// Lockout bounds how often passwords are tried for one name, for sources that do
// not do so themselves. Look-ups after a forgotten password are not counted:
// they try no password, and what Cognito then sends goes to the person's own
// address, so who is locked can still set a new one.
type Lockout struct {
	// Limiter counts.
	Limiter ports.Limiter
	// Keys give names the keys by which they are counted.
	Keys domain.LockoutKeys
	// Unsettled gets the error where a try could not be given back, or a count not
	// be cleared: the count expires by itself, and the answer to the person
	// stands. It may be nil.
	Unsettled func(ctx context.Context, err error)
}

// errLockout is an attempt of which it could not be found out whether its name
// is locked.
var errLockout = errors.New("the try could not be counted")

// prove puts a password to the source, where one may be tried. The try is
// counted as failed before the source is asked: whatever becomes of this
// process, and however many try at once, no more reach the source than may.
// settling is the context for what is to be done about the count afterwards.
func (m *Migrator) prove(ctx, settling context.Context, attempt domain.Attempt) (domain.Finding, error) {
	if m.options.Lockout == nil {
		return m.authenticate(ctx, attempt)
	}
	name := m.options.Lockout.Keys.Of(attempt.Username)
	try, err := m.take(ctx, name)
	switch {
	case err != nil:
		// Nothing is tried: a limiter that lets through what it cannot count is
		// none, and whoever can overload it would open it.
		return domain.Finding{}, fmt.Errorf("%w: %w", errLockout, err)
	case !try.Granted:
		return domain.Finding{Kind: domain.LockedOut}, nil
	}
	finding, err := m.authenticate(ctx, attempt)
	if errors.Is(err, ports.ErrNotJudged) { // every other error may be an answer to the password
		m.settle(settling, func(ctx context.Context) error { return m.options.Lockout.Limiter.GiveBack(ctx, name, try) })
	}
	return finding, err
}

// clear clears the count of a name whose user migrates. It must not be called for
// a refusal: a right password that is refused has to look like a wrong one.
func (m *Migrator) clear(settling context.Context, attempt domain.Attempt, finding domain.Finding) {
	if m.options.Lockout == nil || finding.Kind.LockoutEffect() != domain.LockoutClears {
		return
	}
	name := m.options.Lockout.Keys.Of(attempt.Username)
	m.settle(settling, func(ctx context.Context) error { return m.options.Lockout.Limiter.Clear(ctx, name) })
}

func (m *Migrator) take(ctx context.Context, name domain.LockoutKey) (try ports.Try, err error) {
	defer Recovered(&err)
	return m.options.Lockout.Limiter.Take(ctx, name)
}

// settle sets the count right. The source may have used up its time, so it has
// half of what is kept for the record and the answer.
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

// before returns a context that ends so much before the one given.
func before(ctx context.Context, reserve time.Duration) (context.Context, context.CancelFunc) {
	deadline, ok := ctx.Deadline()
	if !ok {
		return context.WithCancel(ctx)
	}
	return context.WithDeadline(ctx, deadline.Add(-reserve))
}
