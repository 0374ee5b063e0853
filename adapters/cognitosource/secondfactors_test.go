package cognitosource_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"sync"
	"testing"

	"cognito-user-migration/adapters/cognitosource"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
)

const (
	poolConfig  = "GetUserPoolMfaConfig"
	userFactors = "AdminGetUserAuthFactors"
)

// mfaConfig is the answer of a pool that asks for second factors in this way.
func mfaConfig(mode, passkeys string) reply {
	answer := map[string]any{"MfaConfiguration": mode}
	if passkeys != "" {
		answer["WebAuthnConfiguration"] = map[string]string{"RelyingPartyId": "auth.example.com", "UserVerification": "required", "FactorConfiguration": passkeys}
	}
	return reply{body: marshal(answer)}
}

// authFactors is the answer about a user who can sign in in these ways.
func authFactors(ways ...string) reply {
	return reply{body: marshal(map[string]any{"Username": username, "ConfiguredUserAuthFactors": append([]string{}, ways...)})}
}

// factors answers the two questions about second factors.
func factors(pool, user reply) func(call) reply {
	return func(c call) reply {
		switch c.operation {
		case poolConfig:
			return pool
		case userFactors:
			return user
		default:
			return exception("UnknownOperationException", "")
		}
	}
}

func (s *stub) openFactors(mfa domain.MFAMode, credentials ports.CredentialProvider) *cognitosource.FactorReader {
	settings := settings()
	settings.MFA = mfa
	return cognitosource.OpenFactors(configFor(s.url), credentials, settings)
}

func theUser() domain.SourceUser {
	return domain.SourceUser{Username: username, Sub: "11111111-2222-4333-8444-555555555555", Enabled: true}
}

func TestThePoolTellsWhoHasASecondFactor(t *testing.T) {
	t.Parallel()
	passkey := authFactors("PASSWORD", "WEB_AUTHN")
	const multi, single = "MULTI_FACTOR_WITH_USER_VERIFICATION", "SINGLE_FACTOR"
	for name, row := range map[string]struct {
		setting    domain.MFAMode
		pool, user reply
		required   bool
		passkey    bool
		asked      []int // of the pool, of the user
	}{
		"a pool without second factors":                       {pool: mfaConfig("OFF", ""), asked: []int{1, 0}},
		"a pool where they are optional":                      {pool: mfaConfig("OPTIONAL", ""), asked: []int{1, 0}},
		"a pool that requires one":                            {pool: mfaConfig("ON", ""), required: true, asked: []int{1, 0}},
		"a pool that requires one, with passkeys":             {pool: mfaConfig("ON", multi), user: passkey, required: true, asked: []int{1, 0}},
		"passkeys in place of a password":                     {pool: mfaConfig("OPTIONAL", single), user: passkey, asked: []int{1, 0}},
		"passkeys as second factor, of a user with one":       {pool: mfaConfig("OPTIONAL", multi), user: passkey, passkey: true, asked: []int{1, 1}},
		"passkeys as second factor, of a user without one":    {pool: mfaConfig("OPTIONAL", multi), user: authFactors("PASSWORD", "SMS_OTP"), asked: []int{1, 1}},
		"passkeys as second factor, of a user with nothing":   {pool: mfaConfig("OPTIONAL", multi), user: authFactors(), asked: []int{1, 1}},
		"passkeys as second factor where MFA is off":          {pool: mfaConfig("OFF", multi), user: passkey, passkey: true, asked: []int{1, 1}},
		"passkeys in a use that nobody knows yet":             {pool: mfaConfig("OPTIONAL", "SOMETHING_NEW"), user: passkey, passkey: true, asked: []int{1, 1}},
		"SOURCE_MFA=OFF":                                      {setting: domain.MFAOff, pool: mfaConfig("ON", multi), user: passkey, asked: []int{0, 0}},
		"SOURCE_MFA=ON":                                       {setting: domain.MFAOn, pool: mfaConfig("OFF", ""), required: true, asked: []int{0, 0}},
		"SOURCE_MFA=OPTIONAL, of a user with a passkey":       {setting: domain.MFAOptional, pool: mfaConfig("OPTIONAL", multi), user: passkey, passkey: true, asked: []int{1, 1}},
		"SOURCE_MFA=OPTIONAL at a pool that now requires one": {setting: domain.MFAOptional, pool: mfaConfig("ON", ""), required: true, asked: []int{1, 0}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStub(t, factors(row.pool, row.user))
			user, err := s.openFactors(row.setting, static{}).SecondFactors(t.Context(), theUser())
			if err != nil {
				t.Fatal(err)
			}
			if user.MFARequired != row.required || slices.Contains(user.MFA, domain.MFAPasskey) != row.passkey || user.Username != username {
				t.Errorf("required %v, factors %v", user.MFARequired, user.MFA)
			}
			if asked := []int{s.count(poolConfig), s.count(userFactors)}; !slices.Equal(asked, row.asked) {
				t.Errorf("asked %v, want %v", asked, row.asked)
			}
			for _, operation := range []string{poolConfig, userFactors} {
				if s.count(operation) > 0 && s.last(t, operation).body.UserPoolID != string(settings().UserPoolID) {
					t.Errorf("%s named another pool", operation)
				}
			}
			if s.count(userFactors) > 0 && s.last(t, userFactors).body.Username != username {
				t.Error("another user was asked for")
			}
		})
	}
}

// "Cannot tell" must not look like "has none": it is an error, and the next attempt
// asks again.
func TestASourceThatCannotTellSecondFactorsIsAnError(t *testing.T) {
	t.Parallel()
	const multi = "MULTI_FACTOR_WITH_USER_VERIFICATION"
	rows := map[string]struct {
		answer reply
		want   error
	}{
		"not permitted":            {exception("AccessDeniedException", "User: "+username+" is not authorized"), ports.ErrMisconfigured},
		"unknown at this endpoint": {exception("UnknownOperationException", ""), ports.ErrMisconfigured},
		"throttled":                {exception("TooManyRequestsException", "slow down "+username), ports.ErrThrottled},
		"a fault of the service":   {exception("InternalErrorException", ""), ports.ErrUnreachable},
		"an empty answer":          {reply{body: `{}`}, ports.ErrUnreachable},
		"another type":             {reply{body: `{"MfaConfiguration":1,"ConfiguredUserAuthFactors":"WEB_AUTHN"}`}, ports.ErrUnreachable},
		"an unknown mode":          {reply{body: `{"MfaConfiguration":"SOMETIMES","ConfiguredUserAuthFactors":{}}`}, ports.ErrUnreachable},
		"no JSON":                  {reply{body: `<html>`}, ports.ErrUnreachable},
		"a proxy's page":           {reply{status: http.StatusBadGateway, body: `<html>`}, ports.ErrUnreachable},
	}
	for name, row := range rows {
		for _, operation := range []string{poolConfig, userFactors} {
			t.Run(name+", "+operation, func(t *testing.T) {
				t.Parallel()
				var mu sync.Mutex
				broken := true
				s := newStub(t, func(c call) reply {
					mu.Lock()
					defer mu.Unlock()
					if broken && c.operation == operation {
						return row.answer
					}
					return factors(mfaConfig("OPTIONAL", multi), authFactors("PASSWORD", "WEB_AUTHN"))(c)
				})
				reader := s.openFactors("", static{})
				user, err := reader.SecondFactors(t.Context(), theUser())
				if !errors.Is(err, row.want) || errors.Is(err, ports.ErrNotJudged) || user.Username != "" {
					t.Errorf("got %v, %v; want %v", user, err, row.want)
				}
				holdsNoSecret(t, err)
				mu.Lock()
				broken = false
				mu.Unlock()
				if user, err = reader.SecondFactors(t.Context(), theUser()); err != nil || !slices.Contains(user.MFA, domain.MFAPasskey) {
					t.Errorf("afterwards: %v, %v", user.MFA, err)
				}
			})
		}
	}
}

func TestThePoolIsAskedOnceHoweverManyAttemptsThereAre(t *testing.T) {
	t.Parallel()
	s := newStub(t, factors(mfaConfig("ON", ""), reply{}))
	reader := s.openFactors("", static{})
	var attempts sync.WaitGroup
	for range 20 {
		attempts.Go(func() {
			if user, err := reader.SecondFactors(t.Context(), theUser()); err != nil || !user.MFARequired {
				t.Errorf("got %v, %v", user.MFARequired, err)
			}
		})
	}
	attempts.Wait()
	if n := s.count(poolConfig); n != 1 {
		t.Errorf("asked %d times", n)
	}
}

func TestAnAttemptWhoseTimeEndsDoesNotWaitForAnothersQuestion(t *testing.T) {
	t.Parallel()
	asked, answer := make(chan struct{}), make(chan struct{})
	s := newStub(t, func(call) reply {
		close(asked)
		<-answer
		return mfaConfig("ON", "")
	})
	reader := s.openFactors("", static{})
	var first sync.WaitGroup
	first.Go(func() {
		if _, err := reader.SecondFactors(context.Background(), theUser()); err != nil {
			t.Error(err)
		}
	})
	<-asked
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := reader.SecondFactors(ctx, theUser()); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	close(answer)
	first.Wait()
}

// invalidated notes that a set of credentials was given back.
type invalidated struct {
	static
	times int
}

// Invalidate implements ports.CredentialProvider.
func (i *invalidated) Invalidate() { i.times++ }

func TestCredentialsThatAreNoLongerTakenAreGivenBack(t *testing.T) {
	t.Parallel()
	s := newStub(t, always(exception("ExpiredTokenException", "")))
	var credentials invalidated
	if _, err := s.openFactors("", &credentials).SecondFactors(t.Context(), theUser()); err == nil || credentials.times != 1 {
		t.Errorf("got %v, given back %d times", err, credentials.times)
	}
}

// A user's name with characters of JSON is sent as it stands.
func TestAUsernameIsSentAsItStands(t *testing.T) {
	t.Parallel()
	s := newStub(t, factors(mfaConfig("OPTIONAL", "MULTI_FACTOR_WITH_USER_VERIFICATION"), authFactors("PASSWORD")))
	user := theUser()
	user.Username = `a"},"UserPoolId":"other <&> ü`
	if _, err := s.openFactors("", static{}).SecondFactors(t.Context(), user); err != nil {
		t.Fatal(err)
	}
	if got := s.last(t, userFactors).body.Username; got != user.Username {
		t.Errorf("got %q", got)
	}
}
