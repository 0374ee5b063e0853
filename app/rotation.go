package app

import (
	"context"
	"errors"
	"sync"
	"time"

	"cognito-user-migration/app/config"
	"cognito-user-migration/app/migrate"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"

	"go.uber.org/zap"
)

// renewalPause is the shortest time between two look-ups of a source's secrets.
const renewalPause = time.Minute

// renew opens a source with secrets that were resolved again. It returns nil if
// they are the same as before.
type renew func(ctx context.Context) (*ports.Source, error)

// renewal returns how one source is opened again.
func renewal(binary Parts, process Process, source config.Source, open func(context.Context, config.Source) (ports.Source, error)) renew {
	return func(ctx context.Context) (*ports.Source, error) {
		again, err := loadSource(ctx, binary, process.Environ, source.Name)
		if err != nil || again.SameSecrets(source) {
			return nil, err
		}
		opened, err := open(ctx, again)
		if err != nil {
			return nil, err
		}
		source = again
		return &opened, nil
	}
}

// renewable is a source whose secrets may be rotated while the process is warm. If
// the source refuses the function, the secrets are resolved again: once for all
// attempts that are under way, and at most once per [renewalPause]. The attempt that
// was refused still fails, because its password may have been judged.
type renewable struct {
	renew renew
	log   *zap.Logger

	mu      sync.Mutex
	current *ports.Source
	began   time.Time     // of the last renewal
	running chan struct{} // closed at the end of the renewal that is under way; else nil
}

// renewed returns the source with renewal of its secrets. Listing is not renewed:
// only the operator's tool lists, and it resolves secrets at each start.
func renewed(source ports.Source, renew renew, log *zap.Logger) ports.Source {
	r := &renewable{renew: renew, log: log, current: &source}
	wrapped := source
	wrapped.Directory = r
	if source.Retirer != nil {
		wrapped.Retirer = renewableRetirer{r}
	}
	if source.Groups != nil {
		wrapped.Groups = renewableGroups{r}
	}
	return wrapped
}

// Authenticate implements [ports.SourceDirectory].
func (r *renewable) Authenticate(ctx context.Context, username string, password domain.Password) (domain.Finding, error) {
	return ask(ctx, r, func(source *ports.Source) (domain.Finding, error) {
		return source.Directory.Authenticate(ctx, username, password)
	})
}

// FindUser implements [ports.SourceDirectory].
func (r *renewable) FindUser(ctx context.Context, username string) (domain.Finding, error) {
	return ask(ctx, r, func(source *ports.Source) (domain.Finding, error) {
		return source.Directory.FindUser(ctx, username)
	})
}

type renewableRetirer struct{ *renewable }

// Disable implements [ports.SourceRetirer].
func (r renewableRetirer) Disable(ctx context.Context, username string) error {
	return r.do(ctx, func(source ports.SourceRetirer) error { return source.Disable(ctx, username) })
}

// SignOut implements [ports.SourceRetirer].
func (r renewableRetirer) SignOut(ctx context.Context, username string) error {
	return r.do(ctx, func(source ports.SourceRetirer) error { return source.SignOut(ctx, username) })
}

// Delete implements [ports.SourceRetirer].
func (r renewableRetirer) Delete(ctx context.Context, username string) error {
	return r.do(ctx, func(source ports.SourceRetirer) error { return source.Delete(ctx, username) })
}

func (r renewableRetirer) do(ctx context.Context, act func(ports.SourceRetirer) error) error {
	_, err := ask(ctx, r.renewable, func(source *ports.Source) (struct{}, error) { return struct{}{}, act(source.Retirer) })
	return err
}

type renewableGroups struct{ *renewable }

// Groups implements [ports.GroupLister].
func (r renewableGroups) Groups(ctx context.Context, username string) ([]string, error) {
	return ask(ctx, r.renewable, func(source *ports.Source) ([]string, error) { return source.Groups.Groups(ctx, username) })
}

// ask puts a question to the source as it was opened last, and renews the source if
// it refuses the function.
func ask[T any](ctx context.Context, r *renewable, question func(*ports.Source) (T, error)) (T, error) {
	source := r.latest(ctx)
	answer, err := question(source)
	if errors.Is(err, ports.ErrMisconfigured) {
		r.refused(ctx, source)
	}
	return answer, err
}

// latest waits for the end of a renewal that is under way: the old secrets would be
// refused.
func (r *renewable) latest(ctx context.Context) *ports.Source {
	r.mu.Lock()
	running := r.running
	r.mu.Unlock()
	wait(ctx, running)
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.current
}

// refused renews the source that refused the function, unless another attempt
// has done so, and waits for the end. Lambda freezes the process after the answer,
// so what is not done by then is done late.
func (r *renewable) refused(ctx context.Context, source *ports.Source) {
	r.mu.Lock()
	if r.current != source {
		r.mu.Unlock()
		return
	}
	if r.running == nil {
		// The monotonic clock may stand still while the process is frozen.
		now := time.Now().Round(0)
		if since := now.Sub(r.began); since >= 0 && since < renewalPause {
			r.mu.Unlock()
			return
		}
		r.began, r.running = now, make(chan struct{})
		go r.run(context.Background(), r.running) //nolint:gosec,contextcheck // it serves later attempts too, so it does not end with this one
	}
	running := r.running
	r.mu.Unlock()
	wait(ctx, running)
}

// run renews the source once.
func (r *renewable) run(ctx context.Context, running chan struct{}) {
	opened, err := r.again(ctx)
	switch {
	case err != nil:
		r.log.Error("the source refused the function, and its secrets could not be resolved again", zap.Error(err))
	case opened == nil:
		r.log.Error("the source refused the function, and its secrets have not changed")
	default:
		r.log.Warn("the source refused the function; its secrets were resolved again, and have changed")
	}
	r.mu.Lock()
	if opened != nil {
		r.current = opened
	}
	r.running = nil
	r.mu.Unlock()
	close(running)
}

func (r *renewable) again(ctx context.Context) (opened *ports.Source, err error) {
	defer migrate.Recovered(&err)
	return r.renew(ctx)
}

// wait returns when the channel is closed or the context ends; at once for nil.
func wait(ctx context.Context, running <-chan struct{}) {
	if running == nil {
		return
	}
	select {
	case <-running:
	case <-ctx.Done():
	}
}
