package sqlsource

import (
	"context"
	"fmt"

	"cognito-user-migration/domain"
	"cognito-user-migration/ports"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/rds/auth"
)

// rdsToken makes the token that RDS takes for a password: a signature that is
// valid for a quarter of an hour, so one is made for each connection. It is
// made here, and nobody is asked but for the credentials.
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
