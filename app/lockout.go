package app

import (
	"context"

	"cognito-user-migration/app/config"
	"cognito-user-migration/app/migrate"
	"cognito-user-migration/domain"

	"go.uber.org/zap"
)

// newLockout gives what bounds the tries of passwords; nil, and no client of
// anything, where no table is set.
func newLockout(configuration *config.Config, load awsLoader, logger *zap.Logger) (*migrate.Lockout, error) {
	if configuration.Lockout.Table == "" {
		return nil, nil //nolint:nilnil // only the sources themselves turn away who guesses
	}
	limiter, err := openLimiter(load, configuration.Lockout.Table)
	if err != nil {
		return nil, err
	}
	return &migrate.Lockout{
		Limiter: limiter,
		Keys:    domain.NewLockoutKeys(configuration.Audit.HMACKey),
		Unsettled: func(_ context.Context, err error) {
			logger.Error("a try that proved nothing counts still", zap.Error(err))
		},
	}, nil
}
