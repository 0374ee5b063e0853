package stscredentials

import (
	"context"
	"sync"

	"cognito-user-migration/ports"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Account is the AWS account that this process runs in, as a main gives it to
// every part that asks AWS: the SDK's configuration, loaded when the first part
// needs it, and the roles of sources. Sources of any kind that name the same role,
// external ID and region share one set of credentials: one AssumeRole call at
// start and one for each refresh.
type Account struct {
	load        func(context.Context) (aws.Config, error)
	sessionName string

	mu        sync.Mutex
	config    *aws.Config
	providers map[role]ports.CredentialProvider
}

// role is a role that is assumed through STS in a region.
type role struct {
	Settings
	region string
}

// NewAccount returns the account whose configuration load gives. variable reads
// the environment, which names the process in the sessions of roles.
func NewAccount(load func(context.Context) (aws.Config, error), variable func(string) string) *Account {
	return &Account{
		load:        load,
		sessionName: SessionName(variable("AWS_LAMBDA_FUNCTION_NAME"), variable("AWS_LAMBDA_LOG_STREAM_NAME")),
		providers:   make(map[role]ports.CredentialProvider),
	}
}

// Config returns the SDK's configuration. Its error is that of loading it.
func (a *Account) Config(ctx context.Context) (aws.Config, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.loaded(ctx)
}

func (a *Account) loaded(ctx context.Context) (aws.Config, error) {
	if a.config == nil {
		config, err := a.load(ctx)
		if err != nil {
			return aws.Config{}, err
		}
		a.config = &config
	}
	return *a.config, nil
}

// Credentials returns the credentials of the role, or the process's own where
// the settings name none. STS is asked in the process's own region, where it is
// near, or in the region given where the process has none.
func (a *Account) Credentials(ctx context.Context, settings Settings, region string) (ports.CredentialProvider, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	config, err := a.loaded(ctx)
	if err != nil {
		return nil, err
	}
	if config.Region == "" {
		config.Region = region
	}
	key := role{settings, config.Region}
	if settings.RoleARN == "" {
		key.region = ""
	}
	if _, known := a.providers[key]; !known {
		if settings.RoleARN == "" {
			a.providers[key] = Own(config.Credentials)
		} else {
			a.providers[key] = AssumeRole(NewClient(config), settings, a.sessionName)
		}
	}
	return a.providers[key], nil
}
