//go:build !noeventbridge

package app

import "cognito-user-migration/adapters/auditeventbridge"

func openEventBridge(parts sinkParts) (recorder, error) {
	awsConfig, err := parts.aws()
	if err != nil {
		return nil, err
	}
	return auditeventbridge.Open(awsConfig, parts.settings.EventBus, parts.settings.Format, parts.origin), nil
}
