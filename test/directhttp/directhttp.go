// Package directhttp is an HTTP client that hands each request to a handler in
// the same process, without a connection. A test can run it in a bubble of
// [testing/synctest], where time is fake, which a network would leave. It
// imports the standard library alone.
package directhttp

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
)

// Client sends to its handler. It is an [http.RoundTripper] and the SDK's
// interface of a client.
type Client struct{ Handler http.Handler }

// Do returns the handler's response, or the error of the request's context if that
// ends first. A handler that panics with [http.ErrAbortHandler] ends the connection:
// Do returns [io.EOF].
func (c Client) Do(request *http.Request) (*http.Response, error) {
	if request.Body == nil {
		request.Body = http.NoBody
	}
	type result struct {
		response *http.Response
		thrown   any
	}
	results := make(chan result, 1)
	go func() {
		recorder := httptest.NewRecorder()
		var r result
		defer func() {
			r.thrown = recover()
			results <- r
		}()
		c.Handler.ServeHTTP(recorder, request)
		r.response = recorder.Result()
		r.response.Request = request
	}()
	select {
	case <-request.Context().Done():
		return nil, request.Context().Err()
	case r := <-results:
		switch r.thrown {
		case nil:
			return r.response, nil
		case http.ErrAbortHandler:
			return nil, io.EOF
		default:
			return nil, fmt.Errorf("the handler panicked: %v", r.thrown)
		}
	}
}

// RoundTrip implements [http.RoundTripper].
func (c Client) RoundTrip(request *http.Request) (*http.Response, error) { return c.Do(request) }
