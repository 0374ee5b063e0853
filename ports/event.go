package ports

import "context"

// event is Cognito's event as it arrived. It contains the password, so it has no
// way to print itself.
type event struct{ payload []byte }

type eventKey struct{}

// WithEvent returns a context with Cognito's event of the attempt, for sources that
// pass the event on; see [Source.ReadsEvent].
func WithEvent(ctx context.Context, payload []byte) context.Context {
	return context.WithValue(ctx, eventKey{}, &event{payload})
}

// EventOf returns Cognito's event of the attempt; nil if the context has none, as
// in a completion.
func EventOf(ctx context.Context) []byte {
	if found, ok := ctx.Value(eventKey{}).(*event); ok {
		return found.payload
	}
	return nil
}
