package cognitosource

import (
	"context"

	"cognito-user-migration/adapters/internal/awsfault"
	"cognito-user-migration/ports"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
)

var (
	_ ports.SourceRetirer = (*Retirer)(nil)
	_ ports.GroupLister   = (*Retirer)(nil)
)

// RetireAPI has the operations that retire users.
type RetireAPI interface {
	AdminDisableUser(context.Context, *cognitoidentityprovider.AdminDisableUserInput, ...func(*cognitoidentityprovider.Options)) (*cognitoidentityprovider.AdminDisableUserOutput, error)
	AdminUserGlobalSignOut(context.Context, *cognitoidentityprovider.AdminUserGlobalSignOutInput, ...func(*cognitoidentityprovider.Options)) (*cognitoidentityprovider.AdminUserGlobalSignOutOutput, error)
	AdminDeleteUser(context.Context, *cognitoidentityprovider.AdminDeleteUserInput, ...func(*cognitoidentityprovider.Options)) (*cognitoidentityprovider.AdminDeleteUserOutput, error)
	AdminListGroupsForUser(context.Context, *cognitoidentityprovider.AdminListGroupsForUserInput, ...func(*cognitoidentityprovider.Options)) (*cognitoidentityprovider.AdminListGroupsForUserOutput, error)
}

// Retirer disables and deletes users of a user pool, and lists their groups. It
// is separate from [Directory], because the function for sign-ins needs neither
// the calls nor the permissions.
type Retirer struct {
	api    RetireAPI
	poolID string
}

// Retirer returns the retirer of the same user pool, with the same client. The
// directory must come from [Open].
func (d *Directory) Retirer() *Retirer {
	return NewRetirer(d.sdk, d.settings)
}

// NewRetirer returns the retirer of the user pool that the settings name, with
// the given client.
func NewRetirer(api RetireAPI, settings Settings) *Retirer {
	return &Retirer{api: api, poolID: string(settings.UserPoolID)}
}

// Disable implements [ports.SourceRetirer].
func (r *Retirer) Disable(ctx context.Context, username string) error {
	_, err := r.api.AdminDisableUser(ctx, &cognitoidentityprovider.AdminDisableUserInput{UserPoolId: &r.poolID, Username: &username})
	return retired(ctx, "AdminDisableUser", err)
}

// SignOut implements [ports.SourceRetirer].
func (r *Retirer) SignOut(ctx context.Context, username string) error {
	_, err := r.api.AdminUserGlobalSignOut(ctx, &cognitoidentityprovider.AdminUserGlobalSignOutInput{UserPoolId: &r.poolID, Username: &username})
	return retired(ctx, "AdminUserGlobalSignOut", err)
}

// Delete implements [ports.SourceRetirer].
func (r *Retirer) Delete(ctx context.Context, username string) error {
	_, err := r.api.AdminDeleteUser(ctx, &cognitoidentityprovider.AdminDeleteUserInput{UserPoolId: &r.poolID, Username: &username})
	return retired(ctx, "AdminDeleteUser", err)
}

// retired returns nil if the user no longer exists.
func retired(ctx context.Context, operation string, err error) error {
	if code, _ := awsfault.Code(err); err == nil || code == "UserNotFoundException" {
		return nil
	}
	return awsfault.Of(ctx, adapter, operation, err)
}

// Groups implements [ports.GroupLister].
func (r *Retirer) Groups(ctx context.Context, username string) ([]string, error) {
	var groups []string
	pages := cognitoidentityprovider.NewAdminListGroupsForUserPaginator(r.api,
		&cognitoidentityprovider.AdminListGroupsForUserInput{UserPoolId: &r.poolID, Username: &username})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if code, _ := awsfault.Code(err); code == "UserNotFoundException" {
			return nil, nil
		}
		if err != nil {
			return nil, awsfault.Of(ctx, adapter, "AdminListGroupsForUser", err)
		}
		for _, group := range page.Groups {
			groups = append(groups, aws.ToString(group.GroupName))
		}
	}
	return groups, nil
}
