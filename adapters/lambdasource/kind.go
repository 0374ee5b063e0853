package lambdasource

import (
	"cmp"
	"context"
	"errors"
	"os"

	"cognito-user-migration/adapters/internal/awsname"
	"cognito-user-migration/adapters/internal/awsrole"
	"cognito-user-migration/ports"
	"cognito-user-migration/ports/parts"
)

// Kind returns this kind of source.
func Kind(account awsrole.Account) parts.SourceKind {
	return parts.SourceKind{Name: "lambda", Settings: func() parts.SourceSettings {
		return &configured{account: account}
	}}
}

// configured are the settings, with the account that a main gave to the kind.
type configured struct {
	Settings
	account awsrole.Account
}

// Open implements [parts.SourceSettings].
func (c *configured) Open(ctx context.Context, options parts.SourceOptions) (ports.Source, error) {
	source, _, err := c.open(ctx, options)
	return source, err
}

// open also returns the credentials with which the function is invoked.
func (c *configured) open(ctx context.Context, options parts.SourceOptions) (ports.Source, ports.CredentialProvider, error) {
	own, err := c.account.Config(ctx)
	if err != nil {
		return ports.Source{}, nil, err
	}
	if c.isOwn(cmp.Or(c.region(), own.Region), own.Region) {
		return ports.Source{}, nil, errOwnFunction
	}
	config, credentials, err := c.Role.Open(ctx, c.account, c.region())
	if err != nil {
		return ports.Source{}, nil, err
	}
	return Open(options.Name, config, credentials, c.Settings, Options{Rules: options.Rules, Note: options.Note}), credentials, nil //nolint:contextcheck // it sends nothing
}

// errOwnFunction is the error for a function that would invoke itself, endlessly.
var errOwnFunction = errors.New("FUNCTION is this function itself; name the function that knows the users")

// isOwn reports whether the function is certainly the one that this process runs in.
// A role, or an ARN of another account, leads elsewhere.
func (c *configured) isOwn(region, own string) bool {
	function, _ := awsname.ParseFunction(string(c.Function))
	return function.ARN == "" && c.Role.RoleARN == "" && region == own && function.Name == os.Getenv("AWS_LAMBDA_FUNCTION_NAME")
}
