//go:build !nolockout

package app

import (
	"cognito-user-migration/adapters/dynamolockout"
	"cognito-user-migration/ports"
)

// openLimiter gives the table that counts tries. It asks nothing.
func openLimiter(load awsLoader, table string) (ports.Limiter, error) {
	awsConfig, err := load()
	if err != nil {
		return nil, err
	}
	return dynamolockout.Open(awsConfig, table), nil
}
