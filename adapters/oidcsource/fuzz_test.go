package oidcsource

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"testing"

	"cognito-user-migration/adapters/internal/webclient"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
)

// Any error of a provider, or of what answers for it, is one finding without proof or
// one class of error. Its text goes no further.
func FuzzRefusals(f *testing.F) {
	for _, body := range []string{
		`{"error":"invalid_grant","error_description":"Invalid user credentials"}`,
		`{"error":"invalid_grant","error_description":"AADSTS50057: x"}`, `{"error":"mfa_required"}`,
		`{"error":"unauthorized_client"}`, `{"error":"unauthorized"}`, `{"ChallengeName":"SMS_MFA"}`, `{"__type":"a#NotAuthorizedException","message":"x"}`,
		`{"AuthenticationResult":{"AccessToken":"a","IdToken":"b"}}`, `{"error":"hanako"}`, `{"error":["x"]}`, `{"error":null}`, `[]`, `null`, `error=x`, ``,
	} {
		for _, status := range []int{200, 302, 400, 401, 403, 408, 429, 500, 501} {
			f.Add(status, body)
		}
	}
	directories := []*Directory{{meanings: newMeanings(tables())}}
	for _, row := range presets() {
		settings := Settings{Preset: row.preset}
		directories = append(directories, &Directory{settings: settings.planned(), meanings: newMeanings(tables(), row.codes...)})
	}
	f.Fuzz(func(t *testing.T, status int, body string) {
		d := directories[len(body)%len(directories)] // any of them, by the input alone
		for _, header := range []http.Header{
			{}, {"Content-Type": {"text/plain"}}, {"Www-Authenticate": {"Bearer error=\"" + body + "\""}},
		} {
			answer := webclient.Answer{Status: status, Body: []byte(body), Header: header}
			finding, err := d.refused(readRefusal(answer, d.members(answer)), "canary-name", domain.NewPassword("canary-password"))
			switch finding.Kind {
			case 0:
				if !errors.Is(err, ports.ErrThrottled) && !errors.Is(err, ports.ErrUnreachable) && !errors.Is(err, ports.ErrMisconfigured) {
					t.Errorf("no class: %v", err)
				}
			case domain.PasswordAccepted, domain.TemporaryPasswordAccepted, domain.UserFound:
				t.Errorf("an error is a proof: %v", finding)
			default:
				if err != nil || !slices.Contains(domain.FindingKinds(), finding.Kind) {
					t.Errorf("no finding: %v, %v", finding, err)
				}
				if status >= 500 {
					t.Errorf("an outage is a finding: %v", finding)
				}
			}
			code := ports.UnknownCodeOf(err) + finding.UnknownCode
			if code != domain.NewResponseCode(string(code), "canary-name", domain.NewPassword("canary-password")) {
				t.Errorf("a code that may not be logged: %q", code)
			}
		}
	})
}

// Any claims give no panic and no attribute without a value. The token's own claims
// become no attributes, and only what is true is verified.
func FuzzClaims(f *testing.F) {
	for _, body := range []string{
		`{"sub":"s","preferred_username":"u","email_verified":true,"updated_at":1e9,"address":{"formatted":"x"},"groups":["g"]}`,
		`{"groups":"g","address":[],"aud":{},"custom:x":null,"email_verified":1}`, `{"updated_at":"2023-11-14T22:13:20Z"}`, `{"a":"\ud800"}`, `{"":"x"}`, `null`, `[]`, `{`,
	} {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body string) {
		var all claims
		if json.Unmarshal([]byte(body), &all) != nil {
			_ = unverified(body)
			return
		}
		user := all.user("preferred_username", "groups", "typed")
		if user.Status != "" || len(user.MFA) > 0 {
			t.Error("claims say nothing of status or second factors")
		}
		for name, value := range user.Attributes {
			if value == "" || name == "" || isTokenClaim(name) {
				t.Errorf("%q=%q is an attribute", name, value)
			}
		}
	})
}
