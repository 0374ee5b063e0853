// Package awsrole is shared by the sources that are called with an IAM role: its
// settings, and its credentials for the SDK. It imports ports and the SDK.
package awsrole

import (
	"context"
	"errors"
	"fmt"

	"cognito-user-migration/adapters/internal/awsname"
	"cognito-user-migration/ports"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Settings are the variables for assuming a role in another account.
type Settings struct {
	RoleARN    RoleARN    `env:"ROLE_ARN" takes:"the ARN of an IAM role" desc:"Role in the source account. Without it, the function uses its own credentials."`
	ExternalID ExternalID `env:"EXTERNAL_ID" takes:"the external ID in the role's trust policy" desc:"External ID for assuming the role."`
}

// Validate rejects an external ID without a role.
func (s Settings) Validate(variable func(string) string) []error {
	if s.ExternalID != "" && s.RoleARN == "" {
		return []error{fmt.Errorf("%s: has an effect only with %s, which is not set", variable("EXTERNAL_ID"), variable("ROLE_ARN"))}
	}
	return nil
}

// Warnings lists settings that are valid but unwise.
func (s Settings) Warnings(variable func(string) string) []string {
	if s.RoleARN != "" && s.ExternalID == "" {
		return []string{variable("EXTERNAL_ID") + " is not set: anyone who can use this function's account could assume the source account's role (confused deputy)"}
	}
	return nil
}

// RoleARN is the ARN of an IAM role.
type RoleARN string

// UnmarshalText implements [encoding.TextUnmarshaler]. The error says what a
// role's ARN looks like.
func (r *RoleARN) UnmarshalText(text []byte) error {
	if !awsname.IsRole(string(text)) {
		return errors.New("expected a role's ARN, such as arn:aws:iam::123456789012:role/user-migration")
	}
	*r = RoleARN(text)
	return nil
}

// ExternalID is the value of sts:ExternalId that a trust policy requires.
type ExternalID string

// UnmarshalText implements [encoding.TextUnmarshaler]. The error lists the
// allowed characters ("AssumeRole", AWS STS API Reference).
func (e *ExternalID) UnmarshalText(text []byte) error {
	if len(text) < 2 || len(text) > 1224 || !awsname.Of(string(text), awsname.Letters+awsname.Digits+"_+=,.@:/-") {
		return errors.New("expected 2 to 1224 letters, digits and the signs _+=,.@:/-")
	}
	*e = ExternalID(text)
	return nil
}

// Config returns the configuration with these credentials, and with the region if it is
// not empty.
func Config(config aws.Config, credentials ports.CredentialProvider, region string) aws.Config {
	config = config.Copy()
	config.Credentials = Credentials(credentials)
	if region != "" {
		config.Region = region
	}
	return config
}

// Credentials adapts the credentials to the SDK.
func Credentials(credentials ports.CredentialProvider) aws.CredentialsProvider {
	return aws.CredentialsProviderFunc(func(ctx context.Context) (aws.Credentials, error) {
		set, err := credentials.Retrieve(ctx)
		if err != nil {
			return aws.Credentials{}, err
		}
		return aws.Credentials{
			AccessKeyID: set.AccessKeyID, SecretAccessKey: set.SecretAccessKey.Reveal(), SessionToken: set.SessionToken.Reveal(),
		}, nil
	})
}
