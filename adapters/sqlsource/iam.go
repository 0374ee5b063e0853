package sqlsource

import (
	"context"
	"fmt"

	"cognito-user-migration/domain"
	"cognito-user-migration/ports"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/rds/auth"
)

// rdsToken returns a function that creates the token that RDS accepts as a
// password. A token is a signature that is valid for 15 minutes, so each
// connection needs a new one. The signature is computed locally; only the
// credentials need a call.
func rdsToken(to address, region string, credentials ports.CredentialProvider) func(context.Context) (domain.Secret, error) {
	provider := aws.CredentialsProviderFunc(func(ctx context.Context) (aws.Credentials, error) {
		if credentials == nil {
			return aws.Credentials{}, fmt.Errorf("no AWS credentials to sign the token: %w", ports.ErrMisconfigured)
		}
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
	return func(ctx context.Context) (domain.Secret, error) {
		token, err := auth.BuildAuthToken(ctx, to.endpoint(), region, to.user, provider)
		return domain.NewSecret(token), err
	}
}
