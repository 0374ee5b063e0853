// Package lambdasource is a source that invokes another Lambda function. The
// function either speaks the keycloak contract of the HTTP source, or is an existing
// user migration function, which gets Cognito's event. It imports domain and ports.
package lambdasource

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"unicode/utf8"

	"cognito-user-migration/adapters/internal/awsclient"
	"cognito-user-migration/adapters/internal/awsfault"
	"cognito-user-migration/adapters/internal/awsjson"
	"cognito-user-migration/adapters/internal/awsname"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/smithy-go/encoding/httpbinding"
	"github.com/aws/smithy-go/middleware"
)

const (
	adapter   = "Lambda source"
	operation = "Invoke"
	dryRun    = "Invoke (dry run)"
	// maxAnswer is the longest response in bytes, as in the HTTP source. Lambda
	// allows six megabytes.
	maxAnswer = 256 << 10
)

// Invoker sends requests to Lambda: [awsjson.Client].
type Invoker interface {
	Send(ctx context.Context, request awsjson.Request) (awsjson.Response, error)
}

// Options are the arguments for opening a function, besides its settings.
type Options struct {
	// Rules say which of the function's attributes are used. They also decide what
	// the response of a trigger function has members for.
	Rules domain.Rules
	// Note passes a note to the operator.
	Note func(ports.Note)
}

// Function is a Lambda function that is invoked.
type Function struct {
	source   string
	settings Settings
	options  Options
	path     string
	caller   awsfault.Caller
	// finds is retried after every outage, proves only if the function certainly did
	// not see the password.
	finds, proves Invoker
}

// Open returns the function that the settings name, as the source of their contract.
// The configuration has the function's region and the credentials. It sends nothing.
func Open(source string, config aws.Config, credentials ports.CredentialProvider, settings Settings, options Options) ports.Source {
	config = config.Copy()
	if config.HTTPClient == nil {
		config.HTTPClient = awsclient.NewHTTPClient()
	}
	config.HTTPClient = awsclient.Over(config.HTTPClient) // both clients use its connections
	finds := awsjson.New(config, awsjson.Lambda())
	config.Retryer = passwordRetryer()
	return New(source, finds, awsjson.New(config, awsjson.Lambda()), credentials, settings, options)
}

// New returns the function, with clients of its own.
func New(source string, finds, proves Invoker, credentials ports.CredentialProvider, settings Settings, options Options) ports.Source {
	f := &Function{
		source: source, settings: settings, options: options, path: settings.path(),
		caller: awsfault.Caller{Adapter: adapter, Credentials: credentials}, finds: finds, proves: proves,
	}
	opened := ports.Source{Warm: f.DryRun}
	switch settings.Contract {
	case Trigger:
		opened.Directory = &trigger{Function: f}
		opened.HidesUnknown, opened.ReadsEvent = true, true
	case Keycloak:
		opened.Directory = &keycloak{Function: f}
		opened.TellsSecondFactors = true
	}
	return opened
}

// passwordRetryer retries an invocation only if the function certainly did not see
// the password: throttled, no connection, a stale connection, a wrong signing time.
func passwordRetryer() func() aws.Retryer {
	retryer := awsclient.Retryer(
		retry.NoRetryCanceledError{},
		awsclient.Unsent(),
		retry.RetryableErrorCode{Codes: retry.DefaultThrottleErrorCodes},
		awsclient.TooManyRequests(),
		retry.RetryableError{}, // the signing time, which awsjson corrects
		retry.IsErrorRetryableFunc(func(error) aws.Ternary { return aws.FalseTernary }),
	)
	return func() aws.Retryer { return retryer }
}

// path is the escaped path of Invoke.
func (s *Settings) path() string {
	function, qualifier := s.target()
	path := "/2015-03-31/functions/" + httpbinding.EscapePath(function, true) + "/invocations"
	if qualifier != "" {
		path += "?Qualifier=" + url.QueryEscape(qualifier)
	}
	return path
}

// DryRun asks Lambda whether the function exists and may be invoked. The function
// does not run. It also opens the connection.
func (f *Function) DryRun(ctx context.Context) error {
	_, err := f.finds.Send(ctx, request("DryRun", f.path, nil))
	return f.fault(ctx, dryRun, err)
}

func request(kind, path string, event []byte) awsjson.Request {
	return awsjson.Request{
		Operation: operation, Path: path, Body: event, MaxAnswer: maxAnswer,
		Header: http.Header{"Content-Type": {"application/json"}, "X-Amz-Invocation-Type": {kind}},
	}
}

// answer is the function's own response.
type answer struct {
	payload   []byte
	requestID string
	// failed is true if the payload describes an error of the function.
	failed bool
}

// prove invokes the function with a password in its event. The error matches
// [ports.ErrNotJudged] if the function certainly did not see it.
func (f *Function) prove(ctx context.Context, password domain.Password, event func(password string) (any, error)) (answer, error) {
	with, err := event(password.Reveal())
	if err != nil {
		return answer{}, ports.NotJudged(err)
	}
	answer, err := f.invoke(ctx, f.proves, with)
	if err != nil && awsclient.Unjudged(err, middleware.Metadata{}) {
		return answer, ports.NotJudged(f.fault(ctx, operation, err))
	}
	return answer, f.fault(ctx, operation, err)
}

// find invokes the function without a password.
func (f *Function) find(ctx context.Context, event any) (answer, error) {
	answer, err := f.invoke(ctx, f.finds, event)
	return answer, f.fault(ctx, operation, err)
}

func (f *Function) invoke(ctx context.Context, by Invoker, event any) (answer, error) {
	body, isRaw := event.(json.RawMessage)
	if !isRaw {
		var err error
		if body, err = json.Marshal(event); err != nil {
			return answer{}, err
		}
	}
	response, err := by.Send(ctx, request("RequestResponse", f.path, body))
	if err != nil {
		return answer{}, err
	}
	return answer{
		payload: response.Body, requestID: response.Header.Get("X-Amzn-Requestid"),
		failed: response.Header.Get("X-Amz-Function-Error") != "",
	}, nil
}

// fault returns the port's error, or nil.
func (f *Function) fault(ctx context.Context, operation string, err error) error {
	if err == nil {
		return nil
	}
	reason, kind := kindOf(err)
	tooLong := errors.Is(err, awsjson.ErrTooLong)
	err = f.caller.Fault(ctx, operation, err)
	fault, ok := errors.AsType[*awsfault.Fault](err)
	if !ok {
		return err
	}
	if kind != nil {
		fault.Kind = kind
	}
	if reason != "" {
		fault.Cause = reason
	}
	if tooLong {
		fault.Cause = "the response is longer than 256 KiB"
	}
	return fault
}

// malformed is the error for a response that does not match the contract.
func (f *Function) malformed(from answer, what string) error {
	return &awsfault.Fault{Adapter: adapter, Operation: operation, RequestID: printable(from.requestID), Cause: what, Kind: ports.ErrUnreachable}
}

// asks reports whether the function can be asked about this name, which JSON would
// change if it were not UTF-8. No user has such a name.
func asks(username string) bool { return username != "" && utf8.ValidString(username) }

func (f *Function) found(kind domain.FindingKind) domain.Finding {
	return domain.Finding{Kind: kind, Source: f.source}
}

// printable returns Lambda's request ID, if it looks like one.
func printable(id string) string {
	if len(id) > 64 || !awsname.Of(id, awsname.Letters+awsname.Digits+"-") {
		return ""
	}
	return id
}
