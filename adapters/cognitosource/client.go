package cognitosource

import (
	"context"
	"errors"
	"net"

	"cognito-user-migration/adapters/internal/awsclient"
	"cognito-user-migration/adapters/internal/awsfault"
	"cognito-user-migration/adapters/internal/cognitocalls"
	"cognito-user-migration/ports"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
)

// client is the SDK's client, and the two calls that a sign-in makes through it.
type client struct {
	*cognitocalls.Client
	sdk *cognitoidentityprovider.Client
}

var _ API = client{}

// newSDK makes the SDK's client for one region, with credentials of the port.
func newSDK(config aws.Config, credentials ports.CredentialProvider, region string) *cognitoidentityprovider.Client {
	return cognitoidentityprovider.NewFromConfig(config, func(o *cognitoidentityprovider.Options) {
		o.Region = region
		o.Credentials = sdkCredentials(credentials)
		o.HTTPClient = awsclient.Over(o.HTTPClient)
		o.Retryer = awsclient.Retryer()
	})
}

// sdkCredentials gives the credentials of the port to the SDK.
func sdkCredentials(credentials ports.CredentialProvider) aws.CredentialsProvider {
	return aws.CredentialsProviderFunc(func(ctx context.Context) (aws.Credentials, error) {
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
}

func newClient(sdk *cognitoidentityprovider.Client) client {
	neverTwice := signInRetryer()
	return client{sdk: sdk, Client: cognitocalls.New(sdk, func(o *cognitoidentityprovider.Options) {
		o.Retryer = neverTwice
		o.APIOptions = append(o.APIOptions, certifyUnjudged)
	})}
}

// warm opens a connection to the service and puts the operations together.
func (c client) warm(ctx context.Context) error {
	if err := c.Prepare(); err != nil {
		return awsfault.Of(ctx, adapter, "connect", err)
	}
	return c.connect(ctx)
}

// connect opens a connection to the service and leaves it to the next request.
// What the service answers to a request without a body does not matter.
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

// signInRetryer keeps a sign-in from being sent again when the source may have
// judged the password already: each wrong one counts towards the user's lockout
// (cognito-facts 28). It is sent again when the source said that it did not
// look (throttled, a fault of its own, signed at another time than its own), and
// when it cannot have been reached.
func signInRetryer() aws.Retryer {
	return awsclient.Retryer(
		retry.NoRetryCanceledError{},
		retry.IsErrorRetryableFunc(unsent),
		retry.RetryableErrorCode{Codes: retry.DefaultRetryableErrorCodes},
		retry.RetryableErrorCode{Codes: retry.DefaultThrottleErrorCodes},
		retry.IsErrorRetryableFunc(looked),
		retry.RetryableError{}, // of the clocks, which the SDK sets right
		awsclient.TooManyRequests(),
		retry.RetryableHTTPStatusCode{Codes: retry.DefaultRetryableHTTPStatusCodes},
		// What none of the above knows is not retried.
		retry.IsErrorRetryableFunc(func(error) aws.Ternary { return aws.FalseTernary }),
	)
}

// certifyUnjudged makes the error of a sign-in match [ports.ErrNotJudged] where
// the source certainly judged the password in none of the tries.
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

// looked holds for the operation's own exceptions that put the blame on the
// request, whatever the status that they come with: to say so, the source has
// looked at it.
func looked(err error) aws.Ternary {
	if failure, ok := errors.AsType[smithy.APIError](err); ok && failure.ErrorFault() == smithy.FaultClient {
		return aws.FalseTernary
	}
	return aws.UnknownTernary
}

// unsent holds for a request that cannot have reached the source: no connection
// was made, or the one at hand had gone stale.
func unsent(err error) aws.Ternary {
	if awsclient.IsStale(err) {
		return aws.TrueTernary
	}
	if network, ok := errors.AsType[*net.OpError](err); ok && network.Op == "dial" {
		return aws.TrueTernary
	}
	return aws.UnknownTernary
}
