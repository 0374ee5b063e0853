package cognitosource

import (
	"context"
	"encoding/json"
	"slices"
	"sync/atomic"

	"cognito-user-migration/adapters/internal/awsfault"
	"cognito-user-migration/adapters/internal/awsjson"
	"cognito-user-migration/adapters/internal/awsrole"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"

	"github.com/aws/aws-sdk-go-v2/aws"
)

var _ ports.SecondFactorReader = (*FactorReader)(nil)

// FactorReader reads what AdminGetUser does not return about second factors:
// passkeys, and whether the pool requires a factor of all users. It uses signed
// JSON, because the SDK has no AdminGetUserAuthFactors.
type FactorReader struct {
	api      *awsjson.Client
	caller   awsfault.Caller
	settings Settings
	// turn is a semaphore: one attempt at a time reads the pool's settings.
	turn chan struct{}
	pool atomic.Pointer[poolFactors]
}

// poolFactors are the pool's settings for second factors.
type poolFactors struct {
	required bool // of all users
	passkeys bool // a passkey counts as a second factor
}

// OpenFactors returns the reader for the pool that the settings name.
func OpenFactors(config aws.Config, credentials ports.CredentialProvider, settings Settings) *FactorReader {
	return &FactorReader{
		api:    awsjson.New(awsrole.Config(config, credentials, settings.ServiceRegion()), awsjson.CognitoIdentityProvider()),
		caller: awsfault.Caller{Adapter: adapter, Credentials: credentials}, settings: settings, turn: make(chan struct{}, 1),
	}
}

// SecondFactors implements [ports.SecondFactorReader]. It reads the pool's
// settings once per process, unless SOURCE_MFA says that all users or no users
// have a second factor. After an error, the next attempt reads them again.
func (r *FactorReader) SecondFactors(ctx context.Context, user domain.SourceUser) (domain.SourceUser, error) {
	switch r.settings.MFA {
	case domain.MFAOff:
		return user, nil
	case domain.MFAOn:
		user.MFARequired = true
		return user, nil
	case domain.MFAOptional:
	}
	pool, err := r.poolFactors(ctx)
	switch {
	case err != nil:
		return domain.SourceUser{}, err
	case pool.required:
		user.MFARequired = true
		return user, nil
	case pool.passkeys:
		return r.withPasskey(ctx, user)
	default:
		return user, nil
	}
}

func (r *FactorReader) poolFactors(ctx context.Context) (poolFactors, error) {
	if known := r.pool.Load(); known != nil {
		return *known, nil
	}
	select {
	case r.turn <- struct{}{}:
		defer func() { <-r.turn }()
	case <-ctx.Done():
		return poolFactors{}, ctx.Err()
	}
	if known := r.pool.Load(); known != nil {
		return *known, nil
	}
	const operation = "GetUserPoolMfaConfig"
	answer, err := r.api.Call(ctx, operation, struct{ UserPoolId string }{string(r.settings.UserPoolID)}) //nolint:revive // Cognito's name
	if err != nil {
		return poolFactors{}, r.caller.Fault(ctx, operation, err)
	}
	read, ok := readPoolFactors(answer)
	if !ok {
		return poolFactors{}, awsfault.Empty(adapter, operation)
	}
	r.pool.Store(&read)
	return read, nil
}

// readPoolFactors reads the response of GetUserPoolMfaConfig. It returns false
// if the response does not say which users the pool asks for a second factor.
// An unknown use of passkeys counts as a second factor.
func readPoolFactors(answer json.RawMessage) (poolFactors, bool) {
	var pool struct {
		MfaConfiguration      domain.MFAMode
		WebAuthnConfiguration struct{ FactorConfiguration string }
	}
	if json.Unmarshal(answer, &pool) != nil {
		return poolFactors{}, false
	}
	passkeys := pool.WebAuthnConfiguration.FactorConfiguration
	return poolFactors{
		required: pool.MfaConfiguration == domain.MFAOn,
		passkeys: passkeys != "" && passkeys != "SINGLE_FACTOR",
	}, pool.MfaConfiguration != ""
}

// withPasskey adds the user's passkey, if there is one.
func (r *FactorReader) withPasskey(ctx context.Context, user domain.SourceUser) (domain.SourceUser, error) {
	const operation = "AdminGetUserAuthFactors"
	answer, err := r.api.Call(ctx, operation, struct{ UserPoolId, Username string }{string(r.settings.UserPoolID), user.Username}) //nolint:revive // Cognito's name
	if err != nil {
		// Not a finding about the user, who existed a moment ago.
		return domain.SourceUser{}, r.caller.Fault(ctx, operation, err)
	}
	factors, ok := readAuthFactors(answer)
	if !ok {
		return domain.SourceUser{}, awsfault.Empty(adapter, operation)
	}
	if slices.Contains(factors, string(domain.MFAPasskey)) {
		user.MFA = append(slices.Clip(user.MFA), domain.MFAPasskey)
	}
	return user, nil
}

// readAuthFactors reads the response of AdminGetUserAuthFactors. It returns
// false if the response has no list, because then it is not known whether the
// user has a passkey.
func readAuthFactors(answer json.RawMessage) ([]string, bool) {
	var user struct {
		ConfiguredUserAuthFactors []string
	}
	err := json.Unmarshal(answer, &user)
	return user.ConfiguredUserAuthFactors, err == nil && user.ConfiguredUserAuthFactors != nil
}
