package sqlsource

import (
	"cognito-user-migration/adapters/sqlsource/dialect"
	"cognito-user-migration/ports/parts"
)

// Configured returns the settings as the kind reads them, for examinations.
func Configured(settings Settings, drivers ...dialect.Driver) parts.SourceSettings {
	return &configured{Settings: settings, drivers: drivers}
}
