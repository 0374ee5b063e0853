package oidcsource

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"cognito-user-migration/domain"
	"cognito-user-migration/ports"

	"golang.org/x/oauth2"
)

// Whatever a provider, or what stands in its place, says in an error: it is one
// finding that is no proof, or one class of error, and its text goes no further.
func FuzzRefusals(f *testing.F) {
	for _, body := range []string{
		`{"error":"invalid_grant","error_description":"Invalid user credentials"}`,
		`{"error":"invalid_grant","error_description":"AADSTS50057: x"}`, `{"error":"mfa_required"}`,
		`{"error":"unauthorized_client"}`, `{"error":"hanako"}`, `{"error":["x"]}`, `{"error":null}`, `[]`, `null`, `error=x`, ``,
	} {
		for _, status := range []int{200, 302, 400, 401, 403, 408, 429, 500, 501} {
			f.Add(status, body)
		}
	}
	f.Fuzz(func(t *testing.T, status int, body string) {
		r := readRefusal(&oauth2.RetrieveError{Response: &http.Response{StatusCode: status}, Body: []byte(body), ErrorCode: body, ErrorDescription: body})
		switch kind := r.finding(); kind {
		case 0:
			class := r.class()
			if !errors.Is(class, ports.ErrThrottled) && !errors.Is(class, ports.ErrUnreachable) && !errors.Is(class, ports.ErrMisconfigured) {
				t.Errorf("no class: %v", class)
			}
		case domain.PasswordAccepted, domain.TemporaryPasswordAccepted, domain.UserFound, domain.UserFederated:
			t.Errorf("an error is a proof: %v", kind)
		default:
			if !slices.Contains(domain.FindingKinds(), kind) {
				t.Errorf("no finding: %d", kind)
			}
			if status >= 500 {
				t.Errorf("an outage is a finding: %v", kind)
			}
		}
		if text := r.printable(); text != "" && strings.Trim(text, "abcdefghijklmnopqrstuvwxyz_") != "" {
			t.Errorf("the text goes further: %q", text)
		}
	})
}

// Whatever the claims hold: no panic, none of the token's own among the
// attributes, none without a value, and nothing vouched for that is not true.
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
		user := all.user("preferred_username", "groups")
		if user.Status != "" || len(user.MFA) > 0 {
			t.Error("claims say nothing of status or second factors")
		}
		for name, value := range user.Attributes {
			if value == "" || name == "" || isTokenClaim(name) {
				t.Errorf("%q=%q is an attribute", name, value)
			}
		}
		for _, flag := range []string{"email_verified", "phone_number_verified"} {
			said := strings.ToLower(all.text(flag))
			if got := user.Attributes[flag]; got != "" && got != "false" && (got != "true" || said != "true") {
				t.Errorf("%s=%q of %q", flag, got, said)
			}
		}
	})
}
