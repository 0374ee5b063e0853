package deploy_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

// sourceSetUp is a set-up of sources, and what it needs beside the variables.
type sourceSetUp struct {
	variables  string            // SourceVariables
	parameters map[string]string // the others
	// resources are those that a function may use, beside a source's role, by the
	// adapters that call AWS.
	resources map[string][]string
}

const (
	poolHere    = "arn:aws:cognito-idp:ap-northeast-1:111111111111:userpool/ap-northeast-1_AbCdEf123"
	otherPool   = "arn:aws:cognito-idp:ap-northeast-1:111111111111:userpool/ap-northeast-1_Second456"
	usersTable  = "arn:aws:dynamodb:ap-northeast-1:111111111111:table/users"
	usersIndex  = usersTable + "/index/email"
	ourFunction = "arn:aws:lambda:ap-northeast-1:111111111111:function:users"
	// The resource ID of a database and a user's name.
	databaseUser = "arn:aws:rds-db:ap-northeast-1:111111111111:dbuser:db-ABCDEFGHIJKL/reader"
	roleThere    = "arn:aws:iam::333333333333:role/user-migration"
)

// sourceSetUps are the set-ups that both languages are held to: one for each way of
// reaching a kind, and chains.
func sourceSetUps() map[string]sourceSetUp {
	pool := map[string]string{"SourceUserPoolId": "ap-northeast-1_AbCdEf123"}
	vpc := map[string]string{"SubnetIds": "subnet-0123456789abcdef0,subnet-0123456789abcdef1", "SecurityGroupIds": "sg-0123456789abcdef0"}
	const cognito = "adapters/cognitosource adapters/internal/cognitocalls"
	return map[string]sourceSetUp{
		"cognito": {parameters: pool, resources: map[string][]string{cognito: {poolHere}}},
		"cognito in another account, by variables": {
			variables:  `{"SOURCE_USER_POOL_ID":"ap-northeast-1_AbCdEf123","SOURCE_CLIENT_ID":"1","SOURCE_ROLE_ARN":"` + roleThere + `"}`,
			parameters: map[string]string{"SourceRoleArns": roleThere},
			resources:  map[string][]string{"adapters/stscredentials": {roleThere}},
		},
		"dynamodb": {
			variables:  `{"SOURCE_KIND":"dynamodb","SOURCE_TABLE":"users"}`,
			parameters: map[string]string{"SourceTableArns": usersTable + "," + usersIndex},
			resources:  map[string][]string{"adapters/dynamosource": {usersTable, usersIndex}},
		},
		"lambda": {
			variables:  `{"SOURCE_KIND":"lambda"}`,
			parameters: map[string]string{"SourceFunctionArns": ourFunction},
			resources:  map[string][]string{"adapters/lambdasource": {ourFunction}},
		},
		"http":     {variables: `{"SOURCE_KIND":"http","SOURCE_URL":"https://login.example.com"}`},
		"firebase": {variables: `{"SOURCE_KIND":"firebase","SOURCE_API_KEY":"ssm:/firebase"}`},
		"oidc":     {variables: `{"SOURCE_KIND":"oidc","SOURCE_ISSUER":"https://login.example.com"}`},
		"sql":      {variables: `{"SOURCE_KIND":"sql","SOURCE_DRIVER":"postgres"}`, parameters: vpc},
		"sql with a token of RDS": {
			variables:  `{"SOURCE_KIND":"sql","SOURCE_DRIVER":"postgres","SOURCE_AUTH":"iam"}`,
			parameters: with(vpc, "SourceDatabaseArns", databaseUser),
			resources:  map[string][]string{"adapters/sqlsource": {databaseUser}},
		},
		"ldap": {variables: `{"SOURCE_KIND":"ldap","SOURCE_URL":"ldaps://dc.corp.example"}`, parameters: vpc},
		"a user pool and a directory": {
			variables:  `{"MIGRATE_SOURCES":"SOURCE,CORP","CORP_KIND":"ldap","CORP_URL":"ldaps://dc.corp.example"}`,
			parameters: with(pool, pairs(vpc)...),
			resources:  map[string][]string{cognito: {poolHere}},
		},
		"two user pools and a table": {
			variables:  `{"MIGRATE_SOURCES":"SOURCE,SECOND,TABLE","SECOND_USER_POOL_ID":"ap-northeast-1_Second456","SECOND_CLIENT_ID":"1","TABLE_KIND":"dynamodb"}`,
			parameters: with(pool, "SourcePoolArns", otherPool, "SourceTableArns", usersTable),
			resources:  map[string][]string{cognito: {poolHere, otherPool}, "adapters/dynamosource": {usersTable}},
		},
	}
}

// withoutSource are the parameters of a destination whose source is left to say.
func withoutSource(t *testing.T) map[string]string {
	t.Helper()
	parameters := oneAccount(t)
	delete(parameters, "SourceUserPoolId")
	return parameters
}

func (s sourceSetUp) given(t *testing.T, more ...string) map[string]string {
	t.Helper()
	parameters := with(withoutSource(t), pairs(s.parameters)...)
	if s.variables != "" {
		parameters["SourceVariables"] = s.variables
	}
	return with(parameters, more...)
}

// completing asks for all that completion can do.
func completing() []string {
	return []string{"CompletionAfter", "delete", "CompletionGroups", "*"}
}

// TestEachSourceIsAllowedWhatItsAdapterCallsOnWhatIsNamed: nothing else is allowed,
// beyond what a source that needs nothing of AWS has.
func TestEachSourceIsAllowedWhatItsAdapterCallsOnWhatIsNamed(t *testing.T) {
	t.Parallel()
	calls, _ := programCalls(t)
	grants := func(t *testing.T, given map[string]string) map[string][]string {
		t.Helper()
		stack := newStack(readTemplate(t, destination), "111111111111", "ap-northeast-1", "aws", given)
		made := make(map[string][]string)
		for role, statements := range roleStatements(stack.resources()) {
			for _, statement := range statements {
				for _, action := range actionsOfStatement(statement) {
					if slices.Contains(lambdaAttaches, action) || action == "ec2:*" {
						continue
					}
					made[role] = append(made[role], fmt.Sprintf("%s %v %v %v", statement["Effect"], action, resourcesOf(statement), statement["Condition"]))
				}
			}
		}
		if len(stack.problems) > 0 {
			t.Fatal(stack.problems)
		}
		return made
	}
	setUps := sourceSetUps()
	bare := grants(t, setUps["http"].given(t, completing()...))
	for name, setUp := range setUps {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want := map[string][]string{"FunctionRole": slices.Clone(bare["FunctionRole"]), "CompletionRole": slices.Clone(bare["CompletionRole"])}
			for adapters, resources := range setUp.resources {
				for role := range want {
					for action := range actionsAs(calls, adapters, destination+" "+role) {
						want[role] = append(want[role], allowances(action, resources, role)...)
					}
				}
			}
			got := grants(t, setUp.given(t, completing()...))
			for role := range want {
				if has, wanted := expand(got[role]), expand(want[role]); !slices.Equal(has, wanted) {
					t.Errorf("%s may\n  %s\nwant\n  %s", role, strings.Join(has, "\n  "), strings.Join(wanted, "\n  "))
				}
			}
		})
	}
}

// actionsAs are the actions that the adapters call in the name of a role. A user
// pool of this account is used by the functions' own roles.
func actionsAs(calls []call, adapters, role string) map[string]bool {
	own := map[string]string{sourceRole: functionRole, sourceRetire: completionRole}
	actions := make(map[string]bool)
	for adapter := range strings.FieldsSeq(adapters) {
		if adapter == "adapters/sqlsource" { // no call: it signs a token, which RDS judges
			actions["rds-db:connect"] = true
		}
		for _, found := range calls {
			if !strings.HasPrefix(found.by, module+adapter+".") {
				continue
			}
			for _, as := range rolesOf(found.by) {
				if as == role || own[as] == role {
					actions[found.action] = true
				}
			}
		}
	}
	return actions
}

func allowances(action string, resources []string, role string) []string {
	var list []string
	for _, resource := range resources {
		if action == "sts:AssumeRole" && role == "CompletionRole" {
			resource += "-completion"
		}
		list = append(list, fmt.Sprintf("Allow %s [%s] <nil>", action, resource))
	}
	return list
}

func resourcesOf(statement map[string]any) []string {
	if one, ok := statement["Resource"].(string); ok {
		return []string{one}
	}
	return texts(statement["Resource"].([]any))
}

// expand writes a grant on several resources as several, sorted and each once.
func expand(grants []string) []string {
	var list []string
	for _, grant := range grants {
		before, rest, _ := strings.Cut(grant, "[")
		resources, after, _ := strings.Cut(rest, "]")
		for resource := range strings.FieldsSeq(resources) {
			list = append(list, before+"["+resource+"]"+after)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// TestTheActionsOfATableAreOnItsPage: who sets a function up without the templates
// reads them there.
func TestTheActionsOfATableAreOnItsPage(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../docs/sources/dynamodb.md")
	if err != nil {
		t.Fatal(err)
	}
	calls, _ := programCalls(t)
	found := 0
	for _, call := range calls {
		if strings.HasPrefix(call.by, module+"adapters/dynamosource.") {
			found++
			if !strings.Contains(string(page), "`"+call.action+"`") {
				t.Errorf("docs/sources/dynamodb.md does not name %s", call.action)
			}
		}
	}
	if found == 0 {
		t.Error("no call was found")
	}
}

// TestLambdaAttachesToTheVPCAndTheCodeMayNot: the actions know no narrower resource,
// so the functions' own code is denied them, as AWS advises ("Giving Lambda functions
// access to resources in an Amazon VPC", AWS Lambda Developer Guide).
func TestLambdaAttachesToTheVPCAndTheCodeMayNot(t *testing.T) {
	t.Parallel()
	setUp := sourceSetUps()["ldap"]
	stack := newStack(readTemplate(t, destination), "111111111111", "ap-northeast-1", "aws", setUp.given(t, completing()...))
	made := stack.resources()
	for _, role := range []string{"FunctionRole", "CompletionRole"} {
		var allowed []string
		denied := false
		for _, statement := range roleStatements(made)[role] {
			actions := actionsOfStatement(statement)
			switch statement["Sid"] {
			case "LambdaAttaches":
				allowed = actions
			case "NotTheCode":
				denied = statement["Effect"] == "Deny" && slices.Equal(actions, []string{"ec2:*"}) &&
					canonical(statement["Condition"]) == `{"ArnLike":{"lambda:SourceFunctionArn":"arn:aws:lambda:ap-northeast-1:111111111111:function:user-migration*"}}`
			}
		}
		if !slices.Equal(allowed, lambdaAttaches) || !denied {
			t.Errorf("%s: Lambda may %q, the code is denied it: %t", role, allowed, denied)
		}
	}
	for _, function := range []string{"Function", "CompletionFunction"} {
		network, _ := made[function]["Properties"].(map[string]any)["VpcConfig"].(map[string]any)
		if len(network) != 2 || fmt.Sprint(network["SubnetIds"]) != "[subnet-0123456789abcdef0 subnet-0123456789abcdef1]" || fmt.Sprint(network["SecurityGroupIds"]) != "[sg-0123456789abcdef0]" {
			t.Errorf("%s is attached to %v", function, network)
		}
	}
}

// TestCompletionTakesVariablesOfItsOwn: at a user pool it has another role, and it
// signs nobody in.
func TestCompletionTakesVariablesOfItsOwn(t *testing.T) {
	t.Parallel()
	const ours, theirs = `{"SOURCE_KIND":"http"}`, `{"SOURCE_KIND":"oidc"}`
	for own, want := range map[string]string{"": ours, theirs: theirs} {
		parameters := with(withoutSource(t), append(completing(), "SourceVariables", ours, "CompletionSourceVariables", own)...)
		made := newStack(readTemplate(t, destination), "111111111111", "ap-northeast-1", "aws", parameters).resources()
		for function, variables := range map[string]string{"Function": ours, "CompletionFunction": want} {
			if got := variablesOf(made, function)["SOURCE_VARIABLES"]; got != variables {
				t.Errorf("%s has %v, want %s", function, got, variables)
			}
		}
	}
}

func variablesOf(made map[string]map[string]any, function string) map[string]any {
	return made[function]["Properties"].(map[string]any)["Environment"].(map[string]any)["Variables"].(map[string]any)
}

// TestWithoutAUserPoolNoVariableOfOneIsSet: a variable that the kind does not know is
// an error at start.
func TestWithoutAUserPoolNoVariableOfOneIsSet(t *testing.T) {
	t.Parallel()
	made := newStack(readTemplate(t, destination), "111111111111", "ap-northeast-1", "aws", sourceSetUps()["http"].given(t, completing()...)).resources()
	if _, there := made["SourceClient"]; there {
		t.Error("an app client is made")
	}
	for _, function := range []string{"Function", "CompletionFunction"} {
		for name, value := range variablesOf(made, function) {
			if strings.HasPrefix(name, "SOURCE_") && name != "SOURCE_VARIABLES" && value != "" {
				t.Errorf("%s has %s=%v", function, name, value)
			}
		}
	}
}

// TestOneUserPoolAsSourceIsSetUpAsBefore: the parameters for other sources, left out,
// change nothing of a deployment that is there.
func TestOneUserPoolAsSourceIsSetUpAsBefore(t *testing.T) {
	t.Parallel()
	for _, example := range []string{"one-account", destination} {
		stack := newStack(readTemplate(t, destination), "111111111111", "ap-northeast-1", "aws", with(exampleParameters(t, example), completing()...))
		made := stack.resources()
		if _, there := made["VpcPolicy"]; there {
			t.Errorf("%s: a policy of a VPC is made", example)
		}
		for _, function := range []string{"Function", "CompletionFunction"} {
			variables := variablesOf(made, function)
			if _, there := variables["SOURCE_VARIABLES"]; there || variables["SOURCE_KIND"] != "cognito" || variables["SOURCE_PROFILE"] != "admin_get_user" {
				t.Errorf("%s: %s has %v", example, function, variables)
			}
			if network, there := made[function]["Properties"].(map[string]any)["VpcConfig"]; there {
				t.Errorf("%s: %s is attached to %v", example, function, network)
			}
		}
		for _, role := range []string{"FunctionRole", "CompletionRole"} {
			if policies, there := made[role]["Properties"].(map[string]any)["ManagedPolicyArns"]; there {
				t.Errorf("%s: %s has the policies %v", example, role, policies)
			}
		}
	}
}
