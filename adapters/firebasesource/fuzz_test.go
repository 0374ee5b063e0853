package firebasesource

import (
	"encoding/json"
	"errors"
	"slices"
	"testing"

	"cognito-user-migration/adapters/internal/webclient"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
)

// Whatever an error response says: it is one finding that proves nothing, or one
// class of error, and its text goes no further.
func FuzzRefusals(f *testing.F) {
	for _, body := range []string{
		`{"error":{"code":400,"message":"INVALID_LOGIN_CREDENTIALS"}}`, `{"error":{"message":"TOO_MANY_ATTEMPTS_TRY_LATER : Access to this account"}}`,
		`{"error":{"message":"API key not valid.","status":"INVALID_ARGUMENT","details":[{"reason":"API_KEY_INVALID"}]}}`,
		`{"error":{"message":"canary-name","details":[1,{"reason":5}]}}`, `{"error":"x"}`, `{"error":{"message":["x"]}}`, `[]`, `null`, `<html>`, ``,
	} {
		for _, status := range []int{302, 400, 401, 403, 404, 408, 429, 500, 503} {
			f.Add(status, body)
		}
	}
	d := &Directory{meanings: meanings()}
	f.Fuzz(func(t *testing.T, status int, body string) {
		said := readRefusal(webclient.Answer{Status: status, Body: []byte(body)})
		for name, allowed := range map[string]func(domain.FindingKind) bool{"sign-in": ofSignIn, "look-up": ofLookUp} {
			kind, err := d.refused(name, said, allowed, "canary-name", domain.NewPassword("canary-password"))
			switch {
			case (kind == 0) != (err != nil):
				t.Errorf("%v, %v", kind, err)
			case err != nil && !errors.Is(err, ports.ErrThrottled) && !errors.Is(err, ports.ErrUnreachable) && !errors.Is(err, ports.ErrMisconfigured):
				t.Errorf("no class: %v", err)
			case kind.ProvesPassword() || kind == domain.UserFound || err == nil && !slices.Contains(domain.FindingKinds(), kind):
				t.Errorf("an error is %v", kind)
			case err == nil && !isUsers(status):
				t.Errorf("a status of %d is %v", status, kind)
			}
			if code := ports.UnknownCodeOf(err); code != domain.NewResponseCode(string(code), "canary-name", domain.NewPassword("canary-password")) {
				t.Errorf("a code that may not be logged: %q", code)
			}
		}
	})
}

// Any user gives no panic and no attribute without a value. Each enrolled second
// factor is found, and only what Firebase verified is verified.
func FuzzUsers(f *testing.F) {
	for _, body := range []string{
		`{"localId":"a","email":"a@example.com","emailVerified":true,"createdAt":"1508893925000","lastLoginAt":"1","customAttributes":"{\"x\":[1]}"}`,
		`{"localId":"a","mfaInfo":[{"phoneInfo":"+1"},{"totpInfo":{}},{"emailInfo":{"emailAddress":"x"}},{}]}`,
		`{"localId":"a","createdAt":"-1","disabled":true,"providerUserInfo":[{"providerId":"google.com"},{}]}`,
		`{"localId":"a","createdAt":"99999999999999999999","customAttributes":{"a":"\ud800"}}`, `{"mfaInfo":[null]}`, `null`, `[]`, `{`,
	} {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body string) {
		var one account
		if json.Unmarshal([]byte(body), &one) != nil {
			return
		}
		user := one.found()
		if (len(one.MFAInfo) > 0) != (len(user.MFA) > 0) {
			t.Errorf("%d factors are %v", len(one.MFAInfo), user.MFA)
		}
		if user.Enabled == one.Disabled || user.Username != one.LocalID || user.Sub != one.LocalID {
			t.Error("another user, or another state")
		}
		if user.Attributes["email_verified"] == "true" && (one.EmailVerified == nil || !*one.EmailVerified) {
			t.Error("an address that nobody verified is verified")
		}
		if user.Attributes["phone_number_verified"] == "true" && !slices.Contains(user.MFA, domain.MFASMS) {
			t.Error("a number that nobody verified is verified")
		}
	})
}
