package lambdasource_test

import (
	"context"
	"strings"
	"testing"

	"cognito-user-migration/adapters/internal/awsrole"
	"cognito-user-migration/adapters/lambdasource"
	"cognito-user-migration/ports"
	"cognito-user-migration/ports/parts"

	"github.com/aws/aws-sdk-go-v2/aws"
)

func TestNamesOfFunctions(t *testing.T) {
	t.Parallel()
	const arn = "arn:aws:lambda:eu-west-1:123456789012:function:people"
	for text, ok := range map[string]bool{
		"people": true, "People_2-x": true, strings.Repeat("a", 64): true, arn: true, arn + ":live": true, arn + ":$LATEST": true,
		"arn:aws-cn:lambda:cn-north-1:123456789012:function:people": true,
		"": false, "a b": false, "people:live": false, strings.Repeat("a", 65): false, arn + ":": false, arn + ":a:b": false, arn + ":$PREVIOUS": false,
		"arn:aws:lambda:eu-west-1:12345:function:people": false, "arn:aws:lambda:europe:123456789012:function:people": false,
		"arn:aws:lambda:eu-west-1:123456789012:layer:people": false, "arn:aws:sqs:eu-west-1:123456789012:function:people": false, "../x": false, "https://x": false,
	} {
		if err := new(lambdasource.FunctionName).UnmarshalText([]byte(text)); (err == nil) != ok {
			t.Errorf("%q: %v", text, err)
		}
	}
	for text, ok := range map[string]bool{"3": true, "live": true, "$LATEST": true, "$X": false, "": false, "a.b": false, strings.Repeat("a", 129): false} {
		if err := new(lambdasource.Qualifier).UnmarshalText([]byte(text)); (err == nil) != ok {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestSettingsThatDoNotGoTogether(t *testing.T) {
	t.Parallel()
	const arn = "arn:aws:lambda:eu-west-1:123456789012:function:people:live"
	for name, test := range map[string]struct {
		settings lambdasource.Settings
		problem  string
	}{
		"in order":             {lambdasource.Settings{Function: arn, Region: "eu-west-1", Qualifier: "live", Contract: lambdasource.Trigger, OutageErrors: lambdasource.Errors{"X"}}, ""},
		"two qualifiers":       {lambdasource.Settings{Function: arn, Qualifier: "3", Contract: lambdasource.Keycloak}, "OLD_QUALIFIER: contradicts the qualifier in OLD_FUNCTION"},
		"two regions":          {lambdasource.Settings{Function: arn, Region: "us-east-1", Contract: lambdasource.Keycloak}, "OLD_REGION: contradicts the region in OLD_FUNCTION"},
		"outages of keycloak":  {lambdasource.Settings{Function: arn, Contract: lambdasource.Keycloak, OutageErrors: lambdasource.Errors{"X"}}, "OLD_OUTAGE_ERRORS: is used with OLD_CONTRACT=trigger alone"},
		"an ID of trigger":     {lambdasource.Settings{Function: arn, Contract: lambdasource.Trigger, PasswordBy: lambdasource.PasswordByID}, "OLD_PASSWORD_BY: is used with OLD_CONTRACT=keycloak alone"},
		"an ID without a role": {lambdasource.Settings{Function: arn, Contract: lambdasource.Trigger, Role: awsrole.Settings{ExternalID: "x1"}}, "OLD_EXTERNAL_ID: has an effect only with OLD_ROLE_ARN"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			problems := test.settings.Validate(func(name string) string { return "OLD_" + name })
			if test.problem == "" && len(problems) == 0 {
				return
			}
			if len(problems) != 1 || test.problem == "" || !strings.Contains(problems[0].Error(), test.problem) {
				t.Errorf("got %v", problems)
			}
		})
	}
}

// account is where the function runs.
type account struct{}

func (account) Config(context.Context) (aws.Config, error) {
	return aws.Config{Region: "us-east-1"}, nil
}

func (account) Credentials(context.Context, awsrole.Settings, string) (ports.CredentialProvider, error) {
	return own{}, nil
}

func TestAFunctionDoesNotInvokeItself(t *testing.T) {
	t.Setenv("AWS_LAMBDA_FUNCTION_NAME", "user-migration")
	for name, want := range map[string]bool{"user-migration": false, "people": true, "arn:aws:lambda:eu-west-1:123456789012:function:user-migration": true} {
		settings := lambdasource.Kind(account{}).Settings()
		configured, ok := settings.(interface{ Set(lambdasource.Settings) })
		if !ok {
			t.Fatal("the settings cannot be set")
		}
		configured.Set(lambdasource.Settings{Function: lambdasource.FunctionName(name), Contract: lambdasource.Trigger})
		opened, err := settings.Open(t.Context(), parts.SourceOptions{Name: "people", Note: func(ports.Note) {}})
		if (err == nil) != want {
			t.Errorf("%s: %v", name, err)
		}
		if want && (!opened.ReadsEvent || !opened.HidesUnknown || opened.TellsSecondFactors) {
			t.Errorf("%s: %+v", name, opened)
		}
	}
}
