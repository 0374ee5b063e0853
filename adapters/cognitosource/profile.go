package cognitosource

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"iter"
	"maps"
	"strings"

	"cognito-user-migration/adapters/internal/rawjson"
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

// signInNames lists what was typed where the service signs the user in by it and
// [domain.SourceUser.Owns] does not know so. A pool that signs in by email or phone
// makes the usernames, which are the subs, and takes those names verified or not;
// each is one user's. As an alias of a pool with usernames, an email address or
// phone number works only once it is verified; preferred_username works at once.
func signInNames(user domain.SourceUser, typed string) []string {
	is := func(name string) bool { return typed != "" && strings.EqualFold(typed, user.Attributes[name]) }
	if is("preferred_username") || user.Username == user.Sub && (is("email") || is("phone_number")) {
		return []string{typed}
	}
	return nil
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

// claims are those of an ID token: an object of JSON, empty where there are none.
type claims []byte

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
	if err != nil || !json.Valid(decoded) {
		return nil
	}
	if _, isObject := rawjson.Members(decoded); !isObject {
		return nil
	}
	return decoded
}

// all are the claims by name, each with its value as it stands.
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

// username is the pool's own name of the user.
func (c claims) username() string {
	var username string
	for name, value := range c.all() {
		if name == "cognito:username" {
			username = claimText(value)
		}
	}
	return username
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
	user := domain.SourceUser{Enabled: true, Attributes: make(domain.Attributes), GroupsKnown: true}
	for name, value := range c.all() {
		switch {
		case name == "cognito:username":
			user.Username = claimText(value)
		case name == "cognito:groups":
			user.Groups = nil
			_ = json.Unmarshal(value, &user.Groups) // no list: no groups
		case !isTokenClaim(name):
			user.Attributes[name] = claimText(value)
		}
	}
	user.Sub = user.Attributes["sub"]
	maps.DeleteFunc(user.Attributes, func(_, value string) bool { return value == "" })
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

// claimText is a claim as an attribute's value: a string, a number or a boolean
// as it is written, an address by its one text. Anything else is none.
func claimText(value []byte) string {
	switch value[0] {
	case '"':
		text, _ := rawjson.Text(value)
		return text
	case '{':
		var address struct {
			Formatted string `json:"formatted"`
		}
		_ = json.Unmarshal(value, &address)
		return address.Formatted
	case '[', 'n':
		return ""
	default:
		return string(value)
	}
}
