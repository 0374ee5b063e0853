//go:build nolockout

package app

import (
	"errors"

	"cognito-user-migration/ports"
)

// openLimiter stands in for the one that this program was built without.
func openLimiter(awsLoader, string) (ports.Limiter, error) {
	return nil, errors.New("LOCKOUT_TABLE: this binary was built without the lockout table (the build tag nolockout); build it with, or unset the variable")
}
