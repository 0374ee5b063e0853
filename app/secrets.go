//go:build !nosecrets

package app

import (
	"context"

	"cognito-user-migration/adapters/awssecrets"
	"cognito-user-migration/app/config"
)

// openResolver gives the resolver that asks AWS with the process's own
// credentials.
func openResolver(ctx context.Context) (config.Resolver, error) {
	awsConfig, err := loadAWS(ctx)
	if err != nil {
		return nil, err
	}
	return awssecrets.Open(awsConfig), nil
}
