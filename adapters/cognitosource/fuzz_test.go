package cognitosource

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"cognito-user-migration/domain"
	"cognito-user-migration/ports"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/aws/smithy-go"
)

// Whatever the service or what stands in its place says in an error: it is one
// finding that is no proof, or one class of error, and its text goes no further.
func FuzzErrorMessages(f *testing.F) {
	for _, code := range []string{"NotAuthorizedException", "InvalidParameterException", "UserNotFoundException", "ExpiredTokenException", "x\ny", ""} {
		for _, message := range []string{
			"Incorrect username or password.", "User is disabled.", "Password attempts exceeded",
			"Temporary password has expired and must be reset by an administrator.",
			"Client abc is configured with secret but SECRET_HASH was not received",
			"1 validation error detected: Value at 'username' failed to satisfy constraint", "",
		} {
			f.Add(code, message)
		}
	}
	f.Fuzz(func(t *testing.T, code, message string) {
		for _, operation := range []string{"AdminInitiateAuth", "AdminGetUser"} {
			kind, err := classify(t.Context(), operation, &smithy.GenericAPIError{Code: code, Message: message})
			if (kind == 0) == (err == nil) {
				t.Fatalf("both a finding and an error, or neither: %v, %v", kind, err)
			}
			if err == nil {
				if slices.Contains([]domain.FindingKind{
					domain.PasswordAccepted, domain.TemporaryPasswordAccepted, domain.MFARequired, domain.UserFound,
				}, kind) {
					t.Errorf("an error is a proof: %v", kind)
				}
				continue
			}
			if !errors.Is(err, ports.ErrThrottled) && !errors.Is(err, ports.ErrUnreachable) && !errors.Is(err, ports.ErrMisconfigured) {
				t.Errorf("no class: %v", err)
			}
			if text := err.Error(); len(message) > 24 && strings.Contains(text, message) || strings.ContainsAny(text, "\r\n\x00") {
				t.Errorf("the text goes further: %q", text)
			}
		}
	})
}

// Whatever an ID token holds: no panic, no claim of the token's own among the
// attributes, and none without a value.
func FuzzIDToken(f *testing.F) {
	for _, payload := range []string{
		`{"sub":"s","cognito:username":"u","email_verified":true,"updated_at":1e9,"address":{"formatted":"x"},"cognito:groups":["g"]}`,
		`{"cognito:groups":"g","address":[],"identities":{},"custom:x":null}`, `{"a":"\ud800"}`, `null`, `[]`, `{`, ``,
	} {
		f.Add(payload)
	}
	f.Fuzz(func(t *testing.T, payload string) {
		for _, token := range []string{"h." + base64.RawURLEncoding.EncodeToString([]byte(payload)) + ".s", payload} {
			claims, ok := readIDToken(&types.AuthenticationResultType{IdToken: &token})
			if !ok {
				if token != payload && json.Valid([]byte(payload)) && strings.HasPrefix(strings.TrimSpace(payload), "{") {
					t.Errorf("claims were not read: %s", payload)
				}
				continue
			}
			user := claims.user()
			if user.Status != "" || len(user.MFA) > 0 {
				t.Error("a token says nothing of status or second factors")
			}
			for name, value := range user.Attributes {
				if value == "" || isTokenClaim(name) {
					t.Errorf("%q=%q is an attribute", name, value)
				}
			}
		}
	})
}
