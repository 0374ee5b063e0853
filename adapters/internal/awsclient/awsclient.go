// Package awsclient holds how every adapter of an AWS service sends: within
// Cognito's few seconds, over connections that Lambda's sleep may have made
// stale. It imports neither domain nor ports.
package awsclient

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
)

const (
	// maxAttempts is how often a call is tried in all.
	maxAttempts = 3
	// maxBackoff is the longest wait between two tries. The SDK's own twenty
	// seconds outlive Cognito's five (cognito-facts 14 and 33).
	maxBackoff = 300 * time.Millisecond
)

// Retryer tries a call again as the SDK does, but for a short time. Errors that
// it is to take for worth another try can be given in place of the SDK's.
func Retryer(retryables ...retry.IsErrorRetryable) aws.Retryer {
	return retry.NewStandard(func(o *retry.StandardOptions) {
		o.MaxAttempts = maxAttempts
		o.MaxBackoff = maxBackoff
		if len(retryables) > 0 {
			o.Retryables = retryables
		}
	})
}

// HTTPClient is the SDK's interface of one.
type HTTPClient interface {
	Do(*http.Request) (*http.Response, error)
}

// Over returns a client that sends through next.
//
// It gives net/http a body that it knows to be in memory. The SDK's own body is
// a stream to it: headers and body then leave in two writes, and the SDK closes
// the stream while net/http may still be reading it, which costs the connection
// and at times the answer.
//
// And it marks a request that was lost on a stale connection: see [IsStale].
func Over(next HTTPClient) HTTPClient {
	return client{next}
}

type client struct {
	next HTTPClient
}

// Do implements [HTTPClient].
func (c client) Do(request *http.Request) (*http.Response, error) {
	var reused, answered atomic.Bool
	request = request.WithContext(httptrace.WithClientTrace(request.Context(), &httptrace.ClientTrace{
		GotConn:              func(info httptrace.GotConnInfo) { reused.Store(info.Reused) },
		GotFirstResponseByte: func() { answered.Store(true) },
	}))
	if err := inMemory(request); err != nil {
		return nil, err
	}
	response, err := c.next.Do(request)
	if err != nil && reused.Load() && !answered.Load() && request.Context().Err() == nil {
		return response, &staleError{err}
	}
	return response, err
}

// inMemory reads the body and puts it back as net/http knows it. Bodies are
// small here: a sign-in, a message.
func inMemory(request *http.Request) error {
	if request.Body == nil || request.Body == http.NoBody {
		return nil
	}
	body, err := io.ReadAll(request.Body)
	if err != nil {
		return err
	}
	if err := request.Body.Close(); err != nil {
		return err
	}
	request.ContentLength = int64(len(body))
	request.Body = io.NopCloser(bytes.NewReader(body))
	request.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
	return nil
}

// staleError is a request lost on a stale connection.
type staleError struct {
	error
}

func (e *staleError) Unwrap() error {
	return e.error
}

// IsStale reports whether a request went out on a connection that had served
// before and brought not one byte back: while the function slept, the service
// closed it. Lambda's sandboxes sleep between any two attempts, so this is the
// common case, and must not cost a person their sign-in.
func IsStale(err error) bool {
	_, stale := errors.AsType[*staleError](err)
	return stale
}
