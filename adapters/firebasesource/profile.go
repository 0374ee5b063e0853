package firebasesource

import (
	"strconv"
	"time"

	"cognito-user-migration/adapters/internal/firebaseaccount"
	"cognito-user-migration/domain"
)

// account is a user in the API ("UserInfo", Identity Platform REST reference).
type account struct {
	firebaseaccount.Account
	CreatedAt       string `json:"createdAt"`
	EmailLinkSignIn bool   `json:"emailLinkSignin"`
}

// user returns the profile without a status.
func (a *account) user() domain.SourceUser {
	user, _ := a.User()
	user.Sub = a.LocalID
	if created, err := strconv.ParseInt(a.CreatedAt, 10, 64); err == nil && created > 0 {
		user.Attributes["created_at"] = time.UnixMilli(created).UTC().Format(time.RFC3339)
	}
	return user
}

// found returns the profile of a look-up without a password. A user without a
// password, who signs in by another provider, has the status of such users.
func (a *account) found() domain.SourceUser {
	user := a.user()
	hasPassword := a.PasswordHash != "" || a.Lists("password") && !a.EmailLinkSignIn
	if !hasPassword && !a.ProvesItself() {
		user.Status = domain.StatusExternalProvider
	}
	return user
}
