package firebasesource_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"cognito-user-migration/adapters/firebasesource"
	"cognito-user-migration/adapters/internal/errorcodes"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
)

// canary stands for everything that no error may repeat.
const canary = "canary-of-the-response"

// stub answers each method of the API; a method without an answer is not expected.
type stub map[string]struct {
	status int
	body   string
}

func (s stub) serve(t testing.TB) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		method := r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:]
		if strings.Contains(r.URL.Path, "/projects/") {
			method = "admin " + method
		}
		answer, expected := s[method]
		if !expected {
			t.Errorf("%s is asked", method)
		}
		if r.Header.Get("X-Goog-Api-Key") == "" == (r.Header.Get("Authorization") == "") {
			t.Errorf("%s: expected either the API key or a token", method)
		}
		w.WriteHeader(answer.status)
		_, _ = io.WriteString(w, answer.body)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// told is an error response of the API with this message.
func told(status int, message string) (int, string) {
	return status, fmt.Sprintf(`{"error":{"code":%d,"message":%q,"errors":[{"message":%q,"domain":"global","reason":"invalid"}]}}`, status, message, message)
}

// gateway is an error response of Google's gateway before the API.
func gateway(status int, message, reason, code string) (int, string) {
	return status, fmt.Sprintf(`{"error":{"code":%d,"message":%q,"status":%q,"details":[{"@type":"type.googleapis.com/google.rpc.Help","links":[{"url":%q}]},`+
		`{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":%q,"domain":"googleapis.com","metadata":{"consumer":"projects/1"}}]}}`, status, message, code, canary, reason)
}

func settingsAt(address string) firebasesource.Settings {
	return firebasesource.Settings{APIKey: domain.NewSecret(apiKey), EmulatorHost: hostOf(address), ProjectID: project, Rules: domain.DefaultRules()}
}

func TestEachErrorCodeOfASignIn(t *testing.T) {
	t.Parallel()
	type response struct {
		status int
		body   string
	}
	of := func(status int, body string) response { return response{status, body} }
	for name, test := range map[string]struct {
		response response
		finding  domain.FindingKind // or
		err      error
		says     string
	}{
		"unknown, older projects":               {of(told(400, "EMAIL_NOT_FOUND")), domain.UserUnknown, nil, ""},
		"wrong, older projects":                 {of(told(400, "INVALID_PASSWORD")), domain.PasswordWrong, nil, ""},
		"either, newer projects":                {of(told(400, "INVALID_LOGIN_CREDENTIALS")), domain.PasswordWrong, nil, ""},
		"disabled":                              {of(told(400, "USER_DISABLED")), domain.UserDisabled, nil, ""},
		"locked":                                {of(told(400, "TOO_MANY_ATTEMPTS_TRY_LATER")), domain.LockedOut, nil, ""},
		"locked, as reported":                   {of(told(400, "TOO_MANY_ATTEMPTS_TRY_LATER : Too many unsuccessful login attempts.  Please include reCaptcha verification or try again later")), domain.LockedOut, nil, ""},
		"locked, with an explanation":           {of(told(400, "TOO_MANY_ATTEMPTS_TRY_LATER : Access to this account has been temporarily disabled: "+canary)), domain.LockedOut, nil, ""},
		"not an address":                        {of(told(400, "INVALID_EMAIL")), domain.UserUnknown, nil, ""},
		"no password":                           {of(told(400, "MISSING_PASSWORD")), domain.PasswordWrong, nil, ""},
		"a password below the policy":           {of(told(400, "PASSWORD_DOES_NOT_MEET_REQUIREMENTS : Missing password requirements: [Password must contain at least 12 characters]")), domain.ChallengeUnsupported, nil, ""},
		"a blocking function":                   {of(told(400, `BLOCKING_FUNCTION_ERROR_RESPONSE : HTTP Cloud Function returned an error: {"error":{"message":"`+canary+`"}}`)), domain.SignInDenied, nil, ""},
		"passwords are switched off":            {of(told(400, "OPERATION_NOT_ALLOWED")), 0, ports.ErrMisconfigured, "sign-in by email and password is switched off"},
		"passwords are switched off, older":     {of(told(400, "PASSWORD_LOGIN_DISABLED")), 0, ports.ErrMisconfigured, "sign-in by email and password is switched off"},
		"a wrong API key":                       {of(400, keyNotValid), 0, ports.ErrMisconfigured, "the API key is not valid"},
		"a wrong API key, older":                {of(400, `{"error":{"code":400,"message":"API key not valid. Please pass a valid API key.","status":"INVALID_ARGUMENT"}}`), 0, ports.ErrMisconfigured, "the API key is not valid"},
		"an expired API key":                    {of(400, `{"error":{"code":400,"message":"API key expired. Please renew the API key.","status":"INVALID_ARGUMENT"}}`), 0, ports.ErrMisconfigured, "the API key is not valid"},
		"a key for websites":                    {of(gateway(403, "Requests from referer <empty> are blocked.", "API_KEY_HTTP_REFERRER_BLOCKED", "PERMISSION_DENIED")), 0, ports.ErrMisconfigured, "the API key is restricted"},
		"a key for addresses":                   {of(gateway(403, "The provided API key has an IP address restriction. The originating IP address of the call ("+canary+") violates this restriction.", "API_KEY_IP_ADDRESS_BLOCKED", "PERMISSION_DENIED")), 0, ports.ErrMisconfigured, "the API key is restricted"},
		"a key for an Android app":              {of(gateway(403, "Requests from this Android client application <empty> are blocked.", "API_KEY_ANDROID_APP_BLOCKED", "PERMISSION_DENIED")), 0, ports.ErrMisconfigured, "the API key is restricted"},
		"a key for an iOS app":                  {of(gateway(403, "Requests from this iOS client application <empty> are blocked.", "API_KEY_IOS_APP_BLOCKED", "PERMISSION_DENIED")), 0, ports.ErrMisconfigured, "the API key is restricted"},
		"a key for other APIs":                  {of(gateway(403, "Requests to this API identitytoolkit method … are blocked.", "API_KEY_SERVICE_BLOCKED", "PERMISSION_DENIED")), 0, ports.ErrMisconfigured, "may not call the Identity Toolkit API"},
		"no key, as the emulator says it":       {of(403, `{"error":{"code":403,"message":"The request is missing a valid API key.","status":"PERMISSION_DENIED"}}`), 0, ports.ErrMisconfigured, "no permission"},
		"the API is not enabled":                {of(gateway(403, "Identity Toolkit API has not been used in project 1 before or it is disabled.", "SERVICE_DISABLED", "PERMISSION_DENIED")), 0, ports.ErrMisconfigured, "there is no such project"},
		"no such project":                       {of(told(400, "PROJECT_NOT_FOUND")), 0, ports.ErrMisconfigured, "there is no such project"},
		"no Firebase Authentication":            {of(told(400, "CONFIGURATION_NOT_FOUND")), 0, ports.ErrMisconfigured, "there is no such project, or it does not use"},
		"no such tenant":                        {of(told(400, "TENANT_NOT_FOUND")), 0, ports.ErrMisconfigured, "tenant"},
		"a wrong tenant":                        {of(told(400, "INVALID_TENANT_ID : x")), 0, ports.ErrMisconfigured, "tenant"},
		"reCAPTCHA is demanded":                 {of(told(400, "MISSING_RECAPTCHA_TOKEN")), 0, ports.ErrMisconfigured, "reCAPTCHA"},
		"App Check is enforced":                 {of(401, `{"error":{"code":401,"message":"Firebase App Check token is invalid.","status":"UNAUTHENTICATED"}}`), 0, ports.ErrMisconfigured, "the credentials are not accepted"},
		"the quota of passwords":                {of(told(400, "QUOTA_EXCEEDED : Exceeded quota for verifying passwords.")), 0, ports.ErrThrottled, ""},
		"the rate of the project":               {of(gateway(429, "Quota exceeded for quota metric", "RATE_LIMIT_EXCEEDED", "RESOURCE_EXHAUSTED")), 0, ports.ErrThrottled, ""},
		"too many requests, without a body":     {of(429, ""), 0, ports.ErrThrottled, ""},
		"too many requests that lock a user":    {of(told(429, "TOO_MANY_ATTEMPTS_TRY_LATER")), 0, ports.ErrThrottled, ""},
		"an outage":                             {of(503, `{"error":{"code":503,"message":"USER_DISABLED","status":"UNAVAILABLE"}}`), 0, ports.ErrUnreachable, ""},
		"an internal error":                     {of(told(400, "INTERNAL_ERROR")), 0, ports.ErrUnreachable, ""},
		"a page":                                {of(404, "<html>"+canary), 0, ports.ErrMisconfigured, "status 404"},
		"a redirect":                            {of(302, ""), 0, ports.ErrMisconfigured, "redirects are not followed"},
		"an unknown code":                       {of(told(400, "SOMETHING_NEW : "+canary)), 0, ports.ErrMisconfigured, "unknown code SOMETHING_NEW"},
		"a message that is not a text":          {of(400, `{"error":{"message":{"x":1},"status":7,"details":[1,{"reason":true}]}}`), 0, ports.ErrMisconfigured, "status 400"},
		"a success that is an error":            {of(200, `{"error":{"message":"EMAIL_NOT_FOUND"}}`), 0, ports.ErrUnreachable, "the response has no user"},
		"a success without a token":             {of(200, `{"localId":"`+canary+`"}`), 0, ports.ErrUnreachable, "the response has no token"},
		"a success with two users":              {of(200, `{"localId":"other","localId":"`+canary+`","idToken":"t"}`), 0, ports.ErrUnreachable, "the response has no user"},
		"a success that is not JSON":            {of(200, canary), 0, ports.ErrUnreachable, "the response has no user"},
		"a code that the operator explained":    {of(told(400, "OUR_OWN : "+canary)), domain.SignInDenied, nil, ""},
		"a code that the operator gave meaning": {of(told(400, "MISSING_EMAIL")), domain.LockedOut, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			settings := settingsAt(stub{"accounts:signInWithPassword": test.response}.serve(t))
			settings.ErrorCodes = errorcodes.Map{"our_own": domain.SignInDenied, "missing_email": domain.LockedOut}
			directory := firebasesource.WithoutLookUps(open(t, settings))
			finding, err := directory.Authenticate(t.Context(), canary+"@example.com", domain.NewPassword(canary))
			if finding.Kind != test.finding || !errors.Is(err, test.err) || errors.Is(err, ports.ErrNotJudged) != (test.err == ports.ErrThrottled) { //nolint:errorlint // of the table
				t.Errorf("%v, %v", finding, err)
			}
			if err == nil {
				return
			}
			for _, secret := range []string{canary, apiKey} {
				if strings.Contains(err.Error(), secret) {
					t.Errorf("the error repeats a secret: %v", err)
				}
			}
			if !strings.HasPrefix(err.Error(), "Firebase source: sign-in: ") || !strings.Contains(err.Error(), test.says) {
				t.Errorf("the error is %v", err)
			}
		})
	}
}

const (
	signedIn = `{"localId":"alice","email":"alice@example.com","idToken":"token"}`
	password = "Right-Password-1"
)

func users(entries ...string) string { return `{"users":[` + strings.Join(entries, ",") + `]}` }

// What becomes of a right password depends on the profile too.
func TestAProfileThatDoesNotFollowASignIn(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		status  int
		body    string
		finding domain.FindingKind
		err     error
	}{
		"another user":            {200, users(`{"localId":"bob"}`), 0, ports.ErrUnreachable},
		"two users":               {200, users(`{"localId":"alice"}`, `{"localId":"bob"}`), 0, ports.ErrUnreachable},
		"no user":                 {200, `{"kind":"identitytoolkit#GetAccountInfoResponse"}`, 0, ports.ErrUnreachable},
		"a user without an ID":    {200, users(`{}`), 0, ports.ErrUnreachable},
		"a user of another form":  {200, users(`{"localId":"alice","disabled":"` + canary + `"}`), 0, ports.ErrUnreachable},
		"disabled meanwhile":      {200, users(`{"localId":"alice","disabled":true}`), domain.UserDisabled, nil},
		"disabled, as an error":   {400, `{"error":{"message":"USER_DISABLED"}}`, domain.UserDisabled, nil},
		"deleted meanwhile":       {400, `{"error":{"message":"USER_NOT_FOUND"}}`, domain.UserUnknown, nil},
		"a token that is refused": {400, `{"error":{"message":"INVALID_ID_TOKEN"}}`, 0, ports.ErrMisconfigured},
		"no wrong password":       {400, `{"error":{"message":"INVALID_PASSWORD"}}`, 0, ports.ErrMisconfigured},
		"throttled":               {429, ``, 0, ports.ErrThrottled},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			directory := firebasesource.WithoutLookUps(open(t, settingsAt(stub{
				"accounts:signInWithPassword": {200, signedIn}, "accounts:lookup": {test.status, test.body},
			}.serve(t))))
			finding, err := directory.Authenticate(t.Context(), "alice@example.com", domain.NewPassword(password))
			if finding.Kind != test.finding || !errors.Is(err, test.err) || errors.Is(err, ports.ErrNotJudged) || err != nil && strings.Contains(err.Error(), canary) {
				t.Errorf("%v, %v", finding, err)
			}
		})
	}
}

func TestWhatALookUpFinds(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		user   string // without its ID and address
		status domain.UserStatus
		mfa    []domain.MFAMethod
	}{
		"a password":                              {`"passwordHash":"x"`, "", nil},
		"a password, and Google":                  {`"passwordHash":"x","providerUserInfo":[{"providerId":"google.com"}]`, "", nil},
		"a provider of passwords, and Google":     {`"providerUserInfo":[{"providerId":"password"},{"providerId":"google.com"}]`, "", nil},
		"a link by email":                         {`"emailLinkSignin":true,"providerUserInfo":[{"providerId":"password"}]`, "", nil},
		"a link by email, and Google":             {`"emailLinkSignin":true,"providerUserInfo":[{"providerId":"password"},{"providerId":"google.com"}]`, domain.StatusExternalProvider, nil},
		"a phone":                                 {`"providerUserInfo":[{"providerId":"phone"}]`, "", nil},
		"Google":                                  {`"providerUserInfo":[{"providerId":"google.com"}]`, domain.StatusExternalProvider, nil},
		"Google and a phone":                      {`"providerUserInfo":[{"providerId":"google.com"},{"providerId":"phone"}]`, domain.StatusExternalProvider, nil},
		"SAML":                                    {`"providerUserInfo":[{"providerId":"saml.corp"}]`, domain.StatusExternalProvider, nil},
		"a custom token, or nobody":               {`"customAuth":true`, domain.StatusExternalProvider, nil},
		"an authenticator app":                    {`"passwordHash":"x","mfaInfo":[{"mfaEnrollmentId":"1","totpInfo":{}}]`, "", []domain.MFAMethod{domain.MFASoftwareToken}},
		"codes by email":                          {`"passwordHash":"x","mfaInfo":[{"emailInfo":{"emailAddress":"Alice@example.com"}}]`, "", []domain.MFAMethod{domain.MFAEmail}},
		"codes to another address":                {`"passwordHash":"x","mfaInfo":[{"emailInfo":{"emailAddress":"other@example.com"}}]`, "", []domain.MFAMethod{domain.MFAOther}},
		"a factor of another kind":                {`"passwordHash":"x","mfaInfo":[{"somethingNew":{}}]`, "", []domain.MFAMethod{domain.MFAOther}},
		"several, one of them twice":              {`"passwordHash":"x","mfaInfo":[{"phoneInfo":"+15555550100"},{"phoneInfo":"+15555550100"},{"totpInfo":{}}]`, "", []domain.MFAMethod{domain.MFASMS, domain.MFASoftwareToken}},
		"codes to two numbers":                    {`"passwordHash":"x","mfaInfo":[{"phoneInfo":"+15555550100"},{"phoneInfo":"+15555550101"}]`, "", []domain.MFAMethod{domain.MFASMS, domain.MFAOther}},
		"a number that is obfuscated in one form": {`"passwordHash":"x","phoneNumber":"+15555550100","mfaInfo":[{"phoneInfo":"+*******0100","unobfuscatedPhoneInfo":"+15555550100"}]`, "", []domain.MFAMethod{domain.MFASMS}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			directory := open(t, settingsAt(stub{"admin accounts:lookup": {200, users(`{"localId":"alice","email":"alice@example.com","emailVerified":true,` + test.user + `}`)}}.serve(t)))
			finding, err := directory.FindUser(t.Context(), "alice@example.com")
			if err != nil || finding.Kind != domain.UserFound || finding.User.Status != test.status || fmt.Sprint(finding.User.MFA) != fmt.Sprint(test.mfa) {
				t.Errorf("%v, %v: %v, %v", finding, err, finding.User.Status, finding.User.MFA)
			}
			// Neither kind of user is created by a forgotten password.
			decision := domain.Decide(domain.DefaultRules(), domain.Attempt{Trigger: domain.TriggerForgotPassword, Username: "alice@example.com"}, finding)
			if migrates := test.status == "" && test.mfa == nil; migrates != (decision.Verdict == domain.Migrate) {
				t.Errorf("%v", decision)
			}
		})
	}
}

// One identifier can be the ID of one user and the address of another.
func TestAnIDThatIsAnAddress(t *testing.T) {
	t.Parallel()
	directory := open(t, settingsAt(stub{"admin accounts:lookup": {200, users(
		`{"localId":"alice@example.com","email":"other@example.com","passwordHash":"x"}`, `{"localId":"bob","email":"alice@example.com","emailVerified":true,"passwordHash":"x"}`)}}.serve(t)))
	finding, err := directory.FindUser(t.Context(), "alice@example.com")
	if err != nil || finding.User.Username != "alice@example.com" {
		t.Errorf("%v, %v: %q", finding, err, finding.User.Username)
	}
}

// For other identifiers than addresses the user is looked up, and the password is
// proved for the user's address.
func TestASignInByAnIDOrAPhoneNumber(t *testing.T) {
	t.Parallel()
	found := func(user string) string {
		return users(`{"localId":"alice","phoneNumber":"+15555550100",` + user + `}`)
	}
	for name, test := range map[string]struct {
		lookUp   string
		signedIn string
		finding  domain.FindingKind
		err      error
	}{
		"a password":         {found(`"email":"alice@example.com","passwordHash":"x"`), signedIn, domain.PasswordAccepted, nil},
		"nobody":             {`{}`, `{}`, domain.UserUnknown, nil},
		"disabled":           {found(`"email":"alice@example.com","passwordHash":"x","disabled":true`), `{}`, domain.UserDisabled, nil},
		"another provider":   {found(`"email":"alice@example.com","providerUserInfo":[{"providerId":"google.com"}]`), `{}`, domain.UserFederated, nil},
		"a phone number":     {found(`"providerUserInfo":[{"providerId":"phone"}]`), `{}`, domain.PasswordWrong, nil},
		"somebody else":      {found(`"email":"alice@example.com","passwordHash":"x"`), `{"localId":"bob","idToken":"token"}`, 0, ports.ErrUnreachable},
		"no list of users":   {`{"users":5}`, signedIn, 0, ports.ErrUnreachable},
		"an unnamed account": {`{"users":[{}]}`, signedIn, 0, ports.ErrUnreachable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			asked := stub{"admin accounts:lookup": {200, test.lookUp}, "accounts:signInWithPassword": {200, test.signedIn}, "accounts:lookup": {200, users(`{"localId":"alice","phoneNumber":"+15555550100"}`)}}
			directory := open(t, settingsAt(asked.serve(t)))
			for _, typed := range []string{"alice", "+15555550100"} {
				finding, err := directory.Authenticate(t.Context(), typed, domain.NewPassword(password))
				if finding.Kind != test.finding || !errors.Is(err, test.err) {
					t.Errorf("%s: %v, %v", typed, finding, err)
				}
			}
		})
	}
}

// Names that cannot be an ID, an address or a number are asked nowhere.
func TestNamesThatNobodyCanHave(t *testing.T) {
	t.Parallel()
	directory := open(t, settingsAt(stub{}.serve(t)))
	for _, name := range []string{"", "a\x00b", "a\nb@example.com", "\xff", strings.Repeat("x", 129)} {
		if finding, err := directory.FindUser(t.Context(), name); err != nil || finding.Kind != domain.UserUnknown {
			t.Errorf("%q: %v, %v", name, finding, err)
		}
	}
}

func TestAUserWithASecondFactorWhoCannotBeReadDoesNotMigrate(t *testing.T) {
	t.Parallel()
	const pending = `{"localId":"alice","email":"alice@example.com","mfaPendingCredential":"secret","idToken":"token","mfaInfo":[%s]}`
	for name, test := range map[string]struct {
		factors string
		lookUp  string
		status  int
		finding domain.FindingKind
		err     error
	}{
		"an authenticator app":    {`{"totpInfo":{}}`, users(`{"localId":"alice","email":"alice@example.com","mfaInfo":[{"totpInfo":{}}]}`), 200, domain.MFARequired, nil},
		"a factor without a list": {``, users(`{"localId":"alice","email":"alice@example.com"}`), 200, domain.MFARequired, nil},
		"deleted meanwhile":       {`{"totpInfo":{}}`, `{}`, 200, domain.UserUnknown, nil},
		"not permitted":           {`{"totpInfo":{}}`, `{"error":{"code":403,"message":"INSUFFICIENT_PERMISSION"}}`, 403, 0, ports.ErrMisconfigured},
		"no such user, as error":  {`{"totpInfo":{}}`, `{"error":{"code":400,"message":"USER_NOT_FOUND"}}`, 400, domain.UserUnknown, nil},
		"throttled":               {`{"totpInfo":{}}`, ``, 429, 0, ports.ErrThrottled},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			settings := settingsAt(stub{"accounts:signInWithPassword": {200, fmt.Sprintf(pending, test.factors)}, "admin accounts:lookup": {test.status, test.lookUp}}.serve(t))
			settings.Rules.OnMFA = domain.MFACarry
			finding, err := open(t, settings).Authenticate(t.Context(), "alice@example.com", domain.NewPassword(password))
			if finding.Kind != test.finding || !errors.Is(err, test.err) || errors.Is(err, ports.ErrNotJudged) {
				t.Errorf("%v, %v", finding, err)
			}
			if finding.Kind == domain.MFARequired && len(finding.User.MFA) == 0 {
				t.Error("the factor is lost")
			}
		})
	}
	t.Run("refused without a look-up", func(t *testing.T) {
		t.Parallel()
		directory := open(t, settingsAt(stub{"accounts:signInWithPassword": {200, fmt.Sprintf(pending, "")}}.serve(t)))
		if finding, err := directory.Authenticate(t.Context(), "alice@example.com", domain.NewPassword(password)); err != nil || finding.Kind != domain.MFARequired {
			t.Errorf("%v, %v", finding, err)
		}
	})
}

// lastError is the error that ends a listing.
func lastError(t *testing.T, directory *firebasesource.Directory) (last error) {
	t.Helper()
	for _, err := range directory.Pages(t.Context(), ports.ListRequest{Slice: "all"}) {
		last = err
	}
	return last
}

func TestTheTokenOfTheServiceAccount(t *testing.T) {
	t.Parallel()
	now := time.Now() // the API's clock is the machine's
	clock := func() time.Time { return now }
	g := startGoogle(t)
	status, body := gateway(401, "Request had invalid authentication credentials.", "ACCESS_TOKEN_EXPIRED", "UNAUTHENTICATED")
	var rejects atomic.Bool
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if rejects.Load() {
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
			return
		}
		_, _ = io.WriteString(w, `{}`)
	}))
	t.Cleanup(api.Close)
	settings := settingsAt(api.URL)
	settings.ServiceAccount, settings.ProjectID = g.account(t), ""
	directory := open(t, settings)
	firebasesource.SetClock(directory, clock)
	asks := func(want int64) {
		t.Helper()
		for range 2 {
			if _, err := directory.FindUser(t.Context(), "alice"); err != nil {
				t.Fatal(err)
			}
		}
		if n := g.granted.Load(); n != want {
			t.Errorf("%d tokens were requested, want %d", n, want)
		}
	}
	asks(1)
	now = now.Add(57 * time.Minute)
	asks(1)
	now = now.Add(2 * time.Minute) // it expires in a minute
	asks(2)

	// A token that the API rejects is dropped.
	rejects.Store(true)
	if _, err := directory.FindUser(t.Context(), "alice"); !errors.Is(err, ports.ErrMisconfigured) || !strings.Contains(err.Error(), "the credentials are not accepted") {
		t.Errorf("%v", err)
	}
	rejects.Store(false)
	asks(3)

	// Without a token nothing is sent to the API.
	now = now.Add(2 * time.Hour)
	for status, want := range map[int64]error{400: ports.ErrMisconfigured, 401: ports.ErrMisconfigured, 403: ports.ErrMisconfigured, 429: ports.ErrThrottled, 500: ports.ErrUnreachable} {
		g.status.Store(status)
		_, lookUp := directory.FindUser(t.Context(), "alice")
		_, signIn := directory.Authenticate(t.Context(), "alice", domain.NewPassword(password))
		listing := lastError(t, directory)
		for what, err := range map[string]error{
			"look-up": lookUp, "sign-in": signIn, "list": listing, "warm": directory.Warm(t.Context()),
			"disable": directory.Disable(t.Context(), "alice"), "sign out": directory.SignOut(t.Context(), "alice"), "delete": directory.Delete(t.Context(), "alice"),
		} {
			if !errors.Is(err, want) || !strings.HasPrefix(err.Error(), "Firebase source: service account token: ") {
				t.Errorf("%d, %s: %v", status, what, err)
			}
		}
		if !errors.Is(signIn, ports.ErrNotJudged) {
			t.Errorf("%d: %v", status, signIn)
		}
	}
}

func TestChangesAndListsThatAreRefused(t *testing.T) {
	t.Parallel()
	status, body := told(403, "INSUFFICIENT_PERMISSION")
	refuses := struct {
		status int
		body   string
	}{status, body}
	directory := open(t, settingsAt(stub{"admin accounts:update": refuses, "admin accounts:delete": refuses, "admin accounts:batchGet": refuses}.serve(t)))
	listing := lastError(t, directory)
	for operation, err := range map[string]error{"update": directory.Disable(t.Context(), canary), "delete": directory.Delete(t.Context(), canary), "list": listing} {
		if !errors.Is(err, ports.ErrMisconfigured) || err.Error() != "Firebase source: "+operation+": status 403: the credentials have no permission for this: misconfigured" {
			t.Errorf("%s: %v", operation, err)
		}
	}
}
