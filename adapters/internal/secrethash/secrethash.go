// Package secrethash computes the value that an app client of a user pool with a secret
// requires. It imports domain.
package secrethash

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"

	"cognito-user-migration/domain"
)

// Of returns the SECRET_HASH of a sign-in: Base64 of HMAC-SHA256 over username and
// client ID (cognito-facts 27).
func Of(secret domain.Secret, username, clientID string) string {
	mac := hmac.New(sha256.New, []byte(secret.Reveal()))
	mac.Write([]byte(username + clientID))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}
