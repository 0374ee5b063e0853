package deploy_test

import (
	"encoding/json"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const athenaTemplate = "athena"

// athenaQuery is a named query by its format and name.
type athenaQuery struct{ format, name string }

// terraformQueries reads the queries and columns of the module.
func terraformQueries(t *testing.T) (queries map[athenaQuery]string, columns map[string][]string) {
	t.Helper()
	text, err := os.ReadFile("terraform/athena/queries.tf")
	if err != nil {
		t.Fatal(err)
	}
	queries, columns = make(map[athenaQuery]string), make(map[string][]string)
	format, name := "", ""
	var query []string
	attempts := make(map[string]string) // what each query begins with, by format
	for line := range strings.Lines(string(text)) {
		line = strings.TrimRight(line, "\n")
		trimmed := strings.TrimSpace(line)
		switch {
		case name != "" && trimmed == "SQL":
			text := strings.Join(query, "\n")
			if format == "" {
				attempts["${local.attempts."+name+"}"] = text
			} else {
				queries[athenaQuery{format, name}] = text
			}
			name, query = "", nil
		case name != "":
			line = strings.TrimPrefix(strings.TrimPrefix(line, "      "), map[bool]string{false: "  "}[format == ""])
			for reference, text := range attempts {
				line = strings.Replace(line, reference, text, 1)
			}
			query = append(query, line)
		case strings.HasSuffix(trimmed, "chomp(<<-SQL"):
			name, _, _ = strings.Cut(trimmed, " ")
		case strings.HasSuffix(trimmed, "<<-SQL"):
			name = strings.Split(trimmed, `"`)[1]
		default:
			if found := regexp.MustCompile(`^(json|ocsf) += [{\[]$`).FindStringSubmatch(trimmed); found != nil {
				format = found[1]
			}
			if found := regexp.MustCompile(`name = "(\w+)", type = "([^"]+)"`).FindStringSubmatch(trimmed); found != nil {
				columns[format] = append(columns[format], found[1]+" "+found[2])
			}
		}
	}
	return queries, columns
}

func TestBothLanguagesHaveTheSameQueriesAndColumns(t *testing.T) {
	t.Parallel()
	queries, columns := terraformQueries(t)
	template := readTemplate(t, athenaTemplate)
	resources := template.section("Resources")
	found := make(map[athenaQuery]string)
	for _, definition := range resources {
		resource := definition.(map[string]any)
		if resource["Type"] == "AWS::Athena::NamedQuery" {
			properties := resource["Properties"].(map[string]any)
			found[athenaQuery{strings.ToLower(resource["Condition"].(string)), properties["Name"].(string)}] = strings.TrimRight(properties["QueryString"].(string), "\n")
		}
	}
	if len(found) != 10 || !maps.Equal(found, queries) {
		t.Errorf("CloudFormation has %d queries and Terraform %d, or they differ", len(found), len(queries))
		for key, query := range found {
			if queries[key] != query {
				t.Errorf("%v:\n%s\nin CloudFormation, and in Terraform\n%s", key, query, queries[key])
			}
		}
	}
	for format, want := range columns {
		stack := newStack(template, "111111111111", "ap-northeast-1", "aws", map[string]string{"AuditFormat": format})
		table := stack.resources()["Table"]["Properties"].(map[string]any)["TableInput"].(map[string]any)["StorageDescriptor"].(map[string]any)
		var has []string
		for _, column := range table["Columns"].([]any) {
			has = append(has, column.(map[string]any)["Name"].(string)+" "+column.(map[string]any)["Type"].(string))
		}
		if len(stack.problems) > 0 || !slices.Equal(has, want) {
			t.Errorf("%s: CloudFormation has the columns %v, and Terraform %v; %v", format, has, want, stack.problems)
		}
	}
}

// Each member of a record has a column, so that a query can use it.
func TestEveryMemberOfARecordHasAColumn(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../adapters/internal/auditrecord/testdata/json.golden")
	if err != nil {
		t.Fatal(err)
	}
	_, columns := terraformQueries(t)
	members := 0
	for line := range strings.Lines(string(text)) {
		_, record, is := strings.Cut(line, " {")
		var read map[string]any
		if !is || json.Unmarshal([]byte("{"+record), &read) != nil {
			continue
		}
		for member := range read {
			members++
			if !slices.ContainsFunc(columns["json"], func(column string) bool { return strings.HasPrefix(column, strings.ToLower(member)+" ") }) {
				t.Errorf("the table has no column for %s", member)
			}
		}
	}
	if members < 20 {
		t.Errorf("only %d members were found", members)
	}
}

// Firehose and those who query have what they need in this bucket and no other, the
// bucket is nobody else's, and everything in it is encrypted and ends.
func TestTheBucketOfTheRecordsIsClosed(t *testing.T) {
	t.Parallel()
	for key, algorithm := range map[string]string{"": "AES256", "arn:aws:kms:ap-northeast-1:111111111111:key/0a": "aws:kms"} {
		stack := newStack(readTemplate(t, athenaTemplate), "111111111111", "ap-northeast-1", "aws", map[string]string{"KmsKeyArn": key, "RetentionDays": "30"})
		made := stack.resources()
		if len(stack.problems) > 0 {
			t.Fatal(stack.problems)
		}
		text, err := json.Marshal(made["Bucket"]["Properties"])
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{
			`"SSEAlgorithm":"` + algorithm + `"`, `"BlockPublicAcls":true`, `"BlockPublicPolicy":true`, `"IgnorePublicAcls":true`,
			`"RestrictPublicBuckets":true`, `"ObjectOwnership":"BucketOwnerEnforced"`,
		} {
			if !strings.Contains(string(text), want) {
				t.Errorf("with the key %q, the bucket has no %s: %s", key, want, text)
			}
		}
		for _, role := range []string{"StreamRole", "Reader"} {
			text, err := json.Marshal(made[role]["Properties"])
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(string(text), `:*"`) || strings.Contains(string(text), `"Resource":"*"`) || strings.Contains(string(text), "s3:Delete") ||
				strings.Contains(string(text), "kms:") != (key != "") {
				t.Errorf("with the key %q, %s may %s", key, role, text)
			}
		}
	}
}

// athenaInstances are the module with each format of records.
func athenaInstances() map[string]instance {
	instances := make(map[string]instance)
	for _, format := range []string{"json", "ocsf"} {
		instances[athenaTemplate+": "+format] = instance{module: athenaTemplate, variables: map[string]any{
			"audit_format": format, "kms_key_arn": "arn:aws:kms:ap-northeast-1:111111111111:key/0a",
		}}
	}
	return instances
}

func TestTerraformTakesTheModuleOfAthena(t *testing.T) {
	t.Parallel()
	plans := everyPlan(t)
	queries, _ := terraformQueries(t)
	for _, format := range []string{"json", "ocsf"} {
		plan := plans[athenaTemplate+": "+format]
		if made := len(plan.Planned.Root.Resources); made != 18 {
			t.Errorf("%s: %d resources are made, want 18", format, made)
		}
		for key, query := range queries {
			resource, there := plan.resource(`aws_athena_named_query.query["` + key.name + `"]`)
			if key.format == format && (!there || resource["query"] != query+"\n") {
				t.Errorf("%v: Terraform makes\n%v\nand not\n%s", key, resource["query"], query)
			}
		}
	}
}
