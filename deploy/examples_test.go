package deploy_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestTheExamplesOfBothLanguagesAreExplained: each line of a file for Terraform has a
// comment, each parameter of a file for CloudFormation a row of the table, and both
// files have the same parameters.
func TestTheExamplesOfBothLanguagesAreExplained(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(filepath.Join("examples", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join("examples", "*.json"))
	if err != nil || len(files) < 4 {
		t.Fatal(files, err)
	}
	assignment := regexp.MustCompile(`^(\w+) += `)
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		text, err := os.ReadFile(filepath.Join("examples", name+".tfvars"))
		if err != nil {
			t.Fatal(err)
		}
		var variables []string
		before := ""
		for line := range strings.Lines(string(text)) {
			if found := assignment.FindStringSubmatch(line); found != nil {
				variables = append(variables, found[1])
				if !strings.HasPrefix(before, "# ") {
					t.Errorf("%s.tfvars: %s has no comment", name, found[1])
				}
			}
			before = line
		}
		for parameter := range exampleParameters(t, name) {
			if !strings.Contains(string(page), "| `"+parameter+"` | ") {
				t.Errorf("%s.json: %s is not explained in examples/README.md", name, parameter)
			}
			if !slices.Contains(variables, terraformName(parameter)) {
				t.Errorf("%s.tfvars lacks %s", name, terraformName(parameter))
			}
		}
	}
}

// TestTheExampleOfOneAccountMakesAnAppClientAndNoRole: it belongs to the template of
// the destination's account.
func TestTheExampleOfOneAccountMakesAnAppClientAndNoRole(t *testing.T) {
	t.Parallel()
	stack := newStack(readTemplate(t, destination), "111111111111", "ap-northeast-1", "aws", exampleParameters(t, "one-account"))
	made := stack.resources()
	if len(stack.problems) > 0 {
		t.Fatal(stack.problems)
	}
	if made["SourceClient"] == nil || slices.Contains(roleActions(made)["FunctionRole"], "sts:AssumeRole") {
		t.Error("it is not one of one account")
	}
}

// TestOnlyTheSignInFunctionReadsTheClientsSecret: completion signs nobody in.
func TestOnlyTheSignInFunctionReadsTheClientsSecret(t *testing.T) {
	t.Parallel()
	const secret = "arn:aws:secretsmanager:ap-northeast-1:111111111111:secret:legacy-AbCdEf"
	parameters := with(exampleParameters(t, destination), "CompletionAfter", "disable", "SourceClientSecretArn", secret)
	made := newStack(readTemplate(t, destination), "111111111111", "ap-northeast-1", "aws", parameters).resources()
	for role, reads := range map[string]bool{"FunctionRole": true, "CompletionRole": false} {
		if got := slices.Contains(roleActions(made)[role], "secretsmanager:GetSecretValue"); got != reads {
			t.Errorf("%s may read it: %t", role, got)
		}
	}
}

// TestKeysDecryptOnlyThroughTheServicesThatKeepSecrets: a KMS key may protect more
// than the function's secrets.
func TestKeysDecryptOnlyThroughTheServicesThatKeepSecrets(t *testing.T) {
	t.Parallel()
	for tables, want := range map[string]string{
		"": `{"StringEquals":{"kms:ViaService":["secretsmanager.ap-northeast-1.amazonaws.com","ssm.ap-northeast-1.amazonaws.com"]}}`,
		everything[destination]["SourceTableArns"]: `{"StringEquals":{"kms:ViaService":["secretsmanager.ap-northeast-1.amazonaws.com","ssm.ap-northeast-1.amazonaws.com","dynamodb.ap-northeast-1.amazonaws.com"]}}`,
	} {
		keysDecryptOn(t, tables, want)
	}
}

func keysDecryptOn(t *testing.T, tables, want string) {
	t.Helper()
	parameters := with(exampleParameters(t, destination), append(pairs(everything[destination]), "SourceTableArns", tables)...)
	stack := newStack(readTemplate(t, destination), "111111111111", "ap-northeast-1", "aws", parameters)
	made := stack.resources()
	for _, role := range []string{"FunctionRole", "CompletionRole"} {
		found := false
		for _, policy := range made[role]["Properties"].(map[string]any)["Policies"].([]any) {
			for _, statement := range policy.(map[string]any)["PolicyDocument"].(map[string]any)["Statement"].([]any) {
				given := statement.(map[string]any)
				if !slices.Contains(texts(given["Action"].([]any)), "kms:Decrypt") {
					continue
				}
				found = true
				if got := canonical(given["Condition"]); got != want {
					t.Errorf("%s may decrypt on %s", role, got)
				}
			}
		}
		if !found {
			t.Errorf("%s may not decrypt", role)
		}
	}
}
