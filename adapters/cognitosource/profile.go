package cognitosource

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"iter"
	"maps"
	"strings"

	"cognito-user-migration/adapters/internal/claim"
	"cognito-user-migration/adapters/internal/rawjson"
	"cognito-user-migration/domain"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// claims are the claims of an ID token: a JSON object, or empty.
type claims []byte

// readIDToken reads the claims of the ID token, or returns none if it cannot be
// parsed. It does not check the signature, because the token came directly from
// Cognito over TLS (cognito-facts 29).
func readIDToken(result *types.AuthenticationResultType) claims {
	if result == nil {
		return nil
	}
	_, rest, _ := strings.Cut(aws.ToString(result.IdToken), ".")
	payload, _, _ := strings.Cut(rest, ".")
	decoded, err := base64.RawURLEncoding.DecodeString(payload)
	if err != nil || !json.Valid(decoded) {
		return nil
	}
	if _, isObject := rawjson.Members(decoded); !isObject {
		return nil
	}
	return decoded
}

// all iterates over the claims: each name with its value unchanged.
func (c claims) all() iter.Seq2[string, []byte] {
	return func(yield func(string, []byte) bool) {
		if len(c) == 0 {
			return
		}
		for object, _ := rawjson.Members(c); object.Next(); {
			if !yield(object.Key, object.Value()) {
				return
			}
		}
	}
}

// username returns the pool's username of the user.
func (c claims) username() string {
	var username string
	for name, value := range c.all() {
		if name == "cognito:username" {
			username = claim.Text(value)
		}
	}
	return username
}

// usernameOr returns the name for reading the profile. The username in the
// token takes precedence over the typed one: an alias could have been
// reassigned between the two calls.
func (c claims) usernameOr(typed string) string {
	return cmp.Or(c.username(), typed)
}

// user returns the profile from the claims. Only enabled users get a token. It
// does not contain their status.
func (c claims) user() domain.SourceUser {
	user := domain.SourceUser{Enabled: true, Attributes: make(domain.Attributes), GroupsKnown: true}
	for name, value := range c.all() {
		switch {
		case name == "cognito:username":
			user.Username = claim.Text(value)
		case name == "cognito:groups":
			user.Groups = nil
			_ = json.Unmarshal(value, &user.Groups) // without a list there are no groups
		case !isTokenClaim(name):
			user.Attributes[name] = claim.Text(value)
		}
	}
	user.Sub = user.Attributes["sub"]
	maps.DeleteFunc(user.Attributes, func(_, value string) bool { return value == "" })
	return user
}

// isTokenClaim reports whether the claim describes the token and not the user
// ("Understanding the identity (ID) token", Amazon Cognito Developer Guide).
func isTokenClaim(name string) bool {
	switch name {
	case "iss", "aud", "exp", "iat", "nbf", "jti", "origin_jti", "event_id", "token_use", "auth_time",
		"nonce", "at_hash", "c_hash", "azp", "identities":
		return true
	default:
		return strings.HasPrefix(name, "cognito:")
	}
}
