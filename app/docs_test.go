package app_test

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"cognito-user-migration/domain"
)

func TestTheExampleOfAddingASourceCompiles(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(filepath.Join("..", "docs", "adding-a-source.md"))
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile("(?s)\n```go\n(.*?)```").FindSubmatch(page)
	if found == nil {
		t.Fatal("the page has no example")
	}
	lines := strings.Count(string(found[1]), "\n")
	if !strings.Contains(string(page), fmt.Sprintf("It is %d lines", lines)) {
		t.Errorf("the example has %d lines, and the page says another number", lines)
	}
	// The compiler sees the example where it would stand, and nobody else does.
	example := filepath.Join(t.TempDir(), "onesource.go")
	if err := os.WriteFile(example, found[1], 0o600); err != nil {
		t.Fatal(err)
	}
	top, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	overlay, err := json.Marshal(map[string]map[string]string{
		"Replace": {filepath.Join(top, "adapters", "onesource", "onesource.go"): example},
	})
	if err != nil {
		t.Fatal(err)
	}
	overlayFile := filepath.Join(t.TempDir(), "overlay.json")
	if err := os.WriteFile(overlayFile, overlay, 0o600); err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), "go", "build", "-overlay", overlayFile, module+"/adapters/onesource")
	command.Dir = top
	if output, err := command.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, output)
	}
}

// TestTheReasonsOfTheDocsAreTheDomains holds the table of reasons, which are
// OCSF's status_detail too, to the constants.
func TestTheReasonsOfTheDocsAreTheDomains(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(filepath.Join("..", "docs", "logs-and-audit.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, section, found := strings.Cut(string(page), "\n## Reasons\n")
	section, _, ended := strings.Cut(section, "\n## ")
	if !found || !ended {
		t.Fatal("the page has no section of reasons")
	}
	documented := make(map[string]bool)
	for line := range strings.Lines(section) {
		if cells := strings.Split(line, "|"); len(cells) == 4 {
			for _, word := range regexp.MustCompile("`([a-z_]+)`").FindAllStringSubmatch(cells[2], -1) {
				documented[word[1]] = true
			}
		}
	}
	code, err := os.ReadFile(filepath.Join("..", "domain", "reason.go"))
	if err != nil {
		t.Fatal(err)
	}
	// In no record: a message that cannot be read is nobody's.
	reasons := map[string]bool{"message_malformed": true, "message_unsigned": true}
	for _, constant := range regexp.MustCompile(`Reason\w+\s+Reason = "([a-z_]+)"`).FindAllStringSubmatch(string(code), -1) {
		reasons[constant[1]] = true
		if !documented[constant[1]] && !strings.HasPrefix(constant[1], "message_") {
			t.Errorf("%s is a reason, and the table does not have it", constant[1])
		}
	}
	if len(reasons) < 30 {
		t.Fatalf("only %d reasons were found", len(reasons))
	}
	for word := range documented {
		// What stands beside a completion's reason, and is none.
		if !reasons[word] && word != "failed" && word != string(domain.RetiredDisabledInstead) {
			t.Errorf("%s is in the table, and no reason", word)
		}
	}
}

// TestTheLinksOfTheDocsLead finds links to files that are not there.
func TestTheLinksOfTheDocsLead(t *testing.T) {
	t.Parallel()
	link := regexp.MustCompile(`\]\(([^)#:]+)(#[^)]*)?\)`)
	pages, err := filepath.Glob("../*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, pattern := range []string{"../docs/*.md", "../docs/*/*.md", "../deploy/*.md"} {
		more, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		pages = append(pages, more...)
	}
	if len(pages) < 10 {
		t.Fatalf("only %d pages were found", len(pages))
	}
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range link.FindAllSubmatch(text, -1) {
			target := filepath.Join(filepath.Dir(page), string(found[1]))
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s leads to %s, which is not there", page, found[1])
			}
		}
	}
}

// Who adds a fuzz target says how long it ran and what it found.
func TestTheFuzzTargetsOfTheDocsAreThoseOfTheTree(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(filepath.Join("..", "docs", "testing.md"))
	if err != nil {
		t.Fatal(err)
	}
	listed := make(map[string]bool)
	for _, row := range regexp.MustCompile("(?m)^\\| `([^`]+)` \\| `(Fuzz[^`]+)` \\|").FindAllSubmatch(page, -1) {
		listed[string(row[1])+"."+string(row[2])] = true
	}
	target := regexp.MustCompile(`(?m)^func (Fuzz\w+)\(`)
	found := 0
	err = filepath.WalkDir("..", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (entry.Name() == "node_modules" || entry.Name() == ".git"):
			return filepath.SkipDir
		case !strings.HasSuffix(path, "_test.go"):
			return nil
		}
		file, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, name := range target.FindAllSubmatch(file, -1) {
			found++
			at := strings.TrimPrefix(filepath.ToSlash(filepath.Dir(path)), "../") + "." + string(name[1])
			if !listed[at] {
				t.Errorf("the page does not list %s", at)
			}
			delete(listed, at)
		}
		return nil
	})
	if err != nil || found == 0 {
		t.Fatalf("%d targets, %v", found, err)
	}
	for at := range listed {
		t.Errorf("the page lists %s, which there is not", at)
	}
}
