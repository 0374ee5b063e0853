package deploy_test

import (
	"encoding/json"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"cognito-user-migration/adapters/awsenv"
	"cognito-user-migration/adapters/stscredentials"
	"cognito-user-migration/app/config"
	allparts "cognito-user-migration/app/everything"
)

// The function of the command claims asks AWS nothing, so its role may write the log
// and nothing else, and Cognito may invoke it for one pool of one account.
func TestTheClaimsFunctionMayWriteItsLogAlone(t *testing.T) {
	t.Parallel()
	stack := newStack(readTemplate(t, claimsTemplate), "111111111111", "ap-northeast-1", "aws", exampleParameters(t, claimsTemplate))
	made := stack.resources()
	if len(stack.problems) > 0 {
		t.Fatal(stack.problems)
	}
	policies, err := json.Marshal(made["Role"]["Properties"])
	if err != nil {
		t.Fatal(err)
	}
	for _, action := range strings.FieldsFunc(string(policies), func(r rune) bool { return r == '"' }) {
		service, _, is := strings.Cut(action, ":")
		if is && slices.Contains([]string{"cognito-idp", "sqs", "dynamodb", "lambda", "s3", "kms", "ssm"}, service) {
			t.Errorf("the role may %s", action)
		}
	}
	permission := made["PermissionForCognito"]["Properties"].(map[string]any)
	if permission["SourceAccount"] != "111111111111" || permission["SourceArn"] != "arn:aws:cognito-idp:ap-northeast-1:111111111111:userpool/ap-northeast-1_GhIjKl456" ||
		permission["Principal"] != "cognito-idp.amazonaws.com" {
		t.Errorf("the permission is %v", permission)
	}
}

func TestTheClaimsFunctionHasEverySettingOfItsFamily(t *testing.T) {
	t.Parallel()
	template := readTemplate(t, claimsTemplate)
	function := template.section("Resources")["Function"].(map[string]any)["Properties"].(map[string]any)
	variables := function["Environment"].(map[string]any)["Variables"].(map[string]any)
	defaults := make(map[string]string)
	for _, setting := range config.Describe(allparts.Parts(stscredentials.NewAccount(awsenv.Config, os.Getenv)).Sources) {
		if strings.HasPrefix(setting.Variable, "CLAIMS_") {
			defaults[setting.Variable] = setting.Default
		}
	}
	if got, want := slices.Sorted(maps.Keys(variables)), slices.Sorted(maps.Keys(defaults)); !slices.Equal(got, want) {
		t.Errorf("the template sets %v, the program takes %v", got, want)
	}
	parameters := template.section("Parameters")
	for variable, value := range variables {
		name := value.(map[string]any)["Ref"].(string)
		if got := parameters[name].(map[string]any)["Default"]; got != defaults[variable] {
			t.Errorf("%s is by default %v in the template and %s in the program", variable, got, defaults[variable])
		}
	}
	if command := function["ImageConfig"].(map[string]any)["Command"].([]any); len(command) != 1 || command[0] != "claims" {
		t.Errorf("the command is %v", command)
	}
}
