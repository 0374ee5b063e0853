// Package awssetup reads how user pools, app clients, roles, functions and queues
// are set up, and attaches the migration trigger to a user pool. Only the operator's
// tool imports it. It imports domain, ports and the SDK.
package awssetup

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"cognito-user-migration/ports/setup"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/firehose"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/logging"
)

var (
	_ setup.IdentityReader = (*Account)(nil)
	_ setup.RoleAssumer    = (*Account)(nil)
	_ setup.UserPoolReader = (*UserPools)(nil)
	_ setup.GroupReader    = (*UserPools)(nil)
	_ setup.FunctionReader = (*Functions)(nil)
	_ setup.QueueReader    = (*Queues)(nil)
)

// sessionName is the name of the tool's role sessions in CloudTrail.
const sessionName = "migratectl-doctor"

// attemptTimeout limits each attempt of a call.
const attemptTimeout = 5 * time.Second

// forbidden is the code for an answer with only HTTP's status.
const forbidden = "HTTP 403"

// Account calls AWS with one set of credentials.
type Account struct {
	config aws.Config
}

// Load returns the account of a profile's credentials. If the profile is empty,
// the SDK finds the credentials. The region is used if the SDK finds none.
func Load(ctx context.Context, profile, region string) (*Account, error) {
	// A call to an unresponsive network ends even if the caller gave no deadline.
	options := []func(*awsconfig.LoadOptions) error{
		awsconfig.WithLogger(logging.Nop{}), // warnings would appear between the findings
		awsconfig.WithHTTPClient(awshttp.NewBuildableClient().WithTimeout(attemptTimeout)),
	}
	if profile != "" {
		options = append(options, awsconfig.WithSharedConfigProfile(profile))
	}
	config, err := awsconfig.LoadDefaultConfig(ctx, options...)
	if err != nil {
		return nil, configurationFault(profile, err)
	}
	if config.Region == "" {
		config.Region = region
	}
	return &Account{config: config}, nil
}

// Region returns the configuration's region, or an empty text if it has none.
func (a *Account) Region() string { return a.config.Region }

// WithRole returns the account with a role's credentials.
func (a *Account) WithRole(roleARN, externalID string) *Account {
	config := a.config.Copy()
	config.Credentials = aws.NewCredentialsCache(stscreds.NewAssumeRoleProvider(
		sts.NewFromConfig(a.config), roleARN, func(o *stscreds.AssumeRoleOptions) {
			o.RoleSessionName = sessionName
			o.ExternalID = optional(externalID)
		}))
	return &Account{config: config}
}

// Identity implements [setup.IdentityReader].
func (a *Account) Identity(ctx context.Context) (setup.Identity, error) {
	answer, err := sts.NewFromConfig(a.config).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return setup.Identity{}, classify(ctx, "GetCallerIdentity", err)
	}
	return setup.Identity{ARN: aws.ToString(answer.Arn), Account: aws.ToString(answer.Account)}, nil
}

// AssumeRole implements [setup.RoleAssumer].
func (a *Account) AssumeRole(ctx context.Context, roleARN, externalID string) error {
	_, err := sts.NewFromConfig(a.config).AssumeRole(ctx, &sts.AssumeRoleInput{
		RoleArn:         &roleARN,
		RoleSessionName: aws.String(sessionName),
		DurationSeconds: aws.Int32(900), // the shortest there is
		ExternalId:      optional(externalID),
	})
	return classify(ctx, "AssumeRole", err)
}

// in returns the configuration for a region, by default the account's.
func (a *Account) in(region string) aws.Config {
	config := a.config.Copy()
	if region != "" {
		config.Region = region
	}
	return config
}

// UserPools returns the reader and writer of user pools in a region.
func (a *Account) UserPools(region string) *UserPools {
	return NewUserPools(cognitoidentityprovider.NewFromConfig(a.config, func(o *cognitoidentityprovider.Options) {
		o.Region = region
	}))
}

// AppClients lists the app clients of a user pool: their names by their IDs. The region
// is the account's by default.
func (a *Account) AppClients(ctx context.Context, region, poolID string) (map[string]string, error) {
	names := make(map[string]string)
	for client, err := range clientsOf(ctx, cognitoidentityprovider.NewFromConfig(a.in(region)), poolID) {
		if err != nil {
			return nil, err
		}
		names[aws.ToString(client.ClientId)] = aws.ToString(client.ClientName)
	}
	return names, nil
}

// Functions returns the reader of functions in a region.
func (a *Account) Functions(region string) *Functions {
	return NewFunctions(lambda.NewFromConfig(a.config, func(o *lambda.Options) {
		o.Region = region
	}))
}

// Queues returns the reader of queues in a region, by default the account's.
func (a *Account) Queues(region string) *Queues {
	return NewQueues(sqs.NewFromConfig(a.in(region)))
}

// AuditTargets returns the reader of event buses and Firehose streams in a region,
// by default the account's.
func (a *Account) AuditTargets(region string) *AuditTargets {
	return NewAuditTargets(eventbridge.NewFromConfig(a.in(region)), firehose.NewFromConfig(a.in(region)))
}

// classify turns an error of the SDK into an error of setup. It keeps the service's
// own text, which goes only to the operator's terminal.
func classify(ctx context.Context, operation string, err error) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return fmt.Errorf("%s: no answer: %w", operation, ctx.Err())
	}
	code, text, answered := answerOf(err)
	if !answered {
		return unanswered(operation, err)
	}
	text = operation + ": " + code + ": " + text
	if kind := refusedCredentials(code); kind != nil {
		return &answeredError{text, kind}
	}
	switch {
	case strings.HasPrefix(code, "AccessDenied"), code == "UnauthorizedOperation", code == forbidden:
		return &answeredError{text, setup.ErrNotPermitted}
	case code == "ResourceNotFoundException", slices.Contains(noQueue(), code):
		return &answeredError{text, setup.ErrNotFound}
	default:
		return &answeredError{text, err}
	}
}

// answerOf returns the service's code and text, or false if no service answered. A
// proxy in front of a service may answer in XML. The SDK expects JSON, and returns
// the bytes that it could not read.
func answerOf(err error) (code, text string, ok bool) {
	if failure, ok := errors.AsType[smithy.APIError](err); ok {
		if response, ok := errors.AsType[*awshttp.ResponseError](err); ok && failure.ErrorCode() == "UnknownError" && response.HTTPStatusCode() == http.StatusForbidden {
			return forbidden, "no reason given", true
		}
		return failure.ErrorCode(), failure.ErrorMessage(), true
	}
	unread, ok := errors.AsType[*smithy.DeserializationError](err)
	if !ok {
		return "", "", false
	}
	code, text = element(unread.Snapshot, "Code"), element(unread.Snapshot, "Message")
	return code, text, code != ""
}

// element returns the text of the first XML element with this name.
func element(document []byte, name string) string {
	_, rest, _ := strings.Cut(string(document), "<"+name+">")
	text, _, closed := strings.Cut(rest, "</"+name+">")
	if !closed {
		return ""
	}
	return text
}

// answeredError is an error with the service's own text.
type answeredError struct {
	text string
	kind error
}

func (e *answeredError) Error() string { return e.text }

func (e *answeredError) Unwrap() error { return e.kind }

func optional(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}
