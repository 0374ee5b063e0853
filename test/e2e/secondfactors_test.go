package e2e_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cognito-user-migration/app/everything"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
	"cognito-user-migration/test/process"
)

const passkeysAsFactor = "MULTI_FACTOR_WITH_USER_VERIFICATION"

// way is one of the ways in which a user can come to be migrated.
type way struct {
	event        func(person) string
	signIn       operation // nil: the sign-in is not asked for
	status       string
	factorsAsked bool // the profile alone does not tell
	reason       domain.Reason
}

func ways() map[string]way {
	signsIn := func(p person) string { return signIn(p.username, p.password) }
	return map[string]way{
		"sign-in": {event: signsIn, signIn: challenge("WEB_AUTHN"), status: "CONFIRMED"},
		"temporary password": {
			event: signsIn, signIn: challenge("NEW_PASSWORD_REQUIRED"), status: "FORCE_CHANGE_PASSWORD", factorsAsked: true, reason: domain.ReasonTemporaryPassword,
		},
		"required reset": {
			event: signsIn, signIn: awsError("PasswordResetRequiredException", "Password reset required for the user"), status: "RESET_REQUIRED",
			factorsAsked: true, reason: domain.ReasonResetRequired,
		},
		"forgot-password": {
			event: func(p person) string { return forgotPassword(p.username) }, status: "CONFIRMED", factorsAsked: true, reason: domain.ReasonForgotPassword,
		},
	}
}

// prepare sets the stub up for a way.
func (w way) prepare(s *stub, p person) {
	if w.signIn != nil {
		s.on("AdminInitiateAuth", w.signIn)
	}
	s.on("AdminGetUser", profile(p, map[string]any{"UserStatus": w.status}))
}

// The profile lists no factor; the pool requires one of everybody, or the user has a
// passkey. Nobody sets SOURCE_MFA.
func TestNoWayStepsAroundAFactorThatOnlyThePoolTells(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		pool    operation
		factors []string
		choice  string
		profile string
		reason  domain.Reason
	}{
		"required by the pool": {pool: mfaConfig("ON", ""), reason: domain.ReasonMFARequired},
		"a passkey":            {pool: mfaConfig("OPTIONAL", passkeysAsFactor), factors: []string{"PASSWORD", "WEB_AUTHN"}, reason: domain.ReasonMFARequired},
		"required by the pool, concurrent profile": {pool: mfaConfig("ON", ""), profile: "concurrent", reason: domain.ReasonMFARequired},
		"a passkey, profile of the token":          {pool: mfaConfig("OPTIONAL", passkeysAsFactor), factors: []string{"PASSWORD", "WEB_AUTHN"}, profile: "id_token", reason: domain.ReasonMFARequired},
		"required by the pool, carry":              {pool: mfaConfig("ON", ""), choice: "carry", reason: domain.ReasonMFANotCarried},
		"a passkey, carry":                         {pool: mfaConfig("OPTIONAL", passkeysAsFactor), factors: []string{"PASSWORD", "WEB_AUTHN"}, choice: "carry", reason: domain.ReasonMFANotCarried},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPerson()
			s := newStubFor(t, p)
			s.on("GetUserPoolMfaConfig", row.pool)
			s.on("AdminGetUserAuthFactors", authFactors(p, row.factors...))
			settings := s.settings()
			if row.profile != "" {
				settings = settings.with("SOURCE_PROFILE", row.profile)
			}
			if row.choice != "" {
				settings = settings.with("MIGRATE_ON_MFA", row.choice, "MIGRATE_DESTINATION_MFA", "OPTIONAL,SMS_MFA")
			}
			f := start(t, settings)
			f.hidePerson(p)
			for name, way := range ways() {
				t.Log(name)
				way.prepare(s, p)
				f.refuses(way.event(p), row.reason)
			}
			if n := len(s.inputs("GetUserPoolMfaConfig")); n != 1 {
				t.Errorf("the pool was asked %d times", n)
			}
		})
	}
}

// Users without a factor migrate on the same ways, and MIGRATE_ON_MFA=migrate asks
// nothing.
func TestWhoHasNoFactorMigratesOnEveryWay(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		pool         operation
		factors      []string
		settings     []string
		pools, users int // how often they are asked for, in three attempts
	}{
		"the pool asks nobody":         {pool: mfaConfig("OFF", ""), pools: 1},
		"passkeys replace passwords":   {pool: mfaConfig("OPTIONAL", "SINGLE_FACTOR"), factors: []string{"PASSWORD", "WEB_AUTHN"}, pools: 1},
		"no passkey":                   {pool: mfaConfig("OPTIONAL", passkeysAsFactor), factors: []string{"PASSWORD", "EMAIL_OTP"}, pools: 1, users: 3},
		"SOURCE_MFA=OFF":               {settings: []string{"SOURCE_MFA", "OFF"}},
		"everybody migrates":           {settings: []string{"MIGRATE_ON_MFA", "migrate"}},
		"everybody migrates, required": {settings: []string{"MIGRATE_ON_MFA", "migrate", "SOURCE_MFA", "ON"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPerson()
			s := newStubFor(t, p)
			s.on("GetUserPoolMfaConfig", awsError("AccessDeniedException", "no"))
			if row.pool != nil {
				s.on("GetUserPoolMfaConfig", row.pool)
			}
			s.on("AdminGetUserAuthFactors", authFactors(p, row.factors...))
			f := start(t, s.settings().with(row.settings...))
			f.hidePerson(p)
			f.migrates(signIn(p.username, p.password), domain.ReasonPasswordAccepted)
			if n := len(s.inputs("GetUserPoolMfaConfig")) + len(s.inputs("AdminGetUserAuthFactors")); n != 0 {
				t.Errorf("a completed sign-in asks %d times more", n)
			}
			for _, way := range ways() {
				if way.factorsAsked {
					way.prepare(s, p)
					f.migrates(way.event(p), way.reason)
				}
			}
			if pools, users := len(s.inputs("GetUserPoolMfaConfig")), len(s.inputs("AdminGetUserAuthFactors")); pools != row.pools || users != row.users {
				t.Errorf("asked %d times for the pool and %d times for the user, want %d and %d", pools, users, row.pools, row.users)
			}
		})
	}
}

// A source that cannot tell lets nobody in, and is asked again.
func TestWhereThePoolCannotBeAskedNobodyIsLetIn(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		answer operation
		reason domain.Reason
	}{
		"not permitted": {awsError("AccessDeniedException", "User is not authorized to perform this"), domain.ReasonSourceMisconfigured},
		"throttled":     {awsError("TooManyRequestsException", "Rate exceeded"), domain.ReasonSourceThrottled},
		"down":          {awsErrorStatus(http.StatusInternalServerError, "InternalErrorException", "Sorry"), domain.ReasonSourceUnreachable},
		"empty":         {answer(map[string]any{}), domain.ReasonSourceUnreachable},
	} {
		for _, operation := range []string{"GetUserPoolMfaConfig", "AdminGetUserAuthFactors"} {
			t.Run(name+", "+operation, func(t *testing.T) {
				t.Parallel()
				p := newPerson()
				s := newStubFor(t, p)
				s.on("GetUserPoolMfaConfig", mfaConfig("OPTIONAL", passkeysAsFactor))
				s.on("AdminGetUserAuthFactors", authFactors(p, "PASSWORD"))
				s.on(operation, row.answer)
				f := start(t, s.settings())
				f.hidePerson(p)
				for _, way := range ways() {
					if way.factorsAsked {
						way.prepare(s, p)
						f.fails(way.event(p), row.reason)
					}
				}
				s.on("GetUserPoolMfaConfig", mfaConfig("OPTIONAL", passkeysAsFactor))
				s.on("AdminGetUserAuthFactors", authFactors(p, "PASSWORD"))
				f.migrates(forgotPassword(p.username), domain.ReasonForgotPassword)
			})
		}
	}
}

// The setting says that the pool requires a second factor of all users, and nothing
// is asked.
func TestAFactorThatThePoolRequiresIsNotSteppedAround(t *testing.T) {
	t.Parallel()
	p := newPerson()
	s := newStubFor(t, p)
	f := start(t, s.settings().with("SOURCE_MFA", "ON"))
	f.hidePerson(p)
	for _, way := range ways() {
		way.prepare(s, p)
		f.refuses(way.event(p), domain.ReasonMFARequired)
	}
	if n := len(s.inputs("GetUserPoolMfaConfig")); n != 0 {
		t.Errorf("the pool was asked %d times", n)
	}
}

func TestACodeBySMSIsCarriedOver(t *testing.T) {
	t.Parallel()
	p := newPerson()
	s := newStubFor(t, p)
	f := start(t, s.settings().with("MIGRATE_ON_MFA", "carry", "MIGRATE_DESTINATION_MFA", "OPTIONAL,SMS_MFA"))
	f.hidePerson(p)
	phone := map[string]any{
		"UserMFASettingList": []string{"SMS_MFA"}, "PreferredMfaSetting": "SMS_MFA",
		"UserAttributes": []map[string]string{
			{"Name": "sub", "Value": "1a9d6b0f-0000-4000-8000-00000000000a"}, {"Name": "email", "Value": p.username + "@example.com"}, {"Name": "email_verified", "Value": "true"},
			{"Name": "phone_number", "Value": "+81901234567"}, {"Name": "phone_number_verified", "Value": "true"},
		},
	}
	s.on("AdminInitiateAuth", challenge("SMS_MFA"))
	s.on("AdminGetUser", profile(p, phone))
	result := f.invoke(signIn(p.username, p.password))
	if !strings.Contains(string(result.Payload), `"enableSMSMFA":true`) || !strings.Contains(string(result.Payload), `"finalUserStatus":"CONFIRMED"`) {
		t.Errorf("got %s", result.Payload)
	}
	s.on("AdminInitiateAuth", challenge("SOFTWARE_TOKEN_MFA"))
	s.on("AdminGetUser", profile(p, map[string]any{"UserMFASettingList": []string{"SOFTWARE_TOKEN_MFA"}, "PreferredMfaSetting": "SOFTWARE_TOKEN_MFA"}))
	f.refuses(signIn(p.username, p.password), domain.ReasonMFANotCarried)
}

func TestAWeakPasswordIsKeptReplacedOrRefused(t *testing.T) {
	t.Parallel()
	p := newPerson()
	s := newStubFor(t, p)
	const policy = "MinimumLength=99"
	for choice, reason := range map[string]domain.Reason{"migrate": domain.ReasonPasswordAccepted, "reset": domain.ReasonWeakPassword} {
		t.Run(choice, func(t *testing.T) {
			f := start(t, s.settings().with("MIGRATE_ON_WEAK_PASSWORD", choice, "MIGRATE_PASSWORD_POLICY", policy))
			f.hidePerson(p)
			want := map[string]string{"migrate": "CONFIRMED", "reset": "RESET_REQUIRED"}[choice]
			if answer := f.migrates(signIn(p.username, p.password), reason); answer.status() != want {
				t.Errorf("got %s, want %s", answer.status(), want)
			}
		})
	}
	t.Run("refuse", func(t *testing.T) {
		f := start(t, s.settings().with("MIGRATE_ON_WEAK_PASSWORD", "refuse", "MIGRATE_PASSWORD_POLICY", policy))
		f.hidePerson(p)
		f.refuses(signIn(p.username, p.password), domain.ReasonWeakPassword)
	})
}

// One rule for every kind: a source that cannot tell second factors says so in one
// line at start, unless such users migrate anyway.
func TestASourceThatCannotTellSecondFactorsSaysSoAtStart(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	away := "127.0.0.1:" + strings.TrimPrefix(process.ClosedAddress(t), "127.0.0.1:")
	sqlWith := func(query string) settings {
		return settings{"SOURCE_KIND": "sql", "SOURCE_DRIVER": "postgres", "SOURCE_URL": "postgres://a:b@" + away + "/people", "SOURCE_QUERY": query}
	}
	ldap := settings{"SOURCE_KIND": "ldap", "SOURCE_URL": "ldap://" + away, "SOURCE_BASE_DN": "dc=example,dc=com"}
	oidc := settings{"SOURCE_KIND": "oidc", "SOURCE_CLIENT_ID": "c", "SOURCE_PROFILE": "userinfo",
		"SOURCE_TOKEN_URL": "http://" + away + "/token", "SOURCE_USERINFO_URL": "http://" + away + "/userinfo"}
	http := settings{"SOURCE_KIND": "http", "SOURCE_URL": "http://" + away}
	table := newStub(t).settings().with("SOURCE_KIND", "dynamodb", "SOURCE_TABLE", "people", "SOURCE_KEY", "username", "AWS_ENDPOINT_URL_DYNAMODB", "http://"+away)
	for _, name := range []string{"SOURCE_USER_POOL_ID", "SOURCE_CLIENT_ID", "SOURCE_ROLE_ARN", "SOURCE_EXTERNAL_ID"} {
		delete(table, name)
	}
	hook := http.with("SOURCE_CONTRACT", "kratos")
	function := outOfTheWay().with("SOURCE_KIND", "lambda", "SOURCE_FUNCTION", "people", "AWS_ENDPOINT_URL_LAMBDA", "http://"+away, "AWS_ACCESS_KEY_ID", "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY", "secret")
	firebase := settings{"SOURCE_KIND": "firebase", "SOURCE_API_KEY": "key", "SOURCE_EMULATOR_HOST": away, "SOURCE_PROJECT_ID": "demo"}
	json := settings{"SOURCE_KIND": "file", "SOURCE_PATH": file("none.json", `[{"username":"a"}]`)}
	csv := settings{"SOURCE_KIND": "file", "SOURCE_FORMAT": "csv", "SOURCE_PATH": file("none.csv", "username,status\na,CONFIRMED\n")}
	kinds := make(map[string][2]bool) // whether there is a row that tells, and one that does not
	for name, row := range map[string]struct {
		settings settings
		tells    bool
	}{
		"a user pool":                       {newStub(t).settings(), true},
		"JSON without the field":            {json, false},
		"JSON with it":                      {json.with("SOURCE_PATH", file("some.json", `[{"username":"a"},{"username":"b","mfa":"SMS_MFA"}]`)), true},
		"CSV without the column":            {csv, false},
		"CSV with it":                       {csv.with("SOURCE_PATH", file("some.csv", "username,mfa\na,\n")), true},
		"a query without the column":        {sqlWith("SELECT username FROM people WHERE username = :username"), false},
		"a query with it":                   {sqlWith("SELECT username, totp AS mfa FROM people WHERE username = :username"), true},
		"LDAP without an attribute":         {ldap, false},
		"LDAP with one":                     {ldap.with("SOURCE_MFA_ATTRIBUTE", "employeeType"), true},
		"OpenID Connect without a claim":    {oidc, false},
		"OpenID Connect with one":           {oidc.with("SOURCE_MFA_CLAIM", "mfa"), true},
		"a hook without a profile":          {hook, false},
		"a hook with one":                   {hook.with("SOURCE_PROFILE_URL", "http://"+away+"/{username}"), true},
		"the contract of Keycloak's plugin": {http, true},
		"a contract with second factors":    {http.with("SOURCE_CONTRACT", "fusionauth"), true},
		"Firebase":                          {firebase, true},
		"a user pool without a role":        {settings{"SOURCE_KIND": "oidc", "SOURCE_CLIENT_ID": "c", "SOURCE_PRESET": "cognito", "SOURCE_USER_POOL_ID": "us-east-1_A", "SOURCE_DOMAIN": "http://" + away}, true},
		"Okta itself":                       {http.with("SOURCE_CONTRACT", "okta_authn"), true},
		"Supabase":                          {http.with("SOURCE_CONTRACT", "supabase"), true},
		"a table without a field":           {table, false},
		"a table with one":                  {table.with("SOURCE_FIELDS", "mfa=security.mfa"), true},
		"a function of one's own":           {function, true},
		"a user migration function":         {function.with("SOURCE_CONTRACT", "trigger"), false},
		"LDAP, where everybody migrates":    {ldap.with("MIGRATE_ON_MFA", "migrate"), true},
	} {
		kind := row.settings["SOURCE_KIND"]
		if kind == "" {
			kind = "cognito"
		}
		seen := kinds[kind]
		seen[map[bool]int{true: 0, false: 1}[row.tells]] = true
		kinds[kind] = seen
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := start(t, outOfTheWay().with(flat(row.settings)...))
			if err := f.Close(); err != nil {
				t.Fatal(err)
			}
			want := 1
			if row.tells {
				want = 0
			}
			if n := strings.Count(f.Stdout()+f.Stderr(), ports.NoSecondFactors); n != want {
				t.Errorf("it says so %d times, want %d:\n%s", n, want, f.Stdout())
			}
			if want == 1 && !strings.Contains(f.Stdout(), `"source":"SOURCE","kind":"`+kind+`"`) {
				t.Errorf("the line does not name the source:\n%s", f.Stdout())
			}
		})
	}
	for _, kind := range everything.Parts(nil).Sources {
		if seen := kinds[kind.Name]; !seen[0] || !seen[1] && kind.Name != "cognito" && kind.Name != "firebase" {
			t.Errorf("%s: nobody has tried a source that tells, and one that does not", kind.Name)
		}
	}
}

// A source that names factors and asks for none when it checks a password: each
// form of "has one" refuses, each form of "has none" migrates.
func TestASourceThatNamesFactorsLosesNone(t *testing.T) {
	t.Parallel()
	values := map[string]bool{ // JSON, and whether the user has a factor
		`"SMS_MFA"`: true, `"totp"`: true, `["email"]`: true, `["SMS_MFA","SOFTWARE_TOKEN_MFA"]`: true, `"passkey"`: true, `true`: true, `"yes"`: true,
		`"duo push"`: true, `1`: true,
		`false`: false, `""`: false, `[]`: false, `null`: false, `"none"`: false, `0`: false,
	}
	serve := func(handler http.HandlerFunc) string {
		server := httptest.NewServer(handler)
		t.Cleanup(server.Close)
		return server.URL
	}
	for value, has := range values {
		profile := `{"username":"anna","sub":"sub-of-anna","id":"sub-of-anna","email":"anna@example.com","email_verified":true,"emailVerified":true,` +
			`"enabled":true,"preferred_username":"anna","mfa":` + value + `}`
		service := serve(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			body := profile
			switch {
			case r.URL.Path == "/token":
				body = `{"access_token":"a","token_type":"Bearer","expires_in":60}`
			case r.URL.Path == "/hook":
				body = `{"status":"password_match"}`
			case r.Method == http.MethodPost: // Keycloak's contract: the password is right
				body = ""
			}
			_, _ = io.WriteString(w, body)
		})
		for kind, row := range map[string]struct {
			settings settings
			looksUp  bool
		}{
			"keycloak": {settings{"SOURCE_KIND": "http", "SOURCE_URL": service + "/users"}, true},
			"kratos":   {settings{"SOURCE_KIND": "http", "SOURCE_CONTRACT": "kratos", "SOURCE_URL": service + "/hook", "SOURCE_PROFILE_URL": service + "/profiles/{username}"}, true},
			"oidc": {settings{"SOURCE_KIND": "oidc", "SOURCE_CLIENT_ID": "c", "SOURCE_PROFILE": "userinfo", "SOURCE_MFA_CLAIM": "mfa",
				"SOURCE_TOKEN_URL": service + "/token", "SOURCE_USERINFO_URL": service + "/userinfo"}, false},
			"file": {settings{"SOURCE_KIND": "file", "SOURCE_PATH": func() string {
				path := filepath.Join(t.TempDir(), "people.json")
				text := `[{"username":"anna","password_hash":"` + fileHash + `","attributes":{"email":"anna@example.com","email_verified":true},"mfa":` + value + `}]`
				if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
				return path
			}()}, true},
		} {
			t.Run(kind+" "+value, func(t *testing.T) {
				t.Parallel()
				f := start(t, outOfTheWay().with(flat(row.settings)...))
				f.hide(filePassword)
				if has {
					f.refuses(signIn("anna", filePassword), domain.ReasonMFARequired)
				} else {
					f.migrates(signIn("anna", filePassword), domain.ReasonPasswordAccepted)
				}
				switch {
				case !row.looksUp:
				case has:
					f.refuses(forgotPassword("anna"), domain.ReasonMFARequired)
				default:
					f.migrates(forgotPassword("anna"), domain.ReasonForgotPassword)
				}
			})
		}
	}
}
