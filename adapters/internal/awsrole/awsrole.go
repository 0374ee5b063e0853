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
	RoleARN    RoleARN    `env:"ROLE_ARN" takes:"a role's ARN" desc:"Role in the source account. Without one the function's own credentials serve."`
	ExternalID ExternalID `env:"EXTERNAL_ID" takes:"what the role's trust policy demands" desc:"External ID for taking on the role."`
}

// Validate reports an external ID that no role would be asked with.
func (s Settings) Validate(variable func(string) string) []error {
	if s.ExternalID != "" && s.RoleARN == "" {
		return []error{fmt.Errorf("%s: is used with %s, which is not set", variable("EXTERNAL_ID"), variable("ROLE_ARN"))}
	}
	return nil
}

// Warnings tells what is allowed but unwise.
func (s Settings) Warnings(variable func(string) string) []string {
	if s.RoleARN != "" && s.ExternalID == "" {
		return []string{variable("EXTERNAL_ID") + " is not set: whoever may use this function's account can take on the source account's role (the confused deputy)"}
	}
	return nil
}

// RoleARN is the ARN of an IAM role.
type RoleARN string

// UnmarshalText implements [encoding.TextUnmarshaler]; the error says what a
// role's ARN looks like.
func (r *RoleARN) UnmarshalText(text []byte) error {
	if !awsname.IsRole(string(text)) {
		return errors.New("takes a role's ARN, such as arn:aws:iam::123456789012:role/user-migration")
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
		return errors.New("takes 2 to 1224 letters, digits and the signs _+=,.@:/-")
	}
	*e = ExternalID(text)
	return nil
}
