package oidcsource

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"cognito-user-migration/adapters/internal/claim"
	"cognito-user-migration/adapters/internal/rawjson"
	"cognito-user-migration/adapters/internal/webclient"
	"cognito-user-migration/domain"

	"github.com/coreos/go-oidc/v3/oidc"
)

// profile returns the claims of the user who signed in.
func (d *Directory) profile(ctx context.Context, p *provider, given tokens) (claims, error) {
	raw := given.id
	var told claims
	if raw != "" && p.verifier != nil {
		verified, err := d.verified(ctx, p.verifier, opIDToken, raw)
		if err != nil {
			return nil, err
		}
		told = verified
	}
	switch {
	case d.settings.Profile == ProfileUserinfo:
		if told == nil && raw != "" {
			told = unverified(raw)
		}
		return d.userinfo(ctx, p, given.access, told)
	case raw == "":
		return nil, d.client.Misconfigured(opIDToken, "the response has none; add openid to the scopes")
	case told == nil:
		return nil, d.client.Misconfigured(opIDToken, "the provider publishes no keys to verify it")
	case told.text("sub") == "":
		return nil, d.client.Malformed(opIDToken, "it has no sub")
	}
	return told, nil
}

// verified checks a token: the provider's signature, the audience and the
// expiry.
func (d *Directory) verified(ctx context.Context, verifier *oidc.IDTokenVerifier, operation, raw string) (claims, error) {
	var why error // error of the keys
	token, err := verifier.Verify(context.WithValue(ctx, reason{}, &why), raw)
	if err == nil {
		var (
			text json.RawMessage
			all  claims
		)
		if token.Claims(&text) != nil || rawjson.Unmarshal(text, &all) != nil || all == nil {
			return nil, d.client.Malformed(operation, "it has no claims")
		}
		return all, nil
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if _, unfetched := errors.AsType[*url.Error](why); unfetched {
		return nil, d.client.NoAnswer(ctx, opKeys, why)
	}
	if _, expired := errors.AsType[*oidc.TokenExpiredError](err); expired {
		return nil, d.client.Malformed(operation, "it has already expired; check the clocks")
	}
	return nil, d.client.Misconfigured(operation, "its signature, issuer or audience does not match the settings")
}

// unverified reads the claims of an ID token from the token endpoint without
// checking the signature. TLS replaces it there (OpenID Connect Core 1.0,
// 3.1.3.7, item 6). Only its sub is used, for a comparison.
func unverified(raw string) claims {
	_, rest, _ := strings.Cut(raw, ".")
	payload, _, _ := strings.Cut(rest, ".")
	var all claims
	if decoded, err := base64.RawURLEncoding.DecodeString(payload); err != nil || rawjson.Unmarshal(decoded, &all) != nil {
		return claims{} // without a sub
	}
	return all
}

// userinfo requests the claims. told are the claims of the ID token, if there
// was one. Both must have the same sub (OpenID Connect Core 1.0, 5.3.2).
func (d *Directory) userinfo(ctx context.Context, p *provider, accessToken string, told claims) (claims, error) {
	if p.userinfoURL == "" {
		return nil, d.client.Misconfigured(opUserinfo, "the provider has no userinfo endpoint")
	}
	header := http.Header{"Accept": {"application/json, application/jwt"}, "Authorization": {"Bearer " + accessToken}}
	answer, err := d.client.Get(ctx, opUserinfo, p.userinfoURL, header)
	if err != nil {
		return nil, err
	}
	if answer.Status != http.StatusOK {
		return nil, d.client.Status(opUserinfo, answer.Status)
	}
	all, err := d.readUserinfo(ctx, p, answer)
	switch {
	case err != nil:
		return nil, err
	case all.text("sub") == "":
		return nil, d.client.Malformed(opUserinfo, "the response is not a JSON object with a sub")
	}
	if told != nil && told.text("sub") != all.text("sub") {
		return nil, d.client.Malformed(opUserinfo, "the sub differs from the sub in the ID token")
	}
	return all, nil
}

// readUserinfo reads the claims of a response: JSON, or a JWT signed by the
// provider (OpenID Connect Core 1.0, 5.3.2). It returns empty claims for
// anything else.
func (d *Directory) readUserinfo(ctx context.Context, p *provider, answer webclient.Answer) (claims, error) {
	var all claims
	if rawjson.Unmarshal(answer.Body, &all) == nil {
		return all, nil
	}
	token := strings.TrimSpace(string(answer.Body))
	kind, _, _ := mime.ParseMediaType(answer.Header.Get("Content-Type"))
	dots := strings.Count(token, ".")
	switch {
	case kind != "application/jwt" && !strings.HasPrefix(token, "eyJ"):
		return claims{}, nil
	case dots == 4:
		return nil, d.client.Misconfigured(opUserinfo, "the response is encrypted; expected JSON or a signed token")
	case p.userinfo == nil:
		return nil, d.client.Misconfigured(opUserinfo, "the response is a signed token, and the provider publishes no keys to verify it")
	}
	all, err := d.verified(ctx, p.userinfo, opUserinfo, token)
	if err != nil {
		return nil, err
	}
	if expired(all) {
		return nil, d.client.Malformed(opUserinfo, "the signed response has expired; check the clocks")
	}
	return all, nil
}

// expired reports whether a response has an expiry, which is optional, and the
// expiry has passed or is invalid.
func expired(all claims) bool {
	raw, there := all["exp"]
	if !there {
		return false
	}
	seconds, err := strconv.ParseFloat(string(raw), 64)
	return err != nil || time.Now().After(time.Unix(int64(seconds), 0))
}

// claims are the claims about a user in an ID token or from userinfo.
type claims map[string]json.RawMessage

// claimSub is the claim that names the user at the provider.
const claimSub = "sub"

// mapped returns the claims with those of other names under the attributes' names.
// The first value of a list is taken. A claim that is missing changes nothing.
func (c claims) mapped(names ClaimMap) claims {
	if len(names) == 0 {
		return c
	}
	all := maps.Clone(c)
	for attribute, claim := range names {
		raw := c[claim]
		var list []json.RawMessage
		if json.Unmarshal(raw, &list) == nil && len(list) > 0 {
			raw = list[0]
		}
		if (claims{claim: raw}).text(claim) != "" {
			all[attribute] = raw
		}
	}
	return all
}

// user returns the profile from the claims. Only enabled users get a token,
// after all the provider's checks.
//
// The username claim counts only if it equals the typed name, ignoring letter
// case: the provider accepted the password for that name. OpenID Connect
// guarantees uniqueness only for sub, and explicitly not for preferred_username
// (Core 1.0, 5.1 and 5.7), which users can edit at many providers.
func (c claims) user(usernameClaim, groupsClaim, typed string) domain.SourceUser {
	user := domain.SourceUser{
		Username:   c.text(claimSub),
		Sub:        c.text(claimSub),
		Enabled:    true,
		Attributes: make(domain.Attributes, len(c)),
	}
	isTyped := func(claim string) bool { return typed != "" && strings.EqualFold(c.text(claim), typed) }
	if isTyped(usernameClaim) {
		user.Username = c.text(usernameClaim)
	}
	if isTyped("preferred_username") {
		user.Identifiers = []string{typed}
	}
	for name := range c {
		value := c.text(name)
		// The claim that is the username is not an additional name.
		isUsername := name == usernameClaim && name == "preferred_username"
		if value != "" && name != "" && !isUsername && !isTokenClaim(name) {
			user.Attributes[name] = value
		}
	}
	// A missing claim says nothing about groups.
	user.GroupsKnown = json.Unmarshal(c[groupsClaim], &user.Groups) == nil && user.Groups != nil
	if !user.GroupsKnown {
		user.Groups = nil
	}
	return user
}

// mfa reads the second factors in a claim: text, a list or a boolean.
// [domain.ParseMFA] accepts the JSON unchanged.
func (c claims) mfa(name string) []domain.MFAMethod {
	return domain.ParseMFA(string(c[name]))
}

// isTokenClaim reports whether the claim describes the token and not the user
// (RFC 7519, 4.1; OpenID Connect Core 1.0, 2 and 3.1.3.6).
func isTokenClaim(name string) bool {
	switch name {
	case "iss", "aud", "exp", "iat", "nbf", "jti", "auth_time", "nonce", "at_hash", "c_hash", "azp", "acr", "amr",
		"token_use", "event_id", "origin_jti", // Cognito's
		"sid", "typ", "session_state", "scope", "client_id", "ver", "idp":
		return true
	default:
		return false
	}
}

// text returns a claim as an attribute's value.
func (c claims) text(name string) string { return claim.Text(c[name]) }
