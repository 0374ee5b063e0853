package sqlsource

import (
	"context"
	"fmt"

	"cognito-user-migration/adapters/internal/awsrole"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"

	"github.com/aws/aws-sdk-go-v2/feature/rds/auth"
)

// rdsToken returns a function that creates the token that RDS accepts as a
// password. A token is a signature that is valid for 15 minutes, so each
// connection needs a new one. The signature is computed locally; only the
// credentials need a call.
func rdsToken(to address, region string, credentials ports.CredentialProvider) func(context.Context) (domain.Secret, error) {
	return func(ctx context.Context) (domain.Secret, error) {
		if credentials == nil {
			return domain.Secret{}, fmt.Errorf("no AWS credentials to sign the token: %w", ports.ErrMisconfigured)
		}
		token, err := auth.BuildAuthToken(ctx, to.endpoint(), region, to.user, awsrole.Credentials(credentials))
		return domain.NewSecret(token), err
	}
}
