package peers

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// Completion is the second half of a move, set up: the destination's pool in
// moto, which has no triggers, and who may do what there.
type Completion struct {
	// UserPoolID is the destination's.
	UserPoolID string
	// Mover may assume the source's role and send messages: the execution role
	// of the function that answers the trigger.
	Mover aws.Credentials
	// Worker may assume RoleARN, hide messages, and read users and add them to
	// groups in the destination: that of the function that finishes moves.
	Worker aws.Credentials
	// RoleARN is a role of the source account that may also part with users.
	RoleARN string

	admin *cognitoidentityprovider.Client
}

// NewCompletion makes a destination pool and the roles.
func (m *Moto) NewCompletion(ctx context.Context, source *Source) (*Completion, error) {
	id := randomID()
	c := &Completion{admin: m.client(m.otherAdmin), RoleARN: "arn:aws:iam::" + SourceAccountID + ":role/retirement-" + id}
	pool, err := c.admin.CreateUserPool(ctx, &cognitoidentityprovider.CreateUserPoolInput{
		PoolName: aws.String("destination-" + id),
		Schema:   []types.SchemaAttributeType{{Name: aws.String("legacy_sub"), AttributeDataType: types.AttributeDataTypeString, Mutable: aws.Bool(true)}},
	})
	if err != nil {
		return nil, fmt.Errorf("destination user pool: %w", err)
	}
	c.UserPoolID = aws.ToString(pool.UserPool.Id)
	if c.Mover, err = m.newUser(ctx, m.otherAdmin, "mover-"+id, policy(
		statement{Effect: "Allow", Action: "sts:AssumeRole", Resource: source.RoleARN},
		statement{Effect: "Allow", Action: "sqs:SendMessage", Resource: "*"},
	)); err != nil {
		return nil, fmt.Errorf("mover: %w", err)
	}
	if c.Worker, err = m.newUser(ctx, m.otherAdmin, "worker-"+id, policy(
		statement{Effect: "Allow", Action: "sts:AssumeRole", Resource: []string{c.RoleARN, source.RoleARN}},
		statement{Effect: "Allow", Action: "sqs:ChangeMessageVisibility", Resource: "*"},
		statement{Effect: "Allow", Action: []string{
			"cognito-idp:AdminGetUser", "cognito-idp:AdminAddUserToGroup", "cognito-idp:CreateGroup",
		}, Resource: "*"},
	)); err != nil {
		return nil, fmt.Errorf("worker: %w", err)
	}
	trust := policy(statement{
		Effect: "Allow", Action: "sts:AssumeRole",
		Principal: map[string][]string{"AWS": {"arn:aws:iam::" + DestinationAccountID + ":user/worker-" + id}},
		Condition: map[string]map[string]string{"StringEquals": {"sts:ExternalId": source.ExternalID}},
	})
	return c, m.newRole(ctx, "retirement-"+id, trust, policy(statement{
		Effect: "Allow",
		Action: []string{
			"cognito-idp:AdminGetUser", "cognito-idp:AdminListGroupsForUser", "cognito-idp:AdminDisableUser",
			"cognito-idp:AdminUserGlobalSignOut", "cognito-idp:AdminDeleteUser",
		},
		Resource: "*",
	}))
}

// CreateUser does what Cognito does with the response of the trigger. Without a
// password the user has to set one first.
func (c *Completion) CreateUser(ctx context.Context, username, password string, attributes map[string]string) error {
	input := &cognitoidentityprovider.AdminCreateUserInput{
		UserPoolId: &c.UserPoolID, Username: &username, MessageAction: types.MessageActionTypeSuppress,
	}
	for name, value := range attributes {
		if name != "username" {
			input.UserAttributes = append(input.UserAttributes, types.AttributeType{Name: aws.String(name), Value: aws.String(value)})
		}
	}
	if _, err := c.admin.AdminCreateUser(ctx, input); err != nil {
		return fmt.Errorf("destination user: %w", err)
	}
	if password == "" {
		return nil
	}
	return c.SetPassword(ctx, username, password)
}

// SetPassword makes a destination user one who can sign in.
func (c *Completion) SetPassword(ctx context.Context, username, password string) error {
	_, err := c.admin.AdminSetUserPassword(ctx, &cognitoidentityprovider.AdminSetUserPasswordInput{
		UserPoolId: &c.UserPoolID, Username: &username, Password: &password, Permanent: true,
	})
	return err
}

// CreateGroup makes a group in the destination.
func (c *Completion) CreateGroup(ctx context.Context, name string) error {
	_, err := c.admin.CreateGroup(ctx, &cognitoidentityprovider.CreateGroupInput{UserPoolId: &c.UserPoolID, GroupName: &name})
	return err
}

// Groups lists the groups of a destination user.
func (c *Completion) Groups(ctx context.Context, username string) ([]string, error) {
	answer, err := c.admin.AdminListGroupsForUser(ctx, &cognitoidentityprovider.AdminListGroupsForUserInput{UserPoolId: &c.UserPoolID, Username: &username})
	if err != nil {
		return nil, err
	}
	var groups []string
	for _, group := range answer.Groups {
		groups = append(groups, aws.ToString(group.GroupName))
	}
	return groups, nil
}

// PutInGroups puts a user of the source pool into groups, which are made.
func (s *Source) PutInGroups(ctx context.Context, username string, groups ...string) error {
	for _, group := range groups {
		_, _ = s.admin.CreateGroup(ctx, &cognitoidentityprovider.CreateGroupInput{UserPoolId: &s.UserPoolID, GroupName: &group}) // fine if it is there
		if _, err := s.admin.AdminAddUserToGroup(ctx, &cognitoidentityprovider.AdminAddUserToGroupInput{
			UserPoolId: &s.UserPoolID, Username: &username, GroupName: &group,
		}); err != nil {
			return err
		}
	}
	return nil
}

// SetAttribute changes an attribute of a user of the source pool.
func (s *Source) SetAttribute(ctx context.Context, username, name, value string) error {
	_, err := s.admin.AdminUpdateUserAttributes(ctx, &cognitoidentityprovider.AdminUpdateUserAttributesInput{
		UserPoolId: &s.UserPoolID, Username: &username,
		UserAttributes: []types.AttributeType{{Name: &name, Value: &value}},
	})
	return err
}
