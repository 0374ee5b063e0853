package deploy_test

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sync"
	"testing"
)

// pluginVariable names the folder in which Terraform's providers lie, laid out
// as `terraform providers mirror` does.
const pluginVariable = "TF_PLUGIN_DIR"

// awsProvider is Terraform's AWS provider, a process that all commands of Terraform
// share ("Debugging Providers", Terraform documentation). To start one for each
// command takes most of the command's processor time.
//
// The process keeps the configuration that a command gave it. All commands give the
// same one, of [providerBlock], and one command at a time uses the process.
var awsProvider = struct {
	sync.Mutex
	reattach string // the variable that names the process to Terraform
	err      error
	stop     func()
}{stop: func() {}}

// TestMain stops the provider when all tests have ended.
func TestMain(m *testing.M) {
	code := m.Run()
	awsProvider.stop()
	os.Exit(code)
}

// requireTerraform skips the test without Terraform or its AWS provider, and returns
// the provider's path.
func requireTerraform(t *testing.T) string {
	t.Helper()
	require(t, installed("terraform"), "terraform is missing: https://developer.hashicorp.com/terraform/install")
	plugins := os.Getenv(pluginVariable)
	found, _ := filepath.Glob(filepath.Join(plugins, "registry.terraform.io", "hashicorp", "aws", "*", "*", "terraform-provider-aws_*"))
	require(t, plugins != "" && len(found) > 0, pluginVariable+" names no folder with Terraform's AWS provider: "+
		"terraform -chdir=deploy/terraform/source-account providers mirror FOLDER")
	return found[0]
}

// isolated is the environment of Terraform and of its provider. It has nothing of the
// operator's account. Both programs are short-lived, so they collect garbage only when
// they use much memory. Without TF_LOG_SDK and TF_LOG_SDK_PROTO, a provider that is
// started for debugging traces every request, which takes longer than the request.
func isolated(home string) []string {
	return []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + home, "TMPDIR=" + home, "GOGC=off", "GOMEMLIMIT=1GiB",
		"TF_LOG_SDK=OFF", "TF_LOG_SDK_PROTO=OFF",
		"AWS_EC2_METADATA_DISABLED=true", "AWS_CONFIG_FILE=none", "AWS_SHARED_CREDENTIALS_FILE=none",
	}
}

// startProvider starts the provider. The shell ends it when its own input ends, so the
// provider does not outlive this process, even if this process is killed.
func startProvider(path string) (reattach string, stop func(), err error) {
	folder, err := os.MkdirTemp("", "provider")
	if err != nil {
		return "", nil, err
	}
	command := exec.Command("sh", "-c", `"$0" -debug & exec >&2; read -r end; kill $!; wait`, path) // TestMain stops it
	command.Env = isolated(folder)
	input, err := command.StdinPipe()
	if err != nil {
		return "", nil, err
	}
	output, err := command.StdoutPipe()
	if err != nil {
		return "", nil, err
	}
	if err := command.Start(); err != nil {
		return "", nil, err
	}
	stop = func() {
		_ = input.Close()
		_ = command.Wait() // the provider was killed
		_ = os.RemoveAll(folder)
	}
	assignment := regexp.MustCompile(`TF_REATTACH_PROVIDERS='(.*)'`)
	lines := bufio.NewScanner(output)
	for lines.Scan() {
		if found := assignment.FindStringSubmatch(lines.Text()); found != nil {
			go func() { _, _ = io.Copy(io.Discard, output) }() // the provider may write more
			return "TF_REATTACH_PROVIDERS=" + found[1], stop, nil
		}
	}
	stop()
	return "", nil, fmt.Errorf("%s -debug did not say how to attach to it", path)
}

// withProvider runs the command with the shared provider.
func withProvider(t *testing.T, command *exec.Cmd) (string, error) {
	t.Helper()
	path := requireTerraform(t)
	awsProvider.Lock()
	defer awsProvider.Unlock()
	if awsProvider.reattach == "" && awsProvider.err == nil {
		reattach, stop, err := startProvider(path)
		awsProvider.reattach, awsProvider.err = reattach, err
		if err == nil {
			awsProvider.stop = stop
		}
	}
	if awsProvider.err != nil {
		t.Fatal(awsProvider.err)
	}
	command.Env = append(command.Env, awsProvider.reattach)
	output, err := command.CombinedOutput()
	return string(output), err
}
