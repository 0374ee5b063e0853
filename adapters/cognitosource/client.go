package cognitosource

import (
	"context"
	"errors"

	"cognito-user-migration/adapters/internal/awsclient"
	"cognito-user-migration/adapters/internal/awsfault"
	"cognito-user-migration/adapters/internal/awsrole"
	"cognito-user-migration/adapters/internal/cognitocalls"
	"cognito-user-migration/ports"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
)

// client is the SDK's client with the two calls of a sign-in.
type client struct {
	*cognitocalls.Client
	sdk *cognitoidentityprovider.Client
}

var _ API = client{}

// newSDK returns the SDK's client for one region, with the port's credentials.
func newSDK(config aws.Config, credentials ports.CredentialProvider, region string) *cognitoidentityprovider.Client {
	return cognitoidentityprovider.NewFromConfig(awsrole.Config(config, credentials, region), func(o *cognitoidentityprovider.Options) {
		o.HTTPClient = awsclient.Over(o.HTTPClient)
		o.Retryer = awsclient.Retryer()
	})
}

func newClient(sdk *cognitoidentityprovider.Client) client {
	neverTwice := signInRetryer()
	return client{sdk: sdk, Client: cognitocalls.New(sdk, func(o *cognitoidentityprovider.Options) {
		o.Retryer = neverTwice
		o.APIOptions = append(o.APIOptions, certifyUnjudged)
	})}
}

// warm opens a connection to the service and prepares both operations.
func (c client) warm(ctx context.Context) error {
	if err := c.Prepare(); err != nil {
		return awsfault.Of(ctx, adapter, "connect", err)
	}
	return c.connect(ctx)
}

// connect opens a connection to the service for the next request. It accepts
// any response to a request without a body.
func (c client) connect(ctx context.Context) error {
	options := c.sdk.Options()
	parameters := cognitoidentityprovider.EndpointParameters{
		Region:   &options.Region,
		Endpoint: options.BaseEndpoint,
	}
	endpoint, err := options.EndpointResolverV2.ResolveEndpoint(ctx, parameters)
	if err != nil {
		return awsfault.Of(ctx, adapter, "connect", err)
	}
	if err := awsclient.Connect(ctx, options.HTTPClient, endpoint.URI.String()); err != nil {
		return awsfault.Of(ctx, adapter, "connect", err)
	}
	return nil
}

// signInRetryer does not retry a sign-in if Cognito may have checked the
// password, because each wrong password counts towards the user's lockout
// (cognito-facts 28). It retries if Cognito responded that it did not:
// throttling, an internal error, a wrong signing time. It also retries if
// Cognito cannot have received the request.
func signInRetryer() aws.Retryer {
	return awsclient.Retryer(
		retry.NoRetryCanceledError{},
		awsclient.Unsent(),
		retry.RetryableErrorCode{Codes: retry.DefaultRetryableErrorCodes},
		retry.RetryableErrorCode{Codes: retry.DefaultThrottleErrorCodes},
		retry.IsErrorRetryableFunc(looked),
		retry.RetryableError{}, // clock skew, which the SDK corrects
		awsclient.TooManyRequests(),
		retry.RetryableHTTPStatusCode{Codes: retry.DefaultRetryableHTTPStatusCodes},
		// Other errors are not retried.
		retry.IsErrorRetryableFunc(func(error) aws.Ternary { return aws.FalseTernary }),
	)
}

// certifyUnjudged makes the error of a sign-in match [ports.ErrNotJudged] if
// Cognito certainly did not check the password in any attempt.
func certifyUnjudged(stack *middleware.Stack) error {
	return stack.Finalize.Add(middleware.FinalizeMiddlewareFunc("CertifyUnjudged",
		func(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (middleware.FinalizeOutput, middleware.Metadata, error) {
			out, metadata, err := next.HandleFinalize(ctx, in)
			if err != nil && awsclient.Unjudged(err, metadata) {
				err = ports.NotJudged(err)
			}
			return out, metadata, err
		}), middleware.Before)
}

// looked reports whether the error is one of the operation's exceptions that
// blame the request, with any status. Cognito must have processed the request
// to return it.
func looked(err error) aws.Ternary {
	if failure, ok := errors.AsType[smithy.APIError](err); ok && failure.ErrorFault() == smithy.FaultClient {
		return aws.FalseTernary
	}
	return aws.UnknownTernary
}
