package peers

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Destination is the destination account, for the set-up by its administrator:
// user pools and functions.
type Destination struct {
	// Administrator has the credentials for the set-up of the destination account.
	Administrator aws.Credentials
	// ExecutionRoleARN is a role that functions can be made with.
	ExecutionRoleARN string
}

// NewDestination makes a role for functions in the destination account.
func (m *Moto) NewDestination(ctx context.Context) (*Destination, error) {
	name := "execution-" + randomID()
	trust := policy(statement{Effect: "Allow", Action: "sts:AssumeRole", Principal: map[string][]string{"Service": {"lambda.amazonaws.com"}}})
	if _, err := m.iam(ctx, m.otherAdmin, "CreateRole", map[string][]string{
		"RoleName": {name}, "AssumeRolePolicyDocument": {trust},
	}); err != nil {
		return nil, fmt.Errorf("execution role: %w", err)
	}
	return &Destination{
		Administrator:    m.otherAdmin,
		ExecutionRoleARN: "arn:aws:iam::" + DestinationAccountID + ":role/" + name,
	}, nil
}
