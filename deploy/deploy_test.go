// Package deploy_test holds the templates to the program: their settings are the
// program's, their permissions are the calls that the program makes, and what
// CloudFormation makes is what Terraform makes. It may import everything; no
// test here reaches AWS.
package deploy_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"cognito-user-migration/adapters/awsenv"
	"cognito-user-migration/adapters/stscredentials"
	"cognito-user-migration/app/config"
	allparts "cognito-user-migration/app/everything"
	"cognito-user-migration/test/process"
)

// The templates, in both languages.
const (
	source         = "source-account"
	destination    = "destination-account"
	claimsTemplate = "claims"
	importTemplate = "import-role"
)

// require skips the test where a tool is missing, with a line that says how to
// get it; with E2E=required the test fails instead.
func require(t *testing.T, there bool, missing string) {
	t.Helper()
	if !there {
		process.Missing(t, missing)
	}
}

func installed(program string) bool {
	_, err := exec.LookPath(program)
	return err == nil
}

func TestCfnLintFindsNothing(t *testing.T) {
	t.Parallel()
	require(t, installed("cfn-lint"), "cfn-lint is missing: pip install cfn-lint")
	// W3037: cfn-lint does not know AdminGetUserAuthFactors of July 2026. That every
	// action exists and is called, the tests of permissions hold.
	// A region of each partition that has Cognito user pools or may get them.
	command := exec.CommandContext(t.Context(), "cfn-lint", "--include-checks", "I", "--ignore-checks", "W3037",
		"--regions", "us-east-1", "ap-northeast-1", "us-gov-west-1",
		"--template", "cloudformation/source-account.yaml", "cloudformation/destination-account.yaml", "cloudformation/claims.yaml", "cloudformation/athena.yaml", "cloudformation/import-role.yaml")
	if output, err := command.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, output)
	}
}

// notInTheTemplates are settings that the templates leave to their defaults.
var notInTheTemplates = map[string]string{
	"MIGRATE_SOURCES":   "it stands in SOURCE_VARIABLES, beside the variables of the sources that it names",
	"CLAIMS_LEGACY_SUB": "the function of the command claims has a template of its own, which claims_test.go checks",
	"CLAIMS_ATTRIBUTE":  "as above",
}

// madeHere are settings that no parameter is needed for.
var madeHere = map[string]string{
	"SOURCE_KIND":                      "a user pool as source has parameters; another source is in SOURCE_VARIABLES",
	"MIGRATE_DESTINATION_USER_POOL_ID": "the templates are told the pool as DestinationUserPoolId",
	"COMPLETION_QUEUE_URL":             "the queue is made here",
	"LOCKOUT_TABLE":                    "the table is made here",
	"SOURCE_CLIENT_ID":                 "in one account the app client is made here, if none is given",
}

// notNeededHere are settings that the program cannot do without and the templates
// can.
var notNeededHere = map[string]string{"SOURCE_USER_POOL_ID": "SourceVariables may have other sources alone"}

// templatesKind is the kind of source that has parameters of its own. The variables
// of the others are in SourceVariables.
const templatesKind = "cognito"

// inEnvironment lists the settings that the templates must carry.
func inEnvironment(t *testing.T) map[string]config.Setting {
	t.Helper()
	settings := make(map[string]config.Setting)
	for _, setting := range config.Describe(allparts.Parts(stscredentials.NewAccount(awsenv.Config, os.Getenv)).Sources) {
		if notInTheTemplates[setting.Variable] == "" && (setting.Kind == "" || setting.Kind == templatesKind) {
			settings[setting.Variable] = setting
		}
	}
	for variable := range notInTheTemplates {
		if !slices.ContainsFunc(config.Describe(allparts.Parts(stscredentials.NewAccount(awsenv.Config, os.Getenv)).Sources), func(s config.Setting) bool { return s.Variable == variable }) {
			t.Errorf("%s is left out of the templates, but there is no such setting", variable)
		}
	}
	return settings
}

func environment(t *testing.T, function string) map[string]any {
	t.Helper()
	definition := readTemplate(t, destination).section("Resources")[function].(map[string]any)
	return definition["Properties"].(map[string]any)["Environment"].(map[string]any)["Variables"].(map[string]any)
}

func TestTheFunctionsEnvironmentHasEverySetting(t *testing.T) {
	t.Parallel()
	settings, variables := inEnvironment(t), environment(t, "Function")
	for _, variable := range slices.Sorted(maps.Keys(settings)) {
		if _, there := variables[variable]; !there {
			t.Errorf("the program takes %s, and the templates do not set it", variable)
		}
	}
	for _, variable := range slices.Sorted(maps.Keys(variables)) {
		if _, known := settings[variable]; !known {
			t.Errorf("the templates set %s, which the program does not take", variable)
		}
	}
}

func TestBothFunctionsHaveTheSameSettings(t *testing.T) {
	t.Parallel()
	given := exampleParameters(t, destination)
	const clientSecret = "ssm:/legacy/client-secret"
	given["CompletionAfter"], given["SourceClientSecret"] = "disable", clientSecret
	stack := newStack(readTemplate(t, destination), "111111111111", "ap-northeast-1", "aws", given)
	of := func(function string) map[string]any {
		properties := stack.resources()[function]["Properties"].(map[string]any)
		return properties["Environment"].(map[string]any)["Variables"].(map[string]any)
	}
	migrate, complete := of("Function"), of("CompletionFunction")
	if want := fmt.Sprint(migrate["SOURCE_ROLE_ARN"], "-completion"); complete["SOURCE_ROLE_ARN"] != want {
		t.Errorf("completion takes on %v, want %s", complete["SOURCE_ROLE_ARN"], want)
	}
	complete["SOURCE_ROLE_ARN"] = migrate["SOURCE_ROLE_ARN"]
	if migrate["SOURCE_CLIENT_SECRET"] != clientSecret || complete["SOURCE_CLIENT_SECRET"] != "" {
		t.Errorf("completion, which signs nobody in, has the client's secret %q", complete["SOURCE_CLIENT_SECRET"])
	}
	complete["SOURCE_CLIENT_SECRET"] = migrate["SOURCE_CLIENT_SECRET"]
	if !maps.Equal(migrate, complete) {
		t.Errorf("the settings differ:\n%v\n%v", migrate, complete)
	}
}

func TestParametersForSettingsAreAsTheProgramSays(t *testing.T) {
	t.Parallel()
	parameters := readTemplate(t, destination).section("Parameters")
	variables := environment(t, "Function")
	for variable, setting := range inEnvironment(t) {
		if madeHere[variable] != "" {
			continue
		}
		name := parameterName(variable)
		if given := parameterOf(variables[variable]); given != name {
			t.Errorf("%s is not set from the parameter %s but from %v", variable, name, variables[variable])
			continue
		}
		parameter, ok := parameters[name].(map[string]any)
		if !ok {
			t.Errorf("there is no parameter %s", name)
			continue
		}
		if standard, ok := parameter["Default"]; ok && fmt.Sprint(standard) != setting.Default {
			t.Errorf("%s: the default is %q, the program's is %q", name, standard, setting.Default)
		}
		if needed := setting.Required && notNeededHere[variable] == ""; needed == (parameter["Default"] != nil) {
			t.Errorf("%s: needed is %v, the default is %v", name, needed, parameter["Default"])
		}
		if hidden := parameter["NoEcho"] == true; hidden != setting.Secret {
			t.Errorf("%s: secret is %v for the program, NoEcho is %v here", name, setting.Secret, hidden)
		}
		if allowed, ok := parameter["AllowedValues"].([]any); ok {
			if parameter["Default"] == "" && setting.Default == "" { // empty: not set
				allowed = slices.DeleteFunc(allowed, func(value any) bool { return value == "" })
			}
			if takes := strings.Split(setting.Takes, ", "); !slices.Equal(texts(allowed), takes) {
				t.Errorf("%s takes %q here, and %q in the program", name, allowed, takes)
			}
		} else if isChoice(setting.Takes) {
			t.Errorf("%s is not limited to %s", name, setting.Takes)
		}
	}
}

// parameterOf is the parameter that a variable is set from, where it is set.
func parameterOf(value any) string {
	function, _ := value.(map[string]any)
	if choices, ok := function["Fn::If"].([]any); ok {
		return parameterOf(choices[1])
	}
	name, _ := function["Ref"].(string)
	return name
}

// isChoice holds for "refuse, migrate", and not for "rules, separated by commas".
func isChoice(takes string) bool {
	return regexp.MustCompile(`^[a-z_]+(, [a-z_]+)+$`).MatchString(takes)
}

// parameterName gives a variable's parameter: MIGRATE_ON_MFA, MigrateOnMfa.
func parameterName(variable string) string {
	var name strings.Builder
	for word := range strings.SplitSeq(strings.ToLower(variable), "_") {
		name.WriteString(strings.ToUpper(word[:1]) + word[1:])
	}
	return name.String()
}

// terraformName gives a parameter's name in Terraform: MigrateOnMfa, migrate_on_mfa.
func terraformName(parameter string) string {
	return strings.ToLower(regexp.MustCompile(`([a-z0-9])([A-Z])`).ReplaceAllString(parameter, "${1}_${2}"))
}

func TestTheExamplesAreWholeAndTaken(t *testing.T) {
	t.Parallel()
	for _, name := range []string{source, destination, claimsTemplate, importTemplate} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			stack := newStack(readTemplate(t, name), "111111111111", "ap-northeast-1", "aws", exampleParameters(t, name))
			stack.resources()
			if len(stack.problems) > 0 {
				t.Error(strings.Join(stack.problems, "\n"))
			}
		})
	}
}

// exampleParameters reads what `aws cloudformation deploy --parameter-overrides`
// is given: a list of Name=Value.
func exampleParameters(t *testing.T, name string) map[string]string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("examples", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	if err := json.Unmarshal(text, &list); err != nil {
		t.Fatal(err)
	}
	parameters := make(map[string]string)
	for _, pair := range list {
		parameter, value, ok := strings.Cut(pair, "=")
		if _, twice := parameters[parameter]; !ok || twice {
			t.Errorf("%q is no Name=Value, or stands there twice", pair)
		}
		parameters[parameter] = chosen(value)
	}
	return parameters
}

// chosen is a value of the examples, or what an operator chooses in place of a
// placeholder.
func chosen(text string) string {
	return strings.NewReplacer("choose-your-own", "external-id-of-this-test", "32-characters-or-more-of-your-own", "0123456789abcdef0123456789abcdef").Replace(text)
}

func TestTheTwoStacksOfTheExamplesFitTogether(t *testing.T) {
	t.Parallel()
	first, second := exampleParameters(t, source), exampleParameters(t, destination)
	from := newStack(readTemplate(t, source), "222222222222", "ap-northeast-1", "aws", first)
	for _, shared := range []string{"SourceUserPoolId", "SourceExternalId"} {
		if first[shared] != second[shared] {
			t.Errorf("%s is %q in one example and %q in the other", shared, first[shared], second[shared])
		}
	}
	to := newStack(readTemplate(t, destination), "111111111111", "ap-northeast-1", "aws", second)
	if role := "arn:aws:iam::111111111111:role/" + fmt.Sprint(to.parameters["FunctionRoleName"]); first["FunctionRoleArn"] != role {
		t.Errorf("the source account trusts %s, and the function runs as %s", first["FunctionRoleArn"], role)
	}
	if role := "arn:aws:iam::222222222222:role/" + fmt.Sprint(from.parameters["RoleName"]); second["SourceRoleArn"] != role {
		t.Errorf("the function takes on %s, and the source account makes %s", second["SourceRoleArn"], role)
	}
	// What the first puts out, the second takes under the same name.
	for output := range from.outputs() {
		if _, taken := to.parameters[output]; !taken {
			t.Errorf("the source account puts out %s, which the destination account does not take", output)
		}
	}
}

func TestNoPartitionAndNoWildcardIsWrittenDown(t *testing.T) {
	t.Parallel()
	var files []string
	for _, pattern := range []string{"cloudformation/*.yaml", "terraform/*/*.tf"} {
		found, err := filepath.Glob(pattern)
		if err != nil || len(found) == 0 {
			t.Fatal(pattern, found, err)
		}
		files = append(files, found...)
	}
	wildcard := regexp.MustCompile(`(?i)resource"?\s*[:=]\s*\[?\s*"?\*`)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for i, line := range strings.Split(withoutVPCPolicy(string(text)), "\n") {
			if strings.Contains(line, "arn:aws:") && !strings.Contains(line, "such as arn:aws:") {
				t.Errorf("%s:%d: an ARN of one partition: %s", file, i+1, line)
			}
			if wildcard.MatchString(line) {
				t.Errorf("%s:%d: any resource: %s", file, i+1, line)
			}
		}
	}
	for _, name := range []string{source, destination, claimsTemplate, importTemplate} {
		stack := newStack(readTemplate(t, name), "111111111111", "cn-north-1", "aws-cn", inChina(exampleParameters(t, name)))
		resources, err := json.Marshal(stack.resources())
		if err != nil || len(stack.problems) > 0 {
			t.Fatal(err, stack.problems)
		}
		if strings.Contains(string(resources), "arn:aws:") {
			t.Errorf("%s makes ARNs of another partition in aws-cn: %s", name, resources)
		}
	}
}

// withoutVPCPolicy empties the lines of the one policy that knows no narrower
// resource, which TestLambdaAttachesToTheVPCAndTheCodeMayNot holds.
func withoutVPCPolicy(text string) string {
	return regexp.MustCompile(`(?s)\n  VpcPolicy:\n.*?\n\n|\nresource "aws_iam_policy" "vpc_policy" .*?\n\}\n`).ReplaceAllStringFunc(text, func(policy string) string {
		return strings.Repeat("\n", strings.Count(policy, "\n"))
	})
}

// inChina moves the examples' values to another partition.
func inChina(parameters map[string]string) map[string]string {
	for name, value := range parameters {
		value = strings.ReplaceAll(value, "arn:aws:", "arn:aws-cn:")
		value = strings.ReplaceAll(value, "ap-northeast-1", "cn-north-1")
		parameters[name] = strings.ReplaceAll(value, ".amazonaws.com/", ".amazonaws.com.cn/")
	}
	return parameters
}

// largestTemplate is the most that CloudFormation takes without a bucket, in bytes
// ("CloudFormation quotas", AWS CloudFormation User Guide).
const largestTemplate = 51200

func TestTheTemplatesAreDeployedWithoutABucket(t *testing.T) {
	t.Parallel()
	for _, name := range []string{source, destination, claimsTemplate, importTemplate} {
		text, err := os.ReadFile(filepath.Join("cloudformation", name+".yaml"))
		if err != nil {
			t.Fatal(err)
		}
		if len(text) > largestTemplate {
			t.Errorf("%s has %d bytes; CloudFormation takes %d", name, len(text), largestTemplate)
		}
	}
}
