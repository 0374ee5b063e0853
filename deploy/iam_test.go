package deploy_test

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
)

// The roles, by their names in the templates.
const (
	sourceRole     = source + " Role"                // signs in at the source, for migrate
	sourceRetire   = source + " CompletionRole"      // parts with users there, for complete
	functionRole   = destination + " FunctionRole"   // what migrate runs as
	completionRole = destination + " CompletionRole" // what complete runs as
)

// callsAs says in whose name the program calls AWS, by package or by type of a
// package. A caller that is not here fails the test.
var callsAs = map[string][]string{
	"adapters/cognitosource.(*Directory).signIn":   {sourceRole},
	"adapters/cognitosource.(*Directory).readUser": {sourceRole, sourceRetire},
	"adapters/internal/cognitocalls":               {sourceRole}, // what the two above call
	"adapters/cognitosource.(*FactorReader)":       {sourceRole},
	"adapters/cognitosource.(*Retirer)":            {sourceRetire},
	"adapters/stscredentials":                      {functionRole, completionRole},
	"adapters/sqscompletion.(*Queue).Send":         {functionRole},
	"adapters/sqscompletion.(*Queue).postpone":     {completionRole},
	"adapters/cognitodestination":                  {completionRole},
	"adapters/awssecrets":                          {functionRole, completionRole},
	"adapters/dynamolockout":                       {functionRole},
	"adapters/dynamosource":                        {functionRole, completionRole},
	"adapters/dynamosource.(*Directory).update":    {completionRole},
	"adapters/lambdasource":                        {functionRole, completionRole},
	"adapters/dynamosource.(*Directory).remove":    {completionRole},
	"adapters/auditeventbridge":                    {functionRole, completionRole},
	"adapters/auditfirehose":                       {functionRole, completionRole},
}

// rolesOf finds the longest entry of callsAs that a caller is under.
func rolesOf(caller string) []string {
	var longest string
	for name := range callsAs {
		rest, under := strings.CutPrefix(strings.TrimPrefix(caller, module), name)
		if under && (rest == "" || rest[0] == '.') && len(name) > len(longest) {
			longest = name
		}
	}
	return callsAs[longest]
}

// notYetCalled are the actions that the templates allow, and only by a
// parameter, though the program does not call them yet, by role and each with
// its reason. One that the program calls must leave this list.
var notYetCalled = map[string]map[string]string{}

// lambdaAttaches are the actions by which Lambda attaches a function to a VPC.
var lambdaAttaches = []string{
	"ec2:CreateNetworkInterface", "ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets", "ec2:DeleteNetworkInterface",
	"ec2:AssignPrivateIpAddresses", "ec2:UnassignPrivateIpAddresses",
}

// calledForIt are the actions that AWS itself calls in a function's name.
var calledForIt = map[string]map[string]string{
	functionRole: {
		"logs:CreateLogStream": "Lambda writes the log",
		"logs:PutLogEvents":    "Lambda writes the log",
		"kms:Decrypt":          "Secrets Manager and Parameter Store decrypt for whoever asks",
		"rds-db:connect":       "RDS judges the token that sqlsource signs by itself",
	},
	completionRole: {
		"logs:CreateLogStream":   "Lambda writes the log",
		"logs:PutLogEvents":      "Lambda writes the log",
		"sqs:ReceiveMessage":     "Lambda fetches the messages",
		"sqs:DeleteMessage":      "Lambda deletes what is done",
		"sqs:GetQueueAttributes": "Lambda asks how much there is",
		"kms:Decrypt":            "as above",
		"rds-db:connect":         "as above",
	},
}

// everything asks for all that the templates can give.
var everything = map[string]map[string]string{
	source: {"CompletionAfter": "delete", "CompletionGroups": "*", "MigrateOnMfa": "enroll"},
	destination: {
		"SecretArns":          "arn:aws:secretsmanager:ap-northeast-1:111111111111:secret:user-migration-AbCdEf",
		"SecretParameterArns": "arn:aws:ssm:ap-northeast-1:111111111111:parameter/user-migration",
		"SecretKeyArns":       "arn:aws:kms:ap-northeast-1:111111111111:key/00000000-0000-0000-0000-000000000000",
		"CompletionAfter":     "delete", "CompletionGroups": "*", "CompletionCreateGroups": "true",
		"MigrateOnMfa": "enroll", "MigrateMfaGroup": "new-factor", "MigrateDestinationMfa": "ON,SOFTWARE_TOKEN_MFA",
		"MakeLockoutTable":      "true",
		"SourceClientSecretArn": "arn:aws:ssm:ap-northeast-1:111111111111:parameter/legacy",
		"AuditSinks":            "log,eventbridge,firehose", "AuditFirehoseStream": "audit",
		"SourceVariables":    `{"MIGRATE_SOURCES":"SOURCE,TABLE","TABLE_KIND":"dynamodb"}`,
		"SourceTableArns":    "arn:aws:dynamodb:ap-northeast-1:111111111111:table/users",
		"SourceFunctionArns": "arn:aws:lambda:ap-northeast-1:111111111111:function:users",
		"SourceDatabaseArns": "arn:aws:rds-db:ap-northeast-1:111111111111:dbuser:db-ABCDEFGHIJKL/reader",
		"SourceRoleArns":     "arn:aws:iam::333333333333:role/other",
		"SubnetIds":          "subnet-0123456789abcdef0", "SecurityGroupIds": "sg-0123456789abcdef0",
	},
}

// permissions gives what each role may do: with the defaults, and with
// everything asked for.
type permissions struct {
	standard, all map[string][]string
}

func readPermissions(t *testing.T, templates map[string]template) permissions {
	t.Helper()
	found := permissions{standard: make(map[string][]string), all: make(map[string][]string)}
	for name, tpl := range templates {
		allowed := func(into map[string][]string, extra map[string]string) {
			parameters := exampleParameters(t, name)
			maps.Copy(parameters, extra)
			stack := newStack(tpl, "111111111111", "ap-northeast-1", "aws", parameters)
			for resource, actions := range roleActions(stack.resources()) {
				into[name+" "+resource] = actions
			}
			if len(stack.problems) > 0 {
				t.Fatal(stack.problems)
			}
		}
		allowed(found.standard, nil)
		allowed(found.all, everything[name])
	}
	return found
}

// roleActions are the actions that roles allow, in their own policies and in those
// that are made beside them. A denied action is none.
func roleActions(resources map[string]map[string]any) map[string][]string {
	roles := make(map[string][]string)
	for name, statements := range roleStatements(resources) {
		for _, statement := range statements {
			if statement["Effect"] == "Allow" {
				roles[name] = append(roles[name], actionsOfStatement(statement)...)
			}
		}
	}
	return roles
}

func actionsOfStatement(statement map[string]any) []string {
	if one, ok := statement["Action"].(string); ok {
		return []string{one}
	}
	return texts(statement["Action"].([]any))
}

func roleStatements(resources map[string]map[string]any) map[string][]map[string]any {
	roles := make(map[string][]map[string]any)
	add := func(role string, document any) {
		for _, statement := range document.(map[string]any)["Statement"].([]any) {
			roles[role] = append(roles[role], statement.(map[string]any))
		}
	}
	for name, resource := range resources {
		if resource["Type"] != "AWS::IAM::Role" {
			continue
		}
		properties := resource["Properties"].(map[string]any)
		for _, policy := range properties["Policies"].([]any) {
			add(name, policy.(map[string]any)["PolicyDocument"])
		}
		// The only policy beside the roles is that of the VPC.
		if _, more := properties["ManagedPolicyArns"]; more {
			add(name, resources["VpcPolicy"]["Properties"].(map[string]any)["PolicyDocument"])
		}
	}
	return roles
}

// compare says where permissions and calls part: it is nil where each role may
// do exactly what the program calls in its name.
func compare(calls []call, allowed permissions, later map[string]map[string]string) []string {
	var problems []string
	problem := func(format string, arguments ...any) { problems = append(problems, fmt.Sprintf(format, arguments...)) }
	called := make(map[string]map[string]string) // by role and action, where
	for _, found := range calls {
		roles := rolesOf(found.by)
		if len(roles) == 0 {
			problem("%s calls %s: say in callsAs which role that is", found.by, found.action)
		}
		for _, role := range roles {
			if called[role] == nil {
				called[role] = make(map[string]string)
			}
			called[role][found.action] = found.by
		}
	}
	for role, actions := range called {
		for action, by := range actions {
			if !slices.Contains(allowed.all[role], action) {
				problem("%s calls %s, and %s does not allow it", by, action, role)
			}
			if later[role][action] != "" {
				problem("%s calls %s: it must leave notYetCalled", by, action)
			}
		}
	}
	for role, actions := range allowed.all {
		for _, action := range actions {
			if called[role][action] == "" && later[role][action] == "" && calledForIt[role][action] == "" && !slices.Contains(lambdaAttaches, action) {
				problem("%s allows %s, and nothing calls it", role, action)
			}
		}
		for action := range later[role] {
			if slices.Contains(allowed.standard[role], action) {
				problem("%s allows %s by default, and nothing calls it yet", role, action)
			}
			if !slices.Contains(actions, action) {
				problem("notYetCalled holds %s, which %s does not allow", action, role)
			}
		}
	}
	slices.Sort(problems)
	return problems
}

func bothTemplates(t *testing.T) map[string]template {
	t.Helper()
	return map[string]template{source: readTemplate(t, source), destination: readTemplate(t, destination)}
}

func TestTheTemplatesAllowExactlyWhatTheProgramCalls(t *testing.T) {
	t.Parallel()
	calls, linked := programCalls(t)
	for _, expected := range []call{
		{"cognito-idp:AdminInitiateAuth", module + "adapters/cognitosource.(*Directory).signIn"},
		{"sts:AssumeRole", module + "adapters/stscredentials.AssumeRole"},
	} {
		if !slices.Contains(calls, expected) {
			t.Errorf("the search for calls did not find %+v, but %+v", expected, calls)
		}
	}
	for _, problem := range compare(calls, readPermissions(t, bothTemplates(t)), notYetCalled) {
		t.Error(problem)
	}
	// What is in the program and was not found in its source would be a call
	// that this test does not see.
	for _, action := range linkedOperations(linked) {
		seen := slices.ContainsFunc(slices.Concat(calls, foundCalls.planted), func(found call) bool { return found.action == action })
		if !seen {
			t.Errorf("%s is in the program, and no call of it was found", action)
		}
	}
}

// TestPermissionsFollowTheSettings: nobody may do more than what was asked for.
func TestPermissionsFollowTheSettings(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		after, groups, create, mfa, key string
		retire, finish                  []string
	}{
		{after: "keep"},
		{
			after: "disable", retire: []string{"AdminGetUser", "AdminDisableUser"},
			finish: []string{"AdminGetUser"},
		},
		{
			after: "delete", retire: []string{"AdminGetUser", "AdminDisableUser", "AdminUserGlobalSignOut", "AdminDeleteUser"},
			finish: []string{"AdminGetUser"},
		},
		{
			after: "keep", groups: "*", retire: []string{"AdminGetUser", "AdminListGroupsForUser"},
			finish: []string{"AdminGetUser", "AdminAddUserToGroup"},
		},
		{
			after: "keep", groups: "*", create: "true", retire: []string{"AdminGetUser", "AdminListGroupsForUser"},
			finish: []string{"AdminGetUser", "AdminAddUserToGroup", "CreateGroup"},
		},
		{after: "keep", mfa: "migrate", key: "ssm:/user-migration/completion-hmac-key"},
		{after: "keep", mfa: "carry", retire: []string{"AdminGetUser"}},
		{
			after: "keep", mfa: "carry", key: "ssm:/user-migration/completion-hmac-key", retire: []string{"AdminGetUser"},
			finish: []string{"AdminGetUser", "AdminSetUserMFAPreference"},
		},
		{
			after: "keep", mfa: "enroll", retire: []string{"AdminGetUser"},
			finish: []string{"AdminGetUser", "AdminSetUserMFAPreference", "AdminAddUserToGroup"},
		},
		{
			after: "keep", mfa: "enroll", create: "true", retire: []string{"AdminGetUser"},
			finish: []string{"AdminGetUser", "AdminSetUserMFAPreference", "AdminAddUserToGroup", "CreateGroup"},
		},
	} {
		given := map[string]string{"CompletionAfter": row.after, "CompletionGroups": row.groups}
		if row.mfa != "" {
			given["MigrateOnMfa"] = row.mfa
		}
		from := rolesWith(t, source, given)
		if row.key != "" {
			given["CompletionHmacKey"] = row.key
		}
		if row.create != "" {
			given["CompletionCreateGroups"] = row.create
		}
		to := rolesWith(t, destination, given)
		for role, check := range map[string]struct{ has, want []string }{
			"source Role":                {cognitoOf(from["Role"]), []string{"AdminInitiateAuth", "AdminGetUser", "GetUserPoolMfaConfig", "AdminGetUserAuthFactors"}},
			"source CompletionRole":      {cognitoOf(from["CompletionRole"]), row.retire},
			"destination FunctionRole":   {cognitoOf(to["FunctionRole"]), nil},
			"destination CompletionRole": {cognitoOf(to["CompletionRole"]), row.finish},
		} {
			if !slices.Equal(check.has, check.want) {
				t.Errorf("%v: %s may %q, want %q", given, role, check.has, check.want)
			}
		}
		if queues := slices.Contains(to["FunctionRole"], "sqs:SendMessage"); queues != (row.finish != nil) {
			t.Errorf("%v: the function may queue completions: %v", given, queues)
		}
	}
}

func TestSecretsAreReadOnlyWhereTheyAreReferredTo(t *testing.T) {
	t.Parallel()
	reads := func(given map[string]string) []string {
		return slices.DeleteFunc(rolesWith(t, destination, given)["FunctionRole"], func(action string) bool {
			return strings.HasPrefix(action, "logs:") || strings.HasPrefix(action, "sts:")
		})
	}
	if actions := reads(nil); len(actions) > 0 {
		t.Errorf("by default the function may %q", actions)
	}
	for parameter, want := range map[string]string{
		"SecretArns": "secretsmanager:GetSecretValue", "SecretParameterArns": "ssm:GetParameter", "SecretKeyArns": "kms:Decrypt",
	} {
		if actions := reads(map[string]string{parameter: everything[destination][parameter]}); !slices.Equal(actions, []string{want}) {
			t.Errorf("with %s the function may %q, want %s", parameter, actions, want)
		}
	}
}

func TestTriesAreCountedOnlyWhereThatIsAskedFor(t *testing.T) {
	t.Parallel()
	for asked, want := range map[string][]string{"false": nil, "true": {"dynamodb:PutItem", "dynamodb:DeleteItem"}} {
		roles := rolesWith(t, destination, map[string]string{"MakeLockoutTable": asked, "CompletionAfter": "disable"})
		for role, may := range map[string][]string{"FunctionRole": want, "CompletionRole": nil} {
			actions := slices.DeleteFunc(slices.Clone(roles[role]), func(action string) bool { return !strings.HasPrefix(action, "dynamodb:") })
			if !slices.Equal(actions, may) {
				t.Errorf("MakeLockoutTable=%s: %s may %q, want %q", asked, role, actions, may)
			}
		}
	}
}

func rolesWith(t *testing.T, name string, given map[string]string) map[string][]string {
	t.Helper()
	parameters := exampleParameters(t, name)
	maps.Copy(parameters, given)
	stack := newStack(readTemplate(t, name), "111111111111", "ap-northeast-1", "aws", parameters)
	roles := roleActions(stack.resources())
	if len(stack.problems) > 0 {
		t.Fatal(stack.problems)
	}
	return roles
}

func cognitoOf(actions []string) []string {
	var own []string
	for _, action := range actions {
		if name, ok := strings.CutPrefix(action, "cognito-idp:"); ok {
			own = append(own, name)
		}
	}
	return own
}

// TestACallWithoutAPermissionIsFound looks for the planted call.
func TestACallWithoutAPermissionIsFound(t *testing.T) {
	t.Parallel()
	calls, _ := programCalls(t)
	problems := compare(slices.Concat(calls, foundCalls.planted), readPermissions(t, bothTemplates(t)), notYetCalled)
	want := planted + "Call calls cognito-idp:GetUICustomization: say in callsAs which role that is"
	if !slices.Contains(problems, want) {
		t.Errorf("not found: %s\nbut: %q", want, problems)
	}
	if strings.Contains(fmt.Sprint(problems), "SetUICustomization") {
		t.Errorf("a call that the linker drops counts: %q", problems)
	}
}

func TestWhatPartsPermissionsAndCallsIsNamed(t *testing.T) {
	t.Parallel()
	const (
		directory = module + "adapters/cognitosource.(*Directory)"
		retirer   = module + "adapters/cognitosource.(*Retirer)"
		pools     = module + "adapters/cognitodestination.(*Pools)"
		queue     = module + "adapters/sqscompletion.(*Queue)"
	)
	// The rows tell of a program that makes these calls, whatever ours has come
	// to since.
	usual := []call{
		{"cognito-idp:AdminInitiateAuth", directory + ".signIn"},
		{"cognito-idp:AdminGetUser", directory + ".readUser"},
		{"cognito-idp:GetUserPoolMfaConfig", module + "adapters/cognitosource.(*FactorReader).poolFactors"},
		{"cognito-idp:AdminGetUserAuthFactors", module + "adapters/cognitosource.(*FactorReader).withPasskey"},
		{"cognito-idp:AdminListGroupsForUser", retirer + ".Groups"},
		{"cognito-idp:AdminDisableUser", retirer + ".Disable"},
		{"cognito-idp:AdminUserGlobalSignOut", retirer + ".SignOut"},
		{"sts:AssumeRole", module + "adapters/stscredentials.AssumeRole"},
		{"sqs:SendMessage", queue + ".Send"},
		{"sqs:ChangeMessageVisibility", queue + ".postpone"},
		{"cognito-idp:AdminGetUser", pools + ".FindUser"},
		{"cognito-idp:AdminAddUserToGroup", pools + ".AddToGroup"},
		{"cognito-idp:AdminSetUserMFAPreference", pools + ".PreferMFA"},
		{"cognito-idp:CreateGroup", pools + ".CreateGroup"},
		{"ssm:GetParameter", module + "adapters/awssecrets.(*Resolver).parameter"},
		{"secretsmanager:GetSecretValue", module + "adapters/awssecrets.(*Resolver).secret"},
		{"dynamodb:PutItem", module + "adapters/dynamolockout.(*Table).put"},
		{"dynamodb:DeleteItem", module + "adapters/dynamolockout.(*Table).remove"},
		{"events:PutEvents", module + "adapters/auditeventbridge.(*Sink).put"},
		{"firehose:PutRecord", module + "adapters/auditfirehose.(*Sink).put"},
		{"dynamodb:Query", module + "adapters/dynamosource.(*Directory).query"},
		{"dynamodb:GetItem", module + "adapters/dynamosource.(*Directory).get"},
		{"dynamodb:UpdateItem", module + "adapters/dynamosource.(*Directory).update"},
		{"dynamodb:DeleteItem", module + "adapters/dynamosource.(*Directory).remove"},
		{"lambda:InvokeFunction", module + "adapters/lambdasource.(*Function).invoke"},
	}
	more := func(action, by string) []call { return append(slices.Clone(usual), call{action, by}) }
	later := maps.Clone(notYetCalled)
	later[sourceRetire] = map[string]string{"cognito-idp:AdminDeleteUser": "later"}
	for name, row := range map[string]struct {
		calls  []call
		change func(source, destination string) (string, string)
		want   string
	}{
		"nothing": {calls: usual},
		"a call more": {
			calls: more("cognito-idp:AdminSetUserPassword", directory+".set"),
			want:  directory + ".set calls cognito-idp:AdminSetUserPassword: say in callsAs which role that is",
		},
		"a call that no role allows": {
			calls: more("cognito-idp:AdminSetUserPassword", directory+".readUser"),
			want:  directory + ".readUser calls cognito-idp:AdminSetUserPassword, and source-account Role does not allow it",
		},
		"a call that another role allows": {
			calls: more("cognito-idp:AdminDisableUser", directory+".signIn"),
			want:  directory + ".signIn calls cognito-idp:AdminDisableUser, and source-account Role does not allow it",
		},
		"a call less": {
			calls: slices.Clone(usual)[1:],
			want:  "source-account Role allows cognito-idp:AdminInitiateAuth, and nothing calls it",
		},
		"a permission more": {
			calls: usual,
			change: func(source, destination string) (string, string) {
				return strings.Replace(source, "cognito-idp:AdminInitiateAuth,", "cognito-idp:AdminInitiateAuth, cognito-idp:ListUsers,", 1), destination
			},
			want: "source-account Role allows cognito-idp:ListUsers, and nothing calls it",
		},
		"a permission less": {
			calls: usual,
			change: func(source, destination string) (string, string) {
				return strings.Replace(source, ", cognito-idp:AdminGetUser,", ",", 1), destination
			},
			want: directory + ".readUser calls cognito-idp:AdminGetUser, and source-account Role does not allow it",
		},
		"a permission in the other account": {
			calls: usual,
			change: func(source, destination string) (string, string) {
				return source, strings.Replace(destination, "Action: [sts:AssumeRole], Resource", "Action: [sts:AssumeRole, cognito-idp:AdminGetUser], Resource", 1)
			},
			want: "destination-account FunctionRole allows cognito-idp:AdminGetUser, and nothing calls it",
		},
		"a call that was for later": {
			calls: more("cognito-idp:AdminDeleteUser", retirer+".Delete"),
			want:  retirer + ".Delete calls cognito-idp:AdminDeleteUser: it must leave notYetCalled",
		},
		"a permission for later by default": {
			calls: usual,
			change: func(source, destination string) (string, string) {
				source = strings.Replace(source, "Delete: !Equals [!Ref CompletionAfter, delete]", `Delete: !Not [!Equals [!Ref CompletionAfter, ""]]`, 1)
				return strings.Replace(source, "Disable: !Not [!Equals [!Ref CompletionAfter, keep]]", "Disable: !Condition Delete", 1), destination
			},
			want: "source-account CompletionRole allows cognito-idp:AdminDeleteUser by default, and nothing calls it yet",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			texts := make(map[string]string)
			for _, template := range []string{source, destination} {
				text, err := os.ReadFile("cloudformation/" + template + ".yaml")
				if err != nil {
					t.Fatal(err)
				}
				texts[template] = string(text)
			}
			if row.change != nil {
				before := texts[source] + texts[destination]
				texts[source], texts[destination] = row.change(texts[source], texts[destination])
				if before == texts[source]+texts[destination] {
					t.Fatal("the template was not changed")
				}
			}
			problems := compare(row.calls, readPermissions(t, map[string]template{
				source:      parseTemplate(t, []byte(texts[source])),
				destination: parseTemplate(t, []byte(texts[destination])),
			}), later)
			switch {
			case row.want == "" && len(problems) > 0:
				t.Errorf("nothing parts them, and yet: %q", problems)
			case row.want != "" && !slices.Contains(problems, row.want):
				t.Errorf("not found: %s\nbut: %q", row.want, problems)
			}
		})
	}
}
