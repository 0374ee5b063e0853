// Package stscredentials gives the credentials with which a source in AWS is
// asked: those of a role in the source account, through STS AssumeRole, or the
// function's own. It implements ports.CredentialProvider over the SDK's
// provider and cache, and adds to them that no expired set is handed out and
// that errors carry no text of STS's.
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
	// sessionDuration is the shortest that STS gives: a set that leaks is soon
	// worth nothing, and role chaining allows an hour at most (cognito-facts 32).
	sessionDuration = 15 * time.Minute
	// refreshBefore is how long before its expiry a set is replaced: longer
	// than any attempt, so that none begins with a set that ends in its midst.
	refreshBefore = 2 * time.Minute
	// fetchAtLeast is how long a fetch may take however soon who asked must
	// answer: what the start of the process began, the first attempt joins.
	fetchAtLeast = 1500 * time.Millisecond
	// fetchBeyond is how much longer than who asked a fetch may take.
	fetchBeyond = 100 * time.Millisecond
)

// Provider keeps one set of credentials, refreshes it before it expires and
// asks for a new one only once however many ask at a time.
type Provider struct {
	cache     *aws.CredentialsCache
	operation string // what fetches a set, for errors
}

// NewClient makes the SDK's client of STS.
func NewClient(config aws.Config) *sts.Client {
	return sts.NewFromConfig(config, func(o *sts.Options) {
		o.HTTPClient = awsclient.Over(o.HTTPClient)
		o.Retryer = awsclient.Retryer()
	})
}

// AssumeRole returns the provider that takes on the role by the STS client.
// Without a role it is a fault of the caller's; [Own] is for that.
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

// Own returns the provider of the credentials that the process itself runs
// with, as the SDK finds them: a source in the same account needs no role.
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
		// The fetch was one that somebody else had begun, with less time.
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

// endKey is the context's key of when a fetch must end.
type endKey struct{}

// withEnd says when a fetch must end that this context begins. The cache keeps a
// fetch going for whoever joins it, and hides from it the deadline of who asked:
// one that STS never answers would be joined by attempt after attempt.
func withEnd(ctx context.Context) context.Context {
	end := time.Now().Add(fetchAtLeast)
	if deadline, ok := ctx.Deadline(); ok {
		// A little later than who asked, so that their own deadline is what they see.
		if deadline = deadline.Add(fetchBeyond); deadline.After(end) {
			end = deadline
		}
	}
	return context.WithValue(ctx, endKey{}, end)
}

// keepUntilExpiry lets a set that is due for refreshing serve on while STS does
// not answer, until it has really expired.
type keepUntilExpiry struct {
	aws.CredentialsProvider
	now func() time.Time
}

// Retrieve refuses a set that has expired on arrival: the clocks disagree, and
// every request signed with it would be turned away.
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
// cache has moved the expiry of the set that it holds forward by the window.
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

// classify keeps of STS's error what is safe to show. Its message names accounts
// and roles.
func (p *Provider) classify(ctx context.Context, err error) error {
	if errors.Is(err, errExpired) {
		return fmt.Errorf("credentials: %w: %w", errExpired, ports.ErrUnreachable)
	}
	return awsfault.Of(ctx, "credentials", p.operation, err)
}

// SessionName names the session after the function and its log stream, so that
// the source account's CloudTrail leads back to one process. It is made to fit
// what STS takes: 2 to 64 letters, digits and =,.@-_ signs.
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
