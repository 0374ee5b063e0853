package e2e_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cognito-user-migration/domain"
	"cognito-user-migration/test/lambdahost"
	"cognito-user-migration/test/peers"
	"cognito-user-migration/test/process"
)

// TestAConfigurationFaultEndsTheStart wants every problem in one init error.
func TestAConfigurationFaultEndsTheStart(t *testing.T) {
	t.Parallel()
	const secret = "canary-value"
	for _, test := range []struct {
		name     string
		settings settings
		names    []string
	}{
		{
			"nothing is set",
			settings{},
			[]string{"SOURCE_USER_POOL_ID", "SOURCE_CLIENT_ID"},
		},
		{
			"everything is wrong",
			settings{
				"MIGRATE_REFUSAL":               secret,
				"MIGRATE_ATTRIBUTES":            "sub,email,email",
				"MIGRATE_VERIFIED_CONTACTS":     secret,
				"MIGRATE_USERNAME":              secret,
				"MIGRATE_ON_MFA":                secret,
				"MIGRATE_ON_TEMPORARY_PASSWORD": secret,
				"MIGRATE_ON_RESET_REQUIRED":     secret,
				"MIGRATE_ON_FORGOT_PASSWORD":    secret,
				"MIGRATE_MESSAGE_ACTION":        secret,
				"MIGRATE_FORCE_ALIAS_CREATION":  secret,
				"MIGRATE_REFUSALS":              secret, // nothing reads it
				"SOURCE_USER_POOL_ID":           secret,
				"SOURCE_REGION":                 secret,
				"SOURCE_ROLE_ARN":               secret,
				"SOURCE_PROFILE":                secret,
				"SOURCE_PATH":                   secret, // the file kind's
				"AUDIT_USERNAME":                secret,
				"AUDIT_SINKS":                   secret,
				"AUDIT_HMAC_KEY":                secret,
				"COMPLETION_AFTER":              secret,
				"LOCKOUT_TABLE":                 secret + "/", // no table can be called so
			},
			[]string{
				"MIGRATE_REFUSAL", "MIGRATE_ATTRIBUTES", "MIGRATE_VERIFIED_CONTACTS", "MIGRATE_USERNAME", "MIGRATE_ON_MFA",
				"MIGRATE_ON_TEMPORARY_PASSWORD", "MIGRATE_ON_RESET_REQUIRED", "MIGRATE_ON_FORGOT_PASSWORD", "MIGRATE_MESSAGE_ACTION", "MIGRATE_FORCE_ALIAS_CREATION",
				"MIGRATE_REFUSALS", "SOURCE_USER_POOL_ID", "SOURCE_CLIENT_ID", "SOURCE_REGION", "SOURCE_ROLE_ARN", "SOURCE_PROFILE", "SOURCE_PATH",
				"AUDIT_USERNAME", "AUDIT_SINKS", "COMPLETION_AFTER", "LOCKOUT_TABLE",
			},
		},
		{
			"a key that can be guessed",
			settings{"SOURCE_USER_POOL_ID": stubUserPool, "SOURCE_CLIENT_ID": stubClient, "AUDIT_HMAC_KEY": secret},
			[]string{"AUDIT_HMAC_KEY"},
		},
		{
			"an unknown kind of source",
			settings{"SOURCE_KIND": secret},
			[]string{"SOURCE_KIND", "cognito", "file"},
		},
		{
			"a completion that is not there yet",
			settings{"SOURCE_USER_POOL_ID": stubUserPool, "SOURCE_CLIENT_ID": stubClient, "COMPLETION_AFTER": "delete"},
			[]string{"COMPLETION_AFTER"},
		},
		{
			"variables in one variable",
			settings{
				"SOURCE_USER_POOL_ID": stubUserPool, "SOURCE_CLIENT_ID": stubClient,
				"SOURCE_VARIABLES": `{"SOURCE_CLIENT_ID":"` + secret + `","OLD_KIND":"` + secret + `","SOURCE_MFAS":"` + secret + `","SOURCE_MFA":7}`,
			},
			[]string{"SOURCE_VARIABLES", "SOURCE_CLIENT_ID", "OLD_KIND", "SOURCE_MFAS", "SOURCE_MFA"},
		},
		{
			"a file that is not there",
			settings{"SOURCE_KIND": "file", "SOURCE_PATH": "no-such-file.json"},
			[]string{"no-such-file.json"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f := launch(t, outOfTheWay().with(flat(test.settings)...))
			f.hide(secret)
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			var initError *lambdahost.InitError
			if err := f.Ready(ctx); !errors.As(err, &initError) {
				t.Fatalf("got %v, want an init error", err)
			}
			var body lambdahost.FunctionError
			if err := json.Unmarshal(initError.Body, &body); err != nil {
				t.Fatal(err)
			}
			for _, name := range test.names {
				if !mentions(body.Message, name) {
					t.Errorf("the init error does not name %s:\n%s", name, body.Message)
				}
			}
			if strings.Contains(body.Message, secret) {
				t.Errorf("the init error repeats a value:\n%s", body.Message)
			}
			if initError.Type == "" || body.Type == "" {
				t.Errorf("the init error has no type: %+v", initError)
			}
			if status, _ := f.ExitStatus(); status != 1 {
				t.Errorf("exit status %d, want 1", status)
			}
		})
	}
}

// mentions reports whether a text has a name as a word of its own.
func mentions(text, name string) bool {
	for rest := text; ; {
		_, after, found := strings.Cut(rest, name)
		if !found {
			return false
		}
		if after == "" || !strings.ContainsAny(after[:1], "ABCDEFGHIJKLMNOPQRSTUVWXYZ_") {
			return true
		}
		rest = after
	}
}

func flat(s settings) []string {
	var pairs []string
	for name, value := range s {
		pairs = append(pairs, name, value)
	}
	return pairs
}

func TestWhatIsUnwiseIsWarnedOf(t *testing.T) {
	t.Parallel()
	s := newStub(t)
	unwise := s.settings().with("MIGRATE_VERIFIED_CONTACTS", "always", "MIGRATE_REFUSAL", "explain")
	delete(unwise, "SOURCE_EXTERNAL_ID")
	f := start(t, unwise)
	warned := func(variable string) bool {
		for line := range strings.Lines(f.Stdout()) {
			var entry struct{ Level, Message string }
			if json.Unmarshal([]byte(line), &entry) == nil && entry.Level == "WARN" && strings.Contains(entry.Message, variable) {
				return true
			}
		}
		return false
	}
	for _, variable := range []string{"MIGRATE_VERIFIED_CONTACTS", "MIGRATE_REFUSAL", "SOURCE_EXTERNAL_ID"} {
		eventually(t, "a warning of "+variable, func() bool { return warned(variable) })
	}
}

func TestTheRoleIsAssumedOnceForManySignIns(t *testing.T) {
	t.Parallel()
	p := newPerson()
	s := newStubFor(t, p)
	f := start(t, s.settings())
	f.hidePerson(p)
	for range 3 {
		f.migrates(signIn(p.username, p.password), domain.ReasonPasswordAccepted)
	}
	calls := s.inputs("AssumeRole")
	if len(calls) != 1 {
		t.Fatalf("the role was assumed %d times", len(calls))
	}
	if calls[0]["ExternalId"] != stubExternalID || calls[0]["RoleArn"] != stubRoleARN {
		t.Errorf("asked with %v", calls[0])
	}
	if name, _ := calls[0]["RoleSessionName"].(string); !strings.Contains(name, peers.TriggerFunction) {
		t.Errorf("session name %q does not tell the function", name)
	}
}

func TestWithoutARoleTheFunctionsOwnCredentialsServe(t *testing.T) {
	t.Parallel()
	source, s := motoSource(t, peers.SourceOptions{})
	s = s.with("AWS_ACCESS_KEY_ID", source.Administrator.AccessKeyID, "AWS_SECRET_ACCESS_KEY", source.Administrator.SecretAccessKey,
		"AWS_ENDPOINT_URL_STS", "http://"+process.ClosedAddress(t))
	delete(s, "SOURCE_ROLE_ARN")
	delete(s, "SOURCE_EXTERNAL_ID")
	p := newPerson()
	if err := source.CreateUser(t.Context(), peers.User{Username: p.username, Password: p.password, Attributes: p.attributes()}); err != nil {
		t.Fatal(err)
	}
	f := start(t, s)
	f.hidePerson(p)
	f.migrates(signIn(p.username, p.password), domain.ReasonPasswordAccepted)
}

func TestAClientWithASecretGetsItsHash(t *testing.T) {
	t.Parallel()
	const secret = "1canary2secret3of4the5client6abcdefghijklmnopqrstuv"
	p := newPerson()
	s := newStubFor(t, p)
	s.on("AdminInitiateAuth", demandHash(secret, signedIn(p, nil)))
	for _, test := range []struct {
		name  string
		given string
		works bool
	}{
		{"the right secret", secret, true},
		{"another secret", secret + "x", false},
		{"no secret", "", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f := start(t, s.settings().with("SOURCE_CLIENT_SECRET", test.given))
			f.hidePerson(p)
			f.hide(secret)
			if test.works {
				f.migrates(signIn(p.username, p.password), domain.ReasonPasswordAccepted)
				return
			}
			// It says nothing of the person, so it is no refusal.
			f.fails(signIn(p.username, p.password), domain.ReasonSourceMisconfigured)
		})
	}
}

// demandHash lets only those through who know the app client's secret, with the
// words that Cognito has for the others.
func demandHash(secret string, then operation) operation {
	return func(w http.ResponseWriter, r *http.Request, input map[string]any) {
		parameters, _ := input["AuthParameters"].(map[string]any)
		username, _ := parameters["USERNAME"].(string)
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write([]byte(username + stubClient))
		switch parameters["SECRET_HASH"] {
		case base64.StdEncoding.EncodeToString(mac.Sum(nil)):
			then(w, r, input)
		case nil:
			awsError("NotAuthorizedException", "Client "+stubClient+" is configured with secret but SECRET_HASH was not received")(w, r, input)
		default:
			awsError("NotAuthorizedException", "Unable to verify secret hash for client "+stubClient)(w, r, input)
		}
	}
}

func TestTheProfileCanComeFromTheIDToken(t *testing.T) {
	t.Parallel()
	t.Run("of moto", func(t *testing.T) {
		t.Parallel()
		source, s := motoSource(t, peers.SourceOptions{ClientReads: []string{"email", "email_verified", "name"}})
		p := newPerson()
		if err := source.CreateUser(t.Context(), peers.User{Username: p.username, Password: p.password, Attributes: p.attributes()}); err != nil {
			t.Fatal(err)
		}
		f := start(t, s.with("SOURCE_PROFILE", "id_token"))
		f.hidePerson(p)
		got := f.migrates(signIn(p.username, p.password), domain.ReasonPasswordAccepted).UserAttributes
		// What the app client may not read is not there.
		want := map[string]string{"username": p.username, "email": p.email, "email_verified": "true", "name": p.name}
		if !maps.Equal(got, want) {
			t.Errorf("attributes %v, want %v", got, want)
		}
	})
	t.Run("without a second call", func(t *testing.T) {
		t.Parallel()
		p := newPerson()
		s := newStubFor(t, p)
		s.on("AdminInitiateAuth", signedIn(p, map[string]any{
			"email": p.email, "email_verified": true, "phone_number": p.phone, "phone_number_verified": false,
			"cognito:groups": []string{"staff"}, "custom:tier": "gold", "updated_at": 1700000000,
		}))
		f := start(t, s.settings().with("SOURCE_PROFILE", "id_token", "MIGRATE_ATTRIBUTES", "*,custom:tier"))
		f.hidePerson(p)
		got := f.migrates(signIn(p.username, p.password), domain.ReasonPasswordAccepted).UserAttributes
		want := map[string]string{
			"username": p.username, "email": p.email, "email_verified": "true", "phone_number": p.phone, "phone_number_verified": "false",
			"custom:tier": "gold", "updated_at": "1700000000",
		}
		if !maps.Equal(got, want) {
			t.Errorf("attributes %v, want %v", got, want)
		}
		if calls := s.inputs("AdminGetUser"); len(calls) != 0 {
			t.Errorf("AdminGetUser was called %d times", len(calls))
		}
	})
	t.Run("a forgotten password has none, and asks", func(t *testing.T) {
		t.Parallel()
		p := newPerson()
		s := newStubFor(t, p)
		f := start(t, s.settings().with("SOURCE_PROFILE", "id_token"))
		f.hidePerson(p)
		f.migrates(forgotPassword(p.username), domain.ReasonForgotPassword)
	})
}

// TestAPoolThatSignsInByEmail has usernames that Cognito made, so none is given
// to the destination.
func TestAPoolThatSignsInByEmail(t *testing.T) {
	t.Parallel()
	source, s := motoSource(t, peers.SourceOptions{SignInByEmail: true})
	p := newPerson()
	if err := source.CreateUser(t.Context(), peers.User{Username: p.email, Password: p.password, Attributes: p.attributes()}); err != nil {
		t.Fatal(err)
	}
	f := start(t, s)
	f.hidePerson(p)
	for name, got := range map[string]response{
		"sign-in":         f.migrates(signIn(p.email, p.password), domain.ReasonPasswordAccepted),
		"forgot-password": f.migrates(forgotPassword(p.email), domain.ReasonForgotPassword),
	} {
		if !maps.Equal(got.UserAttributes, p.attributes()) {
			t.Errorf("%s: attributes %v, want %v", name, got.UserAttributes, p.attributes())
		}
	}
}

func TestAttributesFollowTheRules(t *testing.T) {
	t.Parallel()
	p := newPerson()
	s := newStubFor(t, p)
	f := start(t, s.settings().with("MIGRATE_ATTRIBUTES", "email,custom:legacy_sub=sub,custom:tenant='acme'", "MIGRATE_USERNAME", "omit"))
	f.hidePerson(p)
	got := f.migrates(signIn(p.username, p.password), domain.ReasonPasswordAccepted).UserAttributes
	want := map[string]string{
		"email": p.email, "email_verified": "true",
		"custom:legacy_sub": "5a7d9c1e-0000-4000-8000-000000000001", "custom:tenant": "acme",
	}
	if !maps.Equal(got, want) {
		t.Errorf("attributes %v, want %v", got, want)
	}
}

func TestTheRecordHasTheUsernameAsTheRuleSays(t *testing.T) {
	t.Parallel()
	const key = "canary-key-of-thirty-two-characters-or-more"
	p := newPerson()
	s := newStubFor(t, p)
	s.on("AdminInitiateAuth", awsError("NotAuthorizedException", "Incorrect username or password."))
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(p.username))
	for _, test := range []struct {
		name     string
		settings []string
		want     string
	}{
		{"hmac", []string{"AUDIT_HMAC_KEY", key}, hex.EncodeToString(mac.Sum(nil))},
		{"plain", []string{"AUDIT_USERNAME", "plain"}, p.username},
		{"none", []string{"AUDIT_USERNAME", "none"}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f := start(t, s.settings().with(test.settings...))
			f.hide(p.password, key)
			if test.want != p.username {
				f.hide(p.username)
			}
			typed := p.username
			if test.name == "hmac" { // whatever the letter case
				typed = strings.ToUpper(typed)
			}
			f.refuses(signIn(typed, p.password), domain.ReasonPasswordWrong)
			if got := f.records()[0]; got.Username != test.want || got.UserPoolID != someUserPool || got.ClientID != someClient {
				t.Errorf("recorded %+v, want username %q", got, test.want)
			}
		})
	}
}

// TestAFileOfPeopleIsASource needs neither peer nor stub.
func TestAFileOfPeopleIsASource(t *testing.T) {
	t.Parallel()
	const password, hash = "Canary-File-1234!", "$2a$04$5BzXl.gSpKEFgp9IRMFo8u5KLnCelyTv8FR/BI3nZrC7w8x2x3jKa" // bcrypt, cost 4
	p := newPerson()
	people, err := json.Marshal([]map[string]any{{"username": p.username, "password_hash": hash, "attributes": p.attributes()}})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "people.json")
	if err := os.WriteFile(path, people, 0o600); err != nil {
		t.Fatal(err)
	}
	f := start(t, settings{"SOURCE_KIND": "file", "SOURCE_PATH": path})
	f.hidePerson(p)
	f.hide(password, hash)
	if got := f.migrates(signIn(p.username, password), domain.ReasonPasswordAccepted).UserAttributes; got["email"] != p.email {
		t.Errorf("attributes %v", got)
	}
	f.refuses(signIn(p.username, p.password), domain.ReasonPasswordWrong)
	f.refuses(signIn("nobody", password), domain.ReasonUserUnknown)
	f.migrates(forgotPassword(p.username), domain.ReasonForgotPassword)
}

// TestTheSourceCanBeInOneVariable: the templates pass other sources so, under any
// name.
func TestTheSourceCanBeInOneVariable(t *testing.T) {
	t.Parallel()
	p := newPerson()
	s := newStubFor(t, p)
	packed, rest := map[string]string{"MIGRATE_SOURCES": "OLD"}, settings{"SOURCE_KIND": ""}
	for name, value := range s.settings() {
		if own, ok := strings.CutPrefix(name, "SOURCE_"); ok {
			packed["OLD_"+own] = value
		} else {
			rest[name] = value
		}
	}
	object, err := json.Marshal(packed)
	if err != nil {
		t.Fatal(err)
	}
	f := start(t, rest.with("SOURCE_VARIABLES", string(object)))
	f.hidePerson(p)
	f.migrates(signIn(p.username, p.password), domain.ReasonPasswordAccepted)
	if calls := s.inputs("AssumeRole"); len(calls) != 1 || calls[0]["RoleArn"] != stubRoleARN {
		t.Errorf("the role was assumed by %v", calls)
	}
}
