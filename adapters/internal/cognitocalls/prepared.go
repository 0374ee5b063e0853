package cognitocalls

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/aws/smithy-go/middleware"
)

// Prepared is an operation of an SDK client that is prepared once and called
// often. The client itself creates and orders more than thirty middlewares for
// every call, which takes as long as running them.
type Prepared[In, Out any] struct {
	call func(context.Context, func(*middleware.Stack) error) error
	mu   sync.Mutex
	idle []*stack
}

// Prepare returns the operation that call calls. The function must pass the
// context, and keep as the last option that changes the middlewares
// (APIOptions). It may pass any input; nothing is sent.
func Prepare[In, Out any](call func(ctx context.Context, keep func(*middleware.Stack) error) error) *Prepared[In, Out] {
	return &Prepared[In, Out]{call: call}
}

// Warm prepares the operation, if no call has done so. It returns an error if
// the client cannot be called at all.
func (p *Prepared[In, Out]) Warm() error {
	s, err := p.take()
	if err == nil {
		p.give(s)
	}
	return err
}

// Do calls the operation. The response equals that of the client's own call,
// except that ResultMetadata is empty. The error equals the client's, without
// the [smithy.OperationError] around it.
func (p *Prepared[In, Out]) Do(ctx context.Context, input *In) (*Out, error) {
	s, err := p.take()
	if err != nil {
		return nil, err
	}
	defer p.give(s)
	out, _, err := s.rest.HandleInitialize(callContext{ctx, s.values}, middleware.InitializeInput{Parameters: input}) //nolint:contextcheck // the caller's context
	if err != nil {
		return nil, err
	}
	answer, ok := out.Result.(*Out)
	if !ok {
		return nil, fmt.Errorf("the response belongs to another operation: %T", out.Result)
	}
	return answer, nil
}

// take returns an unused stack. A stack stores values of its current call, so
// it serves one call at a time.
func (p *Prepared[In, Out]) take() (*stack, error) {
	p.mu.Lock()
	if last := len(p.idle) - 1; last >= 0 {
		s := p.idle[last]
		p.idle = p.idle[:last]
		p.mu.Unlock()
		return s, nil
	}
	p.mu.Unlock()
	s := new(stack)
	if err := p.call(context.Background(), s.keep); !errors.Is(err, errKept) {
		return nil, errors.Join(errNotPrepared, err)
	}
	return s, nil
}

func (p *Prepared[In, Out]) give(s *stack) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.idle = append(p.idle, s)
}

var (
	// errKept ends the preparing call.
	errKept = errors.New("the operation is prepared")
	// errNotPrepared is the error for a call that ended before its middlewares
	// were kept.
	errNotPrepared = errors.New("the operation cannot be prepared")
)

// stack has the middlewares after the operation's first one, and the values
// that the client adds to the context.
type stack struct {
	rest   middleware.InitializeHandler
	values context.Context //nolint:containedctx // for its values alone
}

// keep adds a first middleware, which keeps all those after it.
func (s *stack) keep(operation *middleware.Stack) error {
	return operation.Initialize.Add(middleware.InitializeMiddlewareFunc("KeepTheRest",
		func(ctx context.Context, _ middleware.InitializeInput, next middleware.InitializeHandler) (out middleware.InitializeOutput, metadata middleware.Metadata, err error) {
			s.rest, s.values = next, ctx
			return out, metadata, errKept
		}), middleware.Before)
}

// callContext is the caller's context with the values that the client adds. The
// client's values take precedence. The caller's context may be that of another
// AWS call, and have values such as the hash of that call's body, which would
// be signed.
type callContext struct {
	context.Context //nolint:containedctx // it is one
	client          context.Context
}

// Value implements [context.Context].
func (c callContext) Value(key any) any {
	if value := c.client.Value(key); value != nil {
		return value
	}
	return c.Context.Value(key)
}
