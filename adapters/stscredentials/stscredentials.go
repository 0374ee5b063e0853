// Package stscredentials provides the credentials for calling a source in AWS. They
// belong to a role in the source account, assumed through STS, or to the function. It
// implements ports.CredentialProvider with the SDK's provider and cache. It never
// returns expired credentials, and its errors contain no text of STS.
package stscredentials

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"cognito-user-migration/adapters/internal/awsclient"
	"cognito-user-migration/adapters/internal/awsfault"
	"cognito-user-migration/adapters/internal/awsrole"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

var _ ports.CredentialProvider = (*Provider)(nil)

// Settings are the variables of a role.
type Settings = awsrole.Settings

const (
	// sessionDuration is the shortest that STS allows. Leaked credentials soon
	// expire, and role chaining allows one hour at most (cognito-facts 32).
	sessionDuration = 15 * time.Minute
	// refreshBefore is how long before expiry credentials are replaced. It is
	// longer than any attempt, so credentials do not expire during one.
	refreshBefore = 2 * time.Minute
	// fetchAtLeast is the shortest time allowed for a fetch, even if the caller
	// has less. A fetch that began at start continues, and the first attempt
	// waits for it.
	fetchAtLeast = 1500 * time.Millisecond
	// fetchBeyond is the additional time that a fetch has after the caller's
	// deadline.
	fetchBeyond = 100 * time.Millisecond
)

// Provider caches one set of credentials and refreshes it before it expires.
// Concurrent callers share one call.
type Provider struct {
	cache     *aws.CredentialsCache
	operation string // name of the call, for errors
}

// NewClient returns the SDK's STS client.
func NewClient(config aws.Config) *sts.Client {
	return sts.NewFromConfig(config, func(o *sts.Options) {
		o.HTTPClient = awsclient.Over(o.HTTPClient)
		o.Retryer = awsclient.Retryer()
	})
}

// AssumeRole returns a provider that assumes the role through the STS client.
// The settings must have a role; for the process's own credentials use [Own].
func AssumeRole(client stscreds.AssumeRoleAPIClient, settings Settings, sessionName string) *Provider {
	role := stscreds.NewAssumeRoleProvider(client, string(settings.RoleARN), func(o *stscreds.AssumeRoleOptions) {
		o.RoleSessionName = sessionName
		o.Duration = sessionDuration
		if settings.ExternalID != "" {
			o.ExternalID = aws.String(string(settings.ExternalID))
		}
	})
	return newProvider("AssumeRole", role, time.Now)
}

// Own returns a provider of the process's own credentials, as the SDK finds
// them. A source in the same account needs no role.
func Own(own aws.CredentialsProvider) *Provider {
	return newProvider("the function's own role", own, time.Now)
}

func newProvider(operation string, from aws.CredentialsProvider, now func() time.Time) *Provider {
	return &Provider{
		cache: aws.NewCredentialsCache(keepUntilExpiry{from, now}, func(o *aws.CredentialsCacheOptions) {
			o.ExpiryWindow = refreshBefore
		}),
		operation: operation,
	}
}

// Retrieve implements [ports.CredentialProvider].
func (p *Provider) Retrieve(ctx context.Context) (ports.Credentials, error) {
	set, err := p.cache.Retrieve(withEnd(ctx))
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		// The fetch was started by another caller with an earlier deadline.
		set, err = p.cache.Retrieve(withEnd(ctx))
	}
	if err != nil {
		return ports.Credentials{}, p.classify(ctx, err)
	}
	return ports.Credentials{
		AccessKeyID:     set.AccessKeyID,
		SecretAccessKey: domain.NewSecret(set.SecretAccessKey),
		SessionToken:    domain.NewSecret(set.SessionToken),
	}, nil
}

// Invalidate implements [ports.CredentialProvider].
func (p *Provider) Invalidate() {
	p.cache.Invalidate()
}

// endKey is the context key of the time at which a fetch must end.
type endKey struct{}

// withEnd adds the time at which a fetch that this context starts must end. The
// cache hides the caller's deadline from the fetch, because other callers may
// join it. Without an end, all later attempts would join a call that STS never
// answers.
func withEnd(ctx context.Context) context.Context {
	end := time.Now().Add(fetchAtLeast)
	if deadline, ok := ctx.Deadline(); ok {
		// The fetch ends a little later, so that the caller sees its own
		// deadline.
		if deadline = deadline.Add(fetchBeyond); deadline.After(end) {
			end = deadline
		}
	}
	return context.WithValue(ctx, endKey{}, end)
}

// keepUntilExpiry keeps credentials that are due for a refresh in use while STS
// does not respond, until they really expire.
type keepUntilExpiry struct {
	aws.CredentialsProvider
	now func() time.Time
}

// Retrieve rejects credentials that have already expired. The clocks differ,
// and AWS would reject every request signed with them.
func (k keepUntilExpiry) Retrieve(ctx context.Context) (aws.Credentials, error) {
	if end, ok := ctx.Value(endKey{}).(time.Time); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, end)
		defer cancel()
	}
	set, err := k.CredentialsProvider.Retrieve(ctx)
	if err != nil {
		return aws.Credentials{}, err
	}
	if set.CanExpire && !set.Expires.After(k.now()) {
		return aws.Credentials{}, errExpired
	}
	return set, nil
}

// HandleFailToRefresh implements the cache's strategy for a failed refresh. The
// cache has moved the expiry of these credentials forward by the window.
func (k keepUntilExpiry) HandleFailToRefresh(_ context.Context, held aws.Credentials, err error) (aws.Credentials, error) {
	if !held.HasKeys() {
		return aws.Credentials{}, err
	}
	held.Expires = held.Expires.Add(refreshBefore)
	if !held.Expires.After(k.now()) {
		return aws.Credentials{}, err
	}
	return held, nil
}

var errExpired = errors.New("the credentials had already expired when they arrived; check the clock")

// classify keeps only the safe parts of STS's error. Its message names accounts
// and roles.
func (p *Provider) classify(ctx context.Context, err error) error {
	if errors.Is(err, errExpired) {
		return fmt.Errorf("credentials: %w: %w", errExpired, ports.ErrUnreachable)
	}
	return awsfault.Of(ctx, "credentials", p.operation, err)
}

// SessionName names the session after the function and its log stream, so that
// the source account's CloudTrail identifies the process. STS allows 2 to 64
// characters: letters, digits and =,.@-_.
func SessionName(function, logStream string) string {
	if function == "" {
		function = "local"
	}
	if i := strings.LastIndexByte(logStream, ']'); i >= 0 {
		logStream = logStream[i+1:]
	}
	name := "migrate-" + cut(clean(function), 30)
	if logStream = cut(clean(logStream), 24); logStream != "" {
		name += "@" + logStream
	}
	return name
}

func clean(name string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', strings.ContainsRune("_=,.@-", r):
			return r
		default:
			return '-'
		}
	}, name)
}

func cut(name string, length int) string {
	return name[:min(len(name), length)]
}
