package httpsource_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"cognito-user-migration/adapters/httpsource"
	"cognito-user-migration/adapters/internal/webclient"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
)

const (
	username = "hanako@example.com"
	password = `Correct "horse" & 7+%`
)

// answering is a service that answers look-ups and questions with fixed answers.
type answering struct {
	getStatus, postStatus int
	get, post             string
	gets, posts           atomic.Int64
	lastBody              atomic.Pointer[string]
	lastPath              atomic.Pointer[string]
	lastHeader            atomic.Pointer[http.Header]
}

// ServeHTTP implements [http.Handler].
func (a *answering) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	path, sent, header := r.URL.RequestURI(), string(body), r.Header
	a.lastPath.Store(&path)
	a.lastHeader.Store(&header)
	status, answer := a.getStatus, a.get
	if r.Method == http.MethodPost {
		a.posts.Add(1)
		a.lastBody.Store(&sent)
		status, answer = a.postStatus, a.post
	} else {
		a.gets.Add(1)
	}
	if status == 0 {
		status = http.StatusOK
	}
	if status/100 == 3 {
		w.Header().Set("Location", "/elsewhere")
	}
	w.WriteHeader(status)
	_, _ = io.WriteString(w, answer)
}

// sentPassword reports whether the person's password came with a question.
func (a *answering) sentPassword() bool {
	body := a.lastBody.Load()
	return body != nil && strings.Contains(*body, "horse")
}

func (a *answering) open(t *testing.T, contract httpsource.Contract, change ...func(*httpsource.Settings)) *httpsource.Directory {
	t.Helper()
	server := httptest.NewServer(a)
	t.Cleanup(server.Close)
	settings := httpsource.Settings{URL: webclient.URL(server.URL + "/base"), Contract: contract, BearerToken: domain.NewSecret("S3cret")}
	for _, change := range change {
		change(&settings)
	}
	return open(t, settings)
}

func authenticate(t *testing.T, source *httpsource.Directory) (domain.Finding, error) {
	t.Helper()
	return source.Authenticate(t.Context(), username, domain.NewPassword(password))
}

// holdsNoSecret fails where an error shows who asked, or what with.
func holdsNoSecret(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		return
	}
	for _, verb := range []string{"%v", "%+v", "%#v"} {
		printed := fmt.Sprintf(verb, err)
		for _, secret := range []string{username, "hanako", "horse", "S3cret"} {
			if strings.Contains(printed, secret) {
				t.Errorf("the error holds %q: %s", secret, printed)
			}
		}
	}
}

const someone = `{"id":"1","username":"hanako@example.com","enabled":true}`

func TestWhatServicesAnswer(t *testing.T) {
	t.Parallel()
	type row struct {
		status int
		body   string
		kind   domain.FindingKind
		class  error
	}
	misconfigured, unreachable, throttled := ports.ErrMisconfigured, ports.ErrUnreachable, ports.ErrThrottled
	fused := `{"user":{"id":"1","email":"hanako@example.com"}}`
	// To any question, whatever the contract.
	always := []row{
		{301, "", 0, misconfigured}, {302, "", 0, misconfigured}, {307, "", 0, misconfigured}, {308, "", 0, misconfigured},
		{405, "", 0, misconfigured}, {415, "", 0, misconfigured}, {408, "", 0, unreachable}, {429, "hanako", 0, throttled},
		{500, someone, 0, unreachable}, {501, "", 0, unreachable}, {502, "<html>", 0, unreachable}, {503, "", 0, unreachable}, {504, "", 0, unreachable},
		{201, someone, 0, misconfigured}, {206, someone, 0, misconfigured},
	}
	for contract, rows := range map[httpsource.Contract][]row{
		httpsource.Keycloak: {
			{200, "", domain.PasswordAccepted, nil}, {200, "<html>", 0, unreachable}, {204, "", 0, misconfigured},
			{400, "", domain.PasswordWrong, nil}, {401, "", domain.PasswordWrong, nil}, {403, "", domain.PasswordWrong, nil},
			{404, "", domain.PasswordWrong, nil}, {409, "", domain.PasswordWrong, nil}, {422, "", domain.PasswordWrong, nil}, {423, "", domain.LockedOut, nil},
		},
		httpsource.FusionAuth: {
			{200, fused, domain.PasswordAccepted, nil}, {212, fused, domain.PasswordAccepted, nil}, {213, fused, domain.PasswordAccepted, nil}, {202, fused, domain.PasswordAccepted, nil},
			{203, `{"changePasswordId":"x","changePasswordReason":"Expired"}`, domain.ChallengeUnsupported, nil}, {242, `{"twoFactorId":"x"}`, domain.MFARequired, nil},
			{404, "", domain.PasswordWrong, nil}, {409, `{"actions":[]}`, domain.SignInDenied, nil}, {410, "", domain.UserDisabled, nil}, {423, "", domain.LockedOut, nil},
			{400, "", 0, misconfigured}, {401, "", 0, misconfigured}, {403, "", 0, misconfigured}, {401, `{"error":"invalid_credentials"}`, 0, misconfigured},
			{400, `{"fieldErrors":{"applicationId":[{"code":"[invalid]applicationId"}]}}`, 0, misconfigured},
			{400, `{"error":"user_not_found"}`, domain.UserUnknown, nil}, {400, `{"error":"User not found."}`, domain.UserUnknown, nil}, {422, `{"code":"WRONG-PASSWORD"}`, domain.PasswordWrong, nil},
			{400, `{"error":{"code":400,"message":"Account locked"}}`, domain.LockedOut, nil}, {400, `<html>user_not_found`, 0, misconfigured},
			{200, "", 0, unreachable}, {200, "<html>", 0, unreachable}, {200, "{}", 0, unreachable}, {200, `{"user":null}`, 0, unreachable},
			{200, `{"user":{"email":"hanako@example.com"}}`, 0, unreachable}, {200, `{"user":{"id":"1"}}`, 0, unreachable},
		},
		httpsource.Kratos: {
			{200, `{"status":"password_match"}`, domain.PasswordAccepted, nil}, {200, `{"status":"no_match"}`, domain.PasswordWrong, nil}, {403, "", domain.PasswordWrong, nil},
			{200, "", 0, unreachable}, {200, "{}", 0, unreachable}, {200, `"password_match"`, 0, unreachable}, {200, `{"status":true}`, 0, unreachable},
			{204, "", 0, misconfigured}, {400, "", 0, misconfigured}, {401, "", 0, misconfigured}, {404, "", 0, misconfigured},
			{400, `{"error":"invalid_credentials"}`, domain.PasswordWrong, nil}, {404, `{"message":"No such user"}`, domain.UserUnknown, nil}, {503, `{"error":"user_not_found"}`, 0, unreachable},
		},
		httpsource.Okta: {
			{200, `{"commands":[{"type":"com.okta.action.update","value":{"credential":"VERIFIED"}}]}`, domain.PasswordAccepted, nil},
			{200, `{"commands":[{"type":"com.okta.action.update","value":{"credential":"UNVERIFIED"}}]}`, domain.PasswordWrong, nil},
			{200, `{"commands":[{"type":"com.okta.action.update","value":{"credential":"verified"}}]}`, domain.PasswordWrong, nil},
			{200, `{"commands":[{"type":"com.okta.action.update","value":{"credential":"VERIFIED"}},{"type":"com.okta.action.update","value":{"credential":"UNVERIFIED"}}]}`, domain.PasswordWrong, nil},
			{200, `{"commands":[{"type":"com.okta.other","value":{"credential":"VERIFIED"}}]}`, domain.PasswordWrong, nil},
			{200, `{"commands":[]}`, domain.PasswordWrong, nil}, {200, "", domain.PasswordWrong, nil}, {204, "", domain.PasswordWrong, nil},
			{200, `{"error":{"errorSummary":"hanako"}}`, 0, unreachable}, {200, "<html>", 0, unreachable}, {200, `{"commands":"VERIFIED"}`, 0, unreachable},
			{400, "", 0, misconfigured}, {401, "", 0, misconfigured}, {403, "", 0, misconfigured}, {404, "", 0, misconfigured},
		},
	} {
		for _, row := range append(rows, always...) {
			t.Run(fmt.Sprintf("%s/%d/%.20s", contract, row.status, row.body), func(t *testing.T) {
				t.Parallel()
				a := &answering{get: someone, postStatus: row.status, post: row.body}
				finding, err := authenticate(t, a.open(t, contract))
				if finding.Kind != row.kind || !errors.Is(err, row.class) {
					t.Errorf("%v, %v; want %v, %v", finding, err, row.kind, row.class)
				}
				holdsNoSecret(t, err)
				if a.posts.Load() != 1 {
					t.Errorf("the password was sent %d times", a.posts.Load())
				}
			})
		}
	}
	for _, row := range append([]row{
		{200, someone, domain.UserFound, nil}, {200, "null", domain.UserUnknown, nil},
		{204, "", domain.UserUnknown, nil}, {404, "", domain.UserUnknown, nil}, {410, "", domain.UserUnknown, nil}, {422, "", domain.UserUnknown, nil},
		// 400 is the service's own word where it does not look like a web server's.
		{400, "", domain.UserUnknown, nil}, {400, "\r\n", domain.UserUnknown, nil}, {400, `{"error":"no such user"}`, domain.UserUnknown, nil}, {400, `{}`, domain.UserUnknown, nil}, {400, "null", domain.UserUnknown, nil},
		{400, "<html><center>No required SSL certificate was sent", 0, misconfigured}, {400, "400 Bad Request", 0, misconfigured},
		// Other statuses, where the answer says more.
		{403, `{"error":"user_not_found"}`, domain.UserUnknown, nil}, {409, `{"error":"ACCOUNT_LOCKED"}`, domain.LockedOut, nil},
		{403, `{"error":"invalid_credentials"}`, 0, misconfigured}, {401, `{"error":"user_not_found"}`, 0, misconfigured}, {500, `{"error":"user_not_found"}`, 0, unreachable},
		{401, "", 0, misconfigured}, {403, "", 0, misconfigured}, {418, `{"error":"hanako"}`, 0, misconfigured},
		{200, "", 0, unreachable}, {200, "<html>", 0, unreachable}, {200, "[]", 0, unreachable}, {200, "{}", 0, unreachable},
		{200, `{"username":""}`, 0, unreachable}, {200, someone + "x", 0, unreachable}, {200, `{"username":["x"]}`, 0, unreachable},
		{200, `{"username":"x","enabled":"perhaps","status":"x"}`, 0, unreachable},
		{200, `{"username":"x","x":"` + strings.Repeat("x", 1<<20) + `"}`, 0, unreachable},
	}, always...) {
		for _, contract := range []httpsource.Contract{httpsource.Keycloak, httpsource.Kratos} {
			t.Run(fmt.Sprintf("look-up/%s/%d/%.20s", contract, row.status, row.body), func(t *testing.T) {
				t.Parallel()
				a := &answering{getStatus: row.status, get: row.body}
				source := a.open(t, contract, func(s *httpsource.Settings) {
					if contract == httpsource.Kratos {
						s.ProfileURL = s.URL + "/{username}"
					}
				})
				finding, err := source.FindUser(t.Context(), username)
				if finding.Kind != row.kind || !errors.Is(err, row.class) {
					t.Errorf("%v, %v; want %v, %v", finding, err, row.kind, row.class)
				}
				holdsNoSecret(t, err)
				if a.gets.Load() != 1 {
					t.Errorf("asked %d times", a.gets.Load())
				}
				// Nobody's password is sent, and a sign-in says the same.
				if row.kind == domain.UserFound {
					return
				}
				if finding, err := authenticate(t, source); finding.Kind != row.kind || !errors.Is(err, row.class) {
					t.Errorf("a sign-in: %v, %v; want %v, %v", finding, err, row.kind, row.class)
				}
				if a.sentPassword() {
					t.Error("the password was sent")
				}
			})
		}
	}
}

// The samples of the vendors' documentation mean what they say there.
func TestTheVendorsSamples(t *testing.T) {
	t.Parallel()
	sample := func(t *testing.T, name string) string {
		text, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	t.Run("keycloak-user-migration's profile", func(t *testing.T) {
		t.Parallel()
		a := &answering{get: sample(t, "keycloak-profile.json")}
		source := a.open(t, httpsource.Keycloak)
		finding, err := source.Authenticate(t.Context(), "BOB@company.com", domain.NewPassword(password))
		if err != nil || finding.Kind != domain.TemporaryPasswordAccepted {
			t.Fatalf("%v, %v", finding, err)
		}
		attempt := domain.Attempt{Trigger: domain.TriggerAuthentication, Username: "bob@company.com"}
		if decision := domain.Decide(domain.DefaultRules(), attempt, finding); decision.Reason != domain.ReasonMFARequired {
			t.Errorf("the second factor was lost: %v", decision)
		}
		isUser(t, finding.User, domain.SourceUser{
			Username: "bob", Sub: "12345678", Status: domain.StatusForceChangePassword, Enabled: true,
			Attributes: domain.Attributes{
				"sub": "12345678", "email": "bob@company.com", "email_verified": "true", "given_name": "Bob", "family_name": "Smith",
				"position": "rockstar-developer", "likes": "cats,dogs,cookies",
			},
			Groups: []string{"migrated_users"}, GroupsKnown: true, MFA: []domain.MFAMethod{domain.MFASoftwareToken},
		})
		if *a.lastBody.Load() != `{"password":"Correct \"horse\" \u0026 7+%"}` || *a.lastPath.Load() != "/base/bob" {
			t.Errorf("asked %s at %s", *a.lastBody.Load(), *a.lastPath.Load())
		}
		byID := a.open(t, httpsource.Keycloak, func(s *httpsource.Settings) { s.PasswordBy = httpsource.PasswordByID })
		if _, err := byID.Authenticate(t.Context(), "bob@company.com", domain.NewPassword(password)); err != nil || *a.lastPath.Load() != "/base/12345678" {
			t.Errorf("%v at %s", err, *a.lastPath.Load())
		}
	})
	t.Run("FusionAuth's user", func(t *testing.T) {
		t.Parallel()
		a := &answering{post: sample(t, "fusionauth-answer.json")}
		finding, err := authenticate(t, a.open(t, httpsource.FusionAuth, func(s *httpsource.Settings) { s.ApplicationID = "10000000-0000-0002-0000-000000000001" }))
		if err != nil || finding.Kind != domain.MFARequired {
			t.Fatalf("%v, %v", finding, err)
		}
		isUser(t, finding.User, domain.SourceUser{
			Username: "johnny123", Sub: "00000000-0000-0001-0000-000000000000", Enabled: true,
			Attributes: domain.Attributes{
				"sub": "00000000-0000-0001-0000-000000000000", "email": "example@fusionauth.io", "email_verified": "true",
				"given_name": "John", "middle_name": "William", "family_name": "Doe", "name": "John Doe", "birthdate": "1976-05-30",
				"picture": "http://65.media.tumblr.com/tumblr_l7dbl0MHbU1qz50x3o1_500.png", "zoneinfo": "America/Denver", "locale": "en",
				"displayName": "Johnny Boy", "migrated": "true", "favoriteColors": "Red,Blue", "phone_number": "303-555-1234",
			},
			MFA: []domain.MFAMethod{domain.MFASoftwareToken, domain.MFASMS, domain.MFAEmail},
		})
		if want := `{"loginId":"hanako@example.com","password":"Correct \"horse\" \u0026 7+%","applicationId":"10000000-0000-0002-0000-000000000001","noJWT":true}`; *a.lastBody.Load() != want {
			t.Errorf("asked %s", *a.lastBody.Load())
		}
		a.postStatus = 202
		if finding, err := authenticate(t, a.open(t, httpsource.FusionAuth, func(s *httpsource.Settings) { s.ApplicationID = "x" })); err != nil || finding.Kind != domain.SignInDenied {
			t.Errorf("a user of another application: %v, %v", finding, err)
		}
	})
	for contract, want := range map[httpsource.Contract]string{
		httpsource.Kratos: `{"identifier":"hanako@example.com","password":"Correct \"horse\" \u0026 7+%"}`,
		httpsource.Okta: `"eventType":"com.okta.user.credential.password.import","eventTypeVersion":"1.0","contentType":"application/json","cloudEventVersion":"0.1","source":"cognito-user-migration",` +
			`"data":{"context":{"request":{`,
	} {
		t.Run(string(contract)+"'s answer", func(t *testing.T) {
			t.Parallel()
			a := &answering{post: sample(t, string(contract)+"-answer.json")}
			finding, err := authenticate(t, a.open(t, contract))
			if err != nil || finding.Kind != domain.PasswordAccepted {
				t.Fatalf("%v, %v", finding, err)
			}
			// Without a profile URL the name is the profile.
			isUser(t, finding.User, domain.SourceUser{Username: username, Enabled: true, Attributes: domain.Attributes{"email": username}})
			if !strings.Contains(*a.lastBody.Load(), want) {
				t.Errorf("asked %s", *a.lastBody.Load())
			}
			finding, err = a.open(t, contract).Authenticate(t.Context(), "hanako", domain.NewPassword(password))
			if err != nil || len(finding.User.Attributes) != 0 || finding.User.Username != "hanako" {
				t.Errorf("a name that is no address: %v, %v", finding, err)
			}
			finding, err = a.open(t, contract).FindUser(t.Context(), username)
			if err != nil || finding.Kind != domain.LookUpUnsupported || finding.Challenge != "" {
				t.Errorf("a look-up: %v, %v", finding, err)
			}
			if a.gets.Load() != 0 {
				t.Error("a profile was asked for")
			}
		})
	}
}

func isUser(t *testing.T, got, want domain.SourceUser) {
	t.Helper()
	show := func(u domain.SourceUser) string {
		text, _ := json.Marshal(struct {
			Username, Sub string
			Status        domain.UserStatus
			Enabled       bool
			Attributes    map[string]string
			Groups        []string
			GroupsKnown   bool
			MFA           []domain.MFAMethod
		}{u.Username, u.Sub, u.Status, u.Enabled, u.Attributes, u.Groups, u.GroupsKnown, u.MFA})
		return string(text)
	}
	if show(got) != show(want) {
		t.Errorf("got  %s\nwant %s", show(got), show(want))
	}
}

func TestProfilesAsServicesWriteThem(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		contract   httpsource.Contract
		body       string
		enabled    bool
		attributes map[string]string
	}{
		"keycloak: enabled is not said":        {httpsource.Keycloak, `{"username":"x"}`, false, map[string]string{}},
		"keycloak: enabled is null":            {httpsource.Keycloak, `{"username":"x","enabled":null}`, false, map[string]string{}},
		"keycloak: verified is not said":       {httpsource.Keycloak, `{"username":"x","enabled":true,"email":"x@y.z"}`, true, map[string]string{"email": "x@y.z"}},
		"keycloak: verified by the back door":  {httpsource.Keycloak, `{"username":"x","enabled":"TRUE","email":"x@y.z","attributes":{"email_verified":["true"],"email":["z@y.x"],"sub":["s"],"username":["u"]}}`, true, map[string]string{"email": "x@y.z"}},
		"keycloak: verified, and still to be":  {httpsource.Keycloak, `{"username":"x","enabled":true,"email":"x@y.z","emailVerified":true,"requiredActions":["VERIFY_EMAIL"]}`, true, map[string]string{"email": "x@y.z", "email_verified": "false"}},
		"keycloak: a number for an ID":         {httpsource.Keycloak, `{"id":42,"username":"x","enabled":true}`, true, map[string]string{"sub": "42"}},
		"keycloak: values of every kind":       {httpsource.Keycloak, `{"username":"x","enabled":true,"attributes":{"a":["1","2"],"b":[],"c":null,"d":"one","e":[null,""],"f":[{"x":1},"y"],"g":[7,true],"phone_number":["+1","+2"],"":["x"]}}`, true, map[string]string{"a": "1,2", "d": "one", "f": "y", "g": "7,true", "phone_number": "+1"}},
		"keycloak: lists that are null":        {httpsource.Keycloak, `{"username":"x","enabled":true,"attributes":null,"groups":null,"requiredActions":null,"totps":null}`, true, map[string]string{}},
		"profile: enabled is not said":         {httpsource.Okta, `{"username":"x"}`, true, map[string]string{}},
		"profile: switched off":                {httpsource.Okta, `{"username":"x","enabled":false}`, false, map[string]string{}},
		"profile: claims":                      {httpsource.Okta, `{"username":"x","sub":"s","email":"x@y.z","email_verified":"true","updated_at":1700000000,"enabled":"true","status":"CONFIRMED","mfa":[],"groups":["g"],"custom:tier":"gold","nothing":null,"address":{"formatted":"y"}}`, true, map[string]string{"sub": "s", "email": "x@y.z", "email_verified": "true", "updated_at": "1700000000", "custom:tier": "gold"}},
		"fusionauth: nothing said of verified": {httpsource.FusionAuth, `{"user":{"id":"1","username":"x","email":"x@y.z","phoneNumber":"+4912345","mobilePhone":"+1555","data":{"email_verified":true}}}`, true, map[string]string{"sub": "1", "email": "x@y.z", "phone_number": "+4912345"}},
		"fusionauth: switched off":             {httpsource.FusionAuth, `{"user":{"id":"1","username":"x","active":false}}`, false, map[string]string{"sub": "1"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := &answering{get: test.body, post: test.body}
			if test.contract == httpsource.Okta {
				a.post = `{"commands":[{"type":"com.okta.action.update","value":{"credential":"VERIFIED"}}]}`
			}
			source := a.open(t, test.contract, func(s *httpsource.Settings) {
				if test.contract == httpsource.Okta {
					s.ProfileURL = s.URL + "/{username}"
				}
			})
			finding, err := source.Authenticate(t.Context(), "X", domain.NewPassword(password)) // "x" in another letter case
			want := domain.PasswordAccepted
			if !test.enabled && test.contract != httpsource.FusionAuth {
				want = domain.UserDisabled
			}
			if err != nil || finding.Kind != want || finding.User.Enabled != test.enabled {
				t.Fatalf("%v, %v, enabled %t", finding, err, finding.User.Enabled)
			}
			if got := map[string]string(finding.User.Attributes); !maps.Equal(got, test.attributes) {
				t.Errorf("got  %q\nwant %q", got, test.attributes)
			}
		})
	}
}

// A username is one segment of the path or one value of the query, whatever it
// holds; where no escaping can be trusted, nothing is asked.
func TestAUsernameDoesNotChangeTheAddress(t *testing.T) {
	t.Parallel()
	a := &answering{getStatus: http.StatusNotFound}
	keycloak := a.open(t, httpsource.Keycloak)
	byQuery := a.open(t, httpsource.Kratos, func(s *httpsource.Settings) {
		s.ProfileURL = webclient.URL(strings.TrimSuffix(string(s.URL), "/base") + "/p%2Fq/{username}/r?a=1&name={username}&b=2")
	})
	for name, want := range map[string]struct{ path, template string }{
		"a/b":            {"/base/a%2Fb", "/p%2Fq/a%2Fb/r?a=1&name=a%2Fb&b=2"},
		"a?b=c#d":        {"/base/a%3Fb=c%23d", "/p%2Fq/a%3Fb=c%23d/r?a=1&name=a%3Fb%3Dc%23d&b=2"},
		"%2e%2e%2fadmin": {"/base/%252e%252e%252fadmin", "/p%2Fq/%252e%252e%252fadmin/r?a=1&name=%252e%252e%252fadmin&b=2"},
		"a&b=c;d e+f":    {"/base/a&b=c%3Bd%20e+f", "/p%2Fq/a&b=c%3Bd%20e+f/r?a=1&name=a%26b%3Dc%3Bd+e%2Bf&b=2"},
		"名@x":            {"/base/%E5%90%8D@x", "/p%2Fq/%E5%90%8D@x/r?a=1&name=%E5%90%8D%40x&b=2"},
		"{username}":     {"/base/%7Busername%7D", "/p%2Fq/%7Busername%7D/r?a=1&name=%7Busername%7D&b=2"},
		"a\r\nX: y":      {"/base/a%0D%0AX:%20y", "/p%2Fq/a%0D%0AX:%20y/r?a=1&name=a%0D%0AX%3A+y&b=2"},
		"..a":            {"/base/..a", "/p%2Fq/..a/r?a=1&name=..a&b=2"},
	} {
		for source, want := range map[*httpsource.Directory]string{keycloak: want.path, byQuery: want.template} {
			finding, err := source.FindUser(t.Context(), name)
			if err != nil || finding.Kind != domain.UserUnknown {
				t.Errorf("%q: %v, %v", name, finding, err)
			}
			if got := *a.lastPath.Load(); got != want {
				t.Errorf("%q was asked for at %s, want %s", name, got, want)
			}
		}
	}
	// Web servers say 400 of a path that they do not like.
	a.getStatus = http.StatusBadRequest
	for _, name := range []string{"a/b", "a%b", "a;b", "a\x00", `a\b`} {
		if finding, err := keycloak.FindUser(t.Context(), name); err != nil || finding.Kind != domain.UserUnknown {
			t.Errorf("%q: %v, %v", name, finding, err)
		}
	}
	before := a.gets.Load()
	for _, name := range []string{".", "..", "../admin", "a/../b", "a/..", `..\admin`, "/./a", ""} {
		for _, source := range []*httpsource.Directory{keycloak, byQuery} {
			if finding, err := source.FindUser(t.Context(), name); err != nil || finding.Kind != domain.UserUnknown {
				t.Errorf("%q: %v, %v", name, finding, err)
			}
		}
	}
	if a.gets.Load() != before {
		t.Error("a name that climbs was asked for")
	}
	a.getStatus, a.get = http.StatusOK, `{"username":"../admin","enabled":true}`
	if finding, err := authenticate(t, keycloak); !errors.Is(err, ports.ErrUnreachable) || a.posts.Load() != 0 {
		t.Errorf("a service's own name that climbs: %v, %v", finding, err)
	}
}

func TestHeadersThatAreSentAlong(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(*httpsource.Settings)
		want   map[string]string
	}{
		"a token": {func(*httpsource.Settings) {}, map[string]string{"Authorization": "Bearer S3cret"}},
		"HTTP Basic": {func(s *httpsource.Settings) {
			s.BearerToken, s.BasicUsername, s.BasicPassword = domain.Secret{}, "Aladdin", domain.NewSecret("open sesame")
		}, map[string]string{"Authorization": "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="}}, // RFC 7617, 2
		"headers": {func(s *httpsource.Settings) {
			s.BearerToken, s.Headers = domain.Secret{}, domain.NewSecret("x-api-key: abc:def ; X-Tenant:7;")
		}, map[string]string{"X-Api-Key": "abc:def", "X-Tenant": "7", "Authorization": ""}},
		"headers in lines": {func(s *httpsource.Settings) { s.Headers = domain.NewSecret("Cookie: a=b; c=d\r\nX-Tenant: 7\n") },
			map[string]string{"Cookie": "a=b; c=d", "X-Tenant": "7", "Authorization": "Bearer S3cret"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := &answering{get: someone}
			source := a.open(t, httpsource.Keycloak, test.change)
			for _, ask := range []func() (domain.Finding, error){
				func() (domain.Finding, error) { return source.FindUser(t.Context(), username) },
				func() (domain.Finding, error) { return authenticate(t, source) },
			} {
				if _, err := ask(); err != nil {
					t.Fatal(err)
				}
				for header, want := range test.want {
					if got := (*a.lastHeader.Load()).Values(header); strings.Join(got, "|") != want {
						t.Errorf("%s: %q, want %q", header, got, want)
					}
				}
			}
		})
	}
}

func TestSecondFactorsOfFusionAuthThatNobodyKnows(t *testing.T) {
	t.Parallel()
	a := &answering{post: `{"user":{"id":"1","email":"hanako@example.com","twoFactor":{"methods":[{"method":"voice"}]}}}`}
	finding, err := authenticate(t, a.open(t, httpsource.FusionAuth))
	if err != nil || finding.Kind != domain.MFARequired || !slices.Equal(finding.User.MFA, []domain.MFAMethod{"OTHER"}) {
		t.Errorf("%v, %v", finding, err)
	}
	// Where the answer has no user, nobody is moved whatever the rules.
	a.post, a.postStatus = `{"twoFactorId":"x"}`, 242
	finding, err = authenticate(t, a.open(t, httpsource.FusionAuth))
	rules := domain.DefaultRules()
	rules.OnMFA = domain.MFAMigrate
	decision := domain.Decide(rules, domain.Attempt{Trigger: domain.TriggerAuthentication, Username: username}, finding)
	if err != nil || finding.Kind != domain.MFARequired || decision.Verdict != domain.Refuse {
		t.Errorf("%v, %v, %v", finding, err, decision)
	}
}
