package oidcsource

import (
	"context"
	"errors"
	"net/http"

	"cognito-user-migration/adapters/internal/examine"
	"cognito-user-migration/adapters/internal/webclient"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
	"cognito-user-migration/ports/parts"
)

// Examiner returns the examination of this kind of source.
func Examiner() parts.Examiner { return examine.Kind("oidc", examined) }

func examined(ctx context.Context, subject examine.Subject[*Settings]) []ports.Examined {
	e := examination{Subject: subject, planned: subject.Settings.planned()}
	// The metadata is below the issuer, or below the preset's own address.
	metadata := "ISSUER"
	if e.Settings.Preset != "" && e.Settings.Issuer == "" {
		metadata = inputDomain
	}
	urls := map[string]webclient.URL{
		metadata: webclient.URL(e.planned.metadata), "TOKEN_URL": e.planned.TokenURL, "USERINFO_URL": e.planned.UserinfoURL, "JWKS_URL": e.planned.JWKSURL,
	}
	steps := webclient.Examination{Transport: e.Settings.Transport, URLs: urls, Probe: e.Probe}.Steps()
	return examine.Run(ctx, append(steps, examine.One(ports.AspectLookUp, e.metadata), examine.One(ports.AspectCredentials, e.credentials))...)
}

// examination examines one provider.
type examination struct {
	examine.Subject[*Settings]
	planned   plan
	directory *Directory
}

// metadata discovers the provider, and fetches the keys. The look-up itself needs
// a password.
func (e *examination) metadata(ctx context.Context) ports.Examined {
	directory, err := Open(e.Options.Name, *e.Settings)
	if err != nil {
		return examine.Fail(err.Error(), "correct the certificates")
	}
	e.directory = directory
	provider, err := directory.provider(ctx)
	if err != nil {
		return examine.Fail(err.Error(), e.remedyOfDiscovery(err))
	}
	if e.planned.Profile == ProfileUserinfo {
		if provider.userinfoURL == "" {
			return examine.Fail("the provider has no userinfo endpoint", "set "+e.Variable("USERINFO_URL")+", or "+e.Variable("PROFILE")+"=id_token")
		}
		return examine.Pass("the endpoints are known; a provider cannot look users up without the password")
	}
	if provider.verifier == nil {
		return examine.Fail("the provider has no keys to verify ID tokens", "set "+e.Variable("JWKS_URL")+", or "+e.Variable("PROFILE")+"=userinfo")
	}
	if err := provider.keysError(ctx); err != nil {
		return examine.Fail("the keys that verify ID tokens could not be fetched: "+directory.client.NoAnswer(ctx, opKeys, err).Error(), "check "+e.Variable("JWKS_URL")+", or the provider's jwks_uri")
	}
	return examine.Pass("the endpoints and the keys are known; a provider cannot look users up without the password")
}

func (e *examination) remedyOfDiscovery(err error) string {
	issuer := e.Variable("ISSUER")
	if e.Settings.Preset != "" && e.planned.expected == "" {
		issuer = "the inputs of " + e.Variable("PRESET")
	}
	fault, _ := errors.AsType[*webclient.Fault](err)
	switch {
	case fault != nil && fault.Status == http.StatusNotFound:
		return "correct " + issuer + ": the provider has no document at /.well-known/openid-configuration below it"
	case fault != nil && fault.Cause == "the provider's issuer differs from ISSUER":
		return "set " + issuer + " to the issuer in the provider's discovery document, with or without the final slash as there"
	}
	return "check " + issuer + " and the provider, or set " + e.Variable("TOKEN_URL") + " and the other endpoints"
}

// keysError fetches the keys, and returns the error if they cannot be fetched.
func (p *provider) keysError(ctx context.Context) error {
	var failed error
	_, err := p.keys.VerifySignature(context.WithValue(ctx, reason{}, &failed), unusedToken)
	if fault, ok := errors.AsType[*webclient.Fault](err); ok {
		return fault
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return nil // the keys do not verify the token, which has no signature
}

// credentials asks for a token for a user who does not exist. The provider checks the
// client before the user.
func (e *examination) credentials(ctx context.Context) ports.Examined {
	username, password := examine.Stranger()
	finding, err := e.directory.Authenticate(ctx, username, password)
	if err != nil {
		fault, _ := errors.AsType[*webclient.Fault](err)
		return examine.Fail(err.Error(), e.remedyOfGrant(fault))
	}
	return examine.Refusal{
		Service: "the provider", Saw: "the provider accepts the client, and refuses an unknown user",
		IfAccepted: "check " + e.Variable("TOKEN_URL") + ": it does not check passwords",
		IfOther:    "check the client's settings at the provider, and " + e.Variable("ERROR_CODES"),
		Expected:   []domain.FindingKind{domain.SignInDenied},
	}.Judge(finding.Kind)
}

func (e *examination) remedyOfGrant(fault *webclient.Fault) string {
	client := e.Variable("CLIENT_ID") + " and " + e.Variable("CLIENT_SECRET")
	if fault == nil {
		return "check the provider and the network"
	}
	code := fault.Cause
	if fault.Code != "" {
		code = string(fault.Code)
	}
	switch code {
	case "invalid_client", "aadsts7000215", "aadsts7000218", "aadsts700016":
		return "correct " + client + "; the provider may expect them in another way (" + e.Variable("AUTH_STYLE") + "=basic or post)"
	case "unauthorized_client", "unsupported_grant_type", "access_denied":
		return "allow the client the password grant (Keycloak: Direct access grants; Auth0: Password; Okta: Resource Owner Password)"
	case "invalid_scope":
		return "correct " + e.Variable("SCOPE") + ": the client may not request one of the scopes"
	case "invalid_target", "invalid_resource":
		return "correct " + e.Variable("AUDIENCE")
	}
	switch {
	case fault.Status == http.StatusUnauthorized:
		return "correct " + client
	case fault.Status == http.StatusNotFound, fault.Status == http.StatusMethodNotAllowed:
		return "correct " + e.Variable("TOKEN_URL") + ": there is no token endpoint"
	case errors.Is(fault, ports.ErrUnreachable):
		return "check the provider: it answers with a fault of its own"
	}
	return "check the client at the provider; if the code is about a user, set " + e.Variable("ERROR_CODES")
}
