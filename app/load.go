package app

import (
	"context"
	"sync"
	"time"

	"cognito-user-migration/app/config"
	"cognito-user-migration/domain"
)

// resolving is how long references to secrets may take to resolve, in all.
const resolving = 3 * time.Second

// Load reads the configuration from an environment, given as [os.Environ] gives
// it. References to secrets are resolved by AWS, which is asked only where there
// are any.
func Load(ctx context.Context, environ []string) (*config.Config, error) {
	ctx, cancel := context.WithTimeout(ctx, resolving)
	defer cancel()
	return config.Load(ctx, environ, Kinds(), &lazyResolver{open: sync.OnceValues(func() (config.Resolver, error) {
		return openResolver(ctx)
	})})
}

// lazyResolver makes the resolver when it is first needed.
type lazyResolver struct {
	open func() (config.Resolver, error)
}

// Resolve implements [config.Resolver].
func (l *lazyResolver) Resolve(ctx context.Context, reference string) (domain.Secret, error) {
	resolver, err := l.open()
	if err != nil {
		return domain.Secret{}, err
	}
	return resolver.Resolve(ctx, reference)
}
