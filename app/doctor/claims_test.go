package doctor_test

import (
	"errors"
	"strings"
	"testing"

	"cognito-user-migration/app/doctor"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports/setup"
)

const claimsLambda = "arn:aws:lambda:us-east-1:111111111111:function:claims"

// withClaims is a set-up whose pool has the trigger of the command claims, in order.
func withClaims() *world {
	w := inOrder()
	w.pool.PreToken, w.pool.PreTokenVersion, w.pool.Plan = claimsLambda, "V2_0", "ESSENTIALS"
	w.claims = setup.Function{ARN: claimsLambda, State: "Active", Command: []string{"claims"}, Environment: map[string]domain.Secret{}}
	w.claimsPermissions = w.permissions
	w.clients = []setup.AppClient{{ID: "web", WriteAttributes: []string{"email"}}, {ID: "app", WriteAttributes: []string{"email", "name"}}}
	return w
}

func TestTheTriggerOfClaimsIsExamined(t *testing.T) {
	t.Parallel()
	const pass, warn, fail, skip = doctor.Pass, doctor.Warn, doctor.Fail, doctor.Skip
	names := []string{"claims trigger", "claims permission", "claims attribute", "claims clients"}
	for name, row := range map[string]struct {
		change func(*world)
		want   [4]doctor.Status // in the order of names
		of     string
		saw    string
	}{
		"in order":         {func(*world) {}, [4]doctor.Status{pass, pass, pass, pass}, "claims trigger", "ID and access tokens"},
		"no trigger":       {func(w *world) { w.pool.PreToken = "" }, [4]doctor.Status{skip, skip, skip, skip}, "claims trigger", "no pre token generation trigger"},
		"another function": {func(w *world) { w.claims.Command = []string{"index.handler"} }, [4]doctor.Status{skip, skip, skip, skip}, "claims trigger", "another function"},
		"a function that is known by its variables": {func(w *world) {
			w.claims.Command, w.claims.Environment = nil, map[string]domain.Secret{"CLAIMS_LEGACY_SUB": domain.NewSecret("old")}
		}, [4]doctor.Status{pass, pass, pass, pass}, "claims trigger", "V2_0"},
		"a plan that does not change access tokens": {func(w *world) { w.pool.Plan = "LITE" }, [4]doctor.Status{fail, pass, pass, pass}, "claims trigger", "the plan LITE does not change access tokens"},
		"the plan LITE with the version it has":     {func(w *world) { w.pool.Plan, w.pool.PreTokenVersion = "LITE", "V1_0" }, [4]doctor.Status{pass, pass, pass, pass}, "claims trigger", "access tokens do not"},
		"a version that leaves access tokens out":   {func(w *world) { w.pool.PreTokenVersion = "V1_0" }, [4]doctor.Status{warn, pass, pass, pass}, "claims trigger", "only ID tokens"},
		"a plan that AWS does not tell":             {func(w *world) { w.pool.Plan, w.pool.PreTokenVersion = "", "V1_0" }, [4]doctor.Status{pass, pass, pass, pass}, "claims trigger", "plan unknown"},
		"a function that is gone":                   {func(w *world) { w.claims, w.claimsErr = setup.Function{}, setup.ErrNotFound }, [4]doctor.Status{fail, pass, skip, skip}, "claims trigger", "not found"},
		"a function that may not be read":           {func(w *world) { w.claims, w.claimsErr = setup.Function{}, denied() }, [4]doctor.Status{warn, pass, skip, skip}, "claims trigger", "AccessDenied"},
		"a function that cannot run":                {func(w *world) { w.claims.State, w.claims.StateReason = "Failed", "no image" }, [4]doctor.Status{fail, pass, pass, pass}, "claims trigger", "no image"},
		"Cognito may not invoke it":                 {func(w *world) { w.claimsPermissions = nil }, [4]doctor.Status{pass, fail, pass, pass}, "claims permission", "does not allow Cognito"},
		"its policy may not be read":                {func(w *world) { w.claimsPermissionsErr = denied() }, [4]doctor.Status{pass, warn, pass, pass}, "claims permission", "AccessDenied"},
		"an attribute that no rule fills": {func(w *world) {
			w.settings.Rules.Attributes, _ = domain.ParseAttributeMap("email")
		}, [4]doctor.Status{pass, pass, fail, pass}, "claims attribute", "no rule carries"},
		"an attribute that the pool has not": {func(w *world) {
			w.claims.Environment["CLAIMS_ATTRIBUTE"] = domain.NewSecret("custom:old")
		}, [4]doctor.Status{pass, pass, fail, pass}, "claims attribute", "has no attribute custom:old"},
		"an app client that may write it": {func(w *world) {
			w.clients[1].WriteAttributes = []string{"email", "custom:legacy_sub"}
		}, [4]doctor.Status{pass, pass, pass, fail}, "claims clients", "users can write custom:legacy_sub through app"},
		"an app client without a list":       {func(w *world) { w.clients[0].WriteAttributes = nil }, [4]doctor.Status{pass, pass, pass, fail}, "claims clients", "have no list of WriteAttributes, and may let users write custom:legacy_sub: web"},
		"app clients that may not be listed": {func(w *world) { w.clientsErr = denied() }, [4]doctor.Status{pass, pass, pass, warn}, "claims clients", "is not known"},
		"app clients without an answer":      {func(w *world) { w.clientsErr = errors.New("no answer") }, [4]doctor.Status{pass, pass, pass, warn}, "claims clients", "no answer"},
		"a pool that cannot be read":         {func(w *world) { w.settings.DestinationPool = "" }, [4]doctor.Status{skip, skip, skip, skip}, "claims trigger", "--destination-pool is not given"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := withClaims()
			row.change(w)
			checks := w.examine(t.Context())
			for i, name := range names {
				if got := checks[name]; got.Status != row.want[i] {
					t.Errorf("%s is %s, not %s: %s", name, got.Status, row.want[i], got.Saw)
				} else if (got.Status == warn || got.Status == fail) && got.Remedy == "" {
					t.Errorf("%s says nothing of what to do", name)
				}
			}
			if saw := checks[row.of].Saw; !strings.Contains(saw, row.saw) {
				t.Errorf("%s: %q is not in %q", row.of, row.saw, saw)
			}
		})
	}
}
