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
	"testing"
)

// terraform is one module, copied and initialised without a network.
type terraform struct {
	folder string
	env    []string
}

// instance is one use of a module: what its variables are beside the example's, and
// files that change the module itself.
type instance struct {
	variables map[string]any
	overrides map[string]string
}

// newTerraform copies the module beside a provider that asks nobody but the
// given STS who it is.
func newTerraform(t *testing.T, module, region, sts string) *terraform {
	t.Helper()
	tf := emptyTerraform(t, region, sts)
	tf.copyModule(t, module, ".")
	tf.init(t)
	return tf
}

// planInstances plans every instance of the module in one run, because to start the
// provider costs more than to plan. It returns the plan of each, as if the module
// had been planned alone.
func planInstances(t *testing.T, module, region, sts string, instances map[string]instance) map[string]plan {
	t.Helper()
	tf := emptyTerraform(t, region, sts)
	text, err := os.ReadFile(example(t, module))
	if err != nil {
		t.Fatal(err)
	}
	calls, changes, labels := new(strings.Builder), make(map[string]map[string]any), make(map[string]string)
	for i, name := range slices.Sorted(maps.Keys(instances)) {
		label := fmt.Sprintf("instance%d", i)
		labels[name], changes[label] = label, unexpanded(instances[name].variables)
		for _, output := range tf.copyModule(t, module, label) {
			fmt.Fprintf(calls, "output %q {\n  value     = module.%s.%s\n  sensitive = true\n}\n", label+"__"+output, label, output)
		}
		for file, override := range instances[name].overrides {
			tf.write(t, filepath.Join(label, file), override)
		}
		// A file of variables is written as a module's arguments are.
		fmt.Fprintf(calls, "module %q {\n  source = \"./%s\"\n%s}\n", label, label, chosen(string(text)))
	}
	override, err := json.Marshal(map[string]any{"module": changes})
	if err != nil {
		t.Fatal(err)
	}
	tf.write(t, "main.tf", calls.String())
	tf.write(t, "main_override.tf.json", string(override)) // an argument here replaces that of main.tf
	tf.init(t)
	all := tf.plan(t)
	plans := make(map[string]plan)
	for name, label := range labels {
		plans[name] = all.of(label)
	}
	return plans
}

// unexpanded are variables as Terraform's configuration in JSON takes them, where a
// text can hold expressions.
func unexpanded(variables map[string]any) map[string]any {
	escape := strings.NewReplacer("${", "$${", "%{", "%%{").Replace
	all := make(map[string]any)
	for name, value := range variables {
		switch value := value.(type) {
		case string:
			all[name] = escape(value)
		case []string:
			list := make([]string, len(value))
			for i, text := range value {
				list[i] = escape(text)
			}
			all[name] = list
		case map[string]string:
			object := make(map[string]string)
			for key, text := range value {
				object[key] = escape(text)
			}
			all[name] = object
		default:
			all[name] = value
		}
	}
	return all
}

// emptyTerraform is a folder with the provider's configuration alone.
func emptyTerraform(t *testing.T, region, sts string) *terraform {
	t.Helper()
	requireTerraform(t)
	tf := &terraform{folder: t.TempDir()}
	tf.write(t, "provider.tf", fmt.Sprintf(`provider "aws" {
  region                      = %q
  access_key                  = "AKIAIOSFODNN7EXAMPLE"
  secret_key                  = "none"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
  endpoints {
    sts = %q
  }
}
`, region, sts))
	tf.write(t, "cli.tfrc", "")
	tf.env = append(isolated(tf.folder), "TF_CLI_CONFIG_FILE="+filepath.Join(tf.folder, "cli.tfrc"),
		"TF_IN_AUTOMATION=true", "TF_INPUT=0", "CHECKPOINT_DISABLE=true")
	return tf
}

// copyModule copies the files of a module into a folder, and returns the names of
// its outputs.
func (tf *terraform) copyModule(t *testing.T, module, folder string) (outputs []string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("terraform", module, "*.tf"))
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	if err := os.MkdirAll(filepath.Join(tf.folder, folder), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, output := range regexp.MustCompile(`(?m)^output "(\w+)"`).FindAllStringSubmatch(string(text), -1) {
			outputs = append(outputs, output[1])
		}
		tf.write(t, filepath.Join(folder, filepath.Base(file)), string(text))
	}
	return outputs
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

// of is the part of a plan that one module called by the root has.
func (p plan) of(label string) plan {
	var part plan
	part.Configuration.Root = p.Configuration.Root.Calls[label].Module
	for _, child := range p.Planned.Root.Children {
		if child.Address == "module."+label || strings.HasSuffix(child.Address, ".module."+label) {
			part.Planned.Root = child
		}
	}
	for i, resource := range part.Planned.Root.Resources {
		part.Planned.Root.Resources[i].Address = strings.TrimPrefix(resource.Address, part.Planned.Root.Address+".")
	}
	part.Planned.Outputs = make(map[string]struct{ Value any })
	for name, output := range p.Planned.Outputs {
		if own, ok := strings.CutPrefix(name, label+"__"); ok {
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
func startSTS(t *testing.T, account string) string {
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
</GetCallerIdentityResult><ResponseMetadata><RequestId>test</RequestId></ResponseMetadata></GetCallerIdentityResponse>`, account)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func example(t *testing.T, module string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("examples", module+".tfvars"))
	if err != nil {
		t.Fatal(err)
	}
	return path
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

func TestTerraformRefusesWhatIsWrong(t *testing.T) {
	t.Parallel()
	tf := newTerraform(t, destination, "ap-northeast-1", startSTS(t, "111111111111"))
	refused := func(wrong map[string]string, wants ...string) {
		t.Helper()
		arguments := []string{"plan", "-lock=false", "-var-file=" + example(t, destination)}
		for variable, value := range wrong {
			arguments = append(arguments, "-var="+variable+"="+value)
		}
		output, err := tf.try(t, arguments...)
		flat := strings.Join(strings.Fields(strings.ReplaceAll(output, "│", " ")), " ")
		for _, want := range wants {
			if err == nil || !strings.Contains(flat, want) {
				t.Errorf("%v: not %q but %v\n%s", wrong, want, err, output)
			}
		}
	}
	refused(map[string]string{"timeout": "6", "log_level": "WARN", "source_external_id": "x", "audit_hmac_key": "short"},
		"Takes 3 to 5.", "Takes TRACE, DEBUG or INFO.", "Takes nothing, or 2 to 1224", "Takes 32 characters or more")
	refused(map[string]string{
		"destination_user_pool_id": "us-east-1_AbCdEf123", "source_external_id": chosen("choose-your-own"), "audit_hmac_key": "ssm:/key",
	}, "The provider is not in the user pool's region")
	refused(nil, "placeholder of the examples; choose a value of your own", "placeholder of the examples; choose a key of your own")
}
