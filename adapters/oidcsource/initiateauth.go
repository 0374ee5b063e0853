package oidcsource

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"

	"cognito-user-migration/adapters/internal/errorcodes"
	"cognito-user-migration/adapters/internal/webclient"
	"cognito-user-migration/ports"
)

// initiateAuth sends the password to a user pool by InitiateAuth with
// USER_PASSWORD_AUTH. This call needs an app client and no AWS credentials
// ("InitiateAuth", Amazon Cognito User Pools API Reference).
func (d *Directory) initiateAuth(ctx context.Context, address, username, password string) (webclient.Answer, error) {
	parameters := map[string]string{"USERNAME": username, "PASSWORD": password}
	if !d.settings.ClientSecret.Empty() {
		// Cognito-facts 27.
		mac := hmac.New(sha256.New, []byte(d.settings.ClientSecret.Reveal()))
		mac.Write([]byte(username + d.settings.ClientID))
		parameters["SECRET_HASH"] = base64.StdEncoding.EncodeToString(mac.Sum(nil))
	}
	body, err := json.Marshal(map[string]any{"AuthFlow": "USER_PASSWORD_AUTH", "ClientId": d.settings.ClientID, "AuthParameters": parameters})
	if err != nil {
		return webclient.Answer{}, ports.NotJudged(d.client.Malformed(opGrant, "the request cannot be built"))
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return webclient.Answer{}, ports.NotJudged(d.client.Misconfigured(opGrant, "the URL is not valid"))
	}
	request.Header.Set("Content-Type", "application/x-amz-json-1.1")
	request.Header.Set("X-Amz-Target", "AWSCognitoIdentityProviderService.InitiateAuth")
	return d.client.Send(opGrant, request)
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
