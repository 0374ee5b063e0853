// Package cognitodestination is the user pool that users are moved to, as far as
// completion finishes the move there. It implements ports.Destination and
// imports domain and ports.
package cognitodestination

import (
	"context"

	"cognito-user-migration/adapters/internal/awsfault"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
)

var _ ports.Destination = (*Pool)(nil)

const adapter = "cognito destination"

// API is what is called of the SDK's client.
type API interface {
	AdminGetUser(context.Context, *cognitoidentityprovider.AdminGetUserInput, ...func(*cognitoidentityprovider.Options)) (*cognitoidentityprovider.AdminGetUserOutput, error)
	AdminAddUserToGroup(context.Context, *cognitoidentityprovider.AdminAddUserToGroupInput, ...func(*cognitoidentityprovider.Options)) (*cognitoidentityprovider.AdminAddUserToGroupOutput, error)
	CreateGroup(context.Context, *cognitoidentityprovider.CreateGroupInput, ...func(*cognitoidentityprovider.Options)) (*cognitoidentityprovider.CreateGroupOutput, error)
}

// Pool is a user pool as [ports.Destination].
type Pool struct {
	api API
	id  string
}

// New returns the user pool of this ID, asked through the client.
func New(api API, id string) *Pool {
	return &Pool{api: api, id: id}
}

// FindUser implements [ports.Destination].
func (p *Pool) FindUser(ctx context.Context, username string) (*domain.DestinationUser, error) {
	answer, err := p.api.AdminGetUser(ctx, &cognitoidentityprovider.AdminGetUserInput{UserPoolId: &p.id, Username: &username})
	if code, _ := awsfault.Code(err); code == "UserNotFoundException" {
		return nil, nil //nolint:nilnil // the port says so: there is no such user
	}
	if err != nil {
		return nil, awsfault.Of(ctx, adapter, "AdminGetUser", err)
	}
	if aws.ToString(answer.Username) == "" {
		return nil, awsfault.Empty(adapter, "AdminGetUser")
	}
	user := &domain.DestinationUser{
		Username:   aws.ToString(answer.Username),
		Status:     domain.UserStatus(answer.UserStatus),
		Enabled:    answer.Enabled,
		Attributes: make(domain.Attributes, len(answer.UserAttributes)),
	}
	for _, attribute := range answer.UserAttributes {
		user.Attributes[aws.ToString(attribute.Name)] = aws.ToString(attribute.Value)
	}
	return user, nil
}

// AddToGroup implements [ports.Destination]; Cognito is fine with a user who is
// in the group.
func (p *Pool) AddToGroup(ctx context.Context, username, group string) error {
	_, err := p.api.AdminAddUserToGroup(ctx, &cognitoidentityprovider.AdminAddUserToGroupInput{
		UserPoolId: &p.id, Username: &username, GroupName: &group,
	})
	if code, _ := awsfault.Code(err); code == "ResourceNotFoundException" {
		return ports.ErrNoGroup
	}
	if err != nil {
		return awsfault.Of(ctx, adapter, "AdminAddUserToGroup", err)
	}
	return nil
}

// CreateGroup implements [ports.Destination].
func (p *Pool) CreateGroup(ctx context.Context, group string) error {
	_, err := p.api.CreateGroup(ctx, &cognitoidentityprovider.CreateGroupInput{UserPoolId: &p.id, GroupName: &group})
	if code, _ := awsfault.Code(err); err == nil || code == "GroupExistsException" {
		return nil
	}
	return awsfault.Of(ctx, adapter, "CreateGroup", err)
}
