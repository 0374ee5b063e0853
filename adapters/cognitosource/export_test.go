package cognitosource

import "cognito-user-migration/ports/parts"

// Configure sets the settings of this kind, as the environment does.
func Configure(of parts.SourceSettings, settings Settings) {
	if pool, ok := of.(*configured); ok {
		pool.Settings = settings
	}
}
