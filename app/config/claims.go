package config

import (
	"context"
	"errors"
	"slices"
	"strings"

	"cognito-user-migration/domain"
)

// Claims are the settings of the command claims.
type Claims struct {
	// Claim is the name of the claim for the source's sub.
	Claim string
	// Attribute is the destination attribute with the source's sub.
	Attribute string
}

// claimsSettings are the variables CLAIMS_.
type claimsSettings struct {
	LegacySub claimName      `env:"LEGACY_SUB" envDefault:"legacy_sub" takes:"a claim's name: letters, digits, and : _ - ." desc:"Command \u0060claims\u0060: the claim of ID and access tokens that holds the user's \u0060sub\u0060 at the source. For users born in the new pool it is their own. docs/claims.md tells more."`
	Attribute claimAttribute `env:"ATTRIBUTE" envDefault:"custom:legacy_sub" takes:"a custom attribute, such as custom:legacy_sub" desc:"Command \u0060claims\u0060: the attribute that the source's \u0060sub\u0060 was moved to. No app client may write it."`
}

const familyClaims = "CLAIMS_"

// LoadClaims reads the settings of the command claims from an environment in
// the form of [os.Environ]. The error is an [*Error] with all problems.
func LoadClaims(environ []string) (Claims, error) {
	l := newLoader(context.Background(), environ, nil)
	var settings claimsSettings
	l.parse(familyClaims, &settings)
	l.checkFamilies()
	if err := l.err(); err != nil {
		return Claims{}, err
	}
	return Claims{Claim: string(settings.LegacySub), Attribute: string(settings.Attribute)}, nil
}

// claimName is the name of a claim that a pre token generation trigger may add.
type claimName string

// UnmarshalText implements [encoding.TextUnmarshaler]. Cognito's own claims cannot
// be added or replaced ("Pre token generation Lambda trigger", Amazon Cognito
// Developer Guide).
func (n *claimName) UnmarshalText(text []byte) error {
	name := string(text)
	if len(name) > 64 || !isOf(name, ":_-.") {
		return errors.New("expected a claim's name of at most 64 characters: letters, digits, and the signs :_.-")
	}
	reserved := []string{
		"acr", "amr", "at_hash", "aud", "auth_time", "azp", "client_id", "device_key", "event_id", "exp", "iat", "identities",
		"iss", "jti", "nbf", "nonce", "origin_jti", "scope", "sub", "token_use", "username", "version",
	}
	if slices.Contains(reserved, name) || strings.HasPrefix(name, "cognito:") || strings.HasPrefix(name, "aws:") || strings.HasPrefix(name, "dev:") {
		return errors.New("is a claim of Cognito's own, which no trigger can replace; set another name, such as legacy_sub")
	}
	*n = claimName(name)
	return nil
}

// claimAttribute is the destination attribute with the source's sub.
type claimAttribute string

// UnmarshalText implements [encoding.TextUnmarshaler].
func (a *claimAttribute) UnmarshalText(text []byte) error {
	custom := strings.HasPrefix(string(text), "custom:")
	rules, err := domain.ParseAttributeMap(string(text))
	if !custom || err != nil || rules.String() != string(text) || strings.ContainsAny(string(text), "=,") {
		return errors.New("expected the name of a custom attribute, such as custom:legacy_sub: no other attribute holds a sub that only the migration writes")
	}
	*a = claimAttribute(text)
	return nil
}
