package e2e_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"cognito-user-migration/adapters/lambdatrigger"
	"cognito-user-migration/domain"
)

// TestEventsComeBackAsTheyCame sends events as they really come, once to be
// refused and once to be answered: but for the response nothing may change.
func TestEventsComeBackAsTheyCame(t *testing.T) {
	t.Parallel()
	p := newPerson()
	s := newStubFor(t, p)
	f := start(t, s.settings())
	f.hidePerson(p)
	f.hide("canary-unknown")
	plain := signIn(p.username, p.password)
	_, response, _ := strings.Cut(plain, `,"response":`)

	for _, test := range []struct{ name, event string }{
		{"nulls everywhere and no clientMetadata", plain},
		{"an empty response", change(t, plain, response, `{}}`)},
		{"a null response", change(t, plain, response, `null}`)},
		{"no response at all", change(t, plain, `,"response":`+response, `}`)},
		{"client metadata and validation data", change(t, plain, `"validationData":null`,
			`"validationData":{"tenant":"canary-unknown"},"clientMetadata":{"a":"canary-unknown"}`)},
		{"unknown fields", change(t, plain, `{"version":"1",`,
			`{"version":"1","canary-unknown":{"deep":[1,2.50,12345678901234567890,{"x":null}]},"later":"<&>\u00e9\u2028",`)},
		{"unknown fields in the request and in the response", change(t, change(t, plain, `"userAttributes":null},`, `"userAttributes":null,"canary-unknown":1},`),
			`"messageAction":null`, `"messageAction":null,"canary-unknown":[]`)},
		{"no caller context", change(t, plain, fmt.Sprintf(`"callerContext":{"awsSdkVersion":"aws-sdk-unknown-unknown","clientId":%q},`, someClient), ``)},
		{"a null client", change(t, plain, quote(someClient), `null`)},
		{"white space", spread(t, plain)},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := f.in(t)
			s.on("AdminInitiateAuth", awsError("NotAuthorizedException", "Incorrect username or password."))
			f.refuses(test.event, domain.ReasonPasswordWrong)
			s.on("AdminInitiateAuth", signedIn(p, nil))
			f.migrates(test.event, domain.ReasonPasswordAccepted)
		})
	}
}

func spread(t *testing.T, event string) string {
	t.Helper()
	var b bytes.Buffer
	b.WriteString("\n\t ")
	if err := json.Indent(&b, []byte(event), "  ", "\t"); err != nil {
		t.Fatal(err)
	}
	return b.String() + "\r\n"
}

// TestBadInputIsTurnedAwayWithAFixedText sends what Cognito would never send.
// The same process takes all of it, and a good event after each.
func TestBadInputIsTurnedAwayWithAFixedText(t *testing.T) {
	t.Parallel()
	p := newPerson()
	s := newStubFor(t, p)
	f := start(t, s.settings())
	f.hidePerson(p)
	f.hide("canary")
	good := signIn(p.username, p.password)
	const megabyte = 1 << 20
	long := strings.Repeat("canary-", megabyte/len("canary-"))

	for _, test := range []struct{ name, event string }{
		{"no bytes", ``},
		{"broken JSON", `{"userName":"canary`},
		{"a sign-in cut short", good[:len(good)/2]},
		{"two events in one", good + good},
		{"a string", `"canary"`},
		{"a number", `4`},
		{"null", `null`},
		{"a list", `[` + good + `]`},
		{"an empty event", `{}`},
		{"a depth that no event has", strings.Repeat(`[`, 100_000) + strings.Repeat(`]`, 100_000)},
		{"a depth that no field has", change(t, good, `"version":"1"`, `"version":`+strings.Repeat(`[`, 100_000)+strings.Repeat(`]`, 100_000))},
		{"a megabyte of username", signIn(long, p.password)},
		{"a megabyte of password", signIn(p.username, long)},
		{"control characters in the username", signIn("canary\r\n\x00\x1b[31m", p.password)},
		{"no username", signIn("", p.password)},
		{"a username that is no text", event("UserMigration_Authentication", []string{"canary"}, p.password)},
		{"two usernames", change(t, good, `"version":"1"`, `"userName":"canary"`)},
		{"a null password on sign-in", event("UserMigration_Authentication", "canary-null", nil)},
		{"no password on sign-in", change(t, good, `"password":`+quote(p.password)+`,`, ``)},
		{"a password that is no text", event("UserMigration_Authentication", "canary", 12345678)},
		{"a password on forgot-password", event("UserMigration_ForgotPassword", p.username, "canary-password")},
		{"a request that is no object", change(t, good, `"request":{"password":`+quote(p.password)+`,"validationData":null,"userAttributes":null}`, `"request":"canary"`)},
		{"no trigger source", change(t, good, `"triggerSource":"UserMigration_Authentication",`, ``)},
		{"a trigger source that is no name", event("canary<script>_"+p.username, p.username, p.password)},
		{"a trigger source that is no text", change(t, good, `"triggerSource":"UserMigration_Authentication"`, `"triggerSource":{"canary":1}`)},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := f.in(t)
			before := len(s.inputs("AdminInitiateAuth")) + len(s.inputs("AdminGetUser"))
			f.says(f.invoke(test.event), lambdatrigger.TypeMalformed, lambdatrigger.TextMalformed)
			if asked := len(s.inputs("AdminInitiateAuth")) + len(s.inputs("AdminGetUser")) - before; asked != 0 {
				t.Errorf("the source was asked %d times", asked)
			}
			f.migrates(good, domain.ReasonPasswordAccepted)
		})
	}
	t.Run("another trigger source is named", func(t *testing.T) {
		f := f.in(t)
		got, err := f.invoke(event("PreSignUp_SignUp", p.username, nil)).Error()
		if err != nil {
			t.Fatal(err)
		}
		if got.Type != lambdatrigger.TypeUnsupported || !strings.Contains(got.Message, "PreSignUp_SignUp") {
			t.Errorf("got %+v, want an error that names PreSignUp_SignUp", got)
		}
		f.migrates(good, domain.ReasonPasswordAccepted)
	})
	t.Run("an empty password is wrong, without asking", func(t *testing.T) {
		before := len(s.inputs("AdminInitiateAuth"))
		f.in(t).refuses(signIn(p.username, ""), domain.ReasonPasswordWrong)
		if len(s.inputs("AdminInitiateAuth")) != before {
			t.Error("the source was asked")
		}
	})
}
