package lambdasource

import (
	"context"
	"errors"
	"os"

	"cognito-user-migration/adapters/internal/awsname"
	"cognito-user-migration/adapters/internal/awsrole"
	"cognito-user-migration/ports"
	"cognito-user-migration/ports/parts"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Account gives the configuration and credentials with which a function is invoked.
type Account interface {
	Config(ctx context.Context) (aws.Config, error)
	Credentials(ctx context.Context, role awsrole.Settings, region string) (ports.CredentialProvider, error)
}

// Kind returns this kind of source.
func Kind(account Account) parts.SourceKind {
	return parts.SourceKind{Name: "lambda", Settings: func() parts.SourceSettings {
		return &configured{account: account}
	}}
}

// configured are the settings, with the account that a main gave to the kind.
type configured struct {
	Settings
	account Account
}

// Open implements [parts.SourceSettings].
func (c *configured) Open(ctx context.Context, options parts.SourceOptions) (ports.Source, error) {
	config, err := c.account.Config(ctx)
	if err != nil {
		return ports.Source{}, err
	}
	region := c.region()
	if region == "" {
		region = config.Region
	}
	if c.isOwn(region, config.Region) {
		return ports.Source{}, errOwnFunction
	}
	credentials, err := c.account.Credentials(ctx, c.Role, region)
	if err != nil {
		return ports.Source{}, err
	}
	opened := Open(options.Name, config, credentials, c.Settings, Options{Rules: options.Rules, Note: options.Note}) //nolint:contextcheck // it sends nothing
	return opened, nil
}

// errOwnFunction is the error for a function that would invoke itself, endlessly.
var errOwnFunction = errors.New("FUNCTION is this function itself; name the function that knows the users")

// isOwn reports whether the function is certainly the one that this process runs in.
// A role, or an ARN of another account, leads elsewhere.
func (c *configured) isOwn(region, own string) bool {
	function, _ := awsname.ParseFunction(string(c.Function))
	return function.ARN == "" && c.Role.RoleARN == "" && region == own && function.Name == os.Getenv("AWS_LAMBDA_FUNCTION_NAME")
}
