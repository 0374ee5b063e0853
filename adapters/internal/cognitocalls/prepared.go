package cognitocalls

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/aws/smithy-go/middleware"
)

// Prepared is an operation of an SDK's client that is put together once and used
// often. The client itself makes its thirty-odd middlewares anew for every call
// and puts them in order, which takes as long as all that they then do.
type Prepared[In, Out any] struct {
	call func(context.Context, func(*middleware.Stack) error) error
	mu   sync.Mutex
	idle []*stack
}

// Prepare returns the operation that call calls. It has to call it with the
// context and with keep as the last of the options that change the middlewares
// (APIOptions); the input is not looked at, and nothing is sent.
func Prepare[In, Out any](call func(ctx context.Context, keep func(*middleware.Stack) error) error) *Prepared[In, Out] {
	return &Prepared[In, Out]{call: call}
}

// Warm puts the operation together, if no call has done so. It returns the error
// of a client that cannot be called at all.
func (p *Prepared[In, Out]) Warm() error {
	s, err := p.take()
	if err == nil {
		p.give(s)
	}
	return err
}

// Do calls the operation. Its answer is what the client's own call gives, but for
// the ResultMetadata, which is empty; its error too, but for the
// [smithy.OperationError] around it.
func (p *Prepared[In, Out]) Do(ctx context.Context, input *In) (*Out, error) {
	s, err := p.take()
	if err != nil {
		return nil, err
	}
	defer p.give(s)
	out, _, err := s.rest.HandleInitialize(callContext{ctx, s.values}, middleware.InitializeInput{Parameters: input}) //nolint:contextcheck // it is the caller's
	if err != nil {
		return nil, err
	}
	answer, ok := out.Result.(*Out)
	if !ok {
		return nil, fmt.Errorf("the response belongs to another operation: %T", out.Result)
	}
	return answer, nil
}

// take returns a stack that nobody uses: each holds a place of the call that it
// is in, and so serves one at a time.
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
	// errKept ends the call that prepares.
	errKept = errors.New("the operation is prepared")
	// errNotPrepared is a call that did not come to where it is kept.
	errNotPrepared = errors.New("the operation cannot be prepared")
)

// stack is what an operation's first middleware finds: those that come after it,
// and what the client says by the context.
type stack struct {
	rest   middleware.InitializeHandler
	values context.Context //nolint:containedctx // for its values alone
}

// keep puts a middleware before all others that keeps them.
func (s *stack) keep(operation *middleware.Stack) error {
	return operation.Initialize.Add(middleware.InitializeMiddlewareFunc("KeepTheRest",
		func(ctx context.Context, _ middleware.InitializeInput, next middleware.InitializeHandler) (out middleware.InitializeOutput, metadata middleware.Metadata, err error) {
			s.rest, s.values = next, ctx
			return out, metadata, errKept
		}), middleware.Before)
}

// callContext is the caller's context, with what the client says by its own. What
// the client says goes before what the caller's context says, which may be that of
// another call: with the hash of that one's body, say, that is signed.
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
