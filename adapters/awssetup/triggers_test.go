package awssetup

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// preTokenOf is a trigger in the new form.
func preTokenOf(function, version string) *types.PreTokenGenerationVersionConfigType {
	return &types.PreTokenGenerationVersionConfigType{LambdaArn: &function, LambdaVersion: types.PreTokenGenerationLambdaVersionType(version)}
}

func TestTheClaimsTriggerFitsThePlanAndWhatIsThere(t *testing.T) {
	t.Parallel()
	const other = function + "-other"
	for name, row := range map[string]struct {
		plan     types.UserPoolTierType
		triggers *types.LambdaConfigType
		function string // empty to take the trigger off
		onUpdate func(*stubPool)
		attached string
		version  string // empty where nothing is to be written
		fields   []string
	}{
		"the plan Lite":                        {plan: types.UserPoolTierTypeLite, function: function, version: "V1_0"},
		"the plan Essentials":                  {plan: types.UserPoolTierTypeEssentials, function: function, version: "V2_0"},
		"the plan Plus":                        {plan: types.UserPoolTierTypePlus, function: function, version: "V2_0"},
		"no plan":                              {function: function, version: "V1_0"},
		"a pool without other triggers":        {plan: types.UserPoolTierTypePlus, triggers: nil, function: function, version: "V2_0"},
		"there already":                        {plan: types.UserPoolTierTypePlus, triggers: &types.LambdaConfigType{PreTokenGenerationConfig: preTokenOf(function, "V2_0")}, function: function, attached: function},
		"there already, with the newest event": {plan: types.UserPoolTierTypePlus, triggers: &types.LambdaConfigType{PreTokenGenerationConfig: preTokenOf(function, "V3_0")}, function: function, attached: function},
		"there already, and no plan":           {triggers: &types.LambdaConfigType{PreTokenGenerationConfig: preTokenOf(function, "V2_0")}, function: function, attached: function},
		"there, with an older event than the plan allows": {plan: types.UserPoolTierTypeEssentials, triggers: &types.LambdaConfigType{PreTokenGenerationConfig: preTokenOf(function, "V1_0")}, function: function, attached: function, version: "V2_0"},
		"there in the old form":                           {plan: types.UserPoolTierTypeEssentials, triggers: &types.LambdaConfigType{PreTokenGeneration: aws.String(function)}, function: function, attached: function, version: "V2_0"},
		"another function in both forms":                  {plan: types.UserPoolTierTypeLite, triggers: &types.LambdaConfigType{PreTokenGeneration: aws.String(other), PreTokenGenerationConfig: preTokenOf(other, "V1_0")}, function: function, attached: other, version: "V1_0"},
		"AWS tells the function in both forms": {plan: types.UserPoolTierTypePlus, function: function, version: "V2_0", onUpdate: func(s *stubPool) {
			triggers := *s.pool.LambdaConfig
			triggers.PreTokenGeneration = aws.String(function)
			s.pool.LambdaConfig = &triggers
		}},
		"the event is not the one that was asked for": {plan: types.UserPoolTierTypePlus, function: function, version: "V2_0", onUpdate: func(s *stubPool) {
			triggers := *s.pool.LambdaConfig
			triggers.PreTokenGenerationConfig = preTokenOf(function, "V1_0")
			s.pool.LambdaConfig = &triggers
		}, fields: []string{"- LambdaConfig.PreTokenGenerationConfig.LambdaVersion = V2_0", "+ LambdaConfig.PreTokenGenerationConfig.LambdaVersion = V1_0"}},
		"another trigger is gone": {plan: types.UserPoolTierTypePlus, triggers: &types.LambdaConfigType{UserMigration: aws.String(other)}, function: function, version: "V2_0", onUpdate: func(s *stubPool) {
			triggers := *s.pool.LambdaConfig
			triggers.UserMigration = nil
			s.pool.LambdaConfig = &triggers
		}, fields: []string{"- LambdaConfig.UserMigration = " + other}},
		"taken off, in both forms": {plan: types.UserPoolTierTypePlus, triggers: &types.LambdaConfigType{UserMigration: aws.String(other), PreTokenGeneration: aws.String(function), PreTokenGenerationConfig: preTokenOf(function, "V2_0")},
			attached: function, version: "none"},
		"taken off, in the old form": {triggers: &types.LambdaConfigType{PreTokenGeneration: aws.String(function)}, attached: function, version: "none"},
		"nothing to take off":        {triggers: &types.LambdaConfigType{UserMigration: aws.String(other)}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			stub := aPool()
			stub.pool.UserPoolTier, stub.pool.LambdaConfig, stub.onUpdate = row.plan, row.triggers, row.onUpdate
			pools := NewUserPools(stub)
			change, err := pools.PlanClaims(t.Context(), "us-east-1_pool", row.function)
			if err != nil || change.Attached != row.attached || change.Differs() != (row.version != "") {
				t.Fatalf("attached is %q, differs %t, %v", change.Attached, change.Differs(), err)
			}
			if !change.Differs() {
				if diff := change.Diff(); len(diff) > 0 {
					t.Errorf("it would change %q", diff)
				}
				return
			}
			err = pools.Apply(t.Context(), change)
			changed, _ := errors.AsType[*ChangedError](err)
			if changed != nil && !sameElements(changed.Fields, row.fields) || changed == nil && (err != nil || row.fields != nil) {
				t.Errorf("got %v, want %q", err, row.fields)
			}
			written := stub.updates[0].LambdaConfig
			if config := written.PreTokenGenerationConfig; row.version == "none" && (config != nil || written.PreTokenGeneration != nil) ||
				row.version != "none" && (aws.ToString(config.LambdaArn) != function || string(config.LambdaVersion) != row.version) {
				t.Errorf("written is %+v", written)
			}
			restore, err := change.Restore()
			if row.attached != "" && (err != nil || !strings.Contains(string(restore), row.attached)) {
				t.Errorf("%v, %s", err, restore)
			}
		})
	}
}

func sameElements(got, want []string) bool {
	got, want = slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(want))
	return slices.Equal(got, want)
}

func TestTheClaimsTriggerIsNotWrittenWhereSomebodyElseWasFaster(t *testing.T) {
	t.Parallel()
	stub := aPool()
	stub.onRead = func(s *stubPool, reads int) {
		if reads == 2 {
			s.pool.LambdaConfig = &types.LambdaConfigType{PreTokenGeneration: aws.String(function + "-other")}
		}
	}
	pools := NewUserPools(stub)
	change, err := pools.PlanClaims(t.Context(), "us-east-1_pool", function)
	if err != nil {
		t.Fatal(err)
	}
	if err := pools.Apply(t.Context(), change); err == nil || len(stub.updates) > 0 {
		t.Errorf("got %v, %d updates", err, len(stub.updates))
	}
}
