//go:build !noprofiles

package app

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/smithy-go/logging"
)

// loadAWS loads the SDK's configuration from wherever the SDK looks for it: the
// environment, profiles, SSO and more. The SDK's own log lines are none of ours:
// they would stand beside the JSON, and who knows with what in them.
func loadAWS(ctx context.Context) (aws.Config, error) {
	return awsconfig.LoadDefaultConfig(ctx, awsconfig.WithLogger(logging.Nop{}), awsconfig.WithHTTPClient(newAWSClient()))
}
