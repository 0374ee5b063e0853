//go:build noprofiles

package app

import (
	"context"
	"errors"
	"fmt"

	"cognito-user-migration/adapters/awsenv"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// loadAWS loads the SDK's configuration from the environment, which is all that
// there is in Lambda.
func loadAWS(context.Context) (aws.Config, error) {
	loaded, err := awsenv.Load(newAWSClient())
	if errors.Is(err, awsenv.ErrNoCredentials) {
		return aws.Config{}, fmt.Errorf("%w; this binary was built without profiles, SSO and instance metadata (build tag noprofiles)", err)
	}
	return loaded, err
}
