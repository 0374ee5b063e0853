package claimstrigger_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"cognito-user-migration/adapters/claimstrigger"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"
	"pgregory.net/rapid"
)

const (
	ownSub = "2b0e7c1a-0000-4000-8000-00000000000b"
	oldSub = "1a9d6b0f-0000-4000-8000-00000000000a"
)

func handler() (*claimstrigger.Handler, *observer.ObservedLogs) {
	core, logs := observer.New(zapcore.DebugLevel)
	return claimstrigger.New(zap.New(core), claimstrigger.Options{Claim: "legacy_sub", Attribute: "custom:legacy_sub"}), logs
}

func eventOf(version, trigger, attributes, response string) string {
	return `{"version":"` + version + `","triggerSource":"` + trigger + `","region":"ap-northeast-1","userPoolId":"ap-northeast-1_A","userName":"alice",` +
		`"callerContext":{"awsSdkVersion":"x","clientId":"c"},"request":{"userAttributes":` + attributes + `,"groupConfiguration":{"groupsToOverride":["a"]},"scopes":["openid"]},` +
		`"response":` + response + `,"unknown":{"kept":1.50}}`
}

func TestTheClaimIsTheSubOfTheSourceOrElseTheUsersOwn(t *testing.T) {
	t.Parallel()
	const moved = `{"sub":"` + ownSub + `","custom:legacy_sub":"` + oldSub + `","email":"alice@example.com"}`
	const born = `{"sub":"` + ownSub + `","email":"bob@example.com"}`
	const one = `{"claimsOverrideDetails":{"claimsToAddOrOverride":{"legacy_sub":"SUB"}}}`
	const both = `{"claimsAndScopeOverrideDetails":{"idTokenGeneration":{"claimsToAddOrOverride":{"legacy_sub":"SUB"}},"accessTokenGeneration":{"claimsToAddOrOverride":{"legacy_sub":"SUB"}}}}`
	for name, test := range map[string]struct{ version, trigger, attributes, response, want, sub string }{
		"version 1: a moved user":                      {"1", "TokenGeneration_Authentication", moved, `{"claimsOverrideDetails":null}`, one, oldSub},
		"version 1: a user born here":                  {"1", "TokenGeneration_Authentication", born, `{"claimsOverrideDetails":null}`, one, ownSub},
		"version 2: both tokens":                       {"2", "TokenGeneration_Authentication", moved, `{"claimsAndScopeOverrideDetails":null}`, both, oldSub},
		"version 2: a user born here":                  {"2", "TokenGeneration_HostedAuth", born, `{}`, both, ownSub},
		"version 3: both tokens":                       {"3", "TokenGeneration_NewPasswordChallenge", moved, `null`, both, oldSub},
		"a token that is refreshed":                    {"2", "TokenGeneration_RefreshTokens", moved, `{}`, both, oldSub},
		"an attribute that is empty":                   {"1", "TokenGeneration_Authentication", `{"sub":"` + ownSub + `","custom:legacy_sub":" "}`, `{}`, one, ownSub},
		"a sub with signs that JSON escapes":           {"1", "TokenGeneration_Authentication", `{"sub":"s","custom:legacy_sub":"auth0|\"é<"}`, `{}`, one, `auth0|\"\u00e9<`},
		"a trigger source that Cognito may add later":  {"2", "TokenGeneration_Something", moved, `{}`, both, oldSub},
		"an attribute that only looks like the sub":    {"1", "TokenGeneration_Authentication", `{"Sub":"x","sub":"` + ownSub + `"}`, `{}`, one, ownSub},
		"an attribute whose value is not text is none": {"1", "TokenGeneration_Authentication", `{"sub":"` + ownSub + `","custom:legacy_sub":7}`, `{}`, one, ownSub},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, logs := handler()
			answer, err := h.Invoke(t.Context(), []byte(eventOf(test.version, test.trigger, test.attributes, test.response)))
			want := eventOf(test.version, test.trigger, test.attributes, strings.ReplaceAll(test.want, "SUB", test.sub))
			if err != nil || !sameJSON(t, string(answer), want) {
				t.Errorf("got  %s, %v\nwant %s", answer, err, want)
			}
			if logs.Len() > 0 {
				t.Errorf("logged %v", logs.All())
			}
		})
	}
}

func TestAnEventWithoutAResponseGetsOne(t *testing.T) {
	t.Parallel()
	h, _ := handler()
	answer, err := h.Invoke(t.Context(), []byte(`{"version":"1","triggerSource":"TokenGeneration_Authentication","request":{"userAttributes":{"sub":"s"}}}`))
	if err != nil || !strings.HasSuffix(string(answer), `,"response":{"claimsOverrideDetails":{"claimsToAddOrOverride":{"legacy_sub":"s"}}}}`) {
		t.Errorf("got %s, %v", answer, err)
	}
}

func TestATokenWithoutAUserGoesBackAsItCame(t *testing.T) {
	t.Parallel()
	for _, attributes := range []string{`{}`, `null`, `{"custom:legacy_sub":"` + oldSub + `"}`} {
		h, logs := handler()
		event := eventOf("3", "TokenGeneration_ClientCredentials", attributes, `{"claimsAndScopeOverrideDetails":null}`)
		answer, err := h.Invoke(t.Context(), []byte(event))
		if err != nil || string(answer) != event || logs.Len() > 0 {
			t.Errorf("%s: %s, %v, %v", attributes, answer, err, logs.All())
		}
	}
}

func TestNoEventBlocksASignIn(t *testing.T) {
	t.Parallel()
	for name, event := range map[string]string{
		"nothing":                   ``,
		"no JSON":                   `{"version":`,
		"an array":                  `[]`,
		"another trigger's event":   eventOf("1", "UserMigration_Authentication", `{"sub":"s"}`, `{}`),
		"a version to come":         eventOf("4", "TokenGeneration_Authentication", `{"sub":"s"}`, `{}`),
		"a version that is no text": `{"version":1,"triggerSource":"TokenGeneration_Authentication","request":{"userAttributes":{"sub":"s"}},"response":{}}`,
		"two responses":             `{"version":"1","triggerSource":"TokenGeneration_Authentication","request":{},"response":{},"response":{}}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, logs := handler()
			answer, err := h.Invoke(t.Context(), []byte(event))
			if err != nil || string(answer) != event {
				t.Errorf("got %s, %v", answer, err)
			}
			if logs.FilterLevelExact(zapcore.ErrorLevel).Len() != 1 {
				t.Errorf("the log does not say what is wrong: %v", logs.All())
			}
		})
	}
}

// Whatever the event holds, nothing of it but the response changes, and the log
// has none of its values.
func TestNothingButTheResponseChanges(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		attributes := rapid.MapOf(rapid.SampledFrom([]string{"sub", "custom:legacy_sub", "email", "name"}), rapid.String()).Draw(t, "attributes")
		event := map[string]any{
			"version": rapid.SampledFrom([]string{"1", "2", "3", "9"}).Draw(t, "version"), "triggerSource": "TokenGeneration_Authentication",
			"request": map[string]any{"userAttributes": attributes}, "response": map[string]any{"claimsOverrideDetails": nil},
			rapid.StringMatching("[a-z]{3,8}x").Draw(t, "key"): rapid.String().Draw(t, "value"),
		}
		payload, err := json.Marshal(event)
		if err != nil {
			t.Fatal(err)
		}
		h, logs := handler()
		answer, err := h.Invoke(t.Context(), payload)
		var got map[string]any
		if err != nil || json.Unmarshal(answer, &got) != nil {
			t.Fatalf("got %s, %v", answer, err)
		}
		var before map[string]any
		_ = json.Unmarshal(payload, &before)
		delete(got, "response")
		delete(before, "response")
		if !reflect.DeepEqual(got, before) {
			t.Errorf("got %v, want %v", got, before)
		}
		for _, entry := range logs.All() {
			for _, value := range attributes {
				if len(value) > 8 && strings.Contains(entry.Message, value) {
					t.Errorf("the log says %s", entry.Message)
				}
			}
		}
	})
}

func FuzzInvoke(f *testing.F) {
	f.Add([]byte(eventOf("1", "TokenGeneration_Authentication", `{"sub":"s"}`, `{}`)))
	f.Add([]byte(eventOf("3", "TokenGeneration_ClientCredentials", `null`, `null`)))
	f.Add([]byte(`{}`))
	f.Fuzz(func(t *testing.T, event []byte) {
		h, _ := handler()
		answer, err := h.Invoke(t.Context(), event)
		if err != nil {
			t.Fatal(err)
		}
		if json.Valid(event) && !json.Valid(answer) {
			t.Errorf("%s became %s", event, answer)
		}
	})
}

func BenchmarkInvoke(b *testing.B) {
	h, _ := handler()
	event := []byte(eventOf("2", "TokenGeneration_Authentication", `{"sub":"`+ownSub+`","custom:legacy_sub":"`+oldSub+`","email":"alice@example.com"}`, `{}`))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := h.Invoke(b.Context(), event); err != nil {
			b.Fatal(err)
		}
	}
}

func sameJSON(t *testing.T, a, b string) bool {
	t.Helper()
	var x, y any
	if err := json.Unmarshal([]byte(a), &x); err != nil {
		t.Fatalf("%s: %v", a, err)
	}
	if err := json.Unmarshal([]byte(b), &y); err != nil {
		t.Fatalf("%s: %v", b, err)
	}
	return reflect.DeepEqual(x, y)
}
