//go:build nolockout

package app

import (
	"errors"

	"cognito-user-migration/ports"
)

func openLimiter(awsLoader, string) (ports.Limiter, error) {
	return nil, errors.New("LOCKOUT_TABLE: this binary was built without the lockout table (build tag nolockout)")
}
