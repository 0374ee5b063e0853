package app

import (
	"cognito-user-migration/adapters/cognitosource"
	"cognito-user-migration/adapters/stscredentials"
	"cognito-user-migration/app/config"
)

// CognitoSettings gives the settings of a user pool and of its role out of a
// source's, for the operator's checks; false where the source is of another
// kind.
func CognitoSettings(source config.Source) (cognitosource.Settings, stscredentials.Settings, bool) {
	settings, ok := source.Settings.(*cognitoSettings)
	if !ok {
		return cognitosource.Settings{}, stscredentials.Settings{}, false
	}
	return settings.Settings, settings.Role, true
}
