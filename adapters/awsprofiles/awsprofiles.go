// Package awsprofiles loads the SDK's configuration from all its sources: the
// environment, profiles, SSO and instance metadata. It is for the operator's
// tool; the function reads only its environment (package awsenv).
package awsprofiles

import (
	"context"

	"cognito-user-migration/adapters/internal/awsclient"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/smithy-go/logging"
)

// Config loads the configuration. It drops the SDK's own log lines, which are
// not JSON and may contain secret values.
func Config(ctx context.Context) (aws.Config, error) {
	return awsconfig.LoadDefaultConfig(ctx, awsconfig.WithLogger(logging.Nop{}), awsconfig.WithHTTPClient(awsclient.NewHTTPClient()))
}

// ConfigOf loads the configuration of a profile, as Config does.
func ConfigOf(ctx context.Context, profile string) (aws.Config, error) {
	return awsconfig.LoadDefaultConfig(ctx, awsconfig.WithSharedConfigProfile(profile), awsconfig.WithLogger(logging.Nop{}), awsconfig.WithHTTPClient(awsclient.NewHTTPClient()))
}
