package ports

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
)

// Meter counts what one attempt costs. Adapters that send over a network count
// on the meter of their context; there is none outside of an attempt.
type Meter struct {
	calls   atomic.Int64
	retries atomic.Int64

	mu          sync.Mutex
	connections []any  // that carried a request of this attempt
	first       [4]any // where the first of them are kept, so that few attempts allocate
}

type meterKey struct{}

// WithMeter returns a context with a meter of its own.
func WithMeter(ctx context.Context) (context.Context, *Meter) {
	meter := new(Meter)
	return context.WithValue(ctx, meterKey{}, meter), meter
}

// WithinAttempt returns the context itself where it belongs to an attempt, and one
// with a meter of its own otherwise.
func WithinAttempt(ctx context.Context) context.Context {
	if _, ok := ctx.Value(meterKey{}).(*Meter); ok {
		return ctx
	}
	ctx, _ = WithMeter(ctx)
	return ctx
}

// CarriedBefore notes that a connection carries a request of the context's
// attempt, and reports whether it carried one of the same attempt before. It
// returns false outside of an attempt. The connection must be comparable.
func CarriedBefore(ctx context.Context, connection any) bool {
	meter, ok := ctx.Value(meterKey{}).(*Meter)
	if !ok {
		return false
	}
	meter.mu.Lock()
	defer meter.mu.Unlock()
	if slices.Contains(meter.connections, connection) {
		return true
	}
	if meter.connections == nil {
		meter.connections = meter.first[:0]
	}
	meter.connections = append(meter.connections, connection)
	return false
}

// Call is a request that is about to go out, named by constant words: it
// holds no user's data.
type Call struct {
	// Service is the service that is called, by the adapter's or the SDK's name.
	Service string
	// Operation is the service's operation.
	Operation string
	// Again is true for a retry.
	Again bool
}

// CallWatcher sees the requests that go out for an attempt.
type CallWatcher interface {
	// Begin is called before a request is sent. The returned function is called at
	// its end, with the HTTP status of the answer, or 0 if there was none.
	Begin(ctx context.Context, call Call) (end func(status int))
}

type watcherKey struct{}

// WithCallWatcher returns a context whose requests the watcher sees. A nil watcher
// sees none.
func WithCallWatcher(ctx context.Context, watcher CallWatcher) context.Context {
	return context.WithValue(ctx, watcherKey{}, watcher)
}

// BeginCall counts a request on the meter of the context and tells the context's
// watcher, where there are any. The caller tells the function that it returns
// when there is an answer, with its HTTP status, or none, with 0.
func BeginCall(ctx context.Context, call Call) (end func(status int)) {
	if meter, ok := ctx.Value(meterKey{}).(*Meter); ok {
		meter.calls.Add(1)
		if call.Again {
			meter.retries.Add(1)
		}
	}
	if watcher, ok := ctx.Value(watcherKey{}).(CallWatcher); ok {
		return watcher.Begin(ctx, call)
	}
	return func(int) {}
}

// Calls is how many requests were sent, those that were sent again included.
func (m *Meter) Calls() int {
	return int(m.calls.Load())
}

// Retries is how many requests were sent again.
func (m *Meter) Retries() int {
	return int(m.retries.Load())
}
