package stscredentials

import (
	"context"
	"sync"

	"cognito-user-migration/ports"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Account is the AWS account of this process, which a main passes to every part
// that calls AWS. It has the SDK's configuration, loaded when the first part
// needs it, and the roles of sources. Sources of any kind with the same role,
// external ID and region share one set of credentials. It costs one AssumeRole call
// at start and one for each refresh.
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

// NewAccount returns the account. load provides its configuration. variable
// reads the environment, for the names of role sessions.
func NewAccount(load func(context.Context) (aws.Config, error), variable func(string) string) *Account {
	return &Account{
		load:        load,
		sessionName: SessionName(variable("AWS_LAMBDA_FUNCTION_NAME"), variable("AWS_LAMBDA_LOG_STREAM_NAME")),
		providers:   make(map[role]ports.CredentialProvider),
	}
}

// Config returns the SDK's configuration, or the error of loading it.
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

// Credentials returns the credentials of the role, or the process's own if the
// settings name no role. It calls STS in the process's own region, or in the
// given one if the process has none.
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
