package httpsource_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"cognito-user-migration/adapters/httpsource"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
)

// lookingUp lists the contracts with a look-up, and what each answers to the right
// password.
func lookingUp() map[httpsource.Contract]string {
	return map[httpsource.Contract]string{
		httpsource.Keycloak: "",
		httpsource.Kratos:   `{"status":"password_match"}`,
		httpsource.Okta:     `{"commands":[{"type":"com.okta.action.update","value":{"credential":"VERIFIED"}}]}`,
	}
}

func withProfile(s *httpsource.Settings) {
	if s.Contract != httpsource.Keycloak {
		s.ProfileURL = s.URL + "/{username}"
	}
}

// A service may take names for equal that are not: by accents, width, spaces or
// wildcards. Then each spelling would be a fresh attempt at one user's password.
func TestAPasswordIsSentOnlyAboutTheUserWhoOwnsTheIdentifier(t *testing.T) {
	t.Parallel()
	const alice = `{"id":"s-1","username":"alice","email":"alice@example.com","emailVerified":true,"email_verified":true,"phone_number":"+15550100","phone_number_verified":true,"enabled":true,"sub":"s-1","attributes":{"phone_number":["+15550100"],"phone_number_verified":["true"]}}`
	for contract, right := range lookingUp() {
		for typed, owned := range map[string]bool{
			"alice": true, "ALICE": true, "alice@example.com": true, "Alice@Example.com": true, "s-1": true, "+15550100": true,
			"álice": false, "ａｌｉｃｅ": false, "alice ": false, " alice": false, "alice\t": false, "al*": false, "alıce": false, "ali%63e": false, "alice@example.org": false, "bob": false, "alice\x00": false,
		} {
			t.Run(fmt.Sprintf("%s/%q", contract, typed), func(t *testing.T) {
				t.Parallel()
				a := &answering{get: alice, post: right}
				source := a.open(t, contract, withProfile)
				finding, err := source.Authenticate(t.Context(), typed, domain.NewPassword(password))
				want := domain.UserUnknown
				if owned {
					want = domain.PasswordAccepted
				}
				if err != nil || finding.Kind != want || a.sentPassword() != owned || (a.posts.Load() == 1) != owned {
					t.Errorf("%v, %v; the password was sent %t, %d questions", finding, err, a.sentPassword(), a.posts.Load())
				}
				if !owned && finding.User.Username != "" {
					t.Error("another user's profile is shown")
				}
				found, err := source.FindUser(t.Context(), typed)
				if err != nil || (found.Kind == domain.UserFound) != owned || !owned && found.Kind != domain.UserUnknown {
					t.Errorf("a look-up: %v, %v", found, err)
				}
			})
		}
	}
}

// An address that nobody proved names nobody, unless the operator vouches for all.
func TestAnAddressThatNobodyProvedNamesNobody(t *testing.T) {
	t.Parallel()
	for vouch, want := range map[domain.VerifiedContacts]domain.FindingKind{
		domain.VerifiedBySource: domain.UserUnknown, domain.VerifiedAlways: domain.PasswordAccepted,
	} {
		a := &answering{get: `{"username":"hanako","email":"hanako@example.com","enabled":true}`}
		finding, err := authenticate(t, a.open(t, httpsource.Keycloak, func(s *httpsource.Settings) { s.VerifiedContacts = vouch }))
		if err != nil || finding.Kind != want || a.sentPassword() != (want == domain.PasswordAccepted) {
			t.Errorf("%s: %v, %v; want %v", vouch, finding, err, want)
		}
	}
}

// The number of requests does not tell who exists, and what a service answers to the
// second of a user who is not there changes nothing.
func TestEverySignInIsTwoRequests(t *testing.T) {
	t.Parallel()
	for contract, right := range lookingUp() {
		for name, test := range map[string]struct {
			getStatus int
			get       string
			status    int
			want      domain.FindingKind
			sent      bool
		}{
			"a right password":              {200, someone, 200, domain.PasswordAccepted, true},
			"a wrong password":              {200, someone, 403, 0, true},
			"an unknown user":               {404, "", 404, domain.UserUnknown, false},
			"an unknown user, 400":          {400, `{"error":"no"}`, 400, domain.UserUnknown, false},
			"an unknown user, null":         {200, "null", 200, domain.UserUnknown, false},
			"an unknown user, and a fault":  {404, "", 500, domain.UserUnknown, false},
			"an unknown user, and throttle": {404, "", 429, domain.UserUnknown, false},
			"a disabled user":               {200, strings.Replace(someone, "true", "false", 1), 200, domain.UserDisabled, false},
			"another user":                  {200, strings.ReplaceAll(someone, "hanako@", "jiro@"), 200, domain.UserUnknown, false},
		} {
			t.Run(string(contract)+"/"+name, func(t *testing.T) {
				t.Parallel()
				a := &answering{getStatus: test.getStatus, get: test.get, postStatus: test.status, post: right}
				ctx, meter := ports.WithMeter(t.Context())
				finding, err := a.open(t, contract, withProfile).Authenticate(ctx, username, domain.NewPassword(password))
				if test.want != 0 && (err != nil || finding.Kind != test.want) {
					t.Errorf("%v, %v; want %v", finding, err, test.want)
				}
				if meter.Calls() != 2 || a.gets.Load()+a.posts.Load() != 2 || a.sentPassword() != test.sent {
					t.Errorf("%d calls, %d look-ups, %d questions; the password was sent %t", meter.Calls(), a.gets.Load(), a.posts.Load(), a.sentPassword())
				}
			})
		}
	}
}

func TestAnOperatorSaysWhatAnAnswerMeans(t *testing.T) {
	t.Parallel()
	const codes = "418=user_unknown,E42=locked_out,401=password_wrong,holiday=user_disabled,404=user_unknown,500=sign_in_denied"
	for name, test := range map[string]struct {
		contract httpsource.Contract
		status   int
		body     string
		want     domain.FindingKind
		class    error
		profile  bool
	}{
		"a status":                             {contract: httpsource.Kratos, status: 418, want: domain.UserUnknown},
		"the error in the answer":              {contract: httpsource.Okta, status: 418, body: `{"error":"e42"}`, want: domain.LockedOut},
		"an error code of its own":             {contract: httpsource.Kratos, status: 400, body: `{"errorCode":"HOLIDAY"}`, want: domain.UserDisabled},
		"our credentials, where one says so":   {contract: httpsource.FusionAuth, status: 401, want: domain.PasswordWrong},
		"a status that the contract has":       {contract: httpsource.FusionAuth, status: 404, want: domain.UserUnknown},
		"a fault":                              {contract: httpsource.Kratos, status: 500, want: domain.SignInDenied},
		"a code that is not mapped":            {contract: httpsource.Kratos, status: 400, body: `{"error":"other"}`, class: ports.ErrMisconfigured},
		"a look-up: a status":                  {contract: httpsource.Keycloak, status: 418, want: domain.UserUnknown, profile: true},
		"a look-up: the error in the answer":   {contract: httpsource.Keycloak, status: 403, body: `{"error":"E42"}`, want: domain.LockedOut, profile: true},
		"a look-up: nothing is said of a user": {contract: httpsource.Keycloak, status: 401, class: ports.ErrMisconfigured, profile: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := &answering{postStatus: test.status, post: test.body}
			if test.profile {
				a.getStatus, a.get = test.status, test.body
			}
			source := a.open(t, test.contract, func(s *httpsource.Settings) {
				if err := s.ErrorCodes.UnmarshalText([]byte(codes)); err != nil {
					t.Fatal(err)
				}
			})
			ask := authenticate
			if test.profile {
				ask = func(t *testing.T, source *httpsource.Directory) (domain.Finding, error) {
					t.Helper()
					return source.FindUser(t.Context(), username)
				}
			}
			finding, err := ask(t, source)
			if finding.Kind != test.want || !errors.Is(err, test.class) {
				t.Errorf("%v, %v; want %v, %v", finding, err, test.want, test.class)
			}
		})
	}
}

func TestTheCodeOfAnUnknownAnswerIsTold(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		status int
		body   string
		want   domain.ResponseCode
	}{
		"a status":                    {418, "", "418"},
		"the error in the answer":     {400, `{"error":"on_holiday","error_description":"canary"}`, "on_holiday"},
		"a sentence":                  {400, `{"error":"Computer says no"}`, domain.UnprintableCode},
		"the username":                {400, `{"error":"hanako"}`, domain.UnprintableCode},
		"our credentials":             {401, `{"error":"on_holiday"}`, ""},
		"a redirect":                  {302, ``, ""},
		"an outage":                   {503, `{"error":"on_holiday"}`, ""},
		"too many requests":           {429, `{"error":"on_holiday"}`, ""},
		"a page that holds the error": {404, `<html>on_holiday`, "404"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := &answering{postStatus: test.status, post: test.body}
			_, err := authenticate(t, a.open(t, httpsource.Kratos))
			if err == nil || ports.UnknownCodeOf(err) != test.want || strings.Contains(err.Error(), "canary") {
				t.Errorf("%v: the code is %q, want %q", err, ports.UnknownCodeOf(err), test.want)
			}
			holdsNoSecret(t, err)
		})
	}
}

func TestASuccessCannotBeMapped(t *testing.T) {
	t.Parallel()
	settings := httpsource.Settings{URL: "https://legacy.example", Contract: httpsource.Keycloak}
	for codes, wanted := range map[string]bool{"200=password_wrong": false, "204=user_unknown": false, "404=user_unknown": true, "2001=locked_out": true} {
		if err := settings.ErrorCodes.UnmarshalText([]byte(codes)); err != nil {
			t.Fatal(err)
		}
		if problems := settings.Validate(func(name string) string { return "SOURCE_" + name }); (len(problems) == 0) != wanted {
			t.Errorf("%s: %v", codes, problems)
		}
	}
}
