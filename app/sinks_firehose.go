//go:build !nofirehose

package app

import "cognito-user-migration/adapters/auditfirehose"

func openFirehose(parts sinkParts) (recorder, error) {
	awsConfig, err := parts.aws()
	if err != nil {
		return nil, err
	}
	return auditfirehose.Open(awsConfig, parts.settings.FirehoseStream, parts.settings.Format, parts.origin), nil
}
