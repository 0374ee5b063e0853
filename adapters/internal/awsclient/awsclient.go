// Package awsclient holds how every adapter of an AWS service sends: within
// Cognito's few seconds, over connections that Lambda's sleep may have made
// stale. It imports ports.
package awsclient

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
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
	// maxAttempts is how often a call is tried in all.
	maxAttempts = 3
	// maxBackoff is the longest wait between two tries. The SDK's own twenty
	// seconds outlive Cognito's five (cognito-facts 14 and 33).
	maxBackoff = 300 * time.Millisecond
)

// Retryer tries a call again as the SDK does, but for a short time, and only
// while another try fits into the context's: see [hurried]. Errors that it is to
// take for worth another try can be given in place of the SDK's.
func Retryer(retryables ...retry.IsErrorRetryable) aws.Retryer {
	return RetryerWithin(maxBackoff, retryables...)
}

// RetryerWithin is the [Retryer] with a longest wait of its own, for calls that
// have less time.
func RetryerWithin(longest time.Duration, retryables ...retry.IsErrorRetryable) aws.Retryer {
	if len(retryables) == 0 {
		retryables = append(slices.Clone(retry.DefaultRetryables), TooManyRequests())
	}
	return hurried{longest: longest, Standard: retry.NewStandard(func(o *retry.StandardOptions) {
		o.MaxAttempts = maxAttempts
		o.MaxBackoff = longest
		o.Retryables = append([]retry.IsErrorRetryable{retry.IsErrorRetryableFunc(ofThePorts)}, retryables...)
	})}
}

// TooManyRequests is worth another try by its status alone; the SDK goes by the
// code, which what stands before a service may not have.
func TooManyRequests() retry.IsErrorRetryable {
	return retry.RetryableHTTPStatusCode{Codes: map[int]struct{}{http.StatusTooManyRequests: {}}}
}

// ofThePorts holds back from errors of the credential provider: it has tried as
// often as it should, and three tries of three are nine.
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

// hurried tries again only where the longest wait and a try as long as the last
// one fit into the time that is left. A try that is cut off tells nothing, and
// hides what the one before it told: throttled is a better answer than out of
// time, and an earlier one.
type hurried struct {
	*retry.Standard
	longest time.Duration // wait between two tries
}

// errNoTime stands beside the error of the last try.
var errNoTime = errors.New("not enough time left for a retry")

// GetRetryToken implements [aws.RetryerV2].
func (h hurried) GetRetryToken(ctx context.Context, err error) (func(error) error, error) {
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < h.longest+lastTry(err) {
		return nil, errNoTime
	}
	return h.Standard.GetRetryToken(ctx, err)
}

// beganKey is the context's key of when a request was sent.
type beganKey struct{}

// lastTry is how long the try took that ended in the error.
func lastTry(err error) time.Duration {
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
//
// It speaks HTTP/1.1, where it can choose. Calls follow one another here, so
// HTTP/2 has nothing to give; but it keeps a connection whose request was
// cancelled, and with it one that the network has lost while the function slept:
// every attempt after would run out of time on it.
//
// And there it follows no redirect: the SDK's own client would carry the body,
// and with it a password, wherever a 307 leads.
//
// A client that it returned comes back as it is.
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
			if transport.TLSClientConfig != nil { // a transport that is a copy offers HTTP/2 here already
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

// Connect opens a connection of the client to the address, for the calls that
// come. Whatever is answered is as good.
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

// statusOf is the answer's status; 0 where there is none.
func statusOf(response *http.Response) int {
	if response == nil {
		return 0
	}
	return response.StatusCode
}

// isRetry reports whether the SDK sends this request again; it says so itself.
func isRetry(request *http.Request) bool {
	attempt := request.Header.Get("Amz-Sdk-Request")
	return attempt != "" && !strings.HasPrefix(attempt, "attempt=1;")
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
	if len(body) == 0 { // to net/http an empty one is of unknown length
		request.Body = http.NoBody
		return nil
	}
	request.Body = io.NopCloser(bytes.NewReader(body))
	request.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
	return nil
}

// lostError is a request that brought no answer.
type lostError struct {
	error
	stale    bool          // it was lost on a stale connection
	unjudged bool          // it certainly led to no answer
	took     time.Duration // until that was known
}

func (e *lostError) Unwrap() error {
	return e.error
}

// Unjudged reports whether the service certainly did not look at any try of a
// call, which ended in the error: no credentials, no connection, no time left
// before the first byte of an answer, or fewer requests asked for. The metadata is
// the SDK's, of all tries.
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

// unjudged says it of one try. The response is what came back, even where the
// error does not show it: the wait before the next try may have been cancelled.
func unjudged(err error, response *smithyhttp.Response) bool {
	if lost, ok := errors.AsType[*lostError](err); ok {
		return lost.unjudged
	}
	if failure, ok := errors.AsType[*smithyhttp.ResponseError](err); ok {
		response = failure.Response
	}
	if response != nil && response.Response != nil && response.StatusCode != 0 { // the SDK's status of no answer is 0
		return throttled(err)
	}
	return isOfThePorts(err) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// throttled reports whether the service answered by asking for fewer requests.
func throttled(err error) bool {
	if failure, ok := errors.AsType[smithy.APIError](err); ok {
		if _, is := retry.DefaultThrottleErrorCodes[failure.ErrorCode()]; is {
			return true
		}
	}
	response, ok := errors.AsType[*smithyhttp.ResponseError](err)
	return ok && response.HTTPStatusCode() == http.StatusTooManyRequests
}

// IsStale reports whether a request went out on a connection that had served
// before, but not in this attempt, and brought not one byte back: while the
// function slept, the service closed it. Lambda's sandboxes sleep between any two attempts, so this is the
// common case, and must not cost a person their sign-in.
func IsStale(err error) bool {
	lost, ok := errors.AsType[*lostError](err)
	return ok && lost.stale
}
