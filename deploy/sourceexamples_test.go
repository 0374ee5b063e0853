package deploy_test

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"maps"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"cognito-user-migration/adapters/awsenv"
	"cognito-user-migration/adapters/stscredentials"
	"cognito-user-migration/app/config"
	allparts "cognito-user-migration/app/everything"
	"cognito-user-migration/domain"
)

// exampleSources are the folders of the examples: a kind each, and a chain.
func exampleSources(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("examples", "sources", "*.json"))
	if err != nil || len(files) < 5 {
		t.Fatal(files, err)
	}
	var names []string
	for _, file := range files {
		names = append(names, strings.TrimSuffix(filepath.Base(file), ".json"))
	}
	return names
}

func exampleStack(t *testing.T, name string) map[string]map[string]any {
	t.Helper()
	stack := newStack(readTemplate(t, destination), "111111111111", "ap-northeast-1", "aws", exampleParameters(t, filepath.Join("sources", name)))
	made := stack.resources()
	if len(stack.problems) > 0 {
		t.Fatal(stack.problems)
	}
	return made
}

func TestEachKindOfSourceHasAnExampleInBothLanguages(t *testing.T) {
	t.Parallel()
	names := exampleSources(t)
	folders, err := filepath.Glob(filepath.Join("terraform", "examples", "*", "main.tf"))
	if err != nil || len(folders) != len(names) {
		t.Errorf("Terraform has %v, CloudFormation %v, %v", folders, names, err)
	}
	for _, kind := range allparts.Parts(stscredentials.NewAccount(awsenv.Config, os.Getenv)).Sources {
		if !slices.Contains(names, kind.Name) {
			t.Errorf("there is no deploy/examples/sources/%s.json", kind.Name)
		}
	}
	page, err := os.ReadFile(filepath.Join("..", "docs", "setup-other-sources.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if !strings.Contains(string(page), "../deploy/examples/sources/"+name+".json") || !strings.Contains(string(page), "../deploy/terraform/examples/"+name+"/main.tf") {
			t.Errorf("docs/setup-other-sources.md does not name the example %s", name)
		}
	}
}

// anySecret stands for whatever an example refers to.
type anySecret struct{ certificate, serviceAccount string }

func (s anySecret) Resolve(_ context.Context, reference string) (domain.Secret, error) {
	switch {
	case strings.Contains(reference, "database"):
		return domain.NewSecret("postgres://reader:pass@db.example:5432/users"), nil
	case strings.Contains(reference, "ca-bundle"):
		return domain.NewSecret(s.certificate), nil
	case reference == "secretsmanager:user-migration/firebase":
		return domain.NewSecret(s.serviceAccount), nil
	}
	return domain.NewSecret(strings.Repeat("s", 32)), nil
}

// TestTheProgramTakesTheExamplesOfSources reads the variables of their functions as
// the function does at start.
func TestTheProgramTakesTheExamplesOfSources(t *testing.T) {
	t.Parallel()
	kinds := allparts.Parts(stscredentials.NewAccount(awsenv.Config, os.Getenv)).Sources
	server := httptest.NewTLSServer(nil)
	defer server.Close()
	key, err := x509.MarshalPKCS8PrivateKey(server.TLS.Certificates[0].PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	account, err := json.Marshal(map[string]string{
		"type": "service_account", "project_id": "users", "private_key_id": "1", "client_email": "reader@users.example",
		"private_key": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})), "token_uri": "https://oauth2.googleapis.com/token",
	})
	if err != nil {
		t.Fatal(err)
	}
	secrets := anySecret{string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})), string(account)}
	for _, name := range exampleSources(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var environ []string
			for variable, value := range variablesOf(exampleStack(t, name), "Function") {
				environ = append(environ, variable+"="+strings.ReplaceAll(fmt.Sprint(value), madeByAWS, "1example23456789"))
			}
			read, err := config.Load(t.Context(), environ, kinds, secrets)
			if err != nil {
				t.Fatal(err)
			}
			if last := read.Sources[len(read.Sources)-1]; last.Kind != name && name != "chain" || name == "chain" && len(read.Sources) != 2 {
				t.Errorf("the sources are %+v", read.Sources)
			}
			for _, source := range read.Sources {
				if !source.Settings.LimitsAttempts() && read.Lockout.Table == "" {
					t.Errorf("%s has no lockout", source.Name)
				}
			}
		})
	}
}

// TestTheExamplesOfSourcesReadExactlyTheirSecrets: the permissions are for what the
// variables refer to.
func TestTheExamplesOfSourcesReadExactlyTheirSecrets(t *testing.T) {
	t.Parallel()
	reference := regexp.MustCompile(`"(ssm|secretsmanager):([^"#]+)`)
	for _, name := range exampleSources(t) {
		parameters := exampleParameters(t, filepath.Join("sources", name))
		want := map[string][]string{"ssm": {}, "secretsmanager": {}}
		for _, found := range reference.FindAllStringSubmatch(`"`+parameters["AuditHmacKey"]+`"`+parameters["SourceVariables"], -1) {
			want[found[1]] = append(want[found[1]], found[2])
		}
		for service, arns := range map[string]string{"ssm": parameters["SecretParameterArns"], "secretsmanager": parameters["SecretArns"]} {
			var given []string
			for arn := range strings.SplitSeq(arns, ",") {
				if _, after, ok := strings.Cut(arn, ":parameter"); ok {
					given = append(given, after)
				}
				if _, after, ok := strings.Cut(arn, ":secret:"); ok {
					given = append(given, strings.TrimSuffix(after, "-AbCdEf"))
				}
			}
			slices.Sort(given)
			slices.Sort(want[service])
			if !slices.Equal(given, want[service]) {
				t.Errorf("%s may read %q of %s, and refers to %q", name, given, service, want[service])
			}
		}
	}
}

// copyExamples copies every example of Terraform as its reader has it: beside the module,
// which an example finds by its relative path. It returns calls of the examples as modules.
func (tf *terraform) copyExamples(t *testing.T) string {
	t.Helper()
	provider := regexp.MustCompile(`(?s)\nprovider "aws" \{.*?\n\}\n`) // that of the test is used
	var calls strings.Builder
	for _, name := range exampleSources(t) {
		text, err := os.ReadFile(filepath.Join("terraform", "examples", name, "main.tf"))
		if err != nil {
			t.Fatal(err)
		}
		if !provider.Match(text) {
			t.Errorf("%s has no provider, so it cannot be applied as it stands", name)
		}
		if err := os.MkdirAll(filepath.Join(tf.folder, "examples", name), 0o700); err != nil {
			t.Fatal(err)
		}
		tf.write(t, filepath.Join("examples", name, "main.tf"), provider.ReplaceAllString(string(text), ""))
		fmt.Fprintf(&calls, "module %q {\n  source = \"./examples/%s\"\n}\n", name, name)
	}
	return calls.String()
}

func TestTheExamplesOfSourcesMakeTheSameInBothLanguages(t *testing.T) {
	t.Parallel()
	plans := everyPlan(t)
	for _, name := range exampleSources(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			compareResources(t, destination, exampleStack(t, name), plans["examples/"+name])
		})
	}
}

// TestTheCommandsForOtherSourcesFitTheExamples: the page keeps each secret that an
// example refers to and no other, and its commands name files that exist.
func TestTheCommandsForOtherSourcesFitTheExamples(t *testing.T) {
	t.Parallel()
	referred := make(map[string]bool)
	for _, name := range exampleSources(t) {
		parameters := exampleParameters(t, filepath.Join("sources", name))
		for _, found := range regexp.MustCompile(`(?:ssm|secretsmanager):([a-z/-]+)`).FindAllStringSubmatch(parameters["AuditHmacKey"]+" "+parameters["SourceVariables"], -1) {
			referred[found[1]] = true
		}
	}
	page, err := os.ReadFile(filepath.Join("..", "docs", "setup-other-sources.md"))
	if err != nil {
		t.Fatal(err)
	}
	kept := make(map[string]bool)
	for _, found := range regexp.MustCompile(`--name (\S+)`).FindAllStringSubmatch(string(page), -1) {
		kept[found[1]] = true
	}
	if !maps.Equal(kept, referred) {
		t.Errorf("the page keeps %v, and the examples refer to %v", slices.Sorted(maps.Keys(kept)), slices.Sorted(maps.Keys(referred)))
	}
	files := regexp.MustCompile(`(?:--template-file |-chdir=|cp )(deploy/\S+)`).FindAllStringSubmatch(string(page), -1)
	for _, found := range files {
		if _, err := os.Stat(filepath.Join("..", found[1])); err != nil {
			t.Error(err)
		}
	}
	if len(files) < 4 {
		t.Errorf("only %d commands were found", len(files))
	}
	if copied := regexp.MustCompile(`cp deploy/examples/sources/\S+ (deploy/parameters/\S+)`).FindStringSubmatch(string(page)); copied == nil || !strings.Contains(string(page), "file://"+copied[1]) {
		t.Errorf("what is copied is not deployed: %q", copied)
	}
}
