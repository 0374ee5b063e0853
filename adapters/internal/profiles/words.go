package profiles

import (
	"strings"

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

// Said returns the finding of the first text that is such an error. Letter case,
// spaces and hyphens do not matter.
func Said(texts ...string) (domain.FindingKind, bool) {
	for _, text := range texts {
		word := strings.ToLower(strings.Trim(text, " .!"))
		word = strings.NewReplacer(" ", "_", "-", "_").Replace(word)
		if kind, known := words()[word]; known {
			return kind, true
		}
	}
	return 0, false
}
