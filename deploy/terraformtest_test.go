package deploy_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestTheTestsOfTheModulesPass runs `terraform test` in each folder that has tests.
// Their provider is mocked.
func TestTheTestsOfTheModulesPass(t *testing.T) {
	t.Parallel()
	folders, err := filepath.Glob(filepath.Join("terraform", "*", "tests"))
	if err != nil || len(folders) == 0 {
		t.Fatal(folders, err)
	}
	for _, folder := range folders {
		module := filepath.Base(filepath.Dir(folder))
		t.Run(module, func(t *testing.T) {
			t.Parallel()
			tf := emptyTerraform(t)
			tf.copyModule(t, module, ".")
			if err := os.CopyFS(filepath.Join(tf.folder, "tests"), os.DirFS(folder)); err != nil {
				t.Fatal(err)
			}
			tf.init(t)
			output := tf.run(t, "test")
			if !regexp.MustCompile(`Success! [1-9][0-9]* passed, 0 failed\.`).MatchString(output) || strings.Contains(output, "skipped") {
				t.Errorf("the tests did not all pass:\n%s", output)
			}
		})
	}
}
