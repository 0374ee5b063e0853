//go:build nosecrets

package app

import (
	"context"
	"errors"

	"cognito-user-migration/app/config"
)

func openResolver(context.Context) (config.Resolver, error) {
	return nil, errors.New("this binary was built without references to secrets (build tag nosecrets)")
}
