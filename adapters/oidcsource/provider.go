package oidcsource

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"cognito-user-migration/adapters/internal/webclient"
	"cognito-user-migration/ports"

	"github.com/coreos/go-oidc/v3/oidc"
)

// provider is the discovered configuration of a provider.
type provider struct {
	tokenURL, userinfoURL string
	// keys verify ID tokens and signed userinfo responses, through the
	// verifiers; nil without keys.
	keys               *keySet
	verifier, userinfo *oidc.IDTokenVerifier
}

// provider returns the provider's configuration, and discovers it if needed.
// One caller does so while the others wait until their contexts end. Errors are
// not cached.
func (d *Directory) provider(ctx context.Context) (*provider, error) {
	select {
	case d.turn <- struct{}{}:
		defer func() { <-d.turn }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if d.known != nil {
		return d.known, nil
	}
	found, err := d.discover(ctx)
	if err != nil {
		return nil, err
	}
	d.known = found
	return found, nil
}

func (d *Directory) discover(ctx context.Context) (*provider, error) {
	// The library parses any response with keys; this client returns an error for
	// any status except 200.
	client := &http.Client{Transport: strict{d.client.HTTP.Transport}, Timeout: d.client.HTTP.Timeout, CheckRedirect: d.client.HTTP.CheckRedirect}
	ctx = webclient.WithOperation(oidc.ClientContext(ctx, client), opDiscovery)
	if d.settings.metadata == "" {
		known := &provider{tokenURL: string(d.settings.TokenURL), userinfoURL: string(d.settings.UserinfoURL)}
		if d.settings.JWKSURL != "" && d.settings.Issuer != "" {
			known.verify(ctx, string(d.settings.Issuer), string(d.settings.JWKSURL), d.settings.ClientID, nil, nil)
		}
		return known, nil
	}
	document, err := d.metadata(ctx)
	if err != nil {
		return nil, err
	}
	known := &provider{
		tokenURL:    cmp.Or(string(d.settings.TokenURL), document.TokenURL),
		userinfoURL: cmp.Or(string(d.settings.UserinfoURL), document.UserinfoURL),
	}
	keys := cmp.Or(string(d.settings.JWKSURL), document.JWKSURL)
	for _, address := range []string{known.tokenURL, known.userinfoURL, keys} {
		if address != "" && !d.settings.Transport.Allows(address) {
			return nil, d.client.Misconfigured(opDiscovery, "an endpoint of the provider is not an https URL")
		}
	}
	if known.tokenURL == "" {
		return nil, d.client.Misconfigured(opDiscovery, "the provider has no token endpoint")
	}
	if keys != "" {
		known.verify(ctx, document.Issuer, keys, d.settings.ClientID, signing(document.Algorithms), signing(document.Userinfo))
	}
	return known, nil
}

// document is the provider's configuration (OpenID Connect Discovery 1.0, 3).
type document struct {
	Issuer      string   `json:"issuer"`
	TokenURL    string   `json:"token_endpoint"`
	UserinfoURL string   `json:"userinfo_endpoint"`
	JWKSURL     string   `json:"jwks_uri"`
	Algorithms  []string `json:"id_token_signing_alg_values_supported"`
	Userinfo    []string `json:"userinfo_signing_alg_values_supported"`
}

// metadata reads the provider's configuration. The issuer must be the one that the
// operator set. Without one, the preset's own address tells it: Microsoft's issuers
// have the tenant's ID, which a tenant's name does not tell.
func (d *Directory) metadata(ctx context.Context) (document, error) {
	answer, err := d.client.Get(ctx, opDiscovery, strings.TrimSuffix(d.settings.metadata, "/")+"/.well-known/openid-configuration", nil)
	if err != nil {
		return document{}, err
	}
	if answer.Status != http.StatusOK {
		return document{}, d.client.Status(opDiscovery, answer.Status)
	}
	var read document
	if err := json.Unmarshal(answer.Body, &read); err != nil {
		return document{}, d.client.Malformed(opDiscovery, "the response cannot be parsed")
	}
	if read.Issuer == "" || d.settings.expected != "" && read.Issuer != d.settings.expected {
		return document{}, d.client.Misconfigured(opDiscovery, "the provider's issuer differs from ISSUER")
	}
	return read, nil
}

// signing removes the algorithms that no public key verifies: none, and those
// with a secret that the client shares.
func signing(algorithms []string) []string {
	var public []string
	for _, algorithm := range algorithms {
		switch algorithm {
		case oidc.RS256, oidc.RS384, oidc.RS512, oidc.ES256, oidc.ES384, oidc.ES512, oidc.PS256, oidc.PS384, oidc.PS512, oidc.EdDSA:
			public = append(public, algorithm)
		}
	}
	return public
}

func (p *provider) verify(ctx context.Context, issuer, keys, clientID string, algorithms, ofUserinfo []string) {
	// The library keeps this context for later fetches, which do not belong to
	// the current attempt.
	ctx = ports.WithCallWatcher(webclient.WithOperation(ctx, opKeys), nil)
	p.keys = &keySet{KeySet: oidc.NewRemoteKeySet(ctx, keys)}
	p.verifier = oidc.NewVerifier(issuer, p.keys, &oidc.Config{ClientID: clientID, SupportedSigningAlgs: algorithms})
	if len(ofUserinfo) == 0 {
		ofUserinfo = algorithms
	}
	// The expiry is optional (OpenID Connect Core 1.0, 5.3.2): see [expired].
	p.userinfo = oidc.NewVerifier(issuer, p.keys, &oidc.Config{ClientID: clientID, SupportedSigningAlgs: ofUserinfo, SkipExpiryCheck: true})
}

// strict passes responses with status 200, and turns others into errors.
type strict struct {
	next http.RoundTripper
}

// RoundTrip implements [http.RoundTripper].
func (s strict) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := s.next.RoundTrip(request)
	if err != nil || response.StatusCode == http.StatusOK {
		return response, err
	}
	_ = response.Body.Close()
	return nil, &webclient.Fault{Status: response.StatusCode, Kind: webclient.KindOf(response.StatusCode)}
}

// keySet keeps the error of one verification, because the library keeps only
// its text.
type keySet struct {
	oidc.KeySet
}

type reason struct{}

// VerifySignature implements [oidc.KeySet].
func (k *keySet) VerifySignature(ctx context.Context, token string) ([]byte, error) {
	payload, err := k.KeySet.VerifySignature(ctx, token)
	if why, ok := ctx.Value(reason{}).(*error); ok {
		*why = err
	}
	return payload, err
}

// unusedToken is {"alg":"RS256"} and {}, and belongs to no user.
const unusedToken = "eyJhbGciOiJSUzI1NiJ9.e30.AA" //nolint:gosec // no credential

// fetchKeys fetches the keys before the first token. The library does so for
// any token. If it fails, the first attempt repeats it.
func (p *provider) fetchKeys(ctx context.Context) {
	if p.keys != nil {
		_, _ = p.keys.VerifySignature(ctx, unusedToken)
	}
}
