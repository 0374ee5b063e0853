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

// Retirer disables and deletes users of a user pool, and lists their groups. It
// is separate from [Directory], because the function for sign-ins needs neither
// the calls nor the permissions.
type Retirer struct {
	api    *cognitoidentityprovider.Client
	poolID string
	caller awsfault.Caller
}

// Retirer returns the retirer of the same user pool, with the same client. The
// directory must come from [Open].
func (d *Directory) Retirer() *Retirer {
	return &Retirer{api: d.sdk, poolID: string(d.settings.UserPoolID), caller: d.caller}
}

// Disable implements [ports.SourceRetirer].
func (r *Retirer) Disable(ctx context.Context, username string) error {
	_, err := r.api.AdminDisableUser(ctx, &cognitoidentityprovider.AdminDisableUserInput{UserPoolId: &r.poolID, Username: &username})
	return r.retired(ctx, "AdminDisableUser", err)
}

// SignOut implements [ports.SourceRetirer].
func (r *Retirer) SignOut(ctx context.Context, username string) error {
	_, err := r.api.AdminUserGlobalSignOut(ctx, &cognitoidentityprovider.AdminUserGlobalSignOutInput{UserPoolId: &r.poolID, Username: &username})
	return r.retired(ctx, "AdminUserGlobalSignOut", err)
}

// Delete implements [ports.SourceRetirer].
func (r *Retirer) Delete(ctx context.Context, username string) error {
	_, err := r.api.AdminDeleteUser(ctx, &cognitoidentityprovider.AdminDeleteUserInput{UserPoolId: &r.poolID, Username: &username})
	return r.retired(ctx, "AdminDeleteUser", err)
}

// retired returns nil if the user no longer exists.
func (r *Retirer) retired(ctx context.Context, operation string, err error) error {
	if code, _ := awsfault.Code(err); code == "UserNotFoundException" {
		return nil
	}
	return r.caller.Fault(ctx, operation, err)
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
			return nil, r.caller.Fault(ctx, "AdminListGroupsForUser", err)
		}
		for _, group := range page.Groups {
			groups = append(groups, aws.ToString(group.GroupName))
		}
	}
	return groups, nil
}
