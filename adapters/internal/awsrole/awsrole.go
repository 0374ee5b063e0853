// Package awsrole holds the settings of an IAM role, for every source that is
// asked with one. It imports no other adapter.
package awsrole

import (
	"errors"
	"fmt"

	"cognito-user-migration/adapters/internal/awsname"
)

// Settings are the variables with which a role in another account is taken on.
type Settings struct {
	RoleARN    RoleARN    `env:"ROLE_ARN" takes:"the ARN of an IAM role" desc:"Role in the source account. Without it, the function uses its own credentials."`
	ExternalID ExternalID `env:"EXTERNAL_ID" takes:"the external ID in the role's trust policy" desc:"External ID for assuming the role."`
}

// Validate reports an external ID that no role would be asked with.
func (s Settings) Validate(variable func(string) string) []error {
	if s.ExternalID != "" && s.RoleARN == "" {
		return []error{fmt.Errorf("%s: has an effect only with %s, which is not set", variable("EXTERNAL_ID"), variable("ROLE_ARN"))}
	}
	return nil
}

// Warnings tells what is allowed but unwise.
func (s Settings) Warnings(variable func(string) string) []string {
	if s.RoleARN != "" && s.ExternalID == "" {
		return []string{variable("EXTERNAL_ID") + " is not set: anyone who can use this function's account could assume the source account's role (confused deputy)"}
	}
	return nil
}

// RoleARN is the ARN of an IAM role.
type RoleARN string

// UnmarshalText implements [encoding.TextUnmarshaler]; the error says what a
// role's ARN looks like.
func (r *RoleARN) UnmarshalText(text []byte) error {
	if !awsname.IsRole(string(text)) {
		return errors.New("expected a role's ARN, such as arn:aws:iam::123456789012:role/user-migration")
	}
	*r = RoleARN(text)
	return nil
}

// ExternalID is what a trust policy demands as sts:ExternalId.
type ExternalID string

// UnmarshalText implements [encoding.TextUnmarshaler]; the error says which
// characters there may be ("AssumeRole", AWS STS API Reference).
func (e *ExternalID) UnmarshalText(text []byte) error {
	if len(text) < 2 || len(text) > 1224 || !awsname.Of(string(text), awsname.Letters+awsname.Digits+"_+=,.@:/-") {
		return errors.New("expected 2 to 1224 letters, digits and the signs _+=,.@:/-")
	}
	*e = ExternalID(text)
	return nil
}
