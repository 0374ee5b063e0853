package lambdahost

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"
)

// Result is the answer to one invocation.
type Result struct {
	// Payload is the function's answer, or Lambda's where the function gave none.
	Payload []byte
	// FunctionError is empty, or [FunctionErrorUnhandled]; Payload then has an
	// errorMessage and an errorType.
	FunctionError string
	// RequestID is the invocation's ID, as the function saw it.
	RequestID string
	// Duration is the time from the function's taking the event to its answer.
	Duration time.Duration
}

// FunctionError is the JSON in which functions and Lambda itself report errors.
type FunctionError struct {
	Message string `json:"errorMessage"`
	Type    string `json:"errorType"`
}

// Error reads the payload of an invocation that ended in an error.
func (r Result) Error() (FunctionError, error) {
	var functionError FunctionError
	if r.FunctionError == "" {
		return functionError, fmt.Errorf("lambdahost: invocation %s succeeded", r.RequestID)
	}
	if err := json.Unmarshal(r.Payload, &functionError); err != nil {
		return functionError, fmt.Errorf("lambdahost: error payload: %w", err)
	}
	return functionError, nil
}

// invocation is one event on its way through the function.
type invocation struct {
	id      string
	payload []byte

	delivered time.Time     // valid once taken is closed
	taken     chan struct{} // closed when the process has the event

	once   sync.Once
	done   chan struct{} // closed when result is set
	result Result
}

// finish sets the answer; only the first one counts.
func (i *invocation) finish(payload []byte, functionError string) {
	i.once.Do(func() {
		i.result = Result{
			Payload:       payload,
			FunctionError: functionError,
			RequestID:     i.id,
			Duration:      time.Since(i.delivered),
		}
		close(i.done)
	})
}

// fail answers in Lambda's own name.
func (i *invocation) fail(errorType, message string) {
	body, _ := json.Marshal(FunctionError{ // two strings always marshal
		Type:    errorType,
		Message: "RequestId: " + i.id + " Error: " + message,
	})
	i.finish(body, FunctionErrorUnhandled)
}

// Invoke hands one event to the function and waits for the answer. The payload
// is sent unchanged, also if it is not JSON. Invocations wait for each other.
//
// What the function reports, its timeout and its sudden end are results with a
// FunctionError, as Lambda's callers see them. It returns an error only if there is
// no such answer: the context's, or [ErrGone] if the process has ended without an
// init error. When the context ends first the function goes on, and the next
// invocation waits for it.
func (h *Host) Invoke(ctx context.Context, payload []byte) (Result, error) {
	select {
	case h.turn <- struct{}{}:
	case <-ctx.Done():
		return Result{}, ctx.Err()
	}
	inv := &invocation{id: newRequestID(), payload: payload, taken: make(chan struct{}), done: make(chan struct{})}
	select {
	case h.pending <- inv:
	case <-ctx.Done():
		<-h.turn
		return Result{}, ctx.Err()
	case <-h.exited:
		<-h.turn
		return h.stillborn(inv)
	}
	go func() {
		h.watch(inv)
		<-h.turn
	}()
	select {
	case <-inv.done:
		return inv.result, nil
	case <-ctx.Done():
		return Result{}, ctx.Err()
	}
}

// stillborn answers an invocation without a process: if a function does not start,
// Lambda returns the init error to its caller.
func (h *Host) stillborn(inv *invocation) (Result, error) {
	initError, ok := h.InitError()
	if !ok {
		return Result{}, ErrGone
	}
	return Result{Payload: initError.Body, FunctionError: FunctionErrorUnhandled, RequestID: inv.id}, nil
}

// watch waits until an invocation ends, also if its caller no longer waits.
func (h *Host) watch(inv *invocation) {
	<-inv.taken // follows at once: the runtime API has accepted the invocation
	timeout := time.NewTimer(h.config.Timeout + h.config.Grace)
	defer timeout.Stop()
	select {
	case <-inv.done:
	case <-h.exited:
		inv.fail("Runtime.ExitError", fmt.Sprintf("Runtime exited with error: exit status %d", h.exitStatus))
	case <-timeout.C:
		_ = h.command.Process.Kill() // as Lambda does; fails only where it has ended
		<-h.exited
		inv.fail("Sandbox.Timedout", fmt.Sprintf("Task timed out after %.2f seconds", h.config.Timeout.Seconds()))
	}
}
