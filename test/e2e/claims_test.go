package e2e_test

import (
	"strings"
	"testing"

	"cognito-user-migration/test/lambdahost"
)

// launchClaims starts the image's command claims with the settings given.
func launchClaims(t *testing.T, pairs ...string) *function {
	t.Helper()
	f := launch(t, settings{}.with(pairs...), func(c *lambdahost.Config) { c.Args, c.Name = []string{"claims"}, "user-migration-claims" })
	if err := f.Ready(t.Context()); err != nil {
		t.Fatalf("the function did not start: %v\n%s%s", err, f.Stdout(), f.Stderr())
	}
	return f
}

func TestTheOldSubIsPutIntoTheTokens(t *testing.T) {
	t.Parallel()
	f := launchClaims(t, "CLAIMS_LEGACY_SUB", "old_id", "CLAIMS_ATTRIBUTE", "custom:old_id")
	f.hide("canary-old-sub", "canary-own-sub")
	const event = `{"version":"2","triggerSource":"TokenGeneration_Authentication","request":{"userAttributes":ATTRIBUTES},"response":{"claimsAndScopeOverrideDetails":null}}`
	const claims = `{"claimsAndScopeOverrideDetails":{"idTokenGeneration":{"claimsToAddOrOverride":{"old_id":"SUB"}},"accessTokenGeneration":{"claimsToAddOrOverride":{"old_id":"SUB"}}}}`
	for name, test := range map[string]struct{ attributes, sub string }{
		"a user who was moved": {`{"sub":"canary-own-sub","custom:old_id":"canary-old-sub"}`, "canary-old-sub"},
		"a user born here":     {`{"sub":"canary-own-sub"}`, "canary-own-sub"},
	} {
		t.Run(name, func(t *testing.T) {
			result := f.in(t).invoke(strings.ReplaceAll(event, "ATTRIBUTES", test.attributes))
			if want := strings.ReplaceAll(claims, "SUB", test.sub); result.FunctionError != "" || !strings.Contains(string(result.Payload), want) {
				t.Errorf("got %s, %v", result.Payload, result.FunctionError)
			}
		})
	}
	t.Run("an event that is not understood goes back as it came", func(t *testing.T) {
		const other = `{"version":"1","triggerSource":"UserMigration_Authentication","userName":"canary-own-sub"}`
		if result := f.in(t).invoke(other); result.FunctionError != "" || string(result.Payload) != other {
			t.Errorf("got %s, %v", result.Payload, result.FunctionError)
		}
	})
}

func TestClaimsDoesNotStartWithASettingThatCognitoWouldRefuse(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ variable, value, want string }{
		"a claim of Cognito's own":     {"CLAIMS_LEGACY_SUB", "sub", "CLAIMS_LEGACY_SUB: is a claim of Cognito's own"},
		"an attribute that users have": {"CLAIMS_ATTRIBUTE", "preferred_username", "CLAIMS_ATTRIBUTE: expected the name of a custom attribute"},
		"a variable that there is not": {"CLAIMS_LEGACY_SUBS", "x", "unknown variable CLAIMS_LEGACY_SUBS; did you mean CLAIMS_LEGACY_SUB?"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := launch(t, settings{}.with(test.variable, test.value), func(c *lambdahost.Config) { c.Args = []string{"claims"} })
			if err := f.Ready(t.Context()); err == nil || !strings.Contains(f.Stdout()+f.Stderr(), test.want) {
				t.Errorf("%v: %s%s", err, f.Stdout(), f.Stderr())
			}
		})
	}
}
