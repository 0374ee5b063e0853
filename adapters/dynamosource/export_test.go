package dynamosource

import (
	"cognito-user-migration/adapters/internal/awsrole"
	"cognito-user-migration/ports/parts"
)

// Configured returns the settings as the kind reads them, for examinations.
func Configured(settings Settings, account awsrole.Account) parts.SourceSettings {
	return &configured{Settings: settings, account: account}
}
