package oidcsource_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"cognito-user-migration/adapters/internal/webclient"
	"cognito-user-migration/adapters/oidcsource"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
)

// The code of an answer that no table knows is what an operator can look up and
// map; its description stays where it is.
func TestTheCodeOfAnUnknownAnswerIsTold(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		status int
		body   string
		want   domain.ResponseCode
	}{
		"a code":                              {400, `{"error":"account_on_holiday","error_description":"canary"}`, "account_on_holiday"},
		"a code in another letter case":       {400, `{"error":"AccountOnHoliday"}`, "accountonholiday"},
		"Okta's form":                         {400, `{"errorCode":"E0000999","errorSummary":"canary"}`, "e0000999"},
		"a nested code":                       {422, `{"error":{"code":"holiday","message":"canary"}}`, "holiday"},
		"a code in an answer that is right":   {200, `{"error":"account_on_holiday"}`, "account_on_holiday"},
		"a code beside a known one":           {400, `{"error":"invalid_request","error_reason":"on_holiday"}`, ""},
		"a code in a fault of the provider's": {500, `{"error":"account_on_holiday"}`, "account_on_holiday"},
		"a number of Entra's":                 {400, `{"error":"invalid_grant","error_description":"AADSTS99999: canary"}`, "aadsts99999"},
		"a number of B2C's":                   {400, `{"error":"access_denied","error_description":"AADB2C12345: canary"}`, "aadb2c12345"},
		"a number of WSO2's":                  {400, `{"error":"invalid_grant","error_description":"17999:canary"}`, "17999"},
		"no code":                             {418, `canary`, "418"},
		"no code, in JSON":                    {400, `{"canary":1}`, "400"},
		"a known code":                        {400, `{"error":"invalid_client"}`, ""},
		"a known refusal":                     {400, `{"error":"invalid_grant","error_description":"canary"}`, ""},
		"an outage":                           {503, `canary`, ""},
		"too many requests":                   {429, `canary`, ""},
		"the username":                        {400, `{"error":"hanako"}`, domain.UnprintableCode},
		"a word of the password":              {400, `{"error":"x_horse_x","error_description":"canary"}`, domain.UnprintableCode},
		"a token":                             {400, `{"error":"eyJhbGciOiJSUzI1NiJ9.e30.AA0123456789"}`, domain.UnprintableCode},
		"an address":                          {400, `{"error":"jiro@example.com"}`, domain.UnprintableCode},
		"something long":                      {400, `{"error":"` + strings.Repeat("a", 1000) + `"}`, domain.UnprintableCode},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			finding, err := newStub(t, test.status, test.body).authenticate(t)
			if got := finding.UnknownCode + ports.UnknownCodeOf(err); got != test.want {
				t.Errorf("%v, %v: the code is %q, want %q", finding, err, got, test.want)
			}
			if err != nil && (strings.Contains(err.Error(), "canary") || test.want != "" && !strings.Contains(err.Error(), "unknown code "+string(test.want))) {
				t.Errorf("the error is %q", err)
			}
		})
	}
}

func TestAnOperatorSaysWhatACodeMeans(t *testing.T) {
	t.Parallel()
	var codes = "unauthorized=password_wrong, ACCOUNT_ON_HOLIDAY=user_disabled,aadsts99999=locked_out,17999=user_unconfirmed,418=user_unknown,oops=sign_in_denied"
	for name, test := range map[string]struct {
		status int
		body   string
		want   domain.FindingKind
	}{
		"a code that is unknown":                {400, `{"error":"account_on_holiday"}`, domain.UserDisabled},
		"a code that means something else here": {401, `{"error":"unauthorized","error_description":"Bad credentials"}`, domain.PasswordWrong},
		"the more specific code":                {400, `{"error":"unauthorized","error_description":"AADSTS99999: x"}`, domain.LockedOut},
		"a number before the text":              {400, `{"error":"invalid_grant","error_description":"17999:x"}`, domain.UserUnconfirmed},
		"a status":                              {418, `<html>`, domain.UserUnknown},
		"a code in a fault of the provider's":   {500, `{"error":"oops"}`, domain.SignInDenied},
		"a code in an answer that is right":     {200, `{"error":"oops"}`, domain.SignInDenied},
		"a code that is not mapped":             {400, `{"error":"invalid_grant"}`, domain.PasswordWrong},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			finding, err := newStub(t, test.status, test.body).authenticate(t, func(s *oidcsource.Settings) {
				if err := s.ErrorCodes.UnmarshalText([]byte(codes)); err != nil {
					t.Fatal(err)
				}
			})
			if err != nil || finding.Kind != test.want || finding.Source != "legacy" || finding.UnknownCode != "" {
				t.Errorf("%v, %v; want %v", finding, err, test.want)
			}
		})
	}
}

// Tokens that are right are no refusal, whatever an operator mapped.
func TestNoMappingTouchesAGrantThatWasGiven(t *testing.T) {
	t.Parallel()
	s := newStub(t, 200, "")
	s.body["/token"] = strings.Replace(tokens(sign(key(), "RS256", s.idToken(nil))), "{", `{"code":"ok","error":null,`, 1)
	finding, err := s.authenticate(t, func(s *oidcsource.Settings) {
		_ = s.ErrorCodes.UnmarshalText([]byte("ok=password_wrong,200=user_unknown"))
	})
	if err != nil || finding.Kind != domain.PasswordAccepted {
		t.Errorf("%v, %v", finding, err)
	}
}

func TestAnErrorInTheHeader(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		header, body string
		kind         domain.FindingKind
		class        error
	}{
		"RFC 6750's form":             {`Bearer realm="x", error="invalid_grant", error_description="User is disabled"`, ``, domain.UserDisabled, nil},
		"without quotes":              {`Bearer error=invalid_grant`, `<html>`, domain.PasswordWrong, nil},
		"Spring's":                    {`Bearer error="unauthorized", error_description="Full authentication is required"`, ``, 0, ports.ErrMisconfigured},
		"no error":                    {`Basic realm="oauth"`, ``, 0, ports.ErrMisconfigured},
		"the body has the last word":  {`Bearer error="invalid_grant"`, `{"error":"invalid_client"}`, 0, ports.ErrMisconfigured},
		"a code that no table knows":  {`Bearer error="hocus"`, ``, 0, ports.ErrMisconfigured},
		"another parameter's name":    {`Bearer xerror="invalid_grant"`, ``, 0, ports.ErrMisconfigured},
		"RFC 9470's step-up":          {`Bearer error="insufficient_user_authentication", acr_values="myACR"`, ``, domain.ChallengeUnsupported, nil},
		"a body that says no error":   {`Bearer error="invalid_grant"`, `{"status":401}`, domain.PasswordWrong, nil},
		"a body with a text but none": {`Bearer error="invalid_grant"`, `{"message":"no"}`, 0, ports.ErrMisconfigured},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("WWW-Authenticate", test.header)
				w.WriteHeader(http.StatusUnauthorized)
				_, _ = io.WriteString(w, test.body)
			}))
			t.Cleanup(server.Close)
			finding, err := newStub(t, 0, "").authenticate(t, func(s *oidcsource.Settings) { s.TokenURL = webclient.URL(server.URL) })
			if finding.Kind != test.kind || !errors.Is(err, test.class) {
				t.Errorf("%v, %v; want %v, %v", finding, err, test.kind, test.class)
			}
		})
	}
}

// Members of the answer that are not used may have any form.
func TestAGrantIsReadWhateverItsOtherMembersHold(t *testing.T) {
	t.Parallel()
	for _, expires := range []string{`3600`, `3599.99`, `1e3`, `"3600"`, `"3600.5"`, `""`, `null`, `"never"`, `-1`, `{}`, `[]`, `true`, `99999999999999999999`} {
		t.Run(expires, func(t *testing.T) {
			t.Parallel()
			s := newStub(t, 200, "")
			s.body["/token"] = fmt.Sprintf(`{"access_token":"access-token","token_type":7,"scope":["openid"],"expires_in":%s,"error":"","id_token":%q}`, expires, sign(key(), "RS256", s.idToken(nil)))
			if finding, err := s.authenticate(t); err != nil || finding.Kind != domain.PasswordAccepted {
				t.Errorf("%v, %v", finding, err)
			}
		})
	}
	t.Run("a form", func(t *testing.T) {
		t.Parallel()
		s := newStub(t, 200, "")
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8")
			_, _ = io.WriteString(w, "access_token=access-token&expires_in=&id_token="+sign(key(), "RS256", s.idToken(nil)))
		}))
		t.Cleanup(server.Close)
		finding, err := s.authenticate(t, func(settings *oidcsource.Settings) {
			settings.TokenURL, settings.JWKSURL = webclient.URL(server.URL), webclient.URL(s.url+"/keys")
		})
		if err != nil || finding.Kind != domain.PasswordAccepted {
			t.Errorf("%v, %v", finding, err)
		}
	})
}

// A provider may sign what userinfo says (OpenID Connect Core 1.0, 5.3.2).
func TestUserinfoMayBeASignedToken(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		answer func(s *stub, claims func(map[string]any) map[string]any) string
		class  error
	}{
		"in order": {func(_ *stub, claims func(map[string]any) map[string]any) string {
			return sign(key(), "RS256", claims(nil))
		}, nil},
		"without an expiry": {func(_ *stub, claims func(map[string]any) map[string]any) string {
			return sign(key(), "RS256", claims(map[string]any{"exp": nil, "iat": nil})) + "\n"
		}, nil},
		"for us among others": {func(_ *stub, claims func(map[string]any) map[string]any) string {
			return sign(key(), "RS256", claims(map[string]any{"aud": []string{"x", clientID}}))
		}, nil},
		"expired": {func(_ *stub, claims func(map[string]any) map[string]any) string {
			return sign(key(), "RS256", claims(map[string]any{"exp": time.Now().Add(-time.Hour).Unix()}))
		}, ports.ErrUnreachable},
		"an expiry that is none": {func(_ *stub, claims func(map[string]any) map[string]any) string {
			return sign(key(), "RS256", claims(map[string]any{"exp": "soon"}))
		}, ports.ErrMisconfigured},
		"signed by another": {func(_ *stub, claims func(map[string]any) map[string]any) string {
			return sign(anothersKey(), "RS256", claims(nil))
		}, ports.ErrMisconfigured},
		"signed by nobody": {func(_ *stub, claims func(map[string]any) map[string]any) string {
			return sign(nil, "none", claims(nil))
		}, ports.ErrMisconfigured},
		"signed with a shared secret": {func(_ *stub, claims func(map[string]any) map[string]any) string {
			return sign(key(), "HS256", claims(nil))
		}, ports.ErrMisconfigured},
		"of another issuer": {func(_ *stub, claims func(map[string]any) map[string]any) string {
			return sign(key(), "RS256", claims(map[string]any{"iss": "https://evil.example"}))
		}, ports.ErrMisconfigured},
		"without an issuer": {func(_ *stub, claims func(map[string]any) map[string]any) string {
			return sign(key(), "RS256", claims(map[string]any{"iss": nil}))
		}, ports.ErrMisconfigured},
		"for another client": {func(_ *stub, claims func(map[string]any) map[string]any) string {
			return sign(key(), "RS256", claims(map[string]any{"aud": "another"}))
		}, ports.ErrMisconfigured},
		"without an audience": {func(_ *stub, claims func(map[string]any) map[string]any) string {
			return sign(key(), "RS256", claims(map[string]any{"aud": nil}))
		}, ports.ErrMisconfigured},
		"of another person": {func(_ *stub, claims func(map[string]any) map[string]any) string {
			return sign(key(), "RS256", claims(map[string]any{"sub": "another"}))
		}, ports.ErrUnreachable},
		"without a sub": {func(_ *stub, claims func(map[string]any) map[string]any) string {
			return sign(key(), "RS256", claims(map[string]any{"sub": nil}))
		}, ports.ErrUnreachable},
		"encrypted":    {func(*stub, func(map[string]any) map[string]any) string { return "eyJhbGciOiJSU0EtT0FFUCJ9.a.b.c.d" }, ports.ErrMisconfigured},
		"that is none": {func(*stub, func(map[string]any) map[string]any) string { return "eyJ" }, ports.ErrMisconfigured},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStub(t, 200, "")
			s.body["/token"] = tokens(sign(key(), "RS256", s.idToken(nil)))
			s.body["/userinfo"] = test.answer(s, s.idToken)
			for _, kind := range []string{"application/jwt", "application/jwt; charset=utf-8", "application/json"} {
				s.kind = kind
				finding, err := s.authenticate(t, func(s *oidcsource.Settings) { s.Profile = oidcsource.ProfileUserinfo })
				if !errors.Is(err, test.class) || (err == nil) != (finding.Kind == domain.PasswordAccepted) {
					t.Errorf("%s: %v, %v; want %v", kind, finding, err, test.class)
				}
				if err == nil && (finding.User.Sub != "sub-of-hanako" || finding.User.Attributes["iss"] != "" || finding.User.Attributes["email"] != username) {
					t.Errorf("%s: the profile is %q", kind, finding.User.Attributes)
				}
				holdsNoSecret(t, err)
			}
		})
	}
	t.Run("without keys it is not taken", func(t *testing.T) {
		t.Parallel()
		s := newStub(t, 200, "")
		s.body["/token"] = tokens("")
		s.body["/userinfo"] = sign(key(), "RS256", s.idToken(nil))
		finding, err := s.authenticate(t, func(settings *oidcsource.Settings) {
			settings.Profile, settings.Issuer = oidcsource.ProfileUserinfo, ""
			settings.TokenURL, settings.UserinfoURL = webclient.URL(s.url+"/token"), webclient.URL(s.url+"/userinfo")
		})
		if !errors.Is(err, ports.ErrMisconfigured) || finding.Kind != 0 {
			t.Errorf("%v, %v", finding, err)
		}
	})
}
