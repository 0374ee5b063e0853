// Package oidcsource is a source that asks an OAuth 2 provider. The resource
// owner password grant (RFC 6749, 4.3) checks the password. The profile comes
// from the verified ID token or from userinfo. errors.go interprets the
// providers' errors, and none of their texts is passed on. It imports domain
// and ports.
package oidcsource

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"cognito-user-migration/adapters/internal/errorcodes"
	"cognito-user-migration/adapters/internal/webclient"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
)

var _ ports.SourceDirectory = (*Directory)(nil)

// adapter is this adapter's name in errors.
const adapter = "OIDC source"

// Names of the operations in errors.
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
	settings plan
	client   *webclient.Client
	meanings meanings
	// known is the provider's discovered configuration; turn is a semaphore
	// that guards it.
	known *provider
	turn  chan struct{}
}

// Open returns the provider that the settings name. It sends nothing.
func Open(name string, settings Settings) (*Directory, error) {
	client, err := webclient.New(adapter, settings.Transport, nil)
	if err != nil {
		return nil, err
	}
	planned := settings.planned()
	return &Directory{
		name: name, settings: planned, client: client, meanings: newMeanings(tables(), planned.preset.codes...), turn: make(chan struct{}, 1),
	}, nil
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
	answer, err := d.grant(ctx, provider.tokenURL, username, password)
	if err != nil {
		return domain.Finding{}, err
	}
	object := d.members(answer)
	refusal := readRefusal(answer, object)
	given := tokens{access: object.Word("access_token"), id: object.Word("id_token")}
	gave := answer.Status/100 == 2 && isNone(object["error"])
	switch {
	case gave && given.access != "":
	case gave && refusal.code == "":
		return domain.Finding{}, d.client.Malformed(opGrant, "the response has no token")
	default:
		return d.refused(refusal, username, password)
	}
	claims, err := d.profile(ctx, provider, given)
	if err != nil {
		return domain.Finding{}, ports.MaybeJudged(err) // the password was right
	}
	finding := d.found(domain.PasswordAccepted)
	claims = claims.mapped(d.settings.Claims)
	finding.User = claims.user(d.settings.UsernameClaim, d.settings.GroupsClaim, username)
	if name := claims.text(d.settings.UsernameClaim); name != "" && d.settings.preset.uniqueUsername {
		finding.User.Username = name
	}
	if d.settings.MFAClaim != "" {
		finding.User.MFA, finding.User.MFAUnasked = claims.mfa(d.settings.MFAClaim), true
		delete(finding.User.Attributes, d.settings.MFAClaim)
	}
	return finding, nil
}

// FindUser implements [ports.SourceDirectory]. The grant needs a password, so
// it is not known whether the user exists.
func (d *Directory) FindUser(ctx context.Context, _ string) (domain.Finding, error) {
	if err := ctx.Err(); err != nil {
		return domain.Finding{}, err
	}
	return d.found(domain.LookUpUnsupported), nil
}

// Warm discovers the provider and opens the connection to its token endpoint
// before the first attempt.
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

// tokens are the tokens of a successful grant.
type tokens struct{ access, id string }

// grant sends the password; no other function reads it. The authentication
// style is always configured, because detecting it would send a wrong password
// twice. It reads only the members that are used, because providers write
// others, such as expires_in, in many ways.
func (d *Directory) grant(ctx context.Context, tokenURL, username string, password domain.Password) (webclient.Answer, error) {
	revealed := password.Reveal()
	if d.settings.initiateAuth {
		return d.initiateAuth(ctx, tokenURL, username, revealed)
	}
	parameters := url.Values{"grant_type": {"password"}, "username": {username}, "password": {revealed}}
	if d.settings.Realm != "" {
		parameters.Set("grant_type", passwordRealm)
		parameters.Set("realm", d.settings.Realm)
	}
	if d.settings.Audience != "" {
		parameters.Set("audience", d.settings.Audience)
	}
	if scope := strings.Join(strings.Fields(d.settings.Scope), " "); scope != "" {
		parameters.Set("scope", scope)
	}
	if d.settings.preset.responseType != "" {
		parameters.Set("response_type", d.settings.preset.responseType)
	}
	inForm := d.settings.AuthStyle == AuthPost || d.settings.ClientSecret.Empty()
	if inForm {
		parameters.Set("client_id", d.settings.ClientID)
		if !d.settings.ClientSecret.Empty() {
			parameters.Set("client_secret", d.settings.ClientSecret.Reveal())
		}
	}
	header := http.Header{
		"Content-Type":    {"application/x-www-form-urlencoded"},
		"Accept-Language": {"en"}, // Spring translates its descriptions
	}
	if !inForm {
		request := http.Request{Header: header}
		request.SetBasicAuth(url.QueryEscape(d.settings.ClientID), url.QueryEscape(d.settings.ClientSecret.Reveal())) // RFC 6749, 2.3.1
	}
	return d.client.Post(ctx, opGrant, tokenURL, header, []byte(parameters.Encode()))
}

// members reads the members of a response to a grant, with the names of OAuth.
func (d *Directory) members(answer webclient.Answer) errorcodes.Members {
	object := readAnswer(answer)
	if d.settings.Preset == Cognito {
		return ofInitiateAuth(object)
	}
	return object
}

// refused returns the finding or the fault for a refusal. The operator's own
// codes take precedence.
func (d *Directory) refused(r refusal, username string, password domain.Password) (domain.Finding, error) {
	if kind, mapped := d.settings.ErrorCodes.Of(r.codes()...); mapped {
		return d.found(kind), nil
	}
	means, known := d.meanings.of(r)
	code := func(code string) domain.ResponseCode {
		return domain.NewResponseCode(code, username, password)
	}
	if known && means.kind != 0 {
		finding := d.found(means.kind)
		if means.sub == "" {
			finding.UnknownCode = code(d.meanings.unknownSub(r))
		}
		if means.kind == domain.ResetRequired {
			// The provider knows the user by this name; nothing else is known.
			finding.User = domain.SourceUser{Username: username, Enabled: true}
		}
		return finding, nil
	}
	fault := webclient.Fault{Adapter: adapter, Operation: opGrant, Kind: webclient.KindOf(r.status)}
	if r.status/100 != 2 {
		fault.Status = r.status
	}
	switch {
	case known:
		fault.Cause, fault.Kind = means.sub+means.code, means.class // both are constants, and one of them is empty
	case r.status/100 == 3:
		fault.Cause = "redirects are not followed"
	default:
		fault.Code = code(d.meanings.unknownCode(r, fault.Kind))
	}
	return domain.Finding{}, fault.Certified()
}

// isNone reports whether a member has an empty value. Some responses contain
// every member.
func isNone(raw json.RawMessage) bool {
	switch string(raw) {
	case "", "null", "false", `""`, "0", "[]", "{}":
		return true
	default:
		return false
	}
}
