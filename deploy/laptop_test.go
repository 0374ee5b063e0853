package deploy_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestAnExampleNamesAProgramThatIsMissing, with the exit code 77, before it starts
// anything.
func TestAnExampleNamesAProgramThatIsMissing(t *testing.T) {
	t.Parallel()
	scripts, err := filepath.Glob("../examples/*/run.sh")
	if err != nil || len(scripts) < 10 {
		t.Fatalf("%d examples, %v", len(scripts), err)
	}
	for _, missing := range []string{"node", "curl"} {
		programs := t.TempDir()
		for name, program := range map[string]string{
			"bash": "bash", "basename": "basename", "dirname": "dirname", "find": "find", "mktemp": "mktemp", "rm": "rm", "sort": "sort", "tail": "tail",
			"node": "true", "curl": "true", // they are looked for, and not run
		} {
			path, err := exec.LookPath(program)
			if err == nil && name != missing {
				err = os.Symlink(path, filepath.Join(programs, name))
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		for _, script := range scripts {
			command := exec.CommandContext(t.Context(), filepath.Join(programs, "bash"), script)
			command.Env = []string{"PATH=" + programs}
			output, err := command.CombinedOutput()
			ended, ok := errors.AsType[*exec.ExitError](err)
			if !ok || ended.ExitCode() != 77 || !strings.Contains(string(output), missing+" is missing") {
				t.Errorf("%s without %s: %v, %s", script, missing, err, output)
			}
		}
	}
}
