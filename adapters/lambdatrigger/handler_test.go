package lambdatrigger_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"cognito-user-migration/adapters/lambdatrigger"
	"cognito-user-migration/domain"

	"github.com/aws/aws-lambda-go/lambda/messages"
	"github.com/aws/aws-lambda-go/lambdacontext"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
)

// migrator gives the answer of the test, and stores the attempt.
type migrator struct {
	decision domain.Decision
	err      error
	asked    []domain.Attempt
	deadline time.Time
	do       func(context.Context)
}

func (m *migrator) Migrate(ctx context.Context, attempt domain.Attempt) (domain.Decision, error) {
	m.asked = append(m.asked, attempt)
	m.deadline, _ = ctx.Deadline()
	if m.do != nil {
		m.do(ctx)
	}
	return m.decision, m.err
}

func migrated() domain.Decision {
	return domain.Decision{
		Verdict: domain.Migrate,
		Reason:  domain.ReasonPasswordAccepted,
		User: domain.NewUser{
			Username:        "alice",
			Attributes:      domain.Attributes{"email": "alice@example.com", "email_verified": "true"},
			FinalStatus:     domain.FinalConfirmed,
			SuppressMessage: true,
		},
	}
}

func refused(reason domain.Reason) domain.Decision {
	return domain.Decision{Reason: reason}
}

// invocation is one call of the handler and all that came of it.
type invocation struct {
	answer []byte
	err    error
	logs   *observer.ObservedLogs
}

func invoke(m lambdatrigger.Migrator, options lambdatrigger.Options, payload []byte) invocation {
	core, logs := observer.New(zap.DebugLevel)
	handler := lambdatrigger.New(m, zap.New(core), options)
	ctx := lambdacontext.NewContext(context.Background(), &lambdacontext.LambdaContext{AwsRequestID: "request-1"})
	answer, err := handler.Invoke(ctx, payload)
	return invocation{answer, err, logs}
}

// public is the error as Lambda shows it.
func (i invocation) public(t *testing.T) messages.InvokeResponse_Error {
	t.Helper()
	public, ok := errors.AsType[messages.InvokeResponse_Error](i.err)
	if !ok {
		t.Fatalf("got %v, and answer %s; want an error for Cognito", i.err, i.answer)
	}
	return public
}

// logged is all that the log says.
func (i invocation) logged() string {
	var text strings.Builder
	for _, entry := range i.logs.All() {
		fmt.Fprintln(&text, entry.Message, entry.ContextMap())
	}
	return text.String()
}

func event(t *testing.T, name string) []byte {
	t.Helper()
	payload, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return payload
}

// fields decodes an event, its numbers as they are written.
func fields(t *testing.T, payload []byte) map[string]any {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(payload))
	decoder.UseNumber()
	var read map[string]any
	if err := decoder.Decode(&read); err != nil {
		t.Fatalf("%v in %s", err, payload)
	}
	return read
}

func TestAnAttemptIsReadFromTheEvent(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]domain.Attempt{
		"authentication.json": {
			ID: "request-1", Trigger: domain.TriggerAuthentication, Username: "alice", Password: domain.NewPassword("Pass-word-1!"),
			UserPoolID: "ap-northeast-1_Dest00001", ClientID: "1example23456789",
		},
		"forgot_password.json": {
			ID: "request-1", Trigger: domain.TriggerForgotPassword, Username: "alice@example.com",
			UserPoolID: "ap-northeast-1_Dest00001", ClientID: "1example23456789",
		},
		"tomorrow.json": {
			ID: "request-1", Trigger: domain.TriggerAuthentication, Username: "alice", Password: domain.NewPassword("Pass-word-1!"),
			UserPoolID: "ap-northeast-1_Dest00001",
		},
	} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			m := &migrator{decision: migrated()}
			if got := invoke(m, lambdatrigger.Options{}, event(t, file)); got.err != nil {
				t.Fatal(got.err)
			}
			if len(m.asked) != 1 || !reflect.DeepEqual(m.asked[0], want) {
				t.Errorf("asked %v for %q, want %v", m.asked, m.asked[0].Username, want)
			}
		})
	}
}

func TestARefusalReturnsTheEventAsItCameWithAnEmptyResponse(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"authentication.json", "forgot_password.json", "tomorrow.json"} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			payload := event(t, file)
			got := invoke(&migrator{decision: refused(domain.ReasonPasswordWrong)}, lambdatrigger.Options{}, payload)
			if got.err != nil {
				t.Fatal(got.err)
			}
			want := fields(t, payload)
			want["response"] = map[string]any{}
			if !reflect.DeepEqual(fields(t, got.answer), want) {
				t.Errorf("got %s", got.answer)
			}
			// To the byte, all but the response.
			before, _, _ := bytes.Cut(payload, []byte(`"response"`))
			if !bytes.HasPrefix(got.answer, before) {
				t.Errorf("the fields before the response are not the bytes that came:\n%s", got.answer)
			}
		})
	}
}

func TestAMigratedUserIsWrittenInCognitosWords(t *testing.T) {
	t.Parallel()
	email := domain.Attributes{"email": "alice@example.com", "email_verified": "true"}
	for name, row := range map[string]struct {
		user domain.NewUser
		want string
	}{
		"confirmed, with the username among the attributes": {
			domain.NewUser{Username: "alice", Attributes: email, FinalStatus: domain.FinalConfirmed, SuppressMessage: true},
			`{"userAttributes":{"email":"alice@example.com","email_verified":"true","username":"alice"},"finalUserStatus":"CONFIRMED","messageAction":"SUPPRESS","forceAliasCreation":false}`,
		},
		"to be reset": {
			domain.NewUser{Attributes: email, FinalStatus: domain.FinalResetRequired, SuppressMessage: true},
			`{"userAttributes":{"email":"alice@example.com","email_verified":"true"},"finalUserStatus":"RESET_REQUIRED","messageAction":"SUPPRESS","forceAliasCreation":false}`,
		},
		"after a forgotten password, with the status left out": {
			domain.NewUser{Attributes: email, SuppressMessage: true},
			`{"userAttributes":{"email":"alice@example.com","email_verified":"true"},"messageAction":"SUPPRESS","forceAliasCreation":false}`,
		},
		"with a welcome, an alias taken and codes by SMS": {
			domain.NewUser{Attributes: email, FinalStatus: domain.FinalConfirmed, DeliverByEmail: true, DeliverBySMS: true, ForceAliasCreation: true, EnableSMSMFA: true},
			`{"userAttributes":{"email":"alice@example.com","email_verified":"true"},"finalUserStatus":"CONFIRMED","desiredDeliveryMediums":["EMAIL","SMS"],"forceAliasCreation":true,"enableSMSMFA":true}`,
		},
		"without any attribute": {
			domain.NewUser{FinalStatus: domain.FinalConfirmed, SuppressMessage: true},
			`{"userAttributes":{},"finalUserStatus":"CONFIRMED","messageAction":"SUPPRESS","forceAliasCreation":false}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			before := maps.Clone(row.user.Attributes)
			payload := event(t, "authentication.json")
			got := invoke(&migrator{decision: domain.Decision{Verdict: domain.Migrate, User: row.user}}, lambdatrigger.Options{}, payload)
			if got.err != nil {
				t.Fatal(got.err)
			}
			want := fields(t, payload)
			want["response"] = fields(t, []byte(row.want))
			if !reflect.DeepEqual(fields(t, got.answer), want) {
				t.Errorf("got %s", got.answer)
			}
			if !maps.Equal(row.user.Attributes, before) {
				t.Error("the decision's attributes were changed")
			}
		})
	}
}

func TestAnEventWithoutAResponseGetsOne(t *testing.T) {
	t.Parallel()
	for _, payload := range []string{
		`{"triggerSource":"UserMigration_ForgotPassword","userName":"alice","request":{}}`,
		"{\"triggerSource\":\"UserMigration_ForgotPassword\",\"userName\":\"alice\",\"request\":{} \n } \n",
	} {
		got := invoke(&migrator{decision: refused(domain.ReasonUserUnknown)}, lambdatrigger.Options{}, []byte(payload))
		if got.err != nil {
			t.Fatal(got.err)
		}
		want := fields(t, []byte(payload))
		want["response"] = map[string]any{}
		if !reflect.DeepEqual(fields(t, got.answer), want) {
			t.Errorf("got %s", got.answer)
		}
	}
}

func TestARefusalIsExplainedWhereTheOperatorChoseSo(t *testing.T) {
	t.Parallel()
	seen := map[string]domain.Reason{}
	for _, reason := range domain.RefusalReasons() {
		got := invoke(&migrator{decision: refused(reason)}, lambdatrigger.Options{Explain: true}, event(t, "authentication.json")).public(t)
		if got.Type != lambdatrigger.TypeRefusal || got.Message != lambdatrigger.RefusalText(reason) || got.Message == "" {
			t.Errorf("%s: got %s %q", reason, got.Type, got.Message)
		}
		if other, twice := seen[got.Message]; twice {
			t.Errorf("%s and %s have the same text %q", reason, other, got.Message)
		}
		seen[got.Message] = reason
	}
}

func TestAFailureIsOneFixedTextAndNotARefusal(t *testing.T) {
	t.Parallel()
	for _, explain := range []bool{true, false} {
		got := invoke(&migrator{err: errors.New("the source is down")}, lambdatrigger.Options{Explain: explain}, event(t, "authentication.json"))
		if public := got.public(t); public.Type != lambdatrigger.TypeFailure || public.Message != lambdatrigger.TextFailure {
			t.Errorf("got %s %q", public.Type, public.Message)
		}
		if logged := got.logged(); !strings.Contains(logged, "the source is down") || !strings.Contains(logged, "request-1") {
			t.Errorf("the log says %s", logged)
		}
	}
}

const canary = "canary-5d1e"

func TestABadEventIsOneFixedTextAndNothingOfItIsLogged(t *testing.T) {
	t.Parallel()
	authentication := func(rest string) string {
		return `{"triggerSource":"UserMigration_Authentication",` + rest + `}`
	}
	for name, payload := range map[string]string{
		"nothing":                              ``,
		"null":                                 `null`,
		"an empty event":                       `{}`,
		"an array":                             `["` + canary + `"]`,
		"a text":                               `"` + canary + `"`,
		"broken JSON":                          `{"triggerSource":"UserMigration_Authentication","userName":"` + canary,
		"JSON that goes on":                    authentication(`"userName":"`+canary+`","request":{"password":"p"}`) + `{}`,
		"no trigger source":                    `{"userName":"` + canary + `","request":{"password":"p"}}`,
		"a trigger source of null":             `{"triggerSource":null,"userName":"` + canary + `","request":{"password":"p"}}`,
		"a trigger source that is no name":     `{"triggerSource":"` + canary + ` <script>"}`,
		"a trigger source that is too long":    `{"triggerSource":"` + strings.Repeat("A", 64) + `_B"}`,
		"no username":                          authentication(`"request":{"password":"` + canary + `"}`),
		"a username of null":                   authentication(`"userName":null,"request":{"password":"` + canary + `"}`),
		"an empty username":                    authentication(`"userName":"","request":{"password":"` + canary + `"}`),
		"a username under another spelling":    authentication(`"USERNAME":"` + canary + `","request":{"password":"p"}`),
		"two usernames":                        authentication(`"userName":"a","userName":"` + canary + `","request":{"password":"p"}`),
		"a username that is not UTF-8":         authentication(`"userName":"` + canary + "\xff" + `","request":{"password":"p"}`),
		"a password that is not UTF-8":         authentication(`"userName":"a","request":{"password":"` + canary + "\xc3" + `"}`),
		"two responses":                        authentication(`"userName":"a","request":{"password":"p"},"response":{},"response":{}`),
		"a megabyte of username":               authentication(`"userName":"` + strings.Repeat(canary, 100_000) + `","request":{"password":"p"}`),
		"a username of control characters":     authentication(`"userName":"a\u0000` + canary + `\u001b[31m","request":{"password":"p"}`),
		"no request":                           authentication(`"userName":"` + canary + `"`),
		"a request of null":                    authentication(`"userName":"` + canary + `","request":null`),
		"a request that is a text":             authentication(`"userName":"` + canary + `","request":"p"`),
		"no password on a sign-in":             authentication(`"userName":"` + canary + `","request":{}`),
		"a password of null on a sign-in":      authentication(`"userName":"` + canary + `","request":{"password":null}`),
		"a password that is a number":          authentication(`"userName":"` + canary + `","request":{"password":1}`),
		"a megabyte of password":               authentication(`"userName":"a","request":{"password":"` + strings.Repeat(canary, 100_000) + `"}`),
		"a password under another spelling":    authentication(`"userName":"a","request":{"Password":"` + canary + `"}`),
		"a password on a forgotten one":        `{"triggerSource":"UserMigration_ForgotPassword","userName":"a","request":{"password":"` + canary + `"}}`,
		"a key that is broken":                 `{"triggerSource":"UserMigration_Authentication",` + canary + `:1}`,
		"a value that is broken":               `{"triggerSource":` + canary + `}`,
		"a list of events, as other AWS sends": `{"Records":[{"body":"` + canary + `"}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := &migrator{decision: migrated()}
			got := invoke(m, lambdatrigger.Options{Explain: true}, []byte(payload))
			if public := got.public(t); public.Type != lambdatrigger.TypeMalformed || public.Message != lambdatrigger.TextMalformed {
				t.Errorf("got %s %q", public.Type, public.Message)
			}
			if len(m.asked) > 0 {
				t.Error("an attempt was made of it")
			}
			if logged := got.logged(); strings.Contains(logged, canary) || logged == "" {
				t.Errorf("the log says %s", logged)
			}
		})
	}
}

func TestAnotherTriggerIsNamed(t *testing.T) {
	t.Parallel()
	got := invoke(&migrator{}, lambdatrigger.Options{}, []byte(`{"triggerSource":"PreSignUp_SignUp","userName":"`+canary+`","request":{}}`))
	public := got.public(t)
	if public.Type != lambdatrigger.TypeUnsupported || !strings.Contains(public.Message, "PreSignUp_SignUp") {
		t.Errorf("got %s %q", public.Type, public.Message)
	}
	if logged := got.logged(); !strings.Contains(logged, "PreSignUp_SignUp") || strings.Contains(logged, canary) {
		t.Errorf("the log says %s", logged)
	}
}

func TestAnEmptyPasswordIsTheSourcesToRefuse(t *testing.T) {
	t.Parallel()
	m := &migrator{decision: refused(domain.ReasonPasswordWrong)}
	got := invoke(m, lambdatrigger.Options{}, []byte(`{"triggerSource":"UserMigration_Authentication","userName":"alice","request":{"password":""}}`))
	if got.err != nil || len(m.asked) != 1 || !m.asked[0].Password.Empty() {
		t.Errorf("got %v, asked %v", got.err, m.asked)
	}
}

func TestWhereAnAttemptCameFromIsRecordedOnlyIfItLooksLikeAnID(t *testing.T) {
	t.Parallel()
	m := &migrator{decision: refused(domain.ReasonUserUnknown)}
	got := invoke(m, lambdatrigger.Options{}, []byte(`{"triggerSource":"UserMigration_ForgotPassword","userName":"alice","request":{},`+
		`"userPoolId":"a b\n","callerContext":{"clientId":"`+strings.Repeat("x", 129)+`"}}`))
	if got.err != nil || m.asked[0].UserPoolID != "" || m.asked[0].ClientID != "" {
		t.Errorf("got %v, from pool %q and client %q", got.err, m.asked[0].UserPoolID, m.asked[0].ClientID)
	}
}

func TestTheAttemptEndsBeforeCognitoStopsWaiting(t *testing.T) {
	t.Parallel()
	payload := event(t, "authentication.json")
	const whole = lambdatrigger.CognitoWait
	for name, test := range map[string]struct {
		timeout time.Duration // of the function; none if 0
		started time.Duration // what the start took
		want    []time.Duration
	}{
		"whatever the function's own timeout is":                       {timeout: time.Minute, want: []time.Duration{whole}},
		"and before the function's own timeout, where that is shorter": {timeout: 3 * time.Second, want: []time.Duration{3 * time.Second}},
		"and the first attempt alone has less, by what the start took": {started: 1500 * time.Millisecond, want: []time.Duration{whole - 1500*time.Millisecond, whole}},
		"but never less than half, however long the start took":        {started: time.Minute, want: []time.Duration{whole / 2}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx := t.Context()
				if test.timeout > 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, test.timeout)
					defer cancel()
				}
				m := &migrator{decision: migrated()}
				h := lambdatrigger.New(m, zap.NewNop(), lambdatrigger.Options{})
				if test.started > 0 {
					h.Started(test.started)
				}
				for i, want := range test.want {
					if _, err := h.Invoke(ctx, payload); err != nil {
						t.Fatal(err)
					}
					if got := time.Until(m.deadline); got != want {
						t.Errorf("attempt %d has %v, want %v", i+1, got, want)
					}
				}
			})
		})
	}
}

func TestAPanicIsAFailureThatShowsNothing(t *testing.T) {
	t.Parallel()
	m := &migrator{do: func(context.Context) { panic(canary) }}
	got := invoke(m, lambdatrigger.Options{}, event(t, "authentication.json"))
	if public := got.public(t); public.Message != lambdatrigger.TextFailure {
		t.Errorf("got %q", public.Message)
	}
	if logged := got.logged(); strings.Contains(logged, canary) || !strings.Contains(logged, "string") {
		t.Errorf("the log says %s", logged)
	}
}

func TestOutsideOfLambdaThereIsNoRequestID(t *testing.T) {
	t.Parallel()
	m := &migrator{decision: refused(domain.ReasonUserUnknown)}
	if _, err := lambdatrigger.New(m, zap.NewNop(), lambdatrigger.Options{}).Invoke(context.Background(), event(t, "authentication.json")); err != nil {
		t.Fatal(err)
	}
	if m.asked[0].ID != "" {
		t.Errorf("the ID is %q", m.asked[0].ID)
	}
}

// FuzzInvoke checks that no payload panics, and that errors have fixed texts. A refusal
// returns the same event except for its response.
func FuzzInvoke(f *testing.F) {
	for _, file := range []string{"authentication.json", "forgot_password.json", "tomorrow.json"} {
		payload, err := os.ReadFile(filepath.Join("testdata", file))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(payload)
	}
	for _, seed := range []string{``, `{}`, `{"response":{},"triggerSource":"UserMigration_ForgotPassword","userName":"a","request":{}}`,
		`{"triggerSource":"UserMigration_ForgotPassword","userName":"a","request":{}}`, `{"a":1,"a":2}`, `{"triggerSource":"PreSignUp_SignUp"}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		m := &migrator{decision: refused(domain.ReasonUserUnknown)}
		got := invoke(m, lambdatrigger.Options{}, payload)
		if got.err != nil {
			if public := got.public(t); public.Message != lambdatrigger.TextMalformed && public.Type != lambdatrigger.TypeUnsupported {
				t.Fatalf("got %q", public.Message)
			}
			return
		}
		want := fields(t, payload)
		want["response"] = map[string]any{}
		if !reflect.DeepEqual(fields(t, got.answer), want) {
			t.Fatalf("%s came back as %s", payload, got.answer)
		}
		m.decision = migrated()
		if got := invoke(m, lambdatrigger.Options{}, payload); got.err != nil || !json.Valid(got.answer) {
			t.Fatalf("%s came back as %s, %v", payload, got.answer, got.err)
		}
	})
}
