package e2e_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"cognito-user-migration/domain"
)

// service is a source on the web, which answers what a test says and keeps what it
// was asked.
type service struct {
	url    string
	mu     sync.Mutex
	answer http.HandlerFunc
	bodies []string // of questions about a password
	gets   int
}

func newService(t *testing.T) *service {
	t.Helper()
	s := &service{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		s.mu.Lock()
		answer := s.answer
		switch r.Method {
		case http.MethodPost:
			s.bodies = append(s.bodies, string(body))
		case http.MethodGet:
			s.gets++
		}
		s.mu.Unlock()
		if answer != nil {
			answer(w, r)
		}
	}))
	t.Cleanup(server.Close)
	s.url = server.URL
	return s
}

// answers says what the service answers from now on, and forgets what it was asked.
func (s *service) answers(answer http.HandlerFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer, s.bodies, s.gets = answer, nil, 0
}

// asked lists the questions about a password, and counts the look-ups.
func (s *service) asked() (bodies []string, gets int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append(bodies, s.bodies...), s.gets
}

// saying answers every request with a status and JSON.
func saying(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func oidcAt(url string) settings {
	return outOfTheWay().with("SOURCE_KIND", "oidc", "SOURCE_TOKEN_URL", url+"/token", "SOURCE_USERINFO_URL", url+"/userinfo",
		"SOURCE_PROFILE", "userinfo", "SOURCE_CLIENT_ID", "app")
}

// TestWhatProvidersAnswerIsUnderstood tries documented answers of each provider on
// the program; adapters/oidcsource has many more.
func TestWhatProvidersAnswerIsUnderstood(t *testing.T) {
	t.Parallel()
	p, provider := newPerson(), newService(t)
	f := start(t, oidcAt(provider.url).with("SOURCE_ERROR_CODES", "on_holiday=user_disabled,AADSTS99998=locked_out"))
	f.hidePerson(p)
	f.hide("canary-description")
	for name, test := range map[string]struct {
		status int
		body   string
		reason domain.Reason // of a refusal, or of a failure
	}{
		"Laravel Passport":        {401, `{"error":"invalid_credentials","message":"The user credentials were incorrect."}`, domain.ReasonPasswordWrong},
		"doorkeeper":              {401, `{"error":"invalid_resource_owner"}`, domain.ReasonPasswordWrong},
		"Devise":                  {401, `{"error":"Your account is locked."}`, domain.ReasonLockedOut},
		"oauth2orize":             {403, `{"error":"invalid_grant","error_description":"Invalid resource owner credentials"}`, domain.ReasonPasswordWrong},
		"Azure AD B2C":            {400, `{"error":"access_denied","error_description":"AADB2C90225: The username or password provided in the request are invalid."}`, domain.ReasonPasswordWrong},
		"Azure AD B2C, locked":    {400, `{"error":"access_denied","error_description":"AADB2C90114: Your account is temporarily locked."}`, domain.ReasonLockedOut},
		"Spring, our client":      {401, `{"error":"unauthorized","error_description":"Full authentication is required to access this resource"}`, domain.ReasonSourceMisconfigured},
		"Spring, locked":          {400, `{"error":"invalid_grant","error_description":"User account is locked"}`, domain.ReasonLockedOut},
		"WSO2, locked":            {400, `{"error":"invalid_grant","error_description":"17003: canary-description"}`, domain.ReasonLockedOut},
		"WSO2, not confirmed":     {400, `{"error":"invalid_grant","error_description":"17005:canary-description"}`, domain.ReasonUserUnconfirmed},
		"Entra, disabled":         {400, `{"error":"invalid_grant","error_description":"AADSTS50057: canary-description","error_codes":[50057]}`, domain.ReasonUserDisabled},
		"FusionAuth":              {400, `{"error":"invalid_grant","error_reason":"user_expired","error_description":"canary-description"}`, domain.ReasonUserDisabled},
		"PingFederate":            {400, `{"error":"invalid_grant","error_description":"Account Locked"}`, domain.ReasonLockedOut},
		"Ory":                     {401, `{"error":"request_unauthorized"}`, domain.ReasonPasswordWrong},
		"IdentityServer":          {400, `{"error":"invalid_grant","error_description":"invalid_username_or_password"}`, domain.ReasonPasswordWrong},
		"Okta":                    {400, `{"error":"access_denied","error_description":"Policy evaluation failed for this request"}`, domain.ReasonSignInDenied},
		"Auth0":                   {403, `{"error":"mfa_required","error_description":"Multifactor authentication required"}`, domain.ReasonMFARequired},
		"Keycloak":                {400, `{"error":"invalid_grant","error_description":"Account disabled"}`, domain.ReasonUserDisabled},
		"a mapped code":           {400, `{"error":"ON_HOLIDAY","error_description":"canary-description"}`, domain.ReasonUserDisabled},
		"a mapped number":         {400, `{"error":"invalid_grant","error_description":"AADSTS99998: canary-description"}`, domain.ReasonLockedOut},
		"a code that nobody maps": {400, `{"error":"gone_fishing","error_description":"canary-description"}`, domain.ReasonSourceMisconfigured},
	} {
		provider.answers(saying(test.status, test.body))
		event := signIn(p.username, p.password)
		f := f.in(t)
		if test.reason == domain.ReasonSourceMisconfigured {
			f.fails(event, test.reason)
		} else {
			f.refuses(event, test.reason)
		}
		if bodies, _ := provider.asked(); len(bodies) != 1 {
			t.Errorf("%s: the password was sent %d times", name, len(bodies))
		}
	}
	// The code is in the record, the line of the failure and the metrics; and the one
	// that repeats the username is in none.
	provider.answers(saying(400, `{"error":"`+p.username+`"}`))
	f.fails(signIn(p.username, p.password), domain.ReasonSourceMisconfigured)
	for _, want := range []string{`"unknownCode":"gone_fishing"`, `unknown code gone_fishing`, `"UnknownCode":"gone_fishing"`, `"unknownCode":"unprintable"`} {
		eventually(t, want, func() bool { return strings.Contains(f.Stdout(), want) })
	}
}

// TestAGrantIsTakenHoweverItsExpiryIsWritten, and a profile though it is signed.
func TestAGrantIsTakenHoweverItsExpiryIsWritten(t *testing.T) {
	t.Parallel()
	p, provider := newPerson(), newService(t)
	f := start(t, oidcAt(provider.url))
	f.hidePerson(p)
	for _, expires := range []string{`3599.5`, `""`, `"3600"`, `null`, `"soon"`} {
		provider.answers(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodPost {
				saying(200, `{"access_token":"access","token_type":"Bearer","expires_in":`+expires+`}`)(w, r)
				return
			}
			saying(200, `{"sub":"s-1","preferred_username":`+quote(p.username)+`,"email":`+quote(p.email)+`,"email_verified":true}`)(w, r)
		})
		f.migrates(signIn(p.username, p.password), domain.ReasonPasswordAccepted)
	}
}

// TestNoCodeCanMeanARightPassword holds the start to it.
func TestNoCodeCanMeanARightPassword(t *testing.T) {
	t.Parallel()
	for _, codes := range []string{"ok=password_accepted", "otp=mfa_required", "x=forgot_password", "x=reset_required", "x=canary"} {
		for _, s := range []settings{
			oidcAt("https://idp.example"),
			outOfTheWay().with("SOURCE_KIND", "http", "SOURCE_URL", "https://legacy.example", "SOURCE_CONTRACT", "kratos"),
		} {
			f := launch(t, s.with("SOURCE_ERROR_CODES", codes))
			f.hide("canary")
			err := f.Ready(t.Context())
			if err == nil || !strings.Contains(err.Error(), "SOURCE_ERROR_CODES: entry 1: unknown finding; expected one of: password_wrong") {
				t.Errorf("%s: %v", codes, err)
			}
		}
	}
}

// TestNoSpellingIsAFreshTryAtAnothersPassword: the service takes every spelling for
// one user, and sees no password but under a name that is the user's own.
func TestNoSpellingIsAFreshTryAtAnothersPassword(t *testing.T) {
	t.Parallel()
	for _, contract := range []string{"keycloak", "kratos", "okta"} {
		t.Run(contract, func(t *testing.T) {
			t.Parallel()
			p, legacy := newPerson(), newService(t)
			s := outOfTheWay().with("SOURCE_KIND", "http", "SOURCE_URL", legacy.url+"/users", "SOURCE_CONTRACT", contract)
			if contract != "keycloak" {
				s = s.with("SOURCE_PROFILE_URL", legacy.url+"/profiles/{username}")
			}
			f := start(t, s)
			f.hidePerson(p)
			legacy.answers(saying(200, `{"id":"s-1","username":`+quote(p.username)+`,"email":`+quote(p.email)+`,"enabled":true}`))
			for _, typed := range []string{p.username + "\u0301", p.username + " ", "*" + p.username, p.username + "%", "ａ" + p.username} {
				f.refuses(signIn(typed, p.password), domain.ReasonUserUnknown)
			}
			bodies, gets := legacy.asked()
			for _, body := range bodies {
				t.Errorf("the service was asked %s", body)
			}
			if gets != 10 {
				t.Errorf("%d look-ups, want two for each sign-in", gets)
			}
		})
	}
}

// TestAnUnknownUserOfAServiceLooksLikeAWrongPassword, in the number of requests and
// however the service says that there is no such user.
func TestAnUnknownUserOfAServiceLooksLikeAWrongPassword(t *testing.T) {
	t.Parallel()
	p, legacy := newPerson(), newService(t)
	f := start(t, outOfTheWay().with("SOURCE_KIND", "http", "SOURCE_URL", legacy.url+"/users", "SOURCE_CONTRACT", "keycloak"))
	f.hidePerson(p)
	sentPassword := func() bool {
		bodies, gets := legacy.asked()
		if len(bodies) != 1 || gets != 1 {
			t.Errorf("%d questions and %d look-ups", len(bodies), gets)
		}
		return strings.Contains(strings.Join(bodies, ""), p.password)
	}
	for _, nobody := range []http.HandlerFunc{saying(400, `{"error":"no such user"}`), saying(400, ""), saying(404, ""), saying(200, "null")} {
		legacy.answers(nobody)
		f.refuses(signIn(p.username, p.password), domain.ReasonUserUnknown)
		if sentPassword() {
			t.Error("the password was sent")
		}
	}
	legacy.answers(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			saying(400, "")(w, r)
			return
		}
		saying(200, `{"username":`+quote(p.username)+`,"enabled":true}`)(w, r)
	})
	f.refuses(signIn(p.username, p.password), domain.ReasonPasswordWrong)
	if !sentPassword() {
		t.Error("the password was not sent")
	}
}
