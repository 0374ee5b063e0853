package cognitosource

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"strings"

	"cognito-user-migration/domain"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// userOf reads what AdminGetUser gave (cognito-facts 26).
func userOf(answer *cognitoidentityprovider.AdminGetUserOutput) domain.SourceUser {
	attributes := make(domain.Attributes, len(answer.UserAttributes))
	for _, attribute := range answer.UserAttributes {
		attributes[aws.ToString(attribute.Name)] = aws.ToString(attribute.Value)
	}
	return domain.SourceUser{
		Username:     aws.ToString(answer.Username),
		Sub:          attributes["sub"],
		Status:       domain.UserStatus(answer.UserStatus),
		Enabled:      answer.Enabled,
		Attributes:   attributes,
		MFA:          methodsOf(answer),
		PreferredMFA: domain.MFAMethod(aws.ToString(answer.PreferredMfaSetting)),
	}
}

// methodsOf lists the user's second factors. Pools of before 2018 list SMS
// under another name.
func methodsOf(answer *cognitoidentityprovider.AdminGetUserOutput) []domain.MFAMethod {
	var methods []domain.MFAMethod
	for _, method := range answer.UserMFASettingList {
		methods = append(methods, domain.MFAMethod(method))
	}
	if len(methods) == 0 {
		for _, option := range answer.MFAOptions {
			if option.DeliveryMedium == types.DeliveryMediumTypeSms {
				methods = append(methods, domain.MFASMS)
			}
		}
	}
	return methods
}

// claims are those of an ID token.
type claims map[string]json.RawMessage

// readIDToken reads the claims of the ID token; there are none where it cannot be
// read. Its signature is not checked: the token came from the service itself
// over the connection that it was asked through (cognito-facts 29).
func readIDToken(result *types.AuthenticationResultType) claims {
	if result == nil {
		return nil
	}
	_, rest, _ := strings.Cut(aws.ToString(result.IdToken), ".")
	payload, _, _ := strings.Cut(rest, ".")
	decoded, err := base64.RawURLEncoding.DecodeString(payload)
	if err != nil {
		return nil
	}
	var read claims
	if err := json.Unmarshal(decoded, &read); err != nil {
		return nil
	}
	return read
}

// username is the pool's own name of the user.
func (c claims) username() string {
	return c.text("cognito:username")
}

// usernameOr is the name to ask for the profile of who signed in. The one that
// the service itself gives goes before the one that was typed: an alias could
// have moved to somebody else between the two calls.
func (c claims) usernameOr(typed string) string {
	return cmp.Or(c.username(), typed)
}

// user reads the profile that the claims are. A token is given to enabled users
// alone, and says nothing of their status.
func (c claims) user() domain.SourceUser {
	user := domain.SourceUser{
		Username:   c.username(),
		Sub:        c.text("sub"),
		Enabled:    true,
		Attributes: make(domain.Attributes, len(c)),
	}
	for name := range c {
		if isTokenClaim(name) {
			continue
		}
		if value := c.text(name); value != "" {
			user.Attributes[name] = value
		}
	}
	_ = json.Unmarshal(c["cognito:groups"], &user.Groups) // absent: no groups
	user.GroupsKnown = true
	return user
}

// isTokenClaim holds for the claims that speak of the token and not of the user
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

// text is a claim as an attribute's value: a string, a number or a boolean as
// it is written, an address by its one text. Anything else is none.
func (c claims) text(name string) string {
	raw := c[name]
	if len(raw) == 0 {
		return ""
	}
	switch raw[0] {
	case '"':
		var text string
		_ = json.Unmarshal(raw, &text) // raw is valid JSON, it was decoded as such
		return text
	case '{':
		var address struct {
			Formatted string `json:"formatted"`
		}
		_ = json.Unmarshal(raw, &address)
		return address.Formatted
	case '[', 'n':
		return ""
	default:
		return string(raw)
	}
}
