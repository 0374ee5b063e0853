// Package cognitodestination reads destination users, adds them to groups and sets
// their preferred second factor, for completion. It implements ports.Destination and
// imports domain and ports.
package cognitodestination

import (
	"context"
	"iter"

	"cognito-user-migration/adapters/internal/awsclient"
	"cognito-user-migration/adapters/internal/awsfault"
	"cognito-user-migration/adapters/internal/userpool"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

var _ ports.Destination = (*Pools)(nil)

const adapter = "cognito destination"

// API has the operations that are called.
type API interface {
	AdminGetUser(context.Context, *cognitoidentityprovider.AdminGetUserInput, ...func(*cognitoidentityprovider.Options)) (*cognitoidentityprovider.AdminGetUserOutput, error)
	AdminAddUserToGroup(context.Context, *cognitoidentityprovider.AdminAddUserToGroupInput, ...func(*cognitoidentityprovider.Options)) (*cognitoidentityprovider.AdminAddUserToGroupOutput, error)
	CreateGroup(context.Context, *cognitoidentityprovider.CreateGroupInput, ...func(*cognitoidentityprovider.Options)) (*cognitoidentityprovider.CreateGroupOutput, error)
	AdminSetUserMFAPreference(context.Context, *cognitoidentityprovider.AdminSetUserMFAPreferenceInput, ...func(*cognitoidentityprovider.Options)) (*cognitoidentityprovider.AdminSetUserMFAPreferenceOutput, error)
	ListUsers(context.Context, *cognitoidentityprovider.ListUsersInput, ...func(*cognitoidentityprovider.Options)) (*cognitoidentityprovider.ListUsersOutput, error)
}

// Pools are user pools as [ports.Destination].
type Pools struct {
	api API
}

// Part returns the destination of a completion for a main to list, with the
// configuration.
func Part(config func(context.Context) (aws.Config, error)) func(context.Context) (ports.Destination, error) {
	return func(ctx context.Context) (ports.Destination, error) {
		loaded, err := config(ctx)
		if err != nil {
			return nil, err
		}
		return New(NewClient(loaded)), nil
	}
}

// New returns the user pools, with the given client.
func New(api API) *Pools {
	return &Pools{api: api}
}

// NewClient makes the SDK's client, with the credentials of the configuration.
func NewClient(config aws.Config) *cognitoidentityprovider.Client {
	return cognitoidentityprovider.NewFromConfig(config, func(o *cognitoidentityprovider.Options) {
		o.HTTPClient = awsclient.Over(o.HTTPClient)
		o.Retryer = awsclient.Retryer()
	})
}

// FindUser implements [ports.Destination].
func (p *Pools) FindUser(ctx context.Context, userPoolID, username string) (*domain.DestinationUser, error) {
	answer, err := p.api.AdminGetUser(ctx, &cognitoidentityprovider.AdminGetUserInput{UserPoolId: &userPoolID, Username: &username})
	if code, _ := awsfault.Code(err); code == "UserNotFoundException" {
		return nil, nil //nolint:nilnil // the port's answer for an unknown user
	}
	if err != nil {
		return nil, awsfault.Of(ctx, adapter, "AdminGetUser", err)
	}
	if aws.ToString(answer.Username) == "" {
		return nil, awsfault.Empty(adapter, "AdminGetUser")
	}
	user := userpool.DestinationUser(answer)
	return &user, nil
}

// Users lists every user of the pool, a page at a time. It stops after an error,
// which matches those of [ports.SourceDirectory]. Only the operator's tool uses it:
// the function needs neither the call nor the permission.
func (p *Pools) Users(ctx context.Context, userPoolID string) iter.Seq2[domain.DestinationUser, error] {
	return func(yield func(domain.DestinationUser, error) bool) {
		pages := cognitoidentityprovider.NewListUsersPaginator(p.api, &cognitoidentityprovider.ListUsersInput{UserPoolId: &userPoolID})
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				yield(domain.DestinationUser{}, awsfault.Of(ctx, adapter, "ListUsers", err))
				return
			}
			for i := range page.Users {
				if !yield(userpool.ListedDestinationUser(&page.Users[i]), nil) {
					return
				}
			}
		}
	}
}

// AddToGroup implements [ports.Destination]. Cognito returns no error if the
// user is already in the group.
func (p *Pools) AddToGroup(ctx context.Context, userPoolID, username, group string) error {
	_, err := p.api.AdminAddUserToGroup(ctx, &cognitoidentityprovider.AdminAddUserToGroupInput{
		UserPoolId: &userPoolID, Username: &username, GroupName: &group,
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
func (p *Pools) CreateGroup(ctx context.Context, userPoolID, group string) error {
	_, err := p.api.CreateGroup(ctx, &cognitoidentityprovider.CreateGroupInput{UserPoolId: &userPoolID, GroupName: &group})
	if code, _ := awsfault.Code(err); err == nil || code == "GroupExistsException" {
		return nil
	}
	return awsfault.Of(ctx, adapter, "CreateGroup", err)
}

// PreferMFA implements [ports.Destination].
func (p *Pools) PreferMFA(ctx context.Context, userPoolID, username string, factor domain.MFAMethod) error {
	input := &cognitoidentityprovider.AdminSetUserMFAPreferenceInput{UserPoolId: &userPoolID, Username: &username}
	if factor == domain.MFAEmail {
		input.EmailMfaSettings = &types.EmailMfaSettingsType{Enabled: true, PreferredMfa: true}
	} else {
		input.SMSMfaSettings = &types.SMSMfaSettingsType{Enabled: true, PreferredMfa: true}
	}
	if _, err := p.api.AdminSetUserMFAPreference(ctx, input); err != nil {
		return awsfault.Of(ctx, adapter, "AdminSetUserMFAPreference", err)
	}
	return nil
}
