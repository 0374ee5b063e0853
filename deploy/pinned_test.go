package deploy_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestBaseImagesAndActionsArePinnedByDigest: a tag can be moved to other content.
func TestBaseImagesAndActionsArePinnedByDigest(t *testing.T) {
	t.Parallel()
	base := regexp.MustCompile(`(?m)^ARG BUILD_BASE=(.*)$`)
	first := ""
	for _, file := range []string{"../Dockerfile", "../examples/own-source/Dockerfile"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		found := base.FindStringSubmatch(string(text))
		if found == nil || !regexp.MustCompile(`^docker\.io/library/golang:[0-9.]+@sha256:[0-9a-f]{64}$`).MatchString(found[1]) {
			t.Errorf("%s: the base is %q", file, found)
			continue
		}
		if first == "" {
			first = found[1]
		}
		if found[1] != first {
			t.Errorf("%s builds on %s, the Dockerfile on %s", file, found[1], first)
		}
	}
	workflows, err := filepath.Glob("../.github/workflows/*.yml")
	if err != nil || len(workflows) == 0 {
		t.Fatal(workflows, err)
	}
	pinned := regexp.MustCompile(`uses: [\w./-]+@[0-9a-f]{40} # v\d`)
	for _, workflow := range workflows {
		text, err := os.ReadFile(workflow)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			if strings.Contains(line, "uses:") && !pinned.MatchString(line) {
				t.Errorf("%s: %s", workflow, line)
			}
			if strings.Contains(line, "image:") && !strings.Contains(line, "@sha256:") {
				t.Errorf("%s: %s", workflow, line)
			}
		}
	}
}
