package cognitosource

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"cognito-user-migration/domain"
	"cognito-user-migration/ports"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/aws/smithy-go"
)

// Any error of the service, or of what answers for it, is one finding without proof
// or one class of error. Its text goes no further.
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
			finding, err := new(Directory).findingOrError(t.Context(), operation, &smithy.GenericAPIError{Code: code, Message: message})
			kind := finding.Kind
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
			claims := readIDToken(&types.AuthenticationResultType{IdToken: &token})
			if claims == nil {
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

// echo is a service that turns every sign-in away and says in its error all that
// it was sent.
type echo struct {
	API
	sent map[string]string
}

// AdminInitiateAuth implements [API].
func (e *echo) AdminInitiateAuth(_ context.Context, input *cognitoidentityprovider.AdminInitiateAuthInput) (*cognitoidentityprovider.AdminInitiateAuthOutput, error) {
	e.sent = input.AuthParameters
	text, err := json.Marshal(input)
	if err != nil {
		return nil, err
	}
	return nil, &smithy.GenericAPIError{Code: "InvalidParameterException", Message: string(text)}
}

// For any secret, name and client, SECRET_HASH is what Cognito computes. RFC 2104 is
// written out here. Without a secret none is sent. What is sent comes back in no
// error.
func FuzzSecretHash(f *testing.F) {
	f.Add("secret", "hanako", "3n4b5urk1ft4fl3mg5e62d9ado", "Right-Password-1")
	f.Add("", "hanako", "c", "p")
	f.Add(strings.Repeat("k", 65), "\xff\x00", "", strings.Repeat("p", 300))
	f.Add(strings.Repeat("k", 64), "山田", "c", "\n")
	f.Fuzz(func(t *testing.T, secret, username, clientID, password string) {
		if username == "" || password == "" {
			return // nobody is asked
		}
		service := &echo{}
		directory := New("SOURCE", service, Settings{ClientID: ClientID(clientID), ClientSecret: domain.NewSecret(secret)},
			func(domain.FindingKind) bool { return false })
		finding, err := directory.Authenticate(t.Context(), username, domain.NewPassword(password))
		hash, sent := service.sent["SECRET_HASH"]
		if want := hmacSHA256([]byte(secret), []byte(username+clientID)); sent != (secret != "") || sent && hash != base64.StdEncoding.EncodeToString(want) {
			t.Errorf("SECRET_HASH is %q, and %v that it is sent", hash, sent)
		}
		if service.sent["USERNAME"] != username || service.sent["PASSWORD"] != password {
			t.Error("what was typed is not what is sent")
		}
		if err == nil {
			if finding.Kind != domain.UserUnknown && finding.Kind != domain.PasswordWrong { // what was typed reads like the service's own words
				t.Errorf("the finding is %v", finding.Kind)
			}
			return
		}
		if want := "cognito source: AdminInitiateAuth: InvalidParameterException: misconfigured"; err.Error() != want {
			t.Errorf("the error is %q, want %q whatever is sent", err, want)
		}
	})
}

// hmacSHA256 is RFC 2104 with SHA-256, apart from crypto/hmac.
func hmacSHA256(key, text []byte) []byte {
	if len(key) > sha256.BlockSize {
		sum := sha256.Sum256(key)
		key = sum[:]
	}
	inner, outer := make([]byte, sha256.BlockSize), make([]byte, sha256.BlockSize)
	copy(inner, key)
	copy(outer, key)
	for i := range inner {
		inner[i] ^= 0x36
		outer[i] ^= 0x5c
	}
	digest := sha256.Sum256(slices.Concat(inner, text))
	digest = sha256.Sum256(slices.Concat(outer, digest[:]))
	return digest[:]
}

// Settings are accepted in the service's own form alone, so that each region leads to
// a host of AWS. Rejected values are not repeated.
func FuzzSettings(f *testing.F) {
	for _, text := range []string{
		"ap-northeast-1_AbCdEf123", "us-gov-west-1_a", "cn-north-1", "ap-northeast-1", "us-east-1.example.com/", "a@b-1", "3n4b5urk1ft4fl3mg5e62d9ado",
		"id_token", "admin_get_user", "\n", "",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var (
			pool    UserPoolID
			client  ClientID
			region  Region
			profile Profile
		)
		for name, into := range map[string]interface{ UnmarshalText(text []byte) error }{
			"pool": &pool, "client": &client, "region": &region, "profile": &profile,
		} {
			if err := into.UnmarshalText([]byte(text)); err != nil && len(text) > 24 && strings.Contains(err.Error(), text) {
				t.Errorf("%s: the value is in the error: %v", name, err)
			}
		}
		for _, settings := range []Settings{{UserPoolID: pool}, {Region: region}} {
			where := settings.ServiceRegion()
			if where == "" {
				continue
			}
			endpoint, err := cognitoidentityprovider.NewDefaultEndpointResolverV2().ResolveEndpoint(t.Context(),
				cognitoidentityprovider.EndpointParameters{Region: aws.String(where)})
			if err != nil {
				t.Fatalf("no endpoint for %q: %v", where, err)
			}
			host := endpoint.URI.Hostname()
			if !strings.HasPrefix(host, "cognito-idp."+where+".") || endpoint.URI.Path != "" || endpoint.URI.User != nil || endpoint.URI.Port() != "" {
				t.Errorf("region %q leads to %s", where, endpoint.URI.String())
			}
		}
	})
}
