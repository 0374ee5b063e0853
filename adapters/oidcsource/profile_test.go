package oidcsource_test

import (
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"cognito-user-migration/adapters/internal/webclient"
	"cognito-user-migration/adapters/oidcsource"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
)

func TestAnIDTokenIsVerified(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		token func(*stub) string
		class error
	}{
		"in order": {func(s *stub) string { return sign(key(), "RS256", s.idToken(nil)) }, nil},
		"among several for us": {func(s *stub) string {
			return sign(key(), "RS256", s.idToken(map[string]any{"aud": []string{"x", clientID}}))
		}, nil},
		"signed by another":             {func(s *stub) string { return sign(anothersKey(), "RS256", s.idToken(nil)) }, ports.ErrMisconfigured},
		"signed by nobody":              {func(s *stub) string { return sign(nil, "none", s.idToken(nil)) }, ports.ErrMisconfigured},
		"signed otherwise than it says": {func(s *stub) string { return sign(key(), "HS256", s.idToken(nil)) }, ports.ErrMisconfigured},
		"for another client":            {func(s *stub) string { return sign(key(), "RS256", s.idToken(map[string]any{"aud": "another"})) }, ports.ErrMisconfigured},
		"of another issuer": {func(s *stub) string {
			return sign(key(), "RS256", s.idToken(map[string]any{"iss": "https://evil.example"}))
		}, ports.ErrMisconfigured},
		"that has expired": {func(s *stub) string {
			return sign(key(), "RS256", s.idToken(map[string]any{"exp": time.Now().Add(-time.Hour).Unix()}))
		}, ports.ErrUnreachable},
		"without a sub":  {func(s *stub) string { return sign(key(), "RS256", s.idToken(map[string]any{"sub": nil})) }, ports.ErrUnreachable},
		"that is none":   {func(*stub) string { return "not a token" }, ports.ErrMisconfigured},
		"that is absent": {func(*stub) string { return "" }, ports.ErrMisconfigured},
		"changed after it was signed": {func(s *stub) string {
			parts := strings.Split(sign(key(), "RS256", s.idToken(nil)), ".")
			other := strings.Split(sign(key(), "RS256", s.idToken(map[string]any{"sub": "another"})), ".")
			return parts[0] + "." + other[1] + "." + parts[2]
		}, ports.ErrMisconfigured},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStub(t, 200, "")
			s.body["/token"] = tokens(test.token(s))
			finding, err := s.authenticate(t)
			if !errors.Is(err, test.class) || (err == nil) != (finding.Kind == domain.PasswordAccepted) {
				t.Errorf("%v, %v; want %v", finding, err, test.class)
			}
			holdsNoSecret(t, err)
		})
	}
}

func TestUserinfoSpeaksOfTheSamePerson(t *testing.T) {
	t.Parallel()
	userinfo := func(s *oidcsource.Settings) { s.Profile = oidcsource.ProfileUserinfo }
	withoutKeys := func(st *stub) func(s *oidcsource.Settings) {
		return func(s *oidcsource.Settings) {
			s.Profile, s.Issuer = oidcsource.ProfileUserinfo, ""
			s.TokenURL, s.UserinfoURL = webclient.URL(st.url+"/token"), webclient.URL(st.url+"/userinfo")
		}
	}
	for name, test := range map[string]struct {
		sub, body string
		status    int
		class     error
	}{
		"the same sub":           {"s-1", `{"sub":"s-1","preferred_username":"hanako"}`, 200, nil},
		"no ID token":            {"", `{"sub":"s-1","preferred_username":"hanako"}`, 200, nil},
		"another sub":            {"s-1", `{"sub":"s-2","preferred_username":"hanako"}`, 200, ports.ErrUnreachable},
		"two subs":               {"s-1", `{"sub":"s-2","sub":"s-1","preferred_username":"hanako"}`, 200, ports.ErrUnreachable},
		"a claim twice":          {"s-1", `{"sub":"s-1","email_verified":false,"email_verified":true,"preferred_username":"hanako"}`, 200, ports.ErrUnreachable},
		"half a character":       {"s-1", `{"sub":"s-1","preferred_username":"hanako\ud800"}`, 200, ports.ErrUnreachable},
		"no sub":                 {"s-1", `{"preferred_username":"hanako"}`, 200, ports.ErrUnreachable},
		"no object":              {"s-1", `["hanako"]`, 200, ports.ErrUnreachable},
		"null":                   {"s-1", `null`, 200, ports.ErrUnreachable},
		"a token in its place":   {"s-1", `eyJhbGciOiJSUzI1NiJ9.e30.AA`, 200, ports.ErrMisconfigured},
		"not for us":             {"s-1", `{"error":"insufficient_scope"}`, 403, ports.ErrMisconfigured},
		"too many requests":      {"s-1", ``, 429, ports.ErrThrottled},
		"out of order":           {"s-1", `{"sub":"s-1"}`, 503, ports.ErrUnreachable},
		"somewhere else":         {"s-1", ``, 307, ports.ErrMisconfigured},
		"more than can be meant": {"s-1", `{"sub":"s-1","x":"` + strings.Repeat("x", 1<<20) + `"}`, 200, ports.ErrUnreachable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStub(t, 200, "")
			token := ""
			if test.sub != "" {
				token = sign(key(), "RS256", s.idToken(map[string]any{"sub": test.sub}))
			}
			s.body["/token"], s.body["/userinfo"], s.status["/userinfo"] = tokens(token), test.body, test.status
			for way, change := range map[string]func(*oidcsource.Settings){"discovered": userinfo, "given": withoutKeys(s)} {
				finding, err := s.authenticate(t, change)
				if !errors.Is(err, test.class) || (err == nil) != (finding.Kind == domain.PasswordAccepted) {
					t.Errorf("%s: %v, %v; want %v", way, finding, err, test.class)
				}
				holdsNoSecret(t, err)
			}
			if len(s.requests("/elsewhere")) != 0 {
				t.Error("a redirect was followed, with a token")
			}
		})
	}
}

func TestClaimsAreAProfile(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		claims     map[string]any
		username   string
		attributes map[string]string
		groups     []string
		change     func(*oidcsource.Settings)
	}{
		"Keycloak's": {
			map[string]any{"email_verified": false, "name": "Hanako Y", "session_state": "x", "sid": "x", "typ": "ID", "acr": "1", "azp": "x", "groups": []string{"/staff"}},
			"sub-of-hanako",
			map[string]string{"sub": "sub-of-hanako", "email": username, "email_verified": "false", "name": "Hanako Y"},
			[]string{"/staff"}, nil,
		},
		"Auth0's": {
			map[string]any{"sub": "auth0|5f7c8ec7", "preferred_username": nil, "nickname": "hanako", "updated_at": "2023-11-14T22:13:20.123Z", "https://acme.example/tier": "gold"},
			"auth0|5f7c8ec7",
			map[string]string{"sub": "auth0|5f7c8ec7", "email": username, "email_verified": "true", "nickname": "hanako", "updated_at": "2023-11-14T22:13:20.123Z", "https://acme.example/tier": "gold"},
			nil, nil,
		},
		"another claim for the username": {
			map[string]any{"upn": "hanako@corp.example", "email": nil, "email_verified": nil, "roles": []string{"a", "b"}},
			"sub-of-hanako",
			map[string]string{"sub": "sub-of-hanako", "preferred_username": "hanako", "upn": "hanako@corp.example"},
			[]string{"a", "b"},
			func(s *oidcsource.Settings) { s.UsernameClaim, s.GroupsClaim = "upn", "roles" },
		},
		"values of every kind": {
			map[string]any{
				"email_verified": "TRUE", "phone_number_verified": "yes", "phone_number": "+4912345", "address": map[string]any{"formatted": "1 Way"},
				"updated_at": 1700000000, "n": 1.5, "b": true, "nothing": nil, "list": []string{"x"}, "object": map[string]any{"x": 1}, "empty": "", "groups": "staff",
			},
			"sub-of-hanako",
			map[string]string{
				"sub": "sub-of-hanako", "email": username, "email_verified": "TRUE", "phone_number_verified": "yes", "phone_number": "+4912345",
				"address": "1 Way", "updated_at": "1700000000", "n": "1.5", "b": "true", "groups": "staff",
			},
			nil, nil,
		},
		"an email address that nobody vouches for": {
			map[string]any{"email_verified": nil}, "sub-of-hanako",
			map[string]string{"sub": "sub-of-hanako", "email": username}, nil, nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStub(t, 200, "")
			claims := s.idToken(test.claims)
			userinfo, err := json.Marshal(claims)
			if err != nil {
				t.Fatal(err)
			}
			s.body["/token"], s.body["/userinfo"] = tokens(sign(key(), "RS256", claims)), string(userinfo)
			for _, way := range []oidcsource.Profile{oidcsource.ProfileIDToken, oidcsource.ProfileUserinfo} {
				finding, err := s.authenticate(t, func(s *oidcsource.Settings) {
					s.Profile = way
					if test.change != nil {
						test.change(s)
					}
				})
				if err != nil {
					t.Fatalf("%s: %v", way, err)
				}
				user := finding.User
				if user.Username != test.username || user.Sub != test.attributes["sub"] || !user.Enabled || user.Status != "" || len(user.MFA) != 0 {
					t.Errorf("%s: the user is %q, %q", way, user.Username, user.Sub)
				}
				if got := map[string]string(user.Attributes); !maps.Equal(got, test.attributes) {
					t.Errorf("%s: got  %q\nwant %q", way, got, test.attributes)
				}
				if !slices.Equal(user.Groups, test.groups) || user.GroupsKnown != (test.groups != nil) {
					t.Errorf("%s: groups %q, known %t", way, user.Groups, user.GroupsKnown)
				}
			}
		})
	}
}

// A claim that the person may have written names nobody, unless it is the very
// name by which the provider took the password.
func TestTheUsernameClaimCountsWhereItIsWhatWasTyped(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		typed    string
		claim    string // the setting
		claims   map[string]any
		username string
		owns     bool
	}{
		"the claim was typed":                         {"hanako", "preferred_username", nil, "hanako", true},
		"in another letter case":                      {"HANAKO", "preferred_username", nil, "hanako", true},
		"an address was typed, and the claim is hers": {username, "preferred_username", nil, "sub-of-hanako", true},
		"an address was typed, and the claim is not":  {username, "preferred_username", map[string]any{"preferred_username": "admin"}, "sub-of-hanako", true},
		"an address that nobody proved was typed":     {username, "preferred_username", map[string]any{"email_verified": false}, "sub-of-hanako", false},
		"an address of which nothing is said":         {username, "preferred_username", map[string]any{"email_verified": nil}, "sub-of-hanako", false},
		"an address that is the claim":                {username, "preferred_username", map[string]any{"preferred_username": username, "email_verified": nil}, username, true},
		"another claim was typed":                     {"hanako@corp.example", "upn", map[string]any{"upn": "hanako@corp.example"}, "hanako@corp.example", true},
		"another claim is somebody's name":            {username, "upn", map[string]any{"upn": "admin"}, "sub-of-hanako", true},
		"the login name, where another claim is set":  {"hanako", "upn", map[string]any{"upn": "admin"}, "sub-of-hanako", true},
		"a nickname was typed":                        {"hana", "preferred_username", map[string]any{"nickname": "hana"}, "sub-of-hanako", false},
		"there is no claim":                           {username, "preferred_username", map[string]any{"preferred_username": nil}, "sub-of-hanako", true},
		"the claim is a list":                         {"hanako", "preferred_username", map[string]any{"preferred_username": []string{"hanako"}}, "sub-of-hanako", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStub(t, 200, "")
			s.body["/token"] = tokens(sign(key(), "RS256", s.idToken(test.claims)))
			settings := s.settings(func(s *oidcsource.Settings) { s.UsernameClaim = test.claim })
			finding, err := open(t, settings).Authenticate(t.Context(), test.typed, domain.NewPassword(password))
			if err != nil || finding.User.Username != test.username || finding.User.Owns(test.typed) != test.owns {
				t.Errorf("the username is %q, owned %t, %v", finding.User.Username, finding.User.Owns(test.typed), err)
			}
			decision := domain.Decide(domain.DefaultRules(), domain.Attempt{Trigger: domain.TriggerAuthentication, Username: test.typed}, finding)
			if name := decision.User.Username; name != "" && !strings.EqualFold(name, test.typed) {
				t.Errorf("the user is created as %q", name)
			}
		})
	}
}

func TestDiscovery(t *testing.T) {
	t.Parallel()
	const document = "/.well-known/openid-configuration"
	for name, test := range map[string]struct {
		change func(*stub)
		class  error
	}{
		"another issuer":         {func(s *stub) { s.body[document] = strings.Replace(s.body[document], s.url, "https://evil.example", 1) }, ports.ErrMisconfigured},
		"no such page":           {func(s *stub) { s.status[document] = http.StatusNotFound }, ports.ErrMisconfigured},
		"out of order":           {func(s *stub) { s.status[document] = http.StatusBadGateway }, ports.ErrUnreachable},
		"too many requests":      {func(s *stub) { s.status[document] = http.StatusTooManyRequests }, ports.ErrThrottled},
		"somewhere else":         {func(s *stub) { s.status[document] = http.StatusMovedPermanently }, ports.ErrMisconfigured},
		"no JSON":                {func(s *stub) { s.body[document] = "<html>" }, ports.ErrUnreachable},
		"more than can be meant": {func(s *stub) { s.body[document] += strings.Repeat(" ", 1<<20) }, ports.ErrUnreachable},
		"no token endpoint":      {func(s *stub) { s.body[document] = strings.Replace(s.body[document], "token_endpoint", "x", 1) }, ports.ErrMisconfigured},
		"a token endpoint in clear": {func(s *stub) {
			s.body[document] = strings.Replace(s.body[document], s.url+"/token", "http://192.0.2.1/token", 1)
		}, ports.ErrMisconfigured},
		"a token endpoint of a file": {func(s *stub) {
			s.body[document] = strings.Replace(s.body[document], s.url+"/token", "file:///etc/passwd", 1)
		}, ports.ErrMisconfigured},
		"no keys":            {func(s *stub) { s.body[document] = strings.Replace(s.body[document], "jwks_uri", "x", 1) }, ports.ErrMisconfigured},
		"keys out of order":  {func(s *stub) { s.status["/keys"] = http.StatusServiceUnavailable }, ports.ErrUnreachable},
		"keys throttled":     {func(s *stub) { s.status["/keys"] = http.StatusTooManyRequests }, ports.ErrThrottled},
		"keys that are none": {func(s *stub) { s.body["/keys"] = "<html>" }, ports.ErrMisconfigured},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStub(t, 200, "")
			s.body["/token"] = tokens(sign(key(), "RS256", s.idToken(nil)))
			in := maps.Clone(s.body)
			test.change(s)
			source := open(t, s.settings())
			finding, err := source.Authenticate(t.Context(), username, domain.NewPassword(password))
			if !errors.Is(err, test.class) || finding.Kind != 0 {
				t.Errorf("%v, %v; want %v", finding, err, test.class)
			}
			holdsNoSecret(t, err)
			if name == "no keys" {
				return // that it has none is remembered
			}
			// What went wrong is not kept. For the moment in which a fetch of keys ends, the
			// library still gives its result to the next caller.
			s.mu.Lock()
			s.body, s.status = in, map[string]int{}
			s.mu.Unlock()
			for deadline := time.Now().Add(time.Minute); err != nil && time.Now().Before(deadline); {
				finding, err = source.Authenticate(t.Context(), username, domain.NewPassword(password))
			}
			if err != nil || finding.Kind != domain.PasswordAccepted {
				t.Errorf("afterwards: %v, %v", finding, err)
			}
		})
	}
	t.Run("is asked once", func(t *testing.T) {
		t.Parallel()
		s := newStub(t, 200, "")
		s.body["/token"] = tokens(sign(key(), "RS256", s.idToken(nil)))
		source := open(t, s.settings())
		if err := source.Warm(t.Context()); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			if _, err := source.Authenticate(t.Context(), username, domain.NewPassword(password)); err != nil {
				t.Fatal(err)
			}
		}
		if documents, keys := len(s.requests(document)), len(s.requests("/keys")); documents != 1 || keys != 1 {
			t.Errorf("the document was fetched %d times, the keys %d times", documents, keys)
		}
	})
}

// A claim names second factors that the password grant never asked for.
func TestAClaimNamesSecondFactors(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		value  any
		absent bool
		want   []domain.MFAMethod
	}{
		"no claim":            {absent: true},
		"null":                {value: nil},
		"false":               {value: false},
		"an empty list":       {value: []string{}},
		"true":                {value: true, want: []domain.MFAMethod{domain.MFAOther}},
		"a name":              {value: "SMS_MFA", want: []domain.MFAMethod{domain.MFASMS}},
		"a list":              {value: []string{"totp", "webauthn"}, want: []domain.MFAMethod{domain.MFASoftwareToken, domain.MFAPasskey}},
		"a word nobody knows": {value: "duo", want: []domain.MFAMethod{domain.MFAOther}},
		"a number":            {value: 2, want: []domain.MFAMethod{domain.MFAOther}},
		"a list of objects":   {value: []any{map[string]string{"type": "yubikey"}}, want: []domain.MFAMethod{domain.MFAOther}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStub(t, 200, "")
			extra := map[string]any{}
			if !test.absent {
				extra["factors"] = test.value
			}
			claims := s.idToken(extra)
			userinfo, err := json.Marshal(claims)
			if err != nil {
				t.Fatal(err)
			}
			s.body["/token"], s.body["/userinfo"] = tokens(sign(key(), "RS256", claims)), string(userinfo)
			for _, way := range []oidcsource.Profile{oidcsource.ProfileIDToken, oidcsource.ProfileUserinfo} {
				finding, err := s.authenticate(t, func(s *oidcsource.Settings) { s.Profile, s.MFAClaim = way, "factors" })
				if err != nil || !slices.Equal(finding.User.MFA, test.want) || !finding.User.MFAUnasked {
					t.Errorf("%s: got %v, %v, want %v", way, finding.User.MFA, err, test.want)
				}
				if _, moves := finding.User.Attributes["factors"]; moves {
					t.Errorf("%s: the factors are an attribute too", way)
				}
				decision := domain.Decide(domain.DefaultRules(), domain.Attempt{Trigger: domain.TriggerAuthentication, Username: username, Password: domain.NewPassword("x")}, finding)
				if refused := decision.Reason == domain.ReasonMFARequired; refused != (test.want != nil) {
					t.Errorf("%s: got %v", way, decision)
				}
			}
		})
	}
}
