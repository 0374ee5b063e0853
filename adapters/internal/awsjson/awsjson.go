// Package awsjson calls AWS operations by signed JSON. It is for operations
// that the SDK does not have yet, and for clients that are too large.
// Endpoints, retries and the HTTP client are the same as for the SDK's clients
// in this project. It imports awsclient.
package awsjson

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"cognito-user-migration/adapters/internal/awsclient"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// maxAnswer is the longest response that is read, in bytes.
const maxAnswer = 16 << 20

// Service is an AWS service with a JSON protocol.
type Service struct {
	// ID is the SDK's name of the service; it selects AWS_ENDPOINT_URL_<ID>.
	ID string
	// Name is the signing name and the first label of the endpoint.
	Name string
	// Target is the prefix of the X-Amz-Target header.
	Target string
	// Version is the version of AWS's JSON protocol: 1.0 or 1.1.
	Version string
}

// CognitoIdentityProvider is the service of Cognito user pools.
func CognitoIdentityProvider() Service {
	return Service{ID: "Cognito Identity Provider", Name: "cognito-idp", Target: "AWSCognitoIdentityProviderService", Version: "1.1"}
}

// SSM is AWS Systems Manager, which keeps parameters.
func SSM() Service {
	return Service{ID: "SSM", Name: "ssm", Target: "AmazonSSM", Version: "1.1"}
}

// DynamoDB is Amazon DynamoDB.
func DynamoDB() Service {
	return Service{ID: "DynamoDB", Name: "dynamodb", Target: "DynamoDB_20120810", Version: "1.0"}
}

// SQS is Amazon SQS.
func SQS() Service {
	return Service{ID: "SQS", Name: "sqs", Target: "AmazonSQS", Version: "1.0"}
}

// SecretsManager is AWS Secrets Manager.
func SecretsManager() Service {
	return Service{ID: "Secrets Manager", Name: "secretsmanager", Target: "secretsmanager", Version: "1.1"}
}

// EventBridge is Amazon EventBridge.
func EventBridge() Service {
	return Service{ID: "EventBridge", Name: "events", Target: "AWSEvents", Version: "1.1"}
}

// Firehose is Amazon Data Firehose.
func Firehose() Service {
	return Service{ID: "Firehose", Name: "firehose", Target: "Firehose_20150804", Version: "1.1"}
}

// Lambda is AWS Lambda. Its protocol is REST: it is called by [Client.Send].
func Lambda() Service {
	return Service{ID: "Lambda", Name: "lambda"}
}

// CloudWatchLogs is the service of logs.
func CloudWatchLogs() Service {
	return Service{ID: "CloudWatch Logs", Name: "logs", Target: "Logs_20140328", Version: "1.1"}
}

// Caller is the interface of [Client] for the adapters.
type Caller interface {
	Call(ctx context.Context, operation string, input any) (json.RawMessage, error)
}

// Client calls operations of one service in one region.
type Client struct {
	service     Service
	region      string
	endpoint    string
	credentials aws.CredentialsProvider
	http        awsclient.HTTPClient
	retryer     func() aws.Retryer
	signer      *v4.Signer
	now         func() time.Time
	// skew is how far the service's clock is ahead of ours, in nanoseconds.
	skew atomic.Int64
}

// New returns a client of the service. The configuration sets the region,
// credentials, HTTP client, retryer (by default awsclient's) and endpoint, as
// for a client of the SDK.
func New(config aws.Config, service Service) *Client {
	c := &Client{
		service: service, region: config.Region, endpoint: endpointOf(config, service),
		credentials: config.Credentials, http: config.HTTPClient, retryer: config.Retryer,
		signer: v4.NewSigner(), now: time.Now,
	}
	if c.http == nil {
		c.http = awsclient.NewHTTPClient()
	}
	c.http = awsclient.Over(c.http)
	if c.retryer == nil {
		retryer := awsclient.Retryer()
		c.retryer = func() aws.Retryer { return retryer }
	}
	return c
}

// Connect opens a connection to the service, for later calls.
func (c *Client) Connect(ctx context.Context) error {
	return awsclient.Connect(ctx, c.http, c.endpoint)
}

// Call sends the input as JSON and returns the response's body. An error
// response matches [smithy.APIError] and [awshttp.ResponseError]; its text does
// not contain the service's message. Call retries as the SDK does.
func (c *Client) Call(ctx context.Context, operation string, input any) (json.RawMessage, error) {
	body, isRaw := input.(json.RawMessage)
	if !isRaw {
		var err error
		if body, err = json.Marshal(input); err != nil {
			return nil, fmt.Errorf("%s: %w", operation, err)
		}
	}
	response, err := c.Send(ctx, Request{Operation: operation, Body: body, MaxAnswer: maxAnswer, Header: http.Header{
		"Content-Type": {"application/x-amz-json-" + c.service.Version}, "X-Amz-Target": {c.service.Target + "." + operation},
	}})
	switch {
	case err != nil:
		return nil, err
	case !json.Valid(response.Body):
		return nil, responseError(response.from, errors.New("the response is not JSON"))
	default:
		return response.Body, nil
	}
}

// Request is a request of an operation: a POST.
type Request struct {
	// Operation is the name of the operation.
	Operation string
	// Path is the escaped path with its query, from its first slash on; empty for the
	// endpoint itself.
	Path string
	// Header is added to the request.
	Header http.Header
	Body   []byte
	// MaxAnswer is the longest response that is read, in bytes.
	MaxAnswer int
}

// Response is a response with a status of 200 to 299.
type Response struct {
	Header http.Header
	Body   []byte
	from   *http.Response
}

// ErrTooLong is the error for a response that is longer than [Request.MaxAnswer].
var ErrTooLong = errors.New("the response is too long")

// Send sends the request, with the retries and the errors of [Client.Call].
func (c *Client) Send(ctx context.Context, request Request) (Response, error) {
	ctx = awsmiddleware.SetServiceID(awsmiddleware.SetOperationName(ctx, request.Operation), c.service.ID)
	retryer := c.retryer()
	release := retryer.GetInitialToken()
	for attempt := 1; ; attempt++ {
		answer, err := c.send(ctx, request, fmt.Sprintf("attempt=%d; max=%d", attempt, retryer.MaxAttempts()))
		_ = release(err) // this release function never fails
		if err == nil || attempt == retryer.MaxAttempts() || !retryer.IsErrorRetryable(err) {
			return answer, err
		}
		var noToken error
		if release, noToken = retryer.GetRetryToken(ctx, err); noToken != nil {
			return Response{}, err
		}
		delay, noDelay := retryer.RetryDelay(attempt, err)
		if noDelay != nil {
			return Response{}, err
		}
		wait := time.NewTimer(delay)
		select {
		case <-wait.C:
		case <-ctx.Done():
			wait.Stop()
			return Response{}, errors.Join(ctx.Err(), err)
		}
	}
}

func (c *Client) send(ctx context.Context, asked Request, attempt string) (Response, error) {
	address := c.endpoint
	if asked.Path != "" {
		address = strings.TrimSuffix(address, "/") + asked.Path
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(asked.Body))
	if err != nil {
		return Response{}, err
	}
	if request.URL.Path == "" {
		request.URL.Path = "/"
	}
	for name, values := range asked.Header {
		request.Header[name] = values
	}
	request.Header.Set("Amz-Sdk-Request", attempt)
	if c.credentials == nil {
		return Response{}, errors.New("no AWS credentials are configured")
	}
	credentials, err := c.credentials.Retrieve(ctx)
	if err != nil {
		return Response{}, err
	}
	hash := sha256.Sum256(asked.Body)
	if err := c.signer.SignHTTP(ctx, credentials, request, hex.EncodeToString(hash[:]), c.service.Name, c.region, c.now().Add(time.Duration(c.skew.Load()))); err != nil {
		return Response{}, err
	}
	response, err := c.http.Do(request)
	if err != nil {
		return Response{}, &smithyhttp.RequestSendError{Err: err}
	}
	defer func() { _ = response.Body.Close() }()
	differs := c.followClock(response)
	answer, err := io.ReadAll(io.LimitReader(response.Body, int64(asked.MaxAnswer)+1))
	switch {
	case err != nil:
		return Response{}, responseError(response, err)
	case response.StatusCode < 200 || response.StatusCode > 299:
		err := responseError(response, readFault(response, answer))
		if differs && response.StatusCode < 500 {
			err = &clockError{err}
		}
		return Response{}, err
	case len(answer) > asked.MaxAnswer:
		return Response{}, responseError(response, ErrTooLong)
	default:
		return Response{Header: response.Header, Body: answer, from: response}, nil
	}
}

// clockLimit is how far the service's clock may be from ours before we follow it, as
// in the SDK. Services accept signatures of five minutes.
const clockLimit = 4 * time.Minute

// followClock signs later requests by the service's clock if ours is far from it. It
// reports whether that changes how a request is signed.
func (c *Client) followClock(response *http.Response) bool {
	told, err := http.ParseTime(response.Header.Get("Date"))
	if err != nil {
		return false
	}
	skew := told.Sub(c.now())
	if skew.Abs() < clockLimit {
		skew = 0
	}
	return (skew - time.Duration(c.skew.Swap(int64(skew)))).Abs() >= clockLimit
}

// clockError is the answer to a request that was signed by a wrong clock. A retry is
// signed by the right one.
type clockError struct{ error }

// Unwrap returns the service's error.
func (e *clockError) Unwrap() error { return e.error }

// RetryableError implements what the SDK's retryer looks for.
func (*clockError) RetryableError() bool { return true }

// responseError wraps an error in the SDK's type, which adds status and request
// ID.
func responseError(response *http.Response, err error) error {
	return &awshttp.ResponseError{
		RequestID: response.Header.Get("X-Amzn-Requestid"),
		ResponseError: &smithyhttp.ResponseError{
			Response: &smithyhttp.Response{Response: response}, Err: err,
		},
	}
}

// readFault reads an error response ("AWS JSON 1.1 protocol", Smithy). A
// response without an error code does not come from the service.
func readFault(response *http.Response, answer []byte) error {
	var named struct {
		Type    string `json:"__type"`
		Code    string `json:"code"`
		Message string `json:"message"` // or Message: encoding/json ignores letter case
	}
	_ = json.Unmarshal(answer, &named) // an HTML page sets no field
	for _, code := range []string{response.Header.Get("X-Amzn-Errortype"), named.Type, named.Code} {
		code, _, _ = strings.Cut(code, ":")
		if code = code[strings.LastIndexByte(code, '#')+1:]; code != "" {
			return NewFault(code, named.Message, response.StatusCode, answer)
		}
	}
	return errors.New("a response with status " + strconv.Itoa(response.StatusCode) + " that names no error")
}

// Fault is an error response of the service. Its text is the code alone,
// because messages repeat parts of the request.
type Fault struct {
	code, message string
	status        int
	body          json.RawMessage
}

// NewFault returns the error for an error response.
func NewFault(code, message string, status int, body json.RawMessage) *Fault {
	return &Fault{code: code, message: message, status: status, body: body}
}

// Body returns the whole response, for members that only this error has. It may
// repeat parts of the request.
func (f *Fault) Body() json.RawMessage { return f.body }

var _ smithy.APIError = (*Fault)(nil)

// Error implements error.
func (f *Fault) Error() string { return f.code }

// ErrorCode implements [smithy.APIError].
func (f *Fault) ErrorCode() string { return f.code }

// ErrorMessage implements [smithy.APIError]. It is only for telling errors
// apart.
func (f *Fault) ErrorMessage() string { return f.message }

// ErrorFault implements [smithy.APIError].
func (f *Fault) ErrorFault() smithy.ErrorFault {
	if f.status >= 500 {
		return smithy.FaultServer
	}
	return smithy.FaultClient
}
