// Package deadline gives tests a context whose deadline passes when they say so. That
// is after an event that they wait for, and not after some time. It imports the
// standard library alone.
package deadline

import (
	"context"
	"sync"
	"time"
)

// Far is how far away the deadline of the context is by the clock. No test
// runs for so long.
const Far = time.Hour

// Context returns a context whose deadline is [Far] away until pass is called.
// From then on its error is [context.DeadlineExceeded]. It ends with its parent
// too.
func Context(parent context.Context) (ctx context.Context, pass func()) {
	return Announced(parent, Far)
}

// Announced is [Context] for code that looks at the deadline: it reads that so
// much time is left. Nothing happens when that time is over; pass decides.
func Announced(parent context.Context, left time.Duration) (ctx context.Context, pass func()) {
	c := &passing{Context: parent, deadline: time.Now().Add(left), done: make(chan struct{})}
	stop := context.AfterFunc(parent, func() { c.end(parent.Err()) })
	return c, func() {
		stop()
		c.end(context.DeadlineExceeded)
	}
}

type passing struct {
	context.Context // its values

	deadline time.Time
	done     chan struct{}
	mu       sync.Mutex
	err      error
}

func (p *passing) end(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err == nil {
		p.err = err
		close(p.done)
	}
}

// Deadline implements [context.Context].
func (p *passing) Deadline() (time.Time, bool) { return p.deadline, true }

// Done implements [context.Context].
func (p *passing) Done() <-chan struct{} { return p.done }

// Err implements [context.Context].
func (p *passing) Err() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.err
}
