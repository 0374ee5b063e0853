package app

import (
	"context"

	"cognito-user-migration/app/config"
	"cognito-user-migration/app/migrate"
	"cognito-user-migration/domain"

	"go.uber.org/zap"
)

// lockout limits the attempts to guess a password. The zero value limits nothing.
type lockout struct {
	warm func(context.Context) error
	*migrate.Lockout
}

// newLockout opens the lockout if LOCKOUT_TABLE is set.
func newLockout(binary Parts, configuration *config.Config, logger *zap.Logger) (lockout, error) {
	if configuration.Lockout.Table == "" {
		return lockout{}, nil // only the sources' own lockout applies
	}
	if binary.Lockout == nil {
		return lockout{}, missing("LOCKOUT_TABLE", "lockout table")
	}
	limiter, err := binary.Lockout(context.Background(), configuration.Lockout.Table)
	if err != nil {
		return lockout{}, err
	}
	return lockout{limiter.Warm, &migrate.Lockout{
		Limiter: limiter,
		Keys:    domain.NewLockoutKeys(configuration.Audit.HMACKey),
		Unsettled: func(_ context.Context, err error) {
			logger.Error("the attempt could not be released; it still counts against the user", zap.Error(err))
		},
	}}, nil
}
