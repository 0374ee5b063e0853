package deploy_test

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

// terraform is one module, copied and initialised without a network.
type terraform struct {
	folder string
	env    []string
}

// instance is one use of a module.
type instance struct {
	module    string         // its folder
	arguments string         // Terraform's text, such as an example's
	variables map[string]any // set beside the arguments, or in their place
}

// everyPlan plans all instances that the tests look at in one run, and returns the plan
// of each, as if its module had been planned alone. A run takes the provider seconds
// before it plans the first resource.
func everyPlan(t *testing.T) map[string]plan {
	t.Helper()
	requireTerraform(t)
	foundPlans.once.Do(func() {
		instances := comparedInstances(t)
		maps.Copy(instances, athenaInstances())
		foundPlans.plans = planInstances(t, instances)
	})
	if foundPlans.plans == nil {
		t.Fatal("nothing was planned; another test says why")
	}
	return foundPlans.plans
}

var foundPlans struct {
	once  sync.Once
	plans map[string]plan
}

// planInstances plans the instances and the examples of sources. Each module is called
// once, with for_each. A call for each instance takes Terraform three times as long.
func planInstances(t *testing.T, instances map[string]instance) map[string]plan {
	t.Helper()
	tf := emptyTerraform(t)
	tf.write(t, "provider.tf", providerBlock(startSTS(t)))
	labels, byModule := make(map[string]string), make(map[string][]string)
	for i, name := range slices.Sorted(maps.Keys(instances)) {
		labels[name] = fmt.Sprintf("instance%d", i)
		byModule[instances[name].module] = append(byModule[instances[name].module], name)
	}
	main := new(strings.Builder)
	for module, names := range byModule {
		text := tf.copyModule(t, module, module)
		fmt.Fprintf(main, "module %q {\n  source   = \"./%s\"\n  for_each = local.%s\n", module, module, module)
		nullable := new(strings.Builder)
		for _, variable := range namesOf("variable", text) {
			fmt.Fprintf(main, "  %s = try(each.value.%s, null)\n", variable, variable)
			// Null is then the default, as if the variable were left out.
			fmt.Fprintf(nullable, "variable %q {\n  nullable = false\n}\n", variable)
		}
		tf.write(t, filepath.Join(module, "nullable_override.tf"), nullable.String())
		fmt.Fprintf(main, "}\nlocals {\n  %s = {\n", module)
		for _, name := range names {
			fmt.Fprintf(main, "%s = merge({\n%s\n}, %s)\n", labels[name], instances[name].arguments, unexpanded(t, instances[name].variables))
		}
		fmt.Fprint(main, "  }\n}\n")
		for _, name := range names {
			for _, output := range namesOf("output", text) {
				fmt.Fprintf(main, "output %q {\n  value     = module.%s[%q].%s\n  sensitive = true\n}\n",
					labels[name]+"__"+output, module, labels[name], output)
			}
		}
	}
	tf.knowWhatAWSMakes(t)
	tf.write(t, "main.tf", main.String()+tf.copyExamples(t))
	tf.init(t)
	all := tf.plan(t)
	plans := make(map[string]plan)
	for name, label := range labels {
		plans[name] = all.of(instances[name].module, label)
	}
	for _, name := range exampleSources(t) {
		plans["examples/"+name] = all.of(name, "").of("user_migration", "")
	}
	return plans
}

// knowWhatAWSMakes changes two locals of the destination's module. They hold what is
// known only when AWS has made it, and would make all of the environment unknown.
func (tf *terraform) knowWhatAWSMakes(t *testing.T) {
	t.Helper()
	for file, local := range map[string]string{"completion.tf": "completion_queue_url", "main.tf": "source_client_id"} {
		text, err := os.ReadFile(filepath.Join(tf.folder, destination, file))
		if err != nil {
			t.Fatal(err)
		}
		made := regexp.MustCompile(`(\n  ` + local + ` += local\.\w+ \? )aws_\w+\.\w+\[0\]\.\w+( : )`)
		if found := made.FindAll(text, -1); len(found) != 1 {
			t.Fatalf("%s: the local %s was found %d times", file, local, len(found))
		}
		tf.write(t, filepath.Join(destination, file), made.ReplaceAllString(string(text), `${1}"`+madeByAWS+`"${2}`))
	}
}

// unexpanded are variables as an object of Terraform. Their texts hold no expressions.
func unexpanded(t *testing.T, variables map[string]any) string {
	t.Helper()
	if variables == nil {
		return "{}"
	}
	text, err := json.Marshal(variables)
	if err != nil {
		t.Fatal(err)
	}
	return strings.NewReplacer("${", "$${", "%{", "%%{").Replace(string(text))
}

// emptyTerraform is a folder without modules.
func emptyTerraform(t *testing.T) *terraform {
	t.Helper()
	requireTerraform(t)
	tf := &terraform{folder: t.TempDir()}
	tf.write(t, "cli.tfrc", "")
	tf.env = append(isolated(tf.folder), "TF_CLI_CONFIG_FILE="+filepath.Join(tf.folder, "cli.tfrc"),
		"TF_IN_AUTOMATION=true", "TF_INPUT=0", "CHECKPOINT_DISABLE=true")
	return tf
}

// providerBlock configures a provider that asks nobody but the given STS which account
// this is.
func providerBlock(sts string) string {
	return fmt.Sprintf(`provider "aws" {
  region                      = "ap-northeast-1"
  access_key                  = "AKIAIOSFODNN7EXAMPLE"
  secret_key                  = "none"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
  endpoints {
    sts = %q
  }
}
`, sts)
}

// copyModule copies the files of a module into a folder, and returns their text.
func (tf *terraform) copyModule(t *testing.T, module, folder string) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("terraform", module, "*.tf"))
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	if err := os.MkdirAll(filepath.Join(tf.folder, folder), 0o700); err != nil {
		t.Fatal(err)
	}
	all := new(strings.Builder)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(text)
		tf.write(t, filepath.Join(folder, filepath.Base(file)), string(text))
	}
	return all.String()
}

// namesOf are the names of the blocks of this kind.
func namesOf(kind, text string) []string {
	var names []string
	for _, found := range regexp.MustCompile(`(?m)^`+kind+` "(\w+)"`).FindAllStringSubmatch(text, -1) {
		names = append(names, found[1])
	}
	return names
}

func (tf *terraform) init(t *testing.T) {
	t.Helper()
	tf.run(t, "init", "-backend=false")
}

func (tf *terraform) write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(tf.folder, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func (tf *terraform) try(t *testing.T, arguments ...string) (string, error) {
	t.Helper()
	command := exec.CommandContext(t.Context(), "terraform", append(arguments, "-no-color")...)
	command.Dir, command.Env = tf.folder, slices.Clone(tf.env)
	return withProvider(t, command)
}

func (tf *terraform) run(t *testing.T, arguments ...string) string {
	t.Helper()
	output, err := tf.try(t, arguments...)
	if err != nil {
		t.Fatalf("terraform %s: %v\n%s", strings.Join(arguments, " "), err, output)
	}
	return output
}

// plan is what `terraform show -json` tells of a plan.
type plan struct {
	Planned struct {
		Outputs map[string]struct{ Value any }
		Root    plannedModule `json:"root_module"`
	} `json:"planned_values"`
	Configuration struct {
		Root configuredModule `json:"root_module"`
	}
}

type plannedModule struct {
	Address   string
	Resources []planned
	Children  []plannedModule `json:"child_modules"`
}

type configuredModule struct {
	Variables map[string]declared
	Outputs   map[string]any
	Resources []struct {
		Address     string
		Mode        string
		Expressions map[string]any
	}
	Calls map[string]struct{ Module configuredModule } `json:"module_calls"`
}

// of is the part of a plan that one module called by the root has. The instance is
// empty for a call without for_each.
func (p plan) of(call, instance string) plan {
	address := "module." + call
	if instance != "" {
		address += fmt.Sprintf("[%q]", instance)
	}
	var part plan
	part.Configuration.Root = p.Configuration.Root.Calls[call].Module
	for _, child := range p.Planned.Root.Children {
		if child.Address == address || strings.HasSuffix(child.Address, "."+address) {
			part.Planned.Root = child
		}
	}
	for i, resource := range part.Planned.Root.Resources {
		part.Planned.Root.Resources[i].Address = strings.TrimPrefix(resource.Address, part.Planned.Root.Address+".")
	}
	part.Planned.Outputs = make(map[string]struct{ Value any })
	for name, output := range p.Planned.Outputs {
		if own, ok := strings.CutPrefix(name, instance+"__"); ok {
			part.Planned.Outputs[own] = output
		}
	}
	return part
}

type planned struct {
	Address, Mode string
	Values        map[string]any
}

type declared struct {
	Default     any
	Description string
	Sensitive   bool
}

// plan plans, and so validates.
func (tf *terraform) plan(t *testing.T) plan {
	t.Helper()
	tf.run(t, "plan", "-out=plan", "-lock=false")
	var result plan
	if err := json.Unmarshal([]byte(tf.run(t, "show", "-json", "plan")), &result); err != nil {
		t.Fatal(err)
	}
	return result
}

func (p plan) resource(address string) (map[string]any, bool) {
	for _, resource := range p.Planned.Root.Resources {
		if resource.Address == address {
			return resource.Values, true
		}
	}
	return nil, false
}

// startSTS answers the one question that a plan asks: whose account this is.
func startSTS(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(answer http.ResponseWriter, request *http.Request) {
		body, _ := io.ReadAll(request.Body)
		if !strings.Contains(string(body), "Action=GetCallerIdentity") {
			http.Error(answer, "this test answers GetCallerIdentity alone", http.StatusNotImplemented)
			return
		}
		answer.Header().Set("Content-Type", "text/xml")
		fmt.Fprintf(answer, `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>
<Arn>arn:aws:iam::%[1]s:user/test</Arn><UserId>AIDAEXAMPLE</UserId><Account>%[1]s</Account>
</GetCallerIdentityResult><ResponseMetadata><RequestId>test</RequestId></ResponseMetadata></GetCallerIdentityResponse>`, "111111111111")
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// exampleText is the example of a module's variables.
func exampleText(t *testing.T, module string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("examples", module+".tfvars"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestTerraformIsFormatted(t *testing.T) {
	t.Parallel()
	require(t, installed("terraform"), "terraform is missing: https://developer.hashicorp.com/terraform/install")
	command := exec.CommandContext(t.Context(), "terraform", "fmt", "-check", "-diff", "-recursive", ".")
	command.Env = append(os.Environ(), "TF_CLI_CONFIG_FILE="+os.DevNull)
	if output, err := command.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, output)
	}
}

// wrongValues are values of variables that a module refuses, and parts of the messages
// that say so. Other variables are those of the module's example.
var wrongValues = map[string]struct {
	module, variables string
	wants             []string
}{
	"values that their variables do not take": {
		destination, `
timeout            = 6
log_level          = "WARN"
source_external_id = "x"
audit_hmac_key     = "short"
`,
		[]string{"Takes 3 to 5.", "Takes TRACE, DEBUG or INFO.", "Takes nothing, or 2 to 1224", "Takes 32 characters or more"},
	},
	"a user pool of another region": {
		destination, `
destination_user_pool_id = "us-east-1_AbCdEf123"
source_external_id       = "external-id-of-this-test"
audit_hmac_key           = "ssm:/key"
`,
		[]string{"The provider is not in the user pool's region"},
	},
	"the placeholders of the example": {
		destination, "",
		[]string{"placeholder of the examples; choose a value of your own", "placeholder of the examples; choose a key of your own"},
	},
	"a format of records and a number of days": {
		athenaTemplate, `
audit_format   = "xml"
retention_days = 0
`,
		[]string{"Takes json or ocsf.", "Takes 1 to 3650."},
	},
}

// TestTerraformRefusesWhatIsWrong makes a file of `terraform test` of each row. The file
// fails, and so Terraform shows the messages.
func TestTerraformRefusesWhatIsWrong(t *testing.T) {
	t.Parallel()
	tf := emptyTerraform(t)
	for _, module := range []string{destination, athenaTemplate} {
		tf.copyModule(t, module, module)
	}
	tf.write(t, "main.tf", "module \"athena\" {\n  source = \"./athena\"\n}\n")
	if err := os.Mkdir(filepath.Join(tf.folder, "tests"), 0o700); err != nil {
		t.Fatal(err)
	}
	files := make(map[string]string)
	for i, name := range slices.Sorted(maps.Keys(wrongValues)) {
		row, example := wrongValues[name], ""
		if row.module == destination {
			example = exampleText(t, destination)
		}
		files[name] = fmt.Sprintf("tests/row%d.tftest.hcl", i)
		tf.write(t, files[name], fmt.Sprintf(`
mock_provider "aws" {
  mock_data "aws_region" {
    defaults = { id = "ap-northeast-1" }
  }
}
variables {
%s}
run "row" {
  command = plan
  module {
    source = "./%s"
  }
  variables {
%s}
}
`, example, row.module, row.variables))
	}
	tf.init(t)
	tf.run(t, "validate")
	output, err := tf.try(t, "test", "-json")
	if err == nil {
		t.Fatalf("everything was taken:\n%s", output)
	}
	messages := make(map[string]string) // by file
	for line := range strings.Lines(output) {
		var event struct {
			File       string `json:"@testfile"`
			Diagnostic struct{ Detail string }
		}
		if err := json.Unmarshal([]byte(line), &event); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		messages[event.File] += event.Diagnostic.Detail + "\n"
	}
	for name, row := range wrongValues {
		t.Run(name, func(t *testing.T) {
			for _, want := range row.wants {
				if !strings.Contains(messages[files[name]], want) {
					t.Errorf("not %q but\n%s", want, messages[files[name]])
				}
			}
		})
	}
}
