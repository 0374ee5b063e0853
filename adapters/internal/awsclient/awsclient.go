// Package awsclient configures how every adapter of an AWS service sends
// requests. Calls must finish within Cognito's five seconds, and connections
// may be stale after Lambda froze the process. It imports ports.
package awsclient

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"cognito-user-migration/adapters/internal/staleconn"
	"cognito-user-migration/ports"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

const (
	// maxAttempts is the largest number of attempts of one call.
	maxAttempts = 3
	// maxBackoff is the longest wait between two attempts. The SDK's default of
	// twenty seconds is longer than Cognito's timeout of five (cognito-facts 14
	// and 33).
	maxBackoff = 300 * time.Millisecond
)

// Retryer retries a call as the SDK does, but with short waits, and only while
// another attempt can finish before the context's deadline: see
// [deadlineRetryer]. The arguments replace the SDK's list of errors that are
// retried.
func Retryer(retryables ...retry.IsErrorRetryable) aws.Retryer {
	return RetryerWithin(maxBackoff, retryables...)
}

// RetryerWithin is [Retryer] with another longest wait, for calls that have
// less time.
func RetryerWithin(longest time.Duration, retryables ...retry.IsErrorRetryable) aws.Retryer {
	if len(retryables) == 0 {
		retryables = append(slices.Clone(retry.DefaultRetryables), TooManyRequests())
	}
	return deadlineRetryer{longest: longest, Standard: retry.NewStandard(func(o *retry.StandardOptions) {
		o.MaxAttempts = maxAttempts
		o.MaxBackoff = longest
		o.Retryables = append([]retry.IsErrorRetryable{retry.IsErrorRetryableFunc(ofThePorts)}, retryables...)
	})}
}

// TooManyRequests retries a response with status 429. The SDK looks at the
// error code, which a proxy in front of the service may not send.
func TooManyRequests() retry.IsErrorRetryable {
	return retry.RetryableHTTPStatusCode{Codes: map[int]struct{}{http.StatusTooManyRequests: {}}}
}

// Unsent retries a request that the service cannot have received: no connection was
// made, or the connection was stale.
func Unsent() retry.IsErrorRetryable {
	return retry.IsErrorRetryableFunc(func(err error) aws.Ternary {
		if IsStale(err) {
			return aws.TrueTernary
		}
		if network, ok := errors.AsType[*net.OpError](err); ok && network.Op == "dial" {
			return aws.TrueTernary
		}
		return aws.UnknownTernary
	})
}

// ofThePorts does not retry errors of the credential provider. The provider has
// already made its own three attempts; retrying them would make nine.
func ofThePorts(err error) aws.Ternary {
	if isOfThePorts(err) {
		return aws.FalseTernary
	}
	return aws.UnknownTernary
}

func isOfThePorts(err error) bool {
	for _, kind := range []error{ports.ErrThrottled, ports.ErrUnreachable, ports.ErrMisconfigured} {
		if errors.Is(err, kind) {
			return true
		}
	}
	return false
}

// deadlineRetryer retries only if the longest wait and an attempt as long as
// the last one fit into the remaining time. An attempt that the deadline cuts
// off returns no information, and hides the error of the attempt before it.
// "Throttled", reported early, is more useful than "out of time".
type deadlineRetryer struct {
	*retry.Standard
	longest time.Duration // between two attempts
}

// errNoTime is joined to the error of the last attempt.
var errNoTime = errors.New("not enough time left for a retry")

// GetRetryToken implements [aws.RetryerV2].
func (h deadlineRetryer) GetRetryToken(ctx context.Context, err error) (func(error) error, error) {
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < h.longest+lastAttempt(err) {
		return nil, errNoTime
	}
	return h.Standard.GetRetryToken(ctx, err)
}

// beganKey is the context key of the time at which a request was sent.
type beganKey struct{}

// lastAttempt returns the duration of the attempt that ended in the error.
func lastAttempt(err error) time.Duration {
	if lost, ok := errors.AsType[*lostError](err); ok {
		return lost.took
	}
	answered, ok := errors.AsType[*smithyhttp.ResponseError](err)
	if !ok || answered.Response == nil || answered.Response.Response == nil || answered.Response.Request == nil {
		return 0
	}
	began, _ := answered.Response.Request.Context().Value(beganKey{}).(time.Time)
	return time.Since(began)
}

// HTTPClient is the SDK's interface of an HTTP client.
type HTTPClient interface {
	Do(*http.Request) (*http.Response, error)
}

// Over returns a client that sends requests through next. A client that Over
// returned is returned unchanged.
//
// It gives net/http a body that net/http knows to be in memory. The SDK's own
// body looks like a stream to net/http. Headers and body then leave in two
// writes. The SDK may also close the stream while net/http still reads it,
// which costs the connection and sometimes the response.
//
// It marks a request that was lost on a stale connection: see [IsStale].
//
// It uses HTTP/1.1, if next is a configurable client. HTTP/2 has no advantage
// here, because calls follow one another. It has a disadvantage: it keeps a
// connection whose request was cancelled. If the network dropped that
// connection while the function was frozen, every later attempt would run out
// of time on it.
//
// It follows no redirect. The SDK's own client would send the body, and with it
// a password, to the target of a 307.
func Over(next HTTPClient) HTTPClient {
	if over, is := next.(client); is {
		return over
	}
	if buildable, ok := next.(*awshttp.BuildableClient); ok {
		buildable = buildable.WithTransportOptions(func(transport *http.Transport) {
			transport.DialContext = staleconn.Dial(transport.DialContext)
			transport.ForceAttemptHTTP2 = false
			transport.Protocols = new(http.Protocols)
			transport.Protocols.SetHTTP1(true)
			transport.TLSNextProto = map[string]func(string, *tls.Conn) http.RoundTripper{}
			if transport.TLSClientConfig != nil { // a cloned transport already offers HTTP/2
				transport.TLSClientConfig.NextProtos = nil
			}
		})
		next = &http.Client{
			Transport:     buildable.GetTransport(),
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		}
	}
	return client{next}
}

type client struct {
	next HTTPClient
}

// Connect opens a connection from the client to the address, for later calls.
// It accepts any response.
func Connect(ctx context.Context, client HTTPClient, address string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodHead, address, http.NoBody)
	if err != nil {
		return err
	}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	return response.Body.Close()
}

// Do implements [HTTPClient].
func (c client) Do(request *http.Request) (*http.Response, error) {
	began := time.Now()
	watched, sent := staleconn.Watch(context.WithValue(request.Context(), beganKey{}, began))
	request = request.WithContext(watched)
	if err := inMemory(request); err != nil {
		return nil, err
	}
	end := ports.BeginCall(watched, ports.Call{
		Service: awsmiddleware.GetServiceID(watched), Operation: awsmiddleware.GetOperationName(watched), Again: isRetry(request),
	})
	response, err := c.next.Do(request)
	end(statusOf(response))
	if err != nil {
		return response, &lostError{error: err, stale: sent.LostOnStale(err), unjudged: sent.Unjudged(err), took: time.Since(began)}
	}
	return response, nil
}

// statusOf returns the status of the response, or 0 without a response.
func statusOf(response *http.Response) int {
	if response == nil {
		return 0
	}
	return response.StatusCode
}

// isRetry reports whether the request is a retry of the SDK, which the SDK
// writes into a header.
func isRetry(request *http.Request) bool {
	attempt := request.Header.Get("Amz-Sdk-Request")
	return attempt != "" && !strings.HasPrefix(attempt, "attempt=1;")
}

// inMemory reads the body and replaces it by one that net/http knows to be in
// memory. Bodies are small here: a sign-in, a message.
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
	if len(body) == 0 { // net/http would take an empty reader for a body of unknown length
		request.Body = http.NoBody
		return nil
	}
	request.Body = io.NopCloser(bytes.NewReader(body))
	request.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
	return nil
}

// lostError is the error of a request without a response.
type lostError struct {
	error
	stale    bool          // lost on a stale connection
	unjudged bool          // certainly not processed
	took     time.Duration // from the start of the request to the error
}

func (e *lostError) Unwrap() error {
	return e.error
}

// Unjudged reports whether the service certainly processed no attempt of the call
// that ended in the error. Each attempt then had no credentials or no connection, ran
// out of time before the first byte of a response, or was throttled. The metadata is
// the SDK's, about all attempts.
func Unjudged(err error, metadata middleware.Metadata) bool {
	results, _ := retry.GetAttemptResults(metadata)
	for _, result := range results.Results {
		response, _ := awsmiddleware.GetRawResponse(result.ResponseMetadata).(*smithyhttp.Response)
		if !unjudged(result.Err, response) {
			return false
		}
	}
	return unjudged(err, nil)
}

// unjudged reports the same for one attempt. It looks at the response too, because
// the error does not contain it if the wait before the next attempt was cancelled.
func unjudged(err error, response *smithyhttp.Response) bool {
	if lost, ok := errors.AsType[*lostError](err); ok {
		return lost.unjudged
	}
	if failure, ok := errors.AsType[*smithyhttp.ResponseError](err); ok {
		response = failure.Response
	}
	if response != nil && response.Response != nil && response.StatusCode != 0 { // without a response, the SDK sets the status to 0
		return throttled(err)
	}
	return isOfThePorts(err) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// throttled reports whether the service responded that there are too many
// requests.
func throttled(err error) bool {
	if failure, ok := errors.AsType[smithy.APIError](err); ok {
		if _, is := retry.DefaultThrottleErrorCodes[failure.ErrorCode()]; is {
			return true
		}
	}
	response, ok := errors.AsType[*smithyhttp.ResponseError](err)
	return ok && response.HTTPStatusCode() == http.StatusTooManyRequests
}

// IsStale reports whether the request was lost on a stale connection: one that
// served a request before this attempt, and returned no bytes. The service
// closed it while the function was frozen. This is common, because Lambda
// freezes the process between attempts; it must not fail a user's sign-in.
func IsStale(err error) bool {
	lost, ok := errors.AsType[*lostError](err)
	return ok && lost.stale
}
