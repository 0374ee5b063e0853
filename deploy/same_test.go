package deploy_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// same says which of Terraform's resources stand for one of CloudFormation's.
// Terraform has a resource of its own for a role's policy.
var same = map[string]map[string][]string{
	source: {
		"Client":         {"aws_cognito_user_pool_client.client"},
		"Role":           {"aws_iam_role.role", "aws_iam_role_policy.role"},
		"CompletionRole": {"aws_iam_role.completion_role[0]", "aws_iam_role_policy.completion_role[0]"},
	},
	claimsTemplate: {
		"Role":                 {"aws_iam_role.role", "aws_iam_role_policy.role"},
		"LogGroup":             {"aws_cloudwatch_log_group.log_group"},
		"Function":             {"aws_lambda_function.function"},
		"PermissionForCognito": {"aws_lambda_permission.permission_for_cognito"},
	},
	importTemplate: {
		"Role":           {"aws_iam_role.role", "aws_iam_role_policy.role"},
		"OperatorPolicy": {"aws_iam_policy.operator_policy"},
	},
	destination: {
		"SourceClient":                {"aws_cognito_user_pool_client.source_client[0]"},
		"FunctionRole":                {"aws_iam_role.function_role", "aws_iam_role_policy.function_role"},
		"VpcPolicy":                   {"aws_iam_policy.vpc_policy[0]"},
		"LogGroup":                    {"aws_cloudwatch_log_group.log_group"},
		"Function":                    {"aws_lambda_function.function"},
		"PermissionForCognito":        {"aws_lambda_permission.permission_for_cognito"},
		"MigratedMetric":              {"aws_cloudwatch_log_metric_filter.migrated_metric"},
		"RefusedMetric":               {"aws_cloudwatch_log_metric_filter.refused_metric"},
		"FailedMetric":                {"aws_cloudwatch_log_metric_filter.failed_metric"},
		"FailuresAlarm":               {"aws_cloudwatch_metric_alarm.failures_alarm"},
		"ErrorsAlarm":                 {"aws_cloudwatch_metric_alarm.errors_alarm"},
		"ThrottlesAlarm":              {"aws_cloudwatch_metric_alarm.throttles_alarm"},
		"DurationAlarm":               {"aws_cloudwatch_metric_alarm.duration_alarm"},
		"RefusalsAlarm":               {"aws_cloudwatch_metric_alarm.refusals_alarm"},
		"LockoutTable":                {"aws_dynamodb_table.lockout_table[0]"},
		"CompletionQueue":             {"aws_sqs_queue.completion_queue[0]"},
		"CompletionDeadLetters":       {"aws_sqs_queue.completion_dead_letters[0]"},
		"CompletionRole":              {"aws_iam_role.completion_role[0]", "aws_iam_role_policy.completion_role[0]"},
		"CompletionQueuePolicy":       {"aws_sqs_queue_policy.completion_queue_policy[0]"},
		"CompletionDeadLettersPolicy": {"aws_sqs_queue_policy.completion_dead_letters_policy[0]"},
		"CompletionFunction":          {"aws_lambda_function.completion_function[0]"},
		"CompletionMapping":           {"aws_lambda_event_source_mapping.completion_mapping[0]"},
		"OwedMetric":                  {"aws_cloudwatch_log_metric_filter.owed_metric[0]"},
		"CompletedMetric":             {"aws_cloudwatch_log_metric_filter.completed_metric[0]"},
		"AbandonedMetric":             {"aws_cloudwatch_log_metric_filter.abandoned_metric[0]"},
		"OwedAlarm":                   {"aws_cloudwatch_metric_alarm.owed_alarm[0]"},
		"DeadLettersAlarm":            {"aws_cloudwatch_metric_alarm.dead_letters_alarm[0]"},
		"CompletionAgeAlarm":          {"aws_cloudwatch_metric_alarm.completion_age_alarm[0]"},
		"Dashboard":                   {"aws_cloudwatch_dashboard.dashboard"},
	},
}

// terraformPaths gives what Terraform calls otherwise than CloudFormation, as
// pairs of replaced and replacement.
var terraformPaths = map[string]*strings.Replacer{
	"AWS::Cognito::UserPoolClient": strings.NewReplacer("client_name", "name"),
	"AWS::IAM::Role": strings.NewReplacer("role_name", "name", "assume_role_policy_document", "assume_role_policy",
		"policies.policy_name", "aws_iam_role_policy.name", "policies.policy_document", "aws_iam_role_policy.policy"),
	"AWS::IAM::ManagedPolicy":         strings.NewReplacer("managed_policy_name", "name", "policy_document", "policy"),
	"AWS::Logs::LogGroup":             strings.NewReplacer("log_group_name", "name"),
	"AWS::Lambda::Function":           strings.NewReplacer("code.image_uri", "image_uri"),
	"AWS::Logs::MetricFilter":         strings.NewReplacer("filter_name", "name", "filter_pattern", "pattern", "metric_transformations.metric_", "metric_transformation.", "metric_transformations", "metric_transformation"),
	"AWS::CloudWatch::Alarm":          strings.NewReplacer("metrics.", "metric_query.", "metric_stat.metric", "metric", "metric_stat", "metric"),
	"AWS::CloudWatch::Dashboard":      strings.NewReplacer(),
	"AWS::Lambda::Permission":         strings.NewReplacer(),
	"AWS::Lambda::EventSourceMapping": strings.NewReplacer(),
	"AWS::DynamoDB::Table": strings.NewReplacer("table_name", "name", "attribute_definitions.attribute_name", "attribute.name",
		"attribute_definitions.attribute_type", "attribute.type", "key_schema.attribute_name", "hash_key", "time_to_live_specification.", "ttl."),
	"AWS::SQS::QueuePolicy": strings.NewReplacer("policy_document", "policy", "queues", "queue_url"),
	"AWS::SQS::Queue":       strings.NewReplacer("queue_name", "name", "message_retention_period", "message_retention_seconds", "visibility_timeout", "visibility_timeout_seconds"),
}

// inCloudFormationAlone are properties without an argument on the other side.
var inCloudFormationAlone = map[string]string{
	"AWS::DynamoDB::Table key_schema.key_type": "in Terraform hash_key",
}

// inTerraformAlone are arguments without a property on the other side.
var inTerraformAlone = map[string]string{
	"aws_iam_role_policy.role":                  "says whose policy it is",
	"aws_cloudwatch_log_group.skip_destroy":     "in CloudFormation DeletionPolicy",
	"aws_cloudwatch_metric_alarm.alarm_actions": "empty where there is no topic, in CloudFormation left out",

	"aws_lambda_function.reserved_concurrent_executions": "-1 where nothing is reserved, in CloudFormation left out",
}

// comparedParameters are the parameters that both languages are compared with, by
// template and row, beside those of the template's example.
func comparedParameters() map[string]map[string]map[string]string {
	rows := map[string]map[string]map[string]string{
		source: {
			"defaults":   nil,
			"disable":    {"CompletionAfter": "disable"},
			"carry":      {"MigrateOnMfa": "carry"},
			"everything": with(everything[source], "GenerateClientSecret", "true", "ClientName", "other client", "RoleName", "other-role"),
		},
		claimsTemplate: {
			"defaults":   nil,
			"everything": {"FunctionName": "other", "Architecture": "x86_64", "LogRetentionDays": "365", "ClaimsLegacySub": "old_sub", "ClaimsAttribute": "custom:old"},
		},
		importTemplate: {
			"defaults":   nil,
			"everything": {"RoleName": "other"},
		},
		destination: {
			"defaults": nil,
			"everything": with(everything[destination],
				"AlarmTopicArn", "arn:aws:sns:ap-northeast-1:111111111111:alarms", "MigrateRefusal", "explain", "FunctionName", "other",
				"Architecture", "x86_64", "MemorySize", "256", "Timeout", "4", "ReservedConcurrentExecutions", "50", "SourceClientSecret", "ssm:/legacy", "LogLevel", "DEBUG", "LogRetentionDays", "365",
				"MigrateForceAliasCreation", "true", "MigrateOnMfa", "migrate", "SourceRegion", "us-east-1",
				"FailureAlarmThreshold", "7", "RefusalAlarmThreshold", "1000", "CompletionFailure", "fail", "AuditFormat", "ocsf", "AuditFailure", "closed"),
			"one account, an app client of its own": {"SourceClientId": "", "SourceRoleArn": "", "SourceExternalId": "", "CompletionAfter": "delete", "CompletionGroups": "*"},
			"one account":                           {"SourceRoleArn": "", "SourceExternalId": "", "CompletionGroups": "*"},
			"a second factor by completion":         {"MigrateOnMfa": "carry", "MigrateDestinationMfa": "ON,EMAIL_OTP", "CompletionHmacKey": "ssm:/user-migration/completion-hmac-key"},
			"a second factor without completion":    {"MigrateOnMfa": "carry", "MigrateDestinationMfa": "ON,SMS_MFA"},
			"a new second factor":                   {"MigrateOnMfa": "enroll", "MigrateMfaGroup": "new-factor", "MigrateDestinationMfa": "ON,SOFTWARE_TOKEN_MFA", "CompletionCreateGroups": "true"},
			"a bus of another account":              {"AuditSinks": "eventbridge", "AuditEventBus": "arn:aws:events:ap-northeast-1:333333333333:event-bus/audit"},
			"completion with its own variables":     {"SourceVariables": `{"MIGRATE_SOURCES":"SOURCE,OLD"}`, "CompletionSourceVariables": `{"MIGRATE_SOURCES":"OLD"}`, "CompletionGroups": "*"},
		},
	}
	for row, setUp := range sourceSetUps() {
		none := map[string]string{"SourceUserPoolId": "", "SourceClientId": "", "SourceRoleArn": "", "SourceExternalId": ""}
		maps.Copy(none, setUp.parameters)
		rows[destination]["source: "+row] = with(none, append(completing(), "SourceVariables", setUp.variables)...)
	}
	return rows
}

// comparedStack is what CloudFormation makes of the parameters of a row.
func comparedStack(t *testing.T, name string, parameters map[string]string) (*stack, map[string]map[string]any) {
	t.Helper()
	stack := newStack(readTemplate(t, name), "111111111111", "ap-northeast-1", "aws", with(exampleParameters(t, name), pairs(parameters)...))
	made := stack.resources()
	if len(stack.problems) > 0 {
		t.Fatal(stack.problems)
	}
	return stack, made
}

// comparedInstances are the modules with the parameters of the rows.
func comparedInstances(t *testing.T) map[string]instance {
	t.Helper()
	instances := make(map[string]instance)
	for name, rows := range comparedParameters() {
		for row, parameters := range rows {
			// A file of variables is written as an object is.
			instances[name+": "+row] = instance{name, chosen(exampleText(t, name)), terraformVariables(readTemplate(t, name), parameters)}
		}
	}
	return instances
}

func TestTerraformMakesWhatCloudFormationMakes(t *testing.T) {
	t.Parallel()
	plans := everyPlan(t)
	for name, rows := range comparedParameters() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for row, parameters := range rows {
				t.Run(row, func(t *testing.T) {
					t.Parallel()
					stack, made := comparedStack(t, name, parameters)
					plan := plans[name+": "+row]
					compareResources(t, name, made, plan)
					compareOutputs(t, stack.outputs(), plan)
					compareParameters(t, stack.template, plan)
				})
			}
		})
	}
}

func with(parameters map[string]string, changed ...string) map[string]string {
	all := maps.Clone(parameters)
	if all == nil {
		all = make(map[string]string)
	}
	for pair := range slices.Chunk(changed, 2) {
		all[pair[0]] = pair[1]
	}
	return all
}

func pairs(parameters map[string]string) []string {
	var list []string
	for name, value := range parameters {
		list = append(list, name, value)
	}
	return list
}

func terraformVariables(tpl template, parameters map[string]string) map[string]any {
	variables := make(map[string]any)
	for name, value := range parameters {
		variables[terraformName(name)] = value
		if tpl.section("Parameters")[name].(map[string]any)["Type"] == "CommaDelimitedList" {
			variables[terraformName(name)] = strings.Split(value, ",")
		}
		// CloudFormation has no maps, so the program takes JSON.
		if strings.HasSuffix(name, "SourceVariables") {
			object := make(map[string]string)
			_ = json.Unmarshal([]byte(value), &object) // an empty text is an empty map
			variables[terraformName(name)] = object
		}
	}
	return variables
}

func compareResources(t *testing.T, name string, made map[string]map[string]any, plan plan) {
	t.Helper()
	counterparts := make(map[string]bool)
	for resource, definition := range made {
		addresses, known := same[name][resource]
		if !known {
			t.Errorf("Terraform has nothing for %s", resource)
			continue
		}
		kind := definition["Type"].(string)
		rename, known := terraformPaths[kind]
		if !known {
			t.Errorf("nothing is said of how Terraform calls what %s has", kind)
			continue
		}
		want := make(map[string]string)
		for path, value := range flat(definition["Properties"], snake) {
			want[rename.Replace(path)] = value
		}
		has := make(map[string]string)
		for i, address := range addresses {
			counterparts[address] = true
			values, there := plan.resource(address)
			if !there {
				t.Errorf("Terraform does not make %s", address)
			}
			// A second resource's paths begin with its type.
			prefix := ""
			if i > 0 {
				prefix, _, _ = strings.Cut(address, ".")
				prefix += "."
			}
			for path, value := range flat(values, func(s string) string { return s }) {
				has[prefix+path] = value
			}
		}
		for path, value := range want {
			switch got, there := has[path]; {
			case value == madeByAWS && !there, inCloudFormationAlone[kind+" "+path] != "" && !there:
			case got != value || !there:
				t.Errorf("%s: %s is\n  %s\nin CloudFormation, and in Terraform\n  %s", resource, path, value, got)
			}
		}
		for _, argument := range arguments(plan, addresses) {
			if !slices.ContainsFunc(slices.Collect(maps.Keys(want)), func(path string) bool {
				return path == argument || strings.HasPrefix(path, argument+".")
			}) {
				kind, _, _ := strings.Cut(addresses[0], ".")
				if inTerraformAlone[argument] == "" && inTerraformAlone[kind+"."+argument] == "" && has[argument] != "" {
					t.Errorf("%s: Terraform sets %s to %s, CloudFormation does not", resource, argument, has[argument])
				}
			}
		}
	}
	attached := attachments(made)
	for _, resource := range plan.Planned.Root.Resources {
		if role, _ := resource.Values["role"].(string); strings.HasPrefix(resource.Address, "aws_iam_role_policy_attachment.") {
			if !attached[role] {
				t.Errorf("CloudFormation attaches no policy to %s", role)
			}
			delete(attached, role)
			continue
		}
		if resource.Mode == "managed" && !counterparts[resource.Address] {
			t.Errorf("CloudFormation has nothing for %s", resource.Address)
		}
	}
	for role := range attached {
		t.Errorf("Terraform attaches no policy to %s", role)
	}
}

// attachments are the names of the roles with a policy beside their own, which
// Terraform attaches by resources.
func attachments(made map[string]map[string]any) map[string]bool {
	roles := make(map[string]bool)
	for _, definition := range made {
		properties := definition["Properties"].(map[string]any)
		if _, attached := properties["ManagedPolicyArns"]; attached {
			roles[fmt.Sprint(properties["RoleName"])] = true
		}
	}
	return roles
}

// arguments lists what Terraform's configuration sets.
func arguments(plan plan, addresses []string) []string {
	var list []string
	for _, resource := range plan.Configuration.Root.Resources {
		i := slices.IndexFunc(addresses, func(address string) bool { return strings.TrimSuffix(address, "[0]") == resource.Address })
		if i < 0 {
			continue
		}
		kind, _, _ := strings.Cut(resource.Address, ".")
		for argument := range resource.Expressions {
			if i > 0 {
				argument = kind + "." + argument
			}
			list = append(list, argument)
		}
	}
	return list
}

func compareOutputs(t *testing.T, outputs map[string]string, plan plan) {
	t.Helper()
	if len(plan.Planned.Outputs) != len(outputs) {
		t.Errorf("Terraform plans %d outputs, CloudFormation %d", len(plan.Planned.Outputs), len(outputs))
	}
	for name, value := range outputs {
		output, there := plan.Planned.Outputs[terraformName(name)]
		if _, declared := plan.Configuration.Root.Outputs[terraformName(name)]; !declared {
			t.Errorf("Terraform does not put out %s", terraformName(name))
		}
		if there && output.Value != nil && fmt.Sprint(output.Value) != value {
			t.Errorf("output %s is %s in CloudFormation and %v in Terraform", name, value, output.Value)
		}
	}
	if len(plan.Configuration.Root.Outputs) != len(outputs) {
		t.Errorf("Terraform puts out %v, CloudFormation %v", slices.Sorted(maps.Keys(plan.Configuration.Root.Outputs)), slices.Sorted(maps.Keys(outputs)))
	}
}

func compareParameters(t *testing.T, tpl template, plan plan) {
	t.Helper()
	variables := plan.Configuration.Root.Variables
	for name, parameter := range tpl.section("Parameters") {
		declaration := parameter.(map[string]any)
		variable, there := variables[terraformName(name)]
		if !there {
			t.Errorf("Terraform has no variable %s", terraformName(name))
			continue
		}
		if variable.Description != declaration["Description"] {
			t.Errorf("%s is %q in CloudFormation and %q in Terraform", name, declaration["Description"], variable.Description)
		}
		if hidden := declaration["NoEcho"] == true; hidden != variable.Sensitive {
			t.Errorf("%s: NoEcho is %v, sensitive is %v", name, hidden, variable.Sensitive)
		}
		standard := scalar(variable.Default)
		if list, ok := variable.Default.([]any); ok {
			standard = strings.Join(texts(list), ",")
		}
		if object, ok := variable.Default.(map[string]any); ok && len(object) == 0 {
			standard = ""
		}
		if (declaration["Default"] == nil) != (variable.Default == nil) || scalar(declaration["Default"]) != standard {
			t.Errorf("%s is by default %v in CloudFormation and %v in Terraform", name, declaration["Default"], variable.Default)
		}
	}
	if len(variables) != len(tpl.section("Parameters")) {
		t.Errorf("Terraform has the variables %v", slices.Sorted(maps.Keys(variables)))
	}
}

// flat writes properties as paths and values. A list of one block is the block;
// one of several goes by their IDs; a list of values is a set; a policy, or
// whatever else is JSON, is written in one way.
func flat(value any, rename func(string) string) map[string]string {
	paths := make(map[string]string)
	flatten(paths, "", value, rename)
	return paths
}

func flatten(paths map[string]string, path string, value any, rename func(string) string) {
	join := func(name string) string {
		if path == "" {
			return name
		}
		return path + "." + name
	}
	switch value := value.(type) {
	case nil:
	case map[string]any:
		if value["Statement"] != nil || value["deadLetterTargetArn"] != nil {
			paths[path] = canonical(value)
			return
		}
		under := rename
		if path == "environment.variables" || strings.HasSuffix(path, "dimensions") { // names of their own
			under = func(name string) string { return name }
		}
		for name, entry := range value {
			flatten(paths, join(under(name)), entry, rename)
		}
	case []any:
		flattenList(paths, path, value, rename)
	default:
		text := scalar(value)
		var document any
		if strings.HasPrefix(strings.TrimSpace(text), "{") && json.Unmarshal([]byte(text), &document) == nil {
			text = canonical(document)
		}
		if text != "" || strings.HasPrefix(path, "environment.variables.") {
			paths[path] = text
		}
	}
}

func flattenList(paths map[string]string, path string, list []any, rename func(string) string) {
	if len(list) == 0 {
		return
	}
	if _, blocks := list[0].(map[string]any); !blocks {
		paths[path] = strings.Join(slices.Sorted(slices.Values(scalars(list))), ", ")
		return
	}
	for _, element := range list {
		block := element.(map[string]any)
		id, _ := block["Id"].(string)
		if lower, ok := block["id"].(string); ok {
			id = lower
		}
		switch name, isPair := block["Name"].(string); {
		case isPair && block["Value"] != nil: // a dimension
			paths[path+"."+name] = scalar(block["Value"])
		case id != "":
			flatten(paths, path+"."+id, block, rename)
		default:
			flatten(paths, path, block, rename)
		}
	}
}

func scalars(list []any) []string {
	values := make([]string, len(list))
	for i, value := range list {
		values[i] = scalar(value)
	}
	return values
}

func scalar(value any) string {
	switch value := value.(type) {
	case nil:
		return ""
	case float64:
		return strconv.FormatFloat(value, 'f', -1, 64)
	default:
		return fmt.Sprint(value)
	}
}

// canonical writes JSON in one way: a policy's single action, resource or
// principal is a list of one, and such lists are sorted.
func canonical(value any) string {
	text, err := json.Marshal(normal("", value))
	if err != nil {
		return err.Error()
	}
	return string(text)
}

func normal(name string, value any) any {
	switch value := value.(type) {
	case map[string]any:
		result := make(map[string]any)
		for key, entry := range value {
			result[key] = normal(key, entry)
		}
		return result
	case []any:
		result := make([]any, len(value))
		for i, entry := range value {
			result[i] = normal("", entry)
		}
		if name == "Action" || name == "Resource" {
			return slices.Sorted(slices.Values(texts(result)))
		}
		return result
	case string:
		if name == "Action" || name == "Resource" {
			return []string{value}
		}
	}
	return value
}

// snake turns PreventUserExistenceErrors into prevent_user_existence_errors.
func snake(name string) string {
	return terraformName(name)
}
