package httpsource

import (
	"net/http"
	"strings"

	"cognito-user-migration/adapters/internal/errorcodes"
	"cognito-user-migration/adapters/internal/webclient"
	"cognito-user-migration/domain"
)

// words lists the usual JSON errors of services that make a status more
// precise. No contract documents them, so they count only if the contract does
// not define the status.
func words() map[string]domain.FindingKind {
	return map[string]domain.FindingKind{
		"user_not_found": domain.UserUnknown, "unknown_user": domain.UserUnknown, "no_such_user": domain.UserUnknown,
		"user_does_not_exist": domain.UserUnknown, "account_not_found": domain.UserUnknown,
		"invalid_credentials": domain.PasswordWrong, "invalid_password": domain.PasswordWrong, "wrong_password": domain.PasswordWrong,
		"incorrect_password": domain.PasswordWrong, "bad_credentials": domain.PasswordWrong, "invalid_user_credentials": domain.PasswordWrong,
		"invalid_username_or_password": domain.PasswordWrong, "invalid_email_or_password": domain.PasswordWrong,
		"user_disabled": domain.UserDisabled, "account_disabled": domain.UserDisabled,
		"user_locked": domain.LockedOut, "account_locked": domain.LockedOut,
	}
}

// said reads such an error. It ignores a status about our credentials, the
// number of requests or the service itself, because such a status says nothing
// about the user.
func said(answer webclient.Answer) (domain.FindingKind, bool) {
	switch answer.Status {
	case http.StatusUnauthorized, http.StatusRequestTimeout, http.StatusTooManyRequests:
		return 0, false
	}
	if answer.Status/100 != 4 {
		return 0, false
	}
	members := errorcodes.Read(answer.Body)
	code, message := members.Code()
	for _, text := range []string{code, message, members.Word("message")} {
		word := strings.ToLower(strings.Trim(text, " .!"))
		word = strings.NewReplacer(" ", "_", "-", "_").Replace(word)
		if kind, known := words()[word]; known {
			return kind, true
		}
	}
	return 0, false
}
