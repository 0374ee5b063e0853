package deploy_test

import (
	"maps"
	"slices"
	"testing"
)

// oneAccount are the destination's parameters where the source is in the same
// account.
func oneAccount(t *testing.T) map[string]string {
	t.Helper()
	parameters := exampleParameters(t, destination)
	for _, name := range []string{"SourceClientId", "SourceRoleArn", "SourceExternalId"} {
		delete(parameters, name)
	}
	return parameters
}

// TestOneAccountNeedsOneStackAndNoRole: the functions may do at the source's pool
// what the roles of a source account may, and take on no role.
func TestOneAccountNeedsOneStackAndNoRole(t *testing.T) {
	t.Parallel()
	for name, completion := range map[string]map[string]string{
		"without completion": nil,
		"groups":             {"CompletionGroups": "*"},
		"disable":            {"CompletionAfter": "disable"},
		"delete and groups":  {"CompletionAfter": "delete", "CompletionGroups": "*"},
		"enroll":             {"MigrateOnMfa": "enroll"},
	} {
		there := exampleParameters(t, source)
		maps.Copy(there, completion)
		two := roleActions(newStack(readTemplate(t, source), "222222222222", "ap-northeast-1", "aws", there).resources())
		parameters := oneAccount(t)
		maps.Copy(parameters, completion)
		stack := newStack(readTemplate(t, destination), "111111111111", "ap-northeast-1", "aws", parameters)
		made := stack.resources()
		if len(stack.problems) > 0 {
			t.Fatal(stack.problems)
		}
		one := roleActions(made)
		for role, ofSource := range map[string]string{"FunctionRole": "Role", "CompletionRole": "CompletionRole"} {
			for _, action := range two[ofSource] {
				if !slices.Contains(one[role], action) {
					t.Errorf("%s: %s may not %s", name, role, action)
				}
			}
			for _, action := range one[role] {
				if action == "sts:AssumeRole" {
					t.Errorf("%s: %s takes on a role", name, role)
				}
			}
		}
		variables := made["Function"]["Properties"].(map[string]any)["Environment"].(map[string]any)["Variables"].(map[string]any)
		if variables["SOURCE_ROLE_ARN"] != "" || variables["SOURCE_EXTERNAL_ID"] != "" || variables["SOURCE_CLIENT_ID"] == "" {
			t.Errorf("%s: the function is told of %v, %v, %v", name, variables["SOURCE_ROLE_ARN"], variables["SOURCE_EXTERNAL_ID"], variables["SOURCE_CLIENT_ID"])
		}
		client := made["SourceClient"]["Properties"].(map[string]any)
		if flows := texts(client["ExplicitAuthFlows"].([]any)); !slices.Contains(flows, "ALLOW_ADMIN_USER_PASSWORD_AUTH") || client["PreventUserExistenceErrors"] != "LEGACY" {
			t.Errorf("%s: the app client is %v", name, client)
		}
		parameters["SourceClientId"] = "1example23456789"
		if _, made := newStack(readTemplate(t, destination), "111111111111", "ap-northeast-1", "aws", parameters).resources()["SourceClient"]; made {
			t.Errorf("%s: an app client is made beside the one that is given", name)
		}
	}
}

// TestTheRoleOfTwoAccountsStaysAsItWas: with a role, nothing is allowed at a pool
// of this account, and no app client is made.
func TestTheRoleOfTwoAccountsStaysAsItWas(t *testing.T) {
	t.Parallel()
	parameters := exampleParameters(t, destination)
	parameters["CompletionAfter"], parameters["CompletionGroups"] = "delete", "*"
	made := newStack(readTemplate(t, destination), "111111111111", "ap-northeast-1", "aws", parameters).resources()
	roles := roleActions(made)
	for _, action := range []string{"cognito-idp:AdminInitiateAuth", "cognito-idp:AdminDeleteUser", "cognito-idp:AdminDisableUser", "cognito-idp:AdminListGroupsForUser"} {
		if slices.Contains(roles["FunctionRole"], action) || slices.Contains(roles["CompletionRole"], action) {
			t.Errorf("%s is allowed", action)
		}
	}
	if _, there := made["SourceClient"]; there {
		t.Error("an app client is made")
	}
}
