package app

import (
	"context"
	"sync"
	"time"

	"cognito-user-migration/app/config"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports/parts"
)

// resolving is the time limit for resolving all references to secrets.
const resolving = 3 * time.Second

// Load reads the configuration from an environment in the form of [os.Environ].
// The resolver of references to secrets is opened only if there are any.
func Load(ctx context.Context, binary Parts, environ []string) (*config.Config, error) {
	ctx, cancel := context.WithTimeout(ctx, resolving)
	defer cancel()
	return config.Load(ctx, environ, binary.Sources, resolverOf(ctx, binary))
}

// loadSource reads the configuration of one source again, and resolves its
// secrets again.
func loadSource(ctx context.Context, binary Parts, environ []string, name string) (config.Source, error) {
	ctx, cancel := context.WithTimeout(ctx, resolving)
	defer cancel()
	return config.LoadSource(ctx, environ, name, binary.Sources, resolverOf(ctx, binary))
}

func resolverOf(ctx context.Context, binary Parts) *lazyResolver {
	return &lazyResolver{open: sync.OnceValues(func() (parts.Resolver, error) {
		if binary.Secrets == nil {
			return nil, notListed("references to secrets")
		}
		return binary.Secrets(ctx)
	})}
}

// lazyResolver opens the resolver on first use.
type lazyResolver struct {
	open func() (parts.Resolver, error)
}

// Resolve implements [parts.Resolver].
func (l *lazyResolver) Resolve(ctx context.Context, reference string) (domain.Secret, error) {
	resolver, err := l.open()
	if err != nil {
		return domain.Secret{}, err
	}
	return resolver.Resolve(ctx, reference)
}
