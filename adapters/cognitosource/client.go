package cognitosource

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"time"

	"cognito-user-migration/ports"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
)

const (
	// maxAttempts is how often a call is tried in all, where trying again is
	// safe and time is left.
	maxAttempts = 3
	// maxBackoff is the longest wait between two tries. The whole attempt has
	// less than five seconds (cognito-facts 14 and 33).
	maxBackoff = 300 * time.Millisecond
)

// newClient makes the SDK's client for one region, with credentials of the port.
func newClient(config aws.Config, credentials ports.CredentialProvider, region string) *cognitoidentityprovider.Client {
	return cognitoidentityprovider.NewFromConfig(config, func(o *cognitoidentityprovider.Options) {
		o.Region = region
		o.Credentials = aws.CredentialsProviderFunc(func(ctx context.Context) (aws.Credentials, error) {
			set, err := credentials.Retrieve(ctx)
			if err != nil {
				return aws.Credentials{}, err
			}
			return aws.Credentials{
				AccessKeyID:     set.AccessKeyID,
				SecretAccessKey: set.SecretAccessKey.Reveal(),
				SessionToken:    set.SessionToken.Reveal(),
			}, nil
		})
		o.HTTPClient = staleAware{o.HTTPClient}
		o.Retryer = retry.NewStandard(func(o *retry.StandardOptions) {
			o.MaxAttempts = maxAttempts
			o.MaxBackoff = maxBackoff
		})
	})
}

// signInRetryer keeps a sign-in from being sent again when the source may have
// judged the password already: each wrong one counts towards the user's lockout
// (cognito-facts 28). It is sent again when the source said that it did not
// look (throttled, a fault of its own), and when it cannot have been reached.
func signInRetryer() aws.Retryer {
	return retry.NewStandard(func(o *retry.StandardOptions) {
		o.MaxAttempts = maxAttempts
		o.MaxBackoff = maxBackoff
		o.Retryables = []retry.IsErrorRetryable{
			retry.NoRetryCanceledError{},
			retry.IsErrorRetryableFunc(unsent),
			retry.RetryableHTTPStatusCode{Codes: retry.DefaultRetryableHTTPStatusCodes},
			retry.RetryableErrorCode{Codes: retry.DefaultRetryableErrorCodes},
			retry.RetryableErrorCode{Codes: retry.DefaultThrottleErrorCodes},
			// What none of the above knows is not retried.
			retry.IsErrorRetryableFunc(func(error) aws.Ternary { return aws.FalseTernary }),
		}
	})
}

// unsent holds for a request that cannot have reached the source: no connection
// was made, or the one at hand had gone stale.
func unsent(err error) aws.Ternary {
	if _, stale := errors.AsType[*staleConnectionError](err); stale {
		return aws.TrueTernary
	}
	if network, ok := errors.AsType[*net.OpError](err); ok && network.Op == "dial" {
		return aws.TrueTernary
	}
	return aws.UnknownTernary
}

// staleAware marks the error of a request that went out on a connection that
// had served before and brought not one byte back: while the function slept,
// the service closed it. Lambda's sandboxes sleep between any two attempts, so
// this is the common case and must not cost a person their sign-in.
type staleAware struct {
	next cognitoidentityprovider.HTTPClient
}

// Do implements the SDK's HTTPClient.
func (c staleAware) Do(request *http.Request) (*http.Response, error) {
	var reused, answered atomic.Bool
	trace := httptrace.WithClientTrace(request.Context(), &httptrace.ClientTrace{
		GotConn:              func(info httptrace.GotConnInfo) { reused.Store(info.Reused) },
		GotFirstResponseByte: func() { answered.Store(true) },
	})
	response, err := c.next.Do(request.WithContext(trace))
	if err != nil && reused.Load() && !answered.Load() && request.Context().Err() == nil {
		return response, &staleConnectionError{err}
	}
	return response, err
}

// staleConnectionError is a request lost on a connection that had gone stale.
type staleConnectionError struct {
	error
}

func (e *staleConnectionError) Unwrap() error {
	return e.error
}
