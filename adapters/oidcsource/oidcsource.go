// Package oidcsource makes an OAuth 2 provider a source: the password is proved
// by the resource owner password grant (RFC 6749, 4.3), the profile is the ID
// token's, verified, or userinfo's. The providers' errors are told apart in
// errors.go, and no text of theirs goes further. It imports domain and ports.
package oidcsource

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"cognito-user-migration/adapters/internal/webclient"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

var _ ports.SourceDirectory = (*Directory)(nil)

// adapter is how errors call this one.
const adapter = "OIDC source"

// What errors call what was asked for.
const (
	opDiscovery = "discovery"
	opKeys      = "keys"
	opGrant     = "password grant"
	opIDToken   = "ID token"
	opUserinfo  = "userinfo"
)

// Directory is an OAuth 2 provider as [ports.SourceDirectory].
type Directory struct {
	name     string
	settings Settings
	client   *webclient.Client
	// known is what there is to know of the provider, once it was found out;
	// whoever put something into turn may look, and takes it out again.
	known *provider
	turn  chan struct{}
}

// Open returns the provider that the settings name. It asks nothing yet.
func Open(name string, settings Settings) (*Directory, error) {
	client, err := webclient.New(adapter, settings.Transport, nil)
	if err != nil {
		return nil, err
	}
	return &Directory{name: name, settings: settings, client: client, turn: make(chan struct{}, 1)}, nil
}

// Authenticate implements [ports.SourceDirectory].
func (d *Directory) Authenticate(ctx context.Context, username string, password domain.Password) (domain.Finding, error) {
	if err := ctx.Err(); err != nil {
		return domain.Finding{}, ports.NotJudged(err)
	}
	if username == "" || password.Empty() {
		return d.found(domain.PasswordWrong), nil
	}
	ctx = ports.WithinAttempt(ctx)
	provider, err := d.provider(ctx)
	if err != nil {
		return domain.Finding{}, ports.NotJudged(err) // the password was not sent
	}
	grant := d.grant(provider.tokenURL, username, password)
	token, err := grant.Token(context.WithValue(webclient.WithOperation(ctx, opGrant), oauth2.HTTPClient, d.client.HTTP))
	if err != nil {
		return d.refused(ctx, username, err)
	}
	claims, err := d.profile(ctx, provider, token)
	if err != nil {
		return domain.Finding{}, ports.MaybeJudged(err) // the password was right
	}
	finding := d.found(domain.PasswordAccepted)
	finding.User = claims.user(d.settings.UsernameClaim, d.settings.GroupsClaim)
	return finding, nil
}

// FindUser implements [ports.SourceDirectory]. The grant tells nothing of anybody
// without their password, which is not to say that a user is unknown.
func (d *Directory) FindUser(ctx context.Context, _ string) (domain.Finding, error) {
	if err := ctx.Err(); err != nil {
		return domain.Finding{}, err
	}
	return d.found(domain.LookUpUnsupported), nil
}

// Warm finds out about the provider and opens the connection to its token
// endpoint, so that the first attempt finds both.
func (d *Directory) Warm(ctx context.Context) error {
	provider, err := d.provider(ctx)
	if err != nil {
		return err
	}
	provider.fetchKeys(ctx)
	return d.client.Connect(ctx, provider.tokenURL)
}

func (d *Directory) found(kind domain.FindingKind) domain.Finding {
	return domain.Finding{Kind: kind, Source: d.name}
}

// passwordRealm is Auth0's grant for one connection ("Resource Owner Password
// Flow", Auth0 Docs).
const passwordRealm = "http://auth0.com/oauth/grant-type/password-realm" //nolint:gosec // a grant's name

// grant is the one place where the password is read. The style is always named:
// to find it out is to send a wrong password twice.
func (d *Directory) grant(tokenURL, username string, password domain.Password) clientcredentials.Config {
	parameters := url.Values{"grant_type": {"password"}, "username": {username}, "password": {password.Reveal()}}
	if d.settings.Realm != "" {
		parameters.Set("grant_type", passwordRealm)
		parameters.Set("realm", d.settings.Realm)
	}
	if d.settings.Audience != "" {
		parameters.Set("audience", d.settings.Audience)
	}
	style := oauth2.AuthStyleInHeader
	if d.settings.AuthStyle == AuthPost || d.settings.ClientSecret.Empty() {
		style = oauth2.AuthStyleInParams
	}
	return clientcredentials.Config{
		ClientID:       d.settings.ClientID,
		ClientSecret:   d.settings.ClientSecret.Reveal(),
		TokenURL:       tokenURL,
		Scopes:         strings.Fields(d.settings.Scope),
		EndpointParams: parameters,
		AuthStyle:      style,
	}
}

// refused tells an answer about the person from no answer.
func (d *Directory) refused(ctx context.Context, username string, err error) (domain.Finding, error) {
	if ctx.Err() != nil {
		return domain.Finding{}, d.client.NoAnswer(ctx, opGrant, err)
	}
	answer, answered := errors.AsType[*oauth2.RetrieveError](err)
	if !answered {
		if _, unsent := errors.AsType[*url.Error](err); unsent {
			return domain.Finding{}, d.client.NoAnswer(ctx, opGrant, err)
		}
		return domain.Finding{}, d.client.Malformed(opGrant, "the answer holds no token")
	}
	refusal := readRefusal(answer)
	if kind := refusal.finding(); kind != 0 {
		finding := d.found(kind)
		if kind == domain.ResetRequired {
			// The provider knows them by this name, and says nothing else.
			finding.User = domain.SourceUser{Username: username, Enabled: true}
		}
		return finding, nil
	}
	fault := webclient.Fault{Adapter: adapter, Operation: opGrant, Cause: refusal.printable(), Kind: refusal.class()}
	if answer.Response != nil && answer.Response.StatusCode != http.StatusOK {
		fault.Status = answer.Response.StatusCode
	}
	return domain.Finding{}, fault.Certified()
}
