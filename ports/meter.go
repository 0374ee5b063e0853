package ports

import (
	"context"
	"sync/atomic"
)

// Meter counts what one attempt costs. Adapters that send over a network count
// on the meter of their context; there is none outside of an attempt.
type Meter struct {
	calls   atomic.Int64
	retries atomic.Int64
}

type meterKey struct{}

// WithMeter returns a context with a meter of its own.
func WithMeter(ctx context.Context) (context.Context, *Meter) {
	meter := new(Meter)
	return context.WithValue(ctx, meterKey{}, meter), meter
}

// CountCall counts a request on the meter of the context; again says that it was
// sent before.
func CountCall(ctx context.Context, again bool) {
	meter, ok := ctx.Value(meterKey{}).(*Meter)
	if !ok {
		return
	}
	meter.calls.Add(1)
	if again {
		meter.retries.Add(1)
	}
}

// Calls is how many requests were sent, those that were sent again included.
func (m *Meter) Calls() int {
	return int(m.calls.Load())
}

// Retries is how many requests were sent again.
func (m *Meter) Retries() int {
	return int(m.retries.Load())
}
