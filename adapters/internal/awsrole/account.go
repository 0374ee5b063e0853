package awsrole

import (
	"context"

	"cognito-user-migration/ports"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Account is the AWS account of this process, for sources in AWS.
type Account interface {
	// Config returns the SDK's configuration.
	Config(ctx context.Context) (aws.Config, error)
	// Credentials returns the credentials of the role, or the process's own without
	// a role. The region is for a process that has none.
	Credentials(ctx context.Context, role Settings, region string) (ports.CredentialProvider, error)
}

// Open returns the configuration for calls in the region as the role, and the role's
// credentials. An empty region is the process's own.
func (s Settings) Open(ctx context.Context, account Account, region string) (aws.Config, ports.CredentialProvider, error) {
	config, err := account.Config(ctx)
	if err != nil {
		return aws.Config{}, nil, err
	}
	if region == "" {
		region = config.Region
	}
	credentials, err := account.Credentials(ctx, s, region)
	if err != nil {
		return aws.Config{}, nil, err
	}
	return Config(config, credentials, region), credentials, nil
}
