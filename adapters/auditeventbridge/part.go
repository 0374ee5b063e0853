package auditeventbridge

import (
	"context"

	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
	"cognito-user-migration/ports/parts"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Part returns this sink for a main to list. config provides the AWS
// configuration.
func Part(config func(context.Context) (aws.Config, error)) parts.AuditSink {
	return parts.AuditSink{Name: "eventbridge", Open: func(ctx context.Context, bus string, format domain.AuditFormat, origin ports.AuditOrigin) (parts.OpenSink, error) {
		loaded, err := config(ctx)
		if err != nil {
			return nil, err
		}
		return Open(loaded, bus, format, origin), nil //nolint:contextcheck // Open makes no call
	}}
}
