package main

import (
	"bytes"
	"context"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"cognito-user-migration/domain"
	"cognito-user-migration/ports/setup"

	"github.com/aws/aws-sdk-go-v2/aws"
	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

const otherTrigger = "arn:aws:lambda:us-east-1:111111111111:function:"

// everySetting is a pool with every setting that moto keeps and UpdateUserPool
// takes, none of them at its default. What it does not take (schema aside) is
// left out, because moto's UpdateUserPool forgets it and AWS's cannot touch it.
func everySetting(pool *cognito.CreateUserPoolInput) {
	pool.UsernameConfiguration = nil
	pool.AccountRecoverySetting = &types.AccountRecoverySettingType{RecoveryMechanisms: []types.RecoveryOptionType{{Name: types.RecoveryOptionNameTypeVerifiedEmail, Priority: aws.Int32(1)}}}
	pool.AdminCreateUserConfig = &types.AdminCreateUserConfigType{AllowAdminCreateUserOnly: true, UnusedAccountValidityDays: 3, InviteMessageTemplate: &types.MessageTemplateType{EmailMessage: aws.String("{username} {####}"), EmailSubject: aws.String("Welcome"), SMSMessage: aws.String("{username}: {####}")}}
	pool.AutoVerifiedAttributes = []types.VerifiedAttributeType{types.VerifiedAttributeTypeEmail, types.VerifiedAttributeTypePhoneNumber}
	pool.DeletionProtection = types.DeletionProtectionTypeActive
	pool.DeviceConfiguration = &types.DeviceConfigurationType{ChallengeRequiredOnNewDevice: true}
	pool.EmailConfiguration = &types.EmailConfigurationType{EmailSendingAccount: types.EmailSendingAccountTypeDeveloper, From: aws.String("a@example.com"), SourceArn: aws.String("arn:aws:ses:us-east-1:111111111111:identity/example.com"), ReplyToEmailAddress: aws.String("b@example.com"), ConfigurationSet: aws.String("set")}
	pool.MfaConfiguration = types.UserPoolMfaTypeOptional
	pool.Policies = &types.UserPoolPolicyType{
		PasswordPolicy: &types.PasswordPolicyType{MinimumLength: aws.Int32(12), RequireNumbers: true, TemporaryPasswordValidityDays: 3, PasswordHistorySize: aws.Int32(5)},
		SignInPolicy:   &types.SignInPolicyType{AllowedFirstAuthFactors: []types.AuthFactorType{types.AuthFactorTypePassword, types.AuthFactorTypeEmailOtp}},
	}
	pool.SmsAuthenticationMessage = aws.String("Your code: {####}")
	pool.SmsConfiguration = sms()
	pool.UserAttributeUpdateSettings = &types.UserAttributeUpdateSettingsType{AttributesRequireVerificationBeforeUpdate: []types.VerifiedAttributeType{types.VerifiedAttributeTypeEmail}}
	pool.UserPoolAddOns = &types.UserPoolAddOnsType{AdvancedSecurityMode: types.AdvancedSecurityModeTypeAudit}
	pool.UserPoolTags = map[string]string{"team": "identity"}
	pool.UserPoolTier = types.UserPoolTierTypePlus
	pool.VerificationMessageTemplate = &types.VerificationMessageTemplateType{DefaultEmailOption: types.DefaultEmailOptionTypeConfirmWithLink, EmailMessageByLink: aws.String("{##here##}"), EmailSubjectByLink: aws.String("By link"), SmsMessage: aws.String("It is {####}")}
	pool.LambdaConfig = &types.LambdaConfigType{
		PreSignUp: aws.String(otherTrigger + "pre-sign-up"), PostAuthentication: aws.String(otherTrigger + "post-authentication"),
		PreTokenGeneration:       aws.String(otherTrigger + "pre-token"),
		PreTokenGenerationConfig: &types.PreTokenGenerationVersionConfigType{LambdaArn: aws.String(otherTrigger + "pre-token"), LambdaVersion: types.PreTokenGenerationLambdaVersionTypeV20},
		CustomSMSSender:          &types.CustomSMSLambdaVersionConfigType{LambdaArn: aws.String(otherTrigger + "sms"), LambdaVersion: types.CustomSMSSenderLambdaVersionTypeV10},
		KMSKeyID:                 aws.String("arn:aws:kms:us-east-1:111111111111:key/1"),
	}
}

func (a *accounts) describe(t *testing.T, poolID string) *types.UserPoolType {
	t.Helper()
	answer, err := a.here.DescribeUserPool(t.Context(), &cognito.DescribeUserPoolInput{UserPoolId: &poolID})
	if err != nil {
		t.Fatal(err)
	}
	return answer.UserPool
}

// sameBut holds two descriptions of a pool against each other, field by field,
// whether the tool knows of the field or not.
func sameBut(t *testing.T, before, after *types.UserPoolType, trigger string) {
	t.Helper()
	expected := *before
	triggers := *before.LambdaConfig
	triggers.UserMigration = nil
	if trigger != "" {
		triggers.UserMigration = &trigger
	}
	expected.LambdaConfig = &triggers
	// moto repeats neither the messages nor the days under their old names once
	// they were not told so; AWS does of itself.
	config := *expected.AdminCreateUserConfig
	config.UnusedAccountValidityDays = after.AdminCreateUserConfig.UnusedAccountValidityDays
	expected.AdminCreateUserConfig = &config
	was, is := reflect.ValueOf(expected), reflect.ValueOf(*after)
	for i := range was.NumField() {
		field := was.Type().Field(i)
		if !field.IsExported() || field.Name == "LastModifiedDate" {
			continue
		}
		if !reflect.DeepEqual(was.Field(i).Interface(), is.Field(i).Interface()) {
			old, _ := json.Marshal(was.Field(i).Interface())
			current, _ := json.Marshal(is.Field(i).Interface())
			t.Errorf("%s was %s and is %s", field.Name, old, current)
		}
	}
}

func TestAttachKeepsEverySettingOfThePool(t *testing.T) {
	a := startAccounts(t)
	p := healthyPlan()
	p.attached = false
	everySetting(p.pool)
	m := a.build(t, p, "attach")
	before := a.describe(t, m.poolID)
	for _, field := range []string{"AccountRecoverySetting", "DeviceConfiguration", "EmailConfiguration", "Policies", "SmsConfiguration", "UserPoolTags", "UserPoolTier", "UserPoolAddOns", "LambdaConfig", "VerificationMessageTemplate", "DeletionProtection", "AutoVerifiedAttributes", "UserAttributeUpdateSettings", "SmsAuthenticationMessage"} {
		if reflect.ValueOf(*before).FieldByName(field).IsZero() {
			t.Errorf("the pool has no %s, so the test says nothing of it", field)
		}
	}
	base := []string{"--destination-pool", m.poolID, "--function", m.functionName}
	shown := runTool(t, nil, "", append([]string{"attach"}, base...)...)
	if shown.err != nil || !strings.Contains(shown.out, "+ LambdaConfig.UserMigration = "+m.functionARN) || !strings.Contains(shown.out, "Nothing was written") {
		t.Errorf("got %v, %s%s", shown.err, shown.out, shown.notes)
	}
	if !strings.Contains(shown.notes, "MIGRATE_DESTINATION_SCHEMA='custom:legacy_sub,custom:seats=Number 0..100,custom:tenant=1..64'\n") {
		t.Errorf("the pool's schema is not told: %s", shown.notes)
	}
	if strings.Contains(shown.out, "\n  - ") {
		t.Errorf("it would take something away:\n%s", shown.out)
	}
	sameBut(t, before, a.describe(t, m.poolID), "")
	written := runTool(t, nil, "", append([]string{"attach", "--yes"}, base...)...)
	if written.err != nil || !strings.Contains(written.out, "nothing but the trigger has changed") {
		t.Errorf("got %v, %s%s", written.err, written.out, written.notes)
	}
	sameBut(t, before, a.describe(t, m.poolID), m.functionARN)
	if again := runTool(t, nil, "", append([]string{"attach", "--yes"}, base...)...); again.err != nil || !strings.Contains(again.out, "nothing to change") {
		t.Errorf("again: %v, %s", again.err, again.out)
	}
	if off := runTool(t, nil, "", append([]string{"detach", "--yes"}, base...)...); off.err != nil || !strings.Contains(off.out, "- LambdaConfig.UserMigration = "+m.functionARN) {
		t.Errorf("got %v, %s%s", off.err, off.out, off.notes)
	}
	sameBut(t, before, a.describe(t, m.poolID), "")
	if again := runTool(t, nil, "", append([]string{"detach", "--yes"}, base...)...); again.err != nil || !strings.Contains(again.out, "nothing to change") {
		t.Errorf("again: %v, %s", again.err, again.out)
	}
}

// moto's UpdateUserPool does forget letter case, which AWS's cannot: a stand-in
// for a service that changes what it was not told to change.
func TestAttachTellsWhatElseHasChanged(t *testing.T) {
	a := startAccounts(t)
	p := healthyPlan()
	p.attached = false
	m := a.build(t, p, "more")
	got := runTool(t, nil, "", "attach", "--yes", "--destination-pool", m.poolID, "--function", m.functionName)
	if got.err == nil || !strings.Contains(got.err.Error(), "- UsernameConfiguration.CaseSensitive = false") {
		t.Errorf("got %v", got.err)
	}
	_, document, found := strings.Cut(got.notes, "file://restore.json\n")
	var restore cognito.UpdateUserPoolInput
	if err := json.NewDecoder(bytes.NewBufferString(document)).Decode(&restore); err != nil || !found || aws.ToString(restore.UserPoolId) != m.poolID {
		t.Errorf("%v in %s", err, got.notes)
	}
}

func TestAttachAndDetachRefuse(t *testing.T) {
	a := startAccounts(t)
	other := healthyPlan()
	other.trigger, other.pool.UsernameConfiguration = otherFunction, nil
	taken := a.build(t, other, "taken")
	closed := healthyPlan()
	closed.attached, closed.permission, closed.pool.UsernameConfiguration = false, nil, nil
	barred := a.build(t, closed, "barred")
	for _, row := range []struct {
		name          string
		m             made
		args          []string
		fails, prints string
		trigger       string
	}{
		{"another function is attached", taken, []string{"attach", "--yes"}, "--replace takes its place", "", otherFunction},
		{"detach of another function", taken, []string{"detach", "--yes"}, "--any takes it off", "", otherFunction},
		{"replaced, but only shown", taken, []string{"attach", "--replace"}, "", "- LambdaConfig.UserMigration = " + otherFunction, otherFunction},
		{"replaced", taken, []string{"attach", "--replace", "--yes"}, "", "nothing but the trigger has changed", taken.functionARN},
		{"detached, whichever it is", taken, []string{"detach", "--any", "--yes"}, "", "nothing but the trigger has changed", ""},
		{"Cognito may not invoke it", barred, []string{"attach", "--yes"}, "Cognito may not invoke the function", "aws lambda add-permission --function-name " + barred.functionARN, ""},
		{"the same, only shown", barred, []string{"attach"}, "", "Nothing was written", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			args := append(row.args, "--destination-pool", row.m.poolID, "--function", row.m.functionName)
			got := runTool(t, nil, "", args...)
			if row.fails == "" && got.err != nil || row.fails != "" && (got.err == nil || !strings.Contains(got.err.Error(), row.fails)) {
				t.Errorf("got %v", got.err)
			}
			if !strings.Contains(got.out+got.notes, row.prints) {
				t.Errorf("no %q in %s%s", row.prints, got.out, got.notes)
			}
			var trigger string
			if config := a.describe(t, row.m.poolID).LambdaConfig; config != nil {
				trigger = aws.ToString(config.UserMigration)
			}
			if trigger != row.trigger {
				t.Errorf("the trigger is %q", trigger)
			}
		})
	}
	for _, row := range []struct {
		args  []string
		fails string
	}{
		{[]string{"attach", "--function", "f"}, "give --destination-pool ID"},
		{[]string{"attach", "--destination-pool", barred.poolID}, "give --function NAME"},
		{[]string{"detach", "--destination-pool", barred.poolID}, "or --any"},
		{[]string{"attach", "--destination-pool", barred.poolID, "--function", "nonesuch"}, "ResourceNotFoundException"},
		{[]string{"attach", "--destination-pool", "us-east-1_nonesuch", "--function", barred.functionName}, "ResourceNotFoundException"},
	} {
		if got := runTool(t, nil, "", row.args...); got.err == nil || !strings.Contains(got.err.Error(), row.fails) {
			t.Errorf("%q: got %v", row.args, got.err)
		}
	}
}

// claimsPlan is a set-up whose function runs the command claims, in a pool of this
// plan.
func claimsPlan(tier types.UserPoolTierType, writable ...string) *plan {
	p := healthyPlan()
	p.attached, p.pool.UsernameConfiguration, p.pool.UserPoolTier = false, nil, tier
	p.pool.LambdaConfig = &types.LambdaConfigType{PreSignUp: aws.String(otherTrigger + "pre-sign-up")}
	p.client.WriteAttributes = writable
	p.environ = map[string]string{"CLAIMS_LEGACY_SUB": "legacy_sub"}
	return p
}

func TestAttachOfClaimsFitsThePlanOfThePool(t *testing.T) {
	a := startAccounts(t)
	const v1, v2 = types.PreTokenGenerationLambdaVersionTypeV10, types.PreTokenGenerationLambdaVersionTypeV20
	for name, row := range map[string]struct {
		plan   types.UserPoolTierType
		want   types.PreTokenGenerationLambdaVersionType
		prints string
	}{
		"lite":       {types.UserPoolTierTypeLite, v1, "only ID tokens get the claim"},
		"essentials": {types.UserPoolTierTypeEssentials, v2, "ID and access tokens get the claim"},
		"plus":       {types.UserPoolTierTypePlus, v2, "ID and access tokens get the claim"},
		"unknown":    {"", v1, "plan is not known"},
	} {
		t.Run(name, func(t *testing.T) {
			m := a.build(t, claimsPlan(row.plan, "email"), "claims-"+name)
			base := []string{"--claims", "--destination-pool", m.poolID, "--function", m.functionName}
			shown := runTool(t, nil, "", append([]string{"attach"}, base...)...)
			if shown.err != nil || !strings.Contains(shown.out, "+ LambdaConfig.PreTokenGenerationConfig.LambdaVersion = "+string(row.want)) ||
				!strings.Contains(shown.out, "Nothing was written") || !strings.Contains(shown.notes, row.prints) {
				t.Errorf("got %v, %s%s", shown.err, shown.out, shown.notes)
			}
			before := a.describe(t, m.poolID)
			if before.LambdaConfig.PreTokenGenerationConfig != nil {
				t.Fatal("it was written without --yes")
			}
			written := runTool(t, nil, "", append([]string{"attach", "--yes"}, base...)...)
			if written.err != nil || !strings.Contains(written.out, "nothing but the trigger has changed") {
				t.Errorf("got %v, %s%s", written.err, written.out, written.notes)
			}
			after := a.describe(t, m.poolID).LambdaConfig
			if config := after.PreTokenGenerationConfig; config == nil || aws.ToString(config.LambdaArn) != m.functionARN || config.LambdaVersion != row.want {
				t.Errorf("the trigger is %+v", config)
			}
			if aws.ToString(after.PreSignUp) != otherTrigger+"pre-sign-up" || after.UserMigration != nil {
				t.Errorf("other triggers have changed: %+v", after)
			}
			if again := runTool(t, nil, "", append([]string{"attach", "--yes"}, base...)...); again.err != nil || !strings.Contains(again.out, "nothing to change") {
				t.Errorf("again: %v, %s", again.err, again.out)
			}
			if gone := runTool(t, nil, "", append([]string{"detach", "--yes"}, base...)...); gone.err != nil {
				t.Errorf("detach: %v, %s", gone.err, gone.notes)
			}
			if left := a.describe(t, m.poolID).LambdaConfig; left.PreTokenGenerationConfig != nil || aws.ToString(left.PreSignUp) != otherTrigger+"pre-sign-up" {
				t.Errorf("after detach: %+v", left)
			}
		})
	}
}

func TestAttachOfClaimsRefuses(t *testing.T) {
	a := startAccounts(t)
	const essentials = types.UserPoolTierTypeEssentials
	migration := healthyPlan()
	migration.attached, migration.pool.UsernameConfiguration = false, nil
	taken := claimsPlan(essentials, "email")
	taken.pool.LambdaConfig = &types.LambdaConfigType{PreTokenGeneration: aws.String(otherTrigger + "pre-token")}
	for name, row := range map[string]struct {
		plan          *plan
		claims        bool
		fails, prints string
	}{
		"an app client that may write the attribute": {claimsPlan(essentials, "email", "custom:legacy_sub"), true, "users can write custom:legacy_sub", "through "},
		"an app client without a list":               {claimsPlan(essentials), true, "users can write custom:legacy_sub", "have no list of WriteAttributes"},
		"a function that migrates":                   {migration, true, "does not run the command claims", ""},
		"claims as the migration trigger":            {claimsPlan(essentials, "email"), false, "runs the command claims", ""},
		"another function":                           {taken, true, "another function is the trigger", ""},
	} {
		t.Run(name, func(t *testing.T) {
			m := a.build(t, row.plan, "claims-"+strings.ReplaceAll(name, " ", "-"))
			before := a.describe(t, m.poolID)
			args := []string{"attach", "--yes", "--destination-pool", m.poolID, "--function", m.functionName}
			if row.claims {
				args = append(args, "--claims")
			}
			got := runTool(t, nil, "", args...)
			if got.err == nil || !strings.Contains(got.err.Error(), row.fails) || !strings.Contains(got.notes, row.prints) {
				t.Errorf("got %v, %s", got.err, got.notes)
			}
			if after := a.describe(t, m.poolID); !reflect.DeepEqual(before.LambdaConfig, after.LambdaConfig) {
				t.Errorf("it was written: %+v", after.LambdaConfig)
			}
		})
	}
}

func TestNamesOfAFunction(t *testing.T) {
	t.Parallel()
	const arn = "arn:aws:lambda:us-east-1:111111111111:function:migrate"
	for _, row := range []struct {
		given, attached string
		same            bool
	}{
		{"migrate", arn, true}, {arn, arn, true}, {"migrate", arn + ":live", true}, {arn, arn + ":live", true},
		{"migrate:live", arn + ":live", true}, {arn + ":live", arn + ":live", true},
		{"migrate:live", arn, false}, {"migrate:live", arn + ":next", false}, {"other", arn, false}, {"migrate", arn + "d", false},
	} {
		if names(row.given, row.attached) != row.same {
			t.Errorf("%s and %s: %t", row.given, row.attached, !row.same)
		}
	}
}

func TestAPoolThatIsASourceIsFoundInEitherEnvironment(t *testing.T) {
	t.Parallel()
	const pool = "us-east-1_pool"
	for name, row := range map[string]struct {
		function, operator, want string
	}{
		"the function's source":           {"SOURCE_USER_POOL_ID", "", "SOURCE_USER_POOL_ID"},
		"a source of another name":        {"OLD_USER_POOL_ID", "", "OLD_USER_POOL_ID"},
		"the operator's source":           {"", "SOURCE_USER_POOL_ID", "SOURCE_USER_POOL_ID"},
		"the operator's, by another name": {"", "OLD_USER_POOL_ID", "OLD_USER_POOL_ID"},
		"the function's destination":      {"MIGRATE_DESTINATION_USER_POOL_ID", "MIGRATE_DESTINATION_USER_POOL_ID", ""},
		"something else":                  {"OTHER", "OTHER", ""},
	} {
		function := map[string]domain.Secret{row.function: domain.NewSecret(pool), "SOURCE_KIND": domain.NewSecret("cognito")}
		if got := sourceNamed(function, []string{row.operator + "=" + pool, "PATH=/bin"}, pool); got != row.want {
			t.Errorf("%s: got %q, want %q", name, got, row.want)
		}
	}
}

// namedFunction is a function with these variables.
type namedFunction map[string]string

func (n namedFunction) Function(context.Context, string) (setup.Function, error) {
	function := setup.Function{Environment: make(map[string]domain.Secret)}
	for name, value := range n {
		function.Environment[name] = domain.NewSecret(value)
	}
	return function, nil
}

func (namedFunction) InvokePermissions(context.Context, string) ([]setup.InvokePermission, error) {
	return nil, nil
}

func TestAFunctionIsReadWithTheVariablesInItsOneVariable(t *testing.T) {
	t.Parallel()
	const pool = "us-east-1_pool"
	reader := unpackingFunctions{namedFunction{"SOURCE_USER_POOL_ID": "", "SOURCE_VARIABLES": `{"MIGRATE_SOURCES":"OLD","OLD_USER_POOL_ID":"` + pool + `"}`}}
	function, err := reader.Function(t.Context(), "user-migration")
	if err != nil || sourceNamed(function.Environment, nil, pool) != "OLD_USER_POOL_ID" {
		t.Errorf("read %v, %v", function.Environment, err)
	}
	if _, there := function.Environment["SOURCE_VARIABLES"]; there {
		t.Error("the packed variable is still there")
	}
	function, err = unpackingFunctions{namedFunction{"SOURCE_VARIABLES": "broken"}}.Function(t.Context(), "user-migration")
	if err != nil || function.Environment["SOURCE_VARIABLES"].Reveal() != "broken" {
		t.Errorf("what cannot be read is not left as it is: %v, %v", function.Environment, err)
	}
}
