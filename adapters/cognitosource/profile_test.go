package cognitosource_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"testing"

	"cognito-user-migration/adapters/cognitosource"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
)

// byToken reads profiles from the ID token.
func byToken(s *cognitosource.Settings) { s.Profile = cognitosource.ProfileIDToken }

// claims are those of a user who signs in by the tests' username.
func claims(change map[string]any) map[string]any {
	all := map[string]any{
		"sub": "11111111-2222-4333-8444-555555555555", "cognito:username": username,
		"iss": "https://cognito-idp.ap-northeast-1.amazonaws.com/ap-northeast-1_AbCdEf123", "aud": "3n4b5urk1ft4fl3mg5e62d9ado",
		"exp": 1700003600, "iat": 1700000000, "auth_time": 1700000000, "jti": "j", "origin_jti": "o", "event_id": "e", "token_use": "id",
	}
	maps.Copy(all, change)
	return all
}

func TestAProfileFromTheIDTokenSparesACall(t *testing.T) {
	t.Parallel()
	s := newStub(t, both(signedIn(claims(map[string]any{
		"email": "hanako@example.com", "email_verified": true, "phone_number": "+81312345678", "phone_number_verified": false,
		"updated_at": 1700000000, "custom:score": -1.5, "custom:flag": "yes", "custom:big": json.Number("12345678901234567890"),
		"address": map[string]any{"formatted": "1-1 Chiyoda\nTokyo"}, "name": `花子 "H"`, "nickname": "", "website": nil,
		"custom:list": []string{"a"}, "cognito:groups": []string{"staff", "tokyo"},
		"cognito:preferred_role": "arn:aws:iam::123456789012:role/x", "identities": []any{map[string]any{"userId": "x"}}, "nonce": "n", "at_hash": "h",
	})), exception("InternalErrorException", "must not be asked")))
	finding, err := authenticate(t, s.open(byToken))
	if err != nil || finding.Kind != domain.PasswordAccepted {
		t.Fatalf("%v, %v", finding, err)
	}
	user := finding.User
	if user.Username != username || user.Sub != "11111111-2222-4333-8444-555555555555" || !user.Enabled || user.Status != "" {
		t.Errorf("the user is %q, %q, %v", user.Username, user.Sub, user)
	}
	want := map[string]string{
		"sub": "11111111-2222-4333-8444-555555555555", "email": "hanako@example.com", "email_verified": "true",
		"phone_number": "+81312345678", "phone_number_verified": "false", "updated_at": "1700000000",
		"custom:score": "-1.5", "custom:flag": "yes", "custom:big": "12345678901234567890",
		"address": "1-1 Chiyoda\nTokyo", "name": `花子 "H"`,
	}
	if got := map[string]string(user.Attributes); !maps.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if !slices.Equal(user.Groups, []string{"staff", "tokyo"}) {
		t.Errorf("groups %q", user.Groups)
	}
	if n := s.count(getUser); n != 0 {
		t.Errorf("AdminGetUser was called %d times", n)
	}
}

// A token that does not prove whose it is is not enough: AdminGetUser is asked.
func TestWhereTheIDTokenIsNotEnoughAdminGetUserIsAsked(t *testing.T) {
	t.Parallel()
	result := func(idToken any) reply {
		return reply{body: marshal(map[string]any{"AuthenticationResult": map[string]any{"AccessToken": "access-token", "IdToken": idToken}})}
	}
	encoded := func(payload string) any { return "h." + base64.RawURLEncoding.EncodeToString([]byte(payload)) + ".s" }
	for name, answer := range map[string]reply{
		"no token":                       result(nil),
		"an empty token":                 result(""),
		"a token without a payload":      result("h"),
		"a token of one dot":             result("."),
		"a payload that is not Base64":   result("h.!!!.s"),
		"a payload that is not JSON":     result(encoded("claims")),
		"a payload that is null":         result(encoded("null")),
		"a payload that is a list":       result(encoded("[]")),
		"a payload cut short":            result(encoded(`{"cognito:username":"hanako`)),
		"no claims":                      result(encoded("{}")),
		"claims of somebody else":        signedIn(map[string]any{"sub": "x", "cognito:username": "somebody.else"}),
		"no claim that names the person": signedIn(map[string]any{"sub": "x", "email_verified": true}),
		"a name of another kind":         signedIn(map[string]any{"sub": "x", "cognito:username": []string{username}}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStub(t, both(answer, profile(nil)))
			finding, err := authenticate(t, s.open(byToken))
			if err != nil || finding.Kind != domain.PasswordAccepted || finding.User.Attributes["email"] != "hanako@example.com" {
				t.Errorf("%v of %q, %v", finding, finding.User.Username, err)
			}
			if n := s.count(getUser); n != 1 {
				t.Errorf("AdminGetUser was called %d times", n)
			}
		})
	}
}

// An alias could move to somebody else between the two calls, so the profile
// is that of the user who signed in.
func TestTheProfileIsThatOfWhoSignedIn(t *testing.T) {
	t.Parallel()
	s := newStub(t, both(signedIn(claims(map[string]any{"cognito:username": "hanako-the-first"})), profile(map[string]any{"Username": "hanako-the-first"})))
	if _, err := authenticate(t, s.open()); err != nil {
		t.Fatal(err)
	}
	if asked := s.last(t, getUser).body.Username; asked != "hanako-the-first" {
		t.Errorf("AdminGetUser was asked for %q", asked)
	}
}

func TestAProfileFromAdminGetUser(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change map[string]any
		holds  func(domain.SourceUser) bool
	}{
		"attributes as they are": {map[string]any{"UserAttributes": attributes(map[string]string{"sub": "s", "custom:x": "", "name": "花子", "identities": "[]"})},
			func(u domain.SourceUser) bool {
				return u.Sub == "s" && maps.Equal(u.Attributes, domain.Attributes{"sub": "s", "custom:x": "", "name": "花子", "identities": "[]"})
			}},
		"no attributes":      {map[string]any{"UserAttributes": nil}, func(u domain.SourceUser) bool { return len(u.Attributes) == 0 && u.Sub == "" }},
		"a disabled user":    {map[string]any{"Enabled": false}, func(u domain.SourceUser) bool { return !u.Enabled }},
		"no word on enabled": {map[string]any{"Enabled": nil}, func(u domain.SourceUser) bool { return !u.Enabled }},
		"no second factor":   {map[string]any{"UserMFASettingList": []string{}}, func(u domain.SourceUser) bool { return len(u.MFA) == 0 && u.PreferredMFA == "" }},
		"two, of which one is preferred": {map[string]any{"UserMFASettingList": []string{"SMS_MFA", "SOFTWARE_TOKEN_MFA"}, "PreferredMfaSetting": "SOFTWARE_TOKEN_MFA"},
			func(u domain.SourceUser) bool {
				return slices.Equal(u.MFA, []domain.MFAMethod{domain.MFASMS, domain.MFASoftwareToken}) && u.PreferredMFA == domain.MFASoftwareToken
			}},
		"SMS as it was written before 2018": {map[string]any{"MFAOptions": []map[string]string{{"DeliveryMedium": "SMS", "AttributeName": "phone_number"}}},
			func(u domain.SourceUser) bool { return slices.Equal(u.MFA, []domain.MFAMethod{domain.MFASMS}) }},
		"SMS written in both ways": {map[string]any{"UserMFASettingList": []string{"SMS_MFA"}, "MFAOptions": []map[string]string{{"DeliveryMedium": "SMS"}}},
			func(u domain.SourceUser) bool { return slices.Equal(u.MFA, []domain.MFAMethod{domain.MFASMS}) }},
		"an option that is no SMS": {map[string]any{"MFAOptions": []map[string]string{{"DeliveryMedium": "EMAIL"}}}, func(u domain.SourceUser) bool { return len(u.MFA) == 0 }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			finding, err := newStub(t, always(profile(test.change))).open().FindUser(t.Context(), username)
			if err != nil || finding.Kind != domain.UserFound || !test.holds(finding.User) {
				t.Errorf("%v, %v: %q %v", finding, err, map[string]string(finding.User.Attributes), finding.User.MFA)
			}
		})
	}
}

// A profile that nobody reads is not fetched.
func TestAProfileThatNobodyReadsIsNotFetched(t *testing.T) {
	t.Parallel()
	rules := domain.DefaultRules()
	reads := rules
	reads.OnMFA = domain.MFAMigrate
	never := rules
	never.OnTemporaryPassword, never.OnResetRequired = domain.TemporaryPasswordRefuse, domain.ResetRequiredRefuse
	for name, test := range map[string]struct {
		answer reply
		rules  domain.Rules
		reads  int
	}{
		"a completed sign-in":                  {signedIn(nil), rules, 1},
		"a second factor that is refused":      {challenge("SMS_MFA"), rules, 0},
		"a second factor that is let go":       {challenge("SMS_MFA"), reads, 1},
		"a temporary password":                 {challenge("NEW_PASSWORD_REQUIRED"), rules, 1},
		"a temporary password that is refused": {challenge("NEW_PASSWORD_REQUIRED"), never, 0},
		"a demanded reset":                     {exception("PasswordResetRequiredException", "x"), rules, 1},
		"a demanded reset that is refused":     {exception("PasswordResetRequiredException", "x"), never, 0},
		"a challenge that is none of ours":     {challenge("CUSTOM_CHALLENGE"), reads, 0},
		"a wrong password":                     {exception("NotAuthorizedException", "Incorrect username or password."), reads, 0},
		"an unknown user":                      {exception("UserNotFoundException", "x"), reads, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStub(t, both(test.answer, profile(nil)))
			finding, err := authenticate(t, s.openAs(static{}, test.rules))
			if err != nil {
				t.Fatal(err)
			}
			if n := s.count(getUser); n != test.reads || (finding.User.Username != "") != (test.reads > 0) {
				t.Errorf("AdminGetUser was called %d times, want %d; the finding is of %q", n, test.reads, finding.User.Username)
			}
		})
	}
}

// A sign-in whose profile does not come is no answer; one whose user is gone
// meanwhile is that.
func TestAProfileThatDoesNotCome(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		answer reply
		want   meaning
	}{
		"the user is gone":          {exception("UserNotFoundException", "x"), finds(domain.UserUnknown)},
		"the service is busy":       {exception("TooManyRequestsException", "x"), throttled},
		"the service is down":       {exception("InternalErrorException", "x"), unreachable},
		"it is not allowed":         {exception("AccessDeniedException", "x"), misconfigured},
		"an answer without a user":  {reply{body: `{}`}, unreachable},
		"an answer without a name":  {profile(map[string]any{"Username": ""}), unreachable},
		"an answer that is no JSON": {reply{body: `<html>`}, unreachable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			finding, err := authenticate(t, newStub(t, both(signedIn(nil), test.answer)).open())
			switch {
			case test.want.class != nil && (!errors.Is(err, test.want.class) || finding.Kind != 0):
				t.Errorf("%v, %v; want %v", finding, err, test.want.class)
			case test.want.class == nil && (err != nil || finding.Kind != test.want.kind):
				t.Errorf("%v, %v; want %v", finding, err, test.want.kind)
			}
		})
	}
}

var _ ports.SourceDirectory = (*cognitosource.Directory)(nil)

// An alias works once it is verified; a sign-in name of a pool that makes the
// usernames, and preferred_username, work at once.
func TestWhatWasTypedIsTheUsersOwnAsThePoolTakesIt(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		username   string
		attributes map[string]string
		typed      string
		owns       bool
	}{
		"the username":                            {"hanako", map[string]string{"sub": "s"}, "HANAKO", true},
		"a verified alias":                        {"hanako", map[string]string{"sub": "s", "email": "h@example.com", "email_verified": "true"}, "H@example.com", true},
		"an alias that nobody proved":             {"hanako", map[string]string{"sub": "s", "email": "h@example.com", "email_verified": "false"}, "h@example.com", false},
		"a phone number that nobody proved":       {"hanako", map[string]string{"sub": "s", "phone_number": "+815012345678"}, "+815012345678", false},
		"a sign-in name that nobody proved":       {"s", map[string]string{"sub": "s", "email": "h@example.com"}, "h@example.com", true},
		"a sign-in number that nobody proved":     {"s", map[string]string{"sub": "s", "phone_number": "+815012345678"}, "+815012345678", true},
		"preferred_username":                      {"hanako", map[string]string{"sub": "s", "preferred_username": "hana"}, "Hana", true},
		"another attribute":                       {"hanako", map[string]string{"sub": "s", "nickname": "hana"}, "hana", false},
		"somebody's sign-in name, not this one's": {"s", map[string]string{"sub": "s", "email": "h@example.com"}, "x@example.com", false},
	} {
		all := map[string]any{"cognito:username": row.username, "token_use": "id"}
		for name, value := range row.attributes {
			all[name] = value
		}
		for _, way := range ways() {
			t.Run(name+", "+string(way), func(t *testing.T) {
				t.Parallel()
				s := newStub(t, both(signedIn(all), profile(map[string]any{"Username": row.username, "UserAttributes": attributes(row.attributes)})))
				source := s.open(func(settings *cognitosource.Settings) { settings.Profile = way })
				finding, err := source.Authenticate(t.Context(), row.typed, domain.NewPassword(password))
				if err != nil || finding.User.Username != row.username || finding.User.Owns(row.typed) != row.owns {
					t.Errorf("%v of %q, owns %q: %t, %v", finding, finding.User.Username, row.typed, finding.User.Owns(row.typed), err)
				}
				found, err := source.FindUser(t.Context(), row.typed)
				if err != nil || found.User.Owns(row.typed) != row.owns {
					t.Errorf("look-up: owns %q: %t, %v", row.typed, found.User.Owns(row.typed), err)
				}
			})
		}
	}
}
