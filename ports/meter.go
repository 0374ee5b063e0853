package ports

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
)

// Meter counts the requests of one attempt. Adapters count on the meter in
// their context; outside of an attempt there is none.
type Meter struct {
	calls   atomic.Int64
	retries atomic.Int64

	mu          sync.Mutex
	connections []any  // connections that carried a request of this attempt
	first       [4]any // memory for the first ones, so that a usual attempt allocates nothing
}

type meterKey struct{}

// WithMeter returns a context with a meter of its own.
func WithMeter(ctx context.Context) (context.Context, *Meter) {
	meter := new(Meter)
	return context.WithValue(ctx, meterKey{}, meter), meter
}

// WithinAttempt returns the context unchanged if it belongs to an attempt, and
// one with its own meter otherwise.
func WithinAttempt(ctx context.Context) context.Context {
	if _, ok := ctx.Value(meterKey{}).(*Meter); ok {
		return ctx
	}
	ctx, _ = WithMeter(ctx)
	return ctx
}

// CarriedBefore records that a connection carries a request of the context's
// attempt, and reports whether it carried an earlier one of the same attempt.
// It returns false outside of an attempt. The connection must be comparable.
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

// Call describes a request that is about to be sent, in constant words. It
// contains no user's data.
type Call struct {
	// Service is the called service, with the adapter's or the SDK's name.
	Service string
	// Operation is the service's operation.
	Operation string
	// Again is true for a retry.
	Again bool
}

// CallWatcher observes the requests of an attempt.
type CallWatcher interface {
	// Begin is called before a request is sent. The returned function is called at
	// its end, with the HTTP status of the answer, or 0 if there was none.
	Begin(ctx context.Context, call Call) (end func(status int))
}

type watcherKey struct{}

// WithCallWatcher returns a context whose requests the watcher observes. The
// watcher may be nil.
func WithCallWatcher(ctx context.Context, watcher CallWatcher) context.Context {
	return context.WithValue(ctx, watcherKey{}, watcher)
}

// BeginCall counts a request on the context's meter and calls the context's
// watcher, if they exist. The caller calls the returned function with the HTTP
// status of the response, or with 0 if there was none.
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

// Calls returns the number of requests, including retries.
func (m *Meter) Calls() int {
	return int(m.calls.Load())
}

// Retries returns the number of retries.
func (m *Meter) Retries() int {
	return int(m.retries.Load())
}
