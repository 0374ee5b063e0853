package httpsource_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"cognito-user-migration/adapters/httpsource"
	"cognito-user-migration/adapters/internal/webclient"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
	"cognito-user-migration/ports/parts"
)

// oktaOrg is an organization of Okta that answers by path, and keeps what it was
// asked.
type oktaOrg struct {
	mu      sync.Mutex
	answers map[string]oktaAnswer // by method and path
	asked   []string
	bodies  []string
}

type oktaAnswer struct {
	status int
	body   string
}

// ServeHTTP implements [http.Handler].
func (o *oktaOrg) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	o.mu.Lock()
	defer o.mu.Unlock()
	question := r.Method + " " + r.URL.EscapedPath()
	o.asked, o.bodies = append(o.asked, question), append(o.bodies, string(body))
	answer, there := o.answers[question]
	if !there {
		answer = oktaAnswer{404, `{"errorCode":"E0000007","errorSummary":"Not found"}`}
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(answer.status)
	_, _ = io.WriteString(w, answer.body)
}

const (
	askAuthn = "POST /api/v1/authn"
	askSkip  = "POST /api/v1/authn/skip"
	askUser  = "GET /api/v1/users/hanako@example.com"
	askMFA   = "GET /api/v1/users/00u1/factors"
)

// transaction is a response of primary authentication, as "Authentication API" in
// Okta's documentation shows it.
func transaction(status, embedded string) oktaAnswer {
	return oktaAnswer{200, `{"stateToken":"007ucIX7PATyn94hsHfOLVaXAmOBkKHWnOOLG43bsb","expiresAt":"2015-11-03T10:15:57.000Z","status":"` + status + `",
		"_embedded":{"user":{"id":"00u1","passwordChanged":"2015-09-08T20:14:45.000Z","profile":{"login":"hanako@example.com","firstName":"Hanako","lastName":"Yamada","locale":"ja_JP","timeZone":"Asia/Tokyo"}}` + embedded + `},
		"_links":{"cancel":{"href":"https://acme.okta.com/api/v1/authn/cancel","hints":{"allow":["POST"]}}}}`}
}

func oktaFault(status int, code, summary string) oktaAnswer {
	return oktaAnswer{status, `{"errorCode":"` + code + `","errorSummary":"` + summary + `","errorLink":"` + code + `","errorId":"oae","errorCauses":[]}`}
}

// oktaProfile is a response of the users API.
func oktaProfile(status string) oktaAnswer {
	return oktaAnswer{200, `{"id":"00u1","status":"` + status + `","profile":{"login":"hanako@example.com","email":"hanako@example.com","firstName":"Hanako","lastName":"Yamada","mobilePhone":"+81312345678","employeeNumber":"7"},
		"credentials":{"password":{},"emails":[{"value":"hanako@example.com","status":"VERIFIED","type":"PRIMARY"}],"provider":{"type":"OKTA","name":"OKTA"}}}`}
}

func (o *oktaOrg) open(t *testing.T, withToken bool) *httpsource.Directory {
	t.Helper()
	settings := httpsource.Settings{URL: webclient.URL(serve(t, o.ServeHTTP)), Contract: httpsource.OktaAuthn}
	if withToken {
		settings.APIToken = domain.NewSecret("00S3cret")
	}
	return open(t, settings)
}

func TestWhatOktaAnswersToASignIn(t *testing.T) {
	t.Parallel()
	const sms = `,"factors":[{"id":"sms1","factorType":"sms","provider":"OKTA","profile":{"phoneNumber":"+1 XXX-XXX-1337"}}]`
	misconfigured, unreachable, throttled := ports.ErrMisconfigured, ports.ErrUnreachable, ports.ErrThrottled
	for name, test := range map[string]struct {
		authn, skip oktaAnswer
		kind        domain.FindingKind
		class       error
		mfa         []domain.MFAMethod
	}{
		"the password is right":                                {authn: transaction("SUCCESS", ""), kind: domain.PasswordAccepted},
		"the password is wrong":                                {authn: oktaFault(401, "E0000004", "Authentication failed"), kind: domain.PasswordWrong},
		"the account is locked":                                {authn: oktaAnswer{200, `{"status":"LOCKED_OUT","_links":{"next":{"name":"unlock","href":"https://acme.okta.com/api/v1/authn/recovery/unlock"}}}`}, kind: domain.LockedOut},
		"the account is locked, as an error":                   {authn: oktaFault(403, "E0000069", "User Locked"), kind: domain.LockedOut},
		"the password has expired":                             {authn: transaction("PASSWORD_EXPIRED", ""), kind: domain.ResetRequired},
		"the password has expired, as an error":                {authn: oktaFault(403, "E0000064", "Password is expired and must be changed."), kind: domain.ResetRequired},
		"the password expires soon":                            {authn: transaction("PASSWORD_WARN", ""), skip: transaction("SUCCESS", ""), kind: domain.PasswordAccepted},
		"the password expires soon, and a code is due":         {authn: transaction("PASSWORD_WARN", ""), skip: transaction("MFA_REQUIRED", sms), kind: domain.MFARequired, mfa: []domain.MFAMethod{domain.MFASMS}},
		"the warning cannot be skipped":                        {authn: transaction("PASSWORD_WARN", ""), skip: transaction("PASSWORD_WARN", ""), kind: domain.ChallengeUnsupported},
		"the warning has no token":                             {authn: oktaAnswer{200, `{"status":"PASSWORD_WARN"}`}, kind: domain.ChallengeUnsupported},
		"the skip fails":                                       {authn: transaction("PASSWORD_WARN", ""), skip: oktaFault(500, "E0000009", "Internal Server Error"), class: unreachable},
		"a second factor is required":                          {authn: transaction("MFA_REQUIRED", sms), kind: domain.MFARequired, mfa: []domain.MFAMethod{domain.MFASMS}},
		"one of several second factors is required":            {authn: transaction("MFA_REQUIRED", `,"factors":[{"factorType":"push"},{"factorType":"token:software:totp"},{"factorType":"webauthn"},{"factorType":"email"}]`), kind: domain.MFARequired, mfa: []domain.MFAMethod{domain.MFAOther, domain.MFASoftwareToken, domain.MFAPasskey, domain.MFAEmail}},
		"a second factor is waited for":                        {authn: transaction("MFA_CHALLENGE", ""), kind: domain.MFARequired},
		"a second factor must be enrolled":                     {authn: transaction("MFA_ENROLL", `,"factors":[{"factorType":"sms","status":"NOT_SETUP"}]`), kind: domain.MFARequired},
		"a second factor must be activated":                    {authn: transaction("MFA_ENROLL_ACTIVATE", ""), kind: domain.MFARequired},
		"a recovery goes on":                                   {authn: transaction("RECOVERY", ""), kind: domain.ChallengeUnsupported},
		"a challenge of a recovery":                            {authn: transaction("RECOVERY_CHALLENGE", ""), kind: domain.ChallengeUnsupported},
		"a new password is due":                                {authn: transaction("PASSWORD_RESET", ""), kind: domain.ChallengeUnsupported},
		"a state that nobody knows is a refusal":               {authn: transaction("SOMETHING_NEW", ""), kind: domain.ChallengeUnsupported},
		"no state proves nothing":                              {authn: oktaAnswer{200, `{"sessionToken":"x"}`}, class: unreachable},
		"success of nobody proves nothing":                     {authn: oktaAnswer{200, `{"status":"SUCCESS","sessionToken":"x"}`}, class: unreachable},
		"a page proves nothing":                                {authn: oktaAnswer{200, `<html>SUCCESS`}, class: unreachable},
		"too many requests":                                    {authn: oktaFault(429, "E0000047", "API call exceeded rate limit due to too many requests."), class: throttled},
		"too many requests, with the code of a wrong password": {authn: oktaFault(429, "E0000004", "x"), class: throttled},
		"the function's address is blocked":                    {authn: oktaFault(403, "E0000006", "You do not have permission to perform the requested action"), class: misconfigured},
		"another 401 is not about the password":                {authn: oktaFault(401, "E0000011", "Invalid token provided"), class: misconfigured},
		"the request was not understood":                       {authn: oktaFault(400, "E0000001", "Api validation failed: authRequest"), class: misconfigured},
		"an internal error":                                    {authn: oktaFault(500, "E0000009", "Internal Server Error"), class: unreachable},
		"an outage with the code of a wrong password":          {authn: oktaFault(503, "E0000004", "x"), class: unreachable},
	} {
		for way, withToken := range map[string]bool{"without a token": false, "with a token": true} {
			t.Run(name+", "+way, func(t *testing.T) {
				t.Parallel()
				o := &oktaOrg{answers: map[string]oktaAnswer{askAuthn: test.authn, askSkip: test.skip, askUser: oktaProfile("ACTIVE"), askMFA: {200, "[]"}}}
				if test.skip.status == 0 {
					delete(o.answers, askSkip)
				}
				finding, err := authenticate(t, o.open(t, withToken))
				if finding.Kind != test.kind || !errors.Is(err, test.class) {
					t.Errorf("%v, %v; want %v, %v", finding, err, test.kind, test.class)
				}
				if !slices.Equal(finding.User.MFA, test.mfa) {
					t.Errorf("the second factors are %v, want %v", finding.User.MFA, test.mfa)
				}
				holdsNoSecret(t, err)
				if sent := strings.Count(strings.Join(o.bodies, ""), "horse"); sent != 1 {
					t.Errorf("the password was sent %d times", sent)
				}
				decision := domain.Decide(domain.DefaultRules(), domain.Attempt{Trigger: domain.TriggerAuthentication, Username: username}, finding)
				migrates := test.kind == domain.PasswordAccepted || test.kind == domain.ResetRequired && withToken
				if err == nil && (decision.Verdict == domain.Migrate) != migrates {
					t.Errorf("%v", decision)
				}
			})
		}
	}
}

// Without a token nothing is known of the second factors of a user whose password
// has expired, so no rule migrates the user.
func TestAnExpiredPasswordAtOktaNeedsTheProfile(t *testing.T) {
	t.Parallel()
	rules := domain.DefaultRules()
	rules.VerifiedContacts = domain.VerifiedAlways
	for _, authn := range []oktaAnswer{transaction("PASSWORD_EXPIRED", ""), oktaFault(403, "E0000064", "x")} {
		o := &oktaOrg{answers: map[string]oktaAnswer{askAuthn: authn}}
		finding, err := authenticate(t, o.open(t, false))
		if err != nil || finding.Kind != domain.ResetRequired {
			t.Fatalf("%v, %v", finding, err)
		}
		if decision := domain.Decide(rules, domain.Attempt{Trigger: domain.TriggerAuthentication, Username: username}, finding); decision.Verdict != domain.Refuse {
			t.Errorf("%v", decision)
		}
	}
	for name, test := range map[string]struct {
		factors oktaAnswer
		verdict domain.Verdict
		class   error
	}{
		"none":                   {oktaAnswer{200, `[]`}, domain.Migrate, nil},
		"one that is not active": {oktaAnswer{200, `[{"factorType":"sms","status":"PENDING_ACTIVATION"}]`}, domain.Migrate, nil},
		"one":                    {oktaAnswer{200, `[{"factorType":"sms","status":"ACTIVE"}]`}, domain.Refuse, nil},
		"no permission":          {oktaFault(403, "E0000006", "x"), 0, ports.ErrMisconfigured},
		"an outage":              {oktaFault(500, "E0000009", "x"), 0, ports.ErrUnreachable},
		"a page":                 {oktaAnswer{200, `<html>`}, 0, ports.ErrUnreachable},
		"null":                   {oktaAnswer{200, `null`}, 0, ports.ErrUnreachable},
	} {
		o := &oktaOrg{answers: map[string]oktaAnswer{askAuthn: transaction("PASSWORD_EXPIRED", ""), askUser: oktaProfile("PASSWORD_EXPIRED"), askMFA: test.factors}}
		source := o.open(t, true)
		for trigger, ask := range map[domain.Trigger]func() (domain.Finding, error){
			domain.TriggerAuthentication: func() (domain.Finding, error) { return authenticate(t, source) },
			domain.TriggerForgotPassword: func() (domain.Finding, error) { return source.FindUser(t.Context(), username) },
		} {
			finding, err := ask()
			if !errors.Is(err, test.class) {
				t.Errorf("%s, %v: %v, want %v", name, trigger, err, test.class)
			}
			if errors.Is(err, ports.ErrNotJudged) && trigger == domain.TriggerAuthentication {
				t.Errorf("%s: the password was judged", name)
			}
			if decision := domain.Decide(domain.DefaultRules(), domain.Attempt{Trigger: trigger, Username: username}, finding); err == nil && decision.Verdict != test.verdict {
				t.Errorf("%s, %v: %v", name, trigger, decision)
			}
		}
	}
}

func TestWhatOktasProfilesSay(t *testing.T) {
	t.Parallel()
	for status, want := range map[string]domain.Reason{
		"ACTIVE": domain.ReasonForgotPassword, "LOCKED_OUT": domain.ReasonLockedOut, "SUSPENDED": domain.ReasonUserDisabled, "DEPROVISIONED": domain.ReasonUserDisabled,
		"STAGED": domain.ReasonUserUnconfirmed, "PROVISIONED": domain.ReasonUserUnconfirmed, "SOMETHING_NEW": domain.ReasonUserDisabled,
	} {
		o := &oktaOrg{answers: map[string]oktaAnswer{askUser: oktaProfile(status), askMFA: {200, "[]"}, askAuthn: oktaFault(401, "E0000004", "x")}}
		source := o.open(t, true)
		finding, err := source.FindUser(t.Context(), username)
		decision := domain.Decide(domain.DefaultRules(), domain.Attempt{Trigger: domain.TriggerForgotPassword, Username: username}, finding)
		if err != nil || decision.Reason != want {
			t.Errorf("%s: %v, %v; want %v", status, decision, err, want)
		}
		if status == "ACTIVE" {
			attributes := finding.User.Attributes
			if attributes["email_verified"] != "true" || attributes["phone_number"] != "+81312345678" || attributes["given_name"] != "Hanako" || attributes["employeeNumber"] != "7" || finding.User.Sub != "00u1" {
				t.Errorf("the profile is %v", attributes)
			}
			continue
		}
		// A sign-in says the same, and the password is not sent if the profile decides.
		o.asked, o.bodies = nil, nil
		finding, err = authenticate(t, source)
		decision = domain.Decide(domain.DefaultRules(), domain.Attempt{Trigger: domain.TriggerAuthentication, Username: username}, finding)
		if err != nil || decision.Verdict != domain.Refuse {
			t.Errorf("%s, a sign-in: %v, %v", status, decision, err)
		}
		if sent := strings.Contains(strings.Join(o.bodies, ""), "horse"); sent && decision.Reason != domain.ReasonPasswordWrong || len(o.asked) != 2 {
			t.Errorf("%s: asked %q, and the password was sent: %v", status, o.asked, sent)
		}
	}
}

// The organization's address is enough, and the one of the API serves too. The
// API's token goes nowhere else.
func TestWhereOktaIsAsked(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"", "/", "/api/v1/authn", "/api/v1/authn/"} {
		o := &oktaOrg{answers: map[string]oktaAnswer{askAuthn: transaction("SUCCESS", ""), askUser: oktaProfile("ACTIVE")}}
		var tokens []string
		address := serve(t, func(w http.ResponseWriter, r *http.Request) {
			tokens = append(tokens, r.Method+" "+r.Header.Get("Authorization"))
			o.ServeHTTP(w, r)
		})
		source := open(t, httpsource.Settings{URL: webclient.URL(address + path), Contract: httpsource.OktaAuthn, APIToken: domain.NewSecret("00S3cret")})
		if finding, err := authenticate(t, source); err != nil || finding.Kind != domain.PasswordAccepted {
			t.Errorf("%q: %v, %v", path, finding, err)
		}
		if !slices.Equal(tokens, []string{"GET SSWS 00S3cret", "POST "}) {
			t.Errorf("%q: the tokens are %q", path, tokens)
		}
		var sent struct {
			Username, Password string
			Options            map[string]bool
		}
		if err := json.Unmarshal([]byte(o.bodies[1]), &sent); err != nil || sent.Username != username || sent.Password != password || sent.Options["warnBeforePasswordExpired"] {
			t.Errorf("%q: sent %v", path, err)
		}
	}
}

func TestWhatSupabaseAnswersToASignIn(t *testing.T) {
	t.Parallel()
	session := func(change string) string {
		return `{"access_token":"eyJ","token_type":"bearer","expires_in":3600,"expires_at":1767225600,"refresh_token":"r","weak_password":null,"user":{"id":"11111111-2222-3333-4444-555555555555","aud":"authenticated","role":"authenticated","email":"hanako@example.com","email_confirmed_at":"2026-01-01T00:00:00Z","phone":"81312345678","app_metadata":{"provider":"email","providers":["email"],"tenant":"acme","phone_number_verified":true},"user_metadata":{"full_name":"Hanako Yamada","avatar_url":"https://a.example/h.png","email":"other@example.com","email_verified":true,"phone_number":"+15550100","phone_number_verified":true,"custom:role":"admin"}` + change + `}}`
	}
	misconfigured, unreachable, throttled := ports.ErrMisconfigured, ports.ErrUnreachable, ports.ErrThrottled
	for name, test := range map[string]struct {
		status int
		body   string
		kind   domain.FindingKind
		class  error
	}{
		"the password is right":                    {200, session(""), domain.PasswordAccepted, nil},
		"the user has an app of codes":             {200, session(`,"factors":[{"id":"f","status":"verified","factor_type":"totp"}]`), domain.MFARequired, nil},
		"the user did not finish to enroll":        {200, session(`,"factors":[{"id":"f","status":"unverified","factor_type":"totp"}]`), domain.PasswordAccepted, nil},
		"the password is wrong":                    {400, `{"code":400,"error_code":"invalid_credentials","msg":"Invalid login credentials"}`, domain.PasswordWrong, nil},
		"the password is wrong, newer":             {400, `{"code":"invalid_credentials","message":"Invalid login credentials"}`, domain.PasswordWrong, nil},
		"the password is wrong, older":             {400, `{"error":"invalid_grant","error_description":"Invalid login credentials"}`, domain.PasswordWrong, nil},
		"the address is not confirmed":             {400, `{"code":400,"error_code":"email_not_confirmed","msg":"Email not confirmed"}`, domain.UserUnconfirmed, nil},
		"the address is not confirmed, older":      {400, `{"error":"invalid_grant","error_description":"Email not confirmed"}`, domain.UserUnconfirmed, nil},
		"the number is not confirmed":              {400, `{"code":400,"error_code":"phone_not_confirmed","msg":"Phone not confirmed"}`, domain.UserUnconfirmed, nil},
		"the user is banned":                       {403, `{"code":403,"error_code":"user_banned","msg":"User is banned"}`, domain.UserDisabled, nil},
		"the user signs in elsewhere":              {422, `{"code":422,"error_code":"user_sso_managed","msg":"x"}`, domain.UserFederated, nil},
		"sign-ins by email are off":                {422, `{"code":422,"error_code":"email_provider_disabled","msg":"Email logins are disabled"}`, 0, misconfigured},
		"a CAPTCHA is required":                    {400, `{"code":400,"error_code":"captcha_failed","msg":"captcha protection: request disallowed (no captcha_token found)"}`, 0, misconfigured},
		"the key is wrong":                         {401, `{"message":"Invalid API key","hint":"Double check your Supabase anon or service_role API key."}`, 0, misconfigured},
		"too many requests":                        {429, `{"code":429,"error_code":"over_request_rate_limit","msg":"Request rate limit reached"}`, 0, throttled},
		"an internal error":                        {500, `{"code":500,"error_code":"unexpected_failure","msg":"x"}`, 0, unreachable},
		"a code that nobody knows":                 {400, `{"code":400,"error_code":"something_new","msg":"x"}`, 0, misconfigured},
		"a session without a token proves nothing": {200, `{"user":{"id":"1","email":"hanako@example.com"}}`, 0, unreachable},
		"a session without a user proves nothing":  {200, `{"access_token":"x"}`, 0, unreachable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := &answering{postStatus: test.status, post: test.body}
			source := a.open(t, httpsource.Supabase, func(s *httpsource.Settings) {
				s.URL, s.Headers = webclient.URL(strings.TrimSuffix(string(s.URL), "/base")), domain.NewSecret("apikey: S3cret")
			})
			finding, err := authenticate(t, source)
			if finding.Kind != test.kind || !errors.Is(err, test.class) {
				t.Errorf("%v, %v; want %v, %v", finding, err, test.kind, test.class)
			}
			holdsNoSecret(t, err)
			if a.posts.Load() != 1 || *a.lastPath.Load() != "/auth/v1/token?grant_type=password" || a.lastHeader.Load().Get("apikey") != "S3cret" {
				t.Errorf("asked %d times at %s", a.posts.Load(), *a.lastPath.Load())
			}
			decision := domain.Decide(domain.DefaultRules(), domain.Attempt{Trigger: domain.TriggerAuthentication, Username: username}, finding)
			if err == nil && (decision.Verdict == domain.Migrate) != (test.kind == domain.PasswordAccepted) {
				t.Errorf("%v", decision)
			}
			if test.kind != domain.PasswordAccepted {
				return
			}
			want := domain.Attributes{
				"sub": "11111111-2222-3333-4444-555555555555", "email": "hanako@example.com", "email_verified": "true", "phone_number": "+81312345678", "phone_number_verified": "false",
				"name": "Hanako Yamada", "picture": "https://a.example/h.png", "tenant": "acme", "provider": "email", "providers": "email",
			}
			for name, value := range finding.User.Attributes {
				if want[name] != value {
					t.Errorf("%s is %q, want %q", name, value, want[name])
				}
			}
			if len(finding.User.Attributes) != len(want) {
				t.Errorf("the profile is %v", finding.User.Attributes)
			}
		})
	}
	t.Run("a number is sent as a number, and a server without the gateway has its own path", func(t *testing.T) {
		t.Parallel()
		a := &answering{postStatus: 400, post: `{}`}
		source := a.open(t, httpsource.Supabase)
		_, _ = source.Authenticate(t.Context(), "+81312345678", domain.NewPassword(password))
		if *a.lastPath.Load() != "/base/token?grant_type=password" || !strings.Contains(*a.lastBody.Load(), `"phone":"+81312345678"`) || strings.Contains(*a.lastBody.Load(), "email") {
			t.Errorf("asked %s", *a.lastPath.Load())
		}
	})
}

// The examination names the setting whose token Okta rejects.
func TestTheExaminationOfOktaNamesItsToken(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]ports.ExaminedStatus{200: ports.ExaminedPass, 401: ports.ExaminedFail} {
		answer := oktaProfile("ACTIVE")
		if status == 401 {
			answer = oktaFault(401, "E0000011", "Invalid token provided")
		}
		o := &oktaOrg{answers: map[string]oktaAnswer{askUser: answer, askMFA: {200, "[]"}}}
		settings := httpsource.Settings{URL: webclient.URL(serve(t, o.ServeHTTP)), Contract: httpsource.OktaAuthn, APIToken: domain.NewSecret("00S3cret")}
		probe := ports.Probe{Username: username, Variable: func(name string) string { return "OLD_" + name }}
		for _, one := range httpsource.Examiner().Examine(t.Context(), &settings, parts.SourceOptions{Name: "OLD", Rules: domain.DefaultRules(), Note: func(ports.Note) {}}, probe) {
			if one.Aspect == ports.AspectCredentials && (one.Status != want || !strings.Contains(one.Saw+one.Remedy, "OLD_API_TOKEN")) || strings.Contains(one.Saw+one.Remedy, "S3cret") {
				t.Errorf("%d: %s -> %s", status, one.Saw, one.Remedy)
			}
		}
	}
}
