package oidcsource

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"cognito-user-migration/adapters/internal/errorcodes"
	"cognito-user-migration/adapters/internal/secrethash"
	"cognito-user-migration/adapters/internal/webclient"
)

// initiateAuth sends the password to a user pool by InitiateAuth with
// USER_PASSWORD_AUTH. This call needs an app client and no AWS credentials
// ("InitiateAuth", Amazon Cognito User Pools API Reference).
func (d *Directory) initiateAuth(ctx context.Context, address, username, password string) (webclient.Answer, error) {
	parameters := map[string]string{"USERNAME": username, "PASSWORD": password}
	if !d.settings.ClientSecret.Empty() {
		parameters["SECRET_HASH"] = secrethash.Of(d.settings.ClientSecret, username, d.settings.ClientID)
	}
	header := http.Header{"Content-Type": {"application/x-amz-json-1.1"}, "X-Amz-Target": {"AWSCognitoIdentityProviderService.InitiateAuth"}}
	return d.client.PostJSON(ctx, opGrant, address, header, map[string]any{
		"AuthFlow": "USER_PASSWORD_AUTH", "ClientId": d.settings.ClientID, "AuthParameters": parameters,
	})
}

// challengeCode is the code of a response that asks for more than the password.
const challengeCode = "challenge"

// ofInitiateAuth returns a response of InitiateAuth with the members that OAuth
// has. A response in OAuth's form stays as it is.
func ofInitiateAuth(object errorcodes.Members) errorcodes.Members {
	var result struct {
		AccessToken, IdToken string //nolint:revive // Cognito's spelling
	}
	text := func(value string) json.RawMessage {
		encoded, _ := json.Marshal(value) // a string can always be encoded
		return encoded
	}
	challenge := object.Word("ChallengeName")
	_, fault, namespaced := strings.Cut(object.Word("__type"), "#")
	if !namespaced {
		fault = object.Word("__type")
	}
	switch {
	case challenge != "":
		return errorcodes.Members{"error": text(challengeCode), "error_reason": text(challenge)}
	case fault != "":
		return errorcodes.Members{"error": text(fault), "error_description": text(object.Word("message") + object.Word("Message"))}
	case json.Unmarshal(object["AuthenticationResult"], &result) == nil:
		return errorcodes.Members{"access_token": text(result.AccessToken), "id_token": text(result.IdToken)}
	default:
		return object
	}
}
