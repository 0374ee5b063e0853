package app_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"

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
	reasons := make(map[string]bool)
	for _, reason := range domain.CompletionReasons() {
		reasons[string(reason)] = true
		if !documented[string(reason)] {
			t.Errorf("%s is a reason of a completion, and the table does not have it", reason)
		}
	}
	for _, constant := range regexp.MustCompile(`Reason\w+\s+Reason = "([a-z_]+)"`).FindAllStringSubmatch(string(code), -1) {
		reasons[constant[1]] = true
		if !documented[constant[1]] {
			t.Errorf("%s is a reason, and the table does not have it", constant[1])
		}
	}
	if len(reasons) < 30 {
		t.Fatalf("only %d reasons were found", len(reasons))
	}
	for word := range documented {
		// What must be next to a completion's reason, and is none.
		if !reasons[word] && word != "failed" && word != string(domain.RetiredDisabledInstead) {
			t.Errorf("%s is in the table, and no reason", word)
		}
	}
}

// pagesOfTheTree lists every page in Markdown but those of installed packages.
func pagesOfTheTree(t *testing.T) []string {
	t.Helper()
	var pages []string
	err := filepath.WalkDir("..", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (entry.Name() == "node_modules" || entry.Name() == ".git" || entry.Name() == "bin"):
			return filepath.SkipDir
		case filepath.Ext(path) == ".md":
			pages = append(pages, path)
		}
		return nil
	})
	if err != nil || len(pages) < 40 {
		t.Fatalf("%d pages, %v", len(pages), err)
	}
	return pages
}

// withoutCode returns the text without blocks of code, which hold no headings
// and no links.
func withoutCode(text string) string {
	return regexp.MustCompile("(?ms)^[ ]*```.*?^[ ]*```[ ]*$").ReplaceAllString(text, "")
}

// anchorsOf returns the anchors that GitHub gives the headings of a page. They have
// lower case, hyphens for spaces, and no punctuation but hyphen and underscore. A
// repeated one has a number after it.
func anchorsOf(text string) map[string]bool {
	anchors := make(map[string]bool)
	for _, heading := range regexp.MustCompile(`(?m)^#{1,6} +(.*)$`).FindAllStringSubmatch(withoutCode(text), -1) {
		shown := regexp.MustCompile(`\[([^\]]*)\]\([^)]*\)`).ReplaceAllString(heading[1], "$1")
		anchor := strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case r == '-', r == '_', unicode.IsLetter(r), unicode.IsMark(r), unicode.IsNumber(r):
				return unicode.ToLower(r)
			default:
				return -1
			}
		}, strings.TrimSpace(shown))
		unique := anchor
		for n := 1; anchors[unique]; n++ {
			unique = fmt.Sprintf("%s-%d", anchor, n)
		}
		anchors[unique] = true
	}
	return anchors
}

// TestTheLinksOfThePagesLead finds links to files and headings that do not exist.
func TestTheLinksOfThePagesLead(t *testing.T) {
	t.Parallel()
	link := regexp.MustCompile(`\]\(([^)#:\s]*)(?:#([^)\s]*))?\)`)
	anchors := make(map[string]map[string]bool) // by page
	for _, page := range pagesOfTheTree(t) {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range link.FindAllStringSubmatch(withoutCode(string(text)), -1) {
			target := page
			if found[1] != "" {
				target = filepath.Join(filepath.Dir(page), found[1])
			}
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s links to %s, which does not exist", page, found[1])
				continue
			}
			if found[2] == "" || filepath.Ext(target) != ".md" {
				continue
			}
			if anchors[target] == nil {
				linked, err := os.ReadFile(target)
				if err != nil {
					t.Fatal(err)
				}
				anchors[target] = anchorsOf(string(linked))
			}
			if !anchors[target][found[2]] {
				t.Errorf("%s links to %s#%s, and that page has no such heading", page, found[1], found[2])
			}
		}
	}
}

// TestTheIndexOfTheDocsIsComplete: each page below docs but a decision has a line
// in the index, and a page whose Japanese version exists links to it.
func TestTheIndexOfTheDocsIsComplete(t *testing.T) {
	t.Parallel()
	read := func(path string) string {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	docs := filepath.Join("..", "docs")
	index := read(filepath.Join(docs, "README.md"))
	for _, page := range pagesOfTheTree(t) {
		path, err := filepath.Rel(docs, page)
		if err != nil || strings.HasPrefix(path, "..") || strings.HasPrefix(path, "decisions") || path == "README.md" {
			continue
		}
		if !strings.Contains(index, "]("+filepath.ToSlash(path)+")") {
			t.Errorf("docs/README.md has no line for %s", path)
		}
		if english, translated := strings.CutSuffix(page, ".ja.md"); translated {
			english += ".md"
			if !strings.Contains(read(english), "]("+filepath.Base(page)+")") || !strings.Contains(read(page), "]("+filepath.Base(english)+")") {
				t.Errorf("%s and %s do not link to each other", english, page)
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
		if err != nil || !bytes.Contains(file, []byte("func Fuzz")) {
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

// A decision is cited by its number, so no two pages have the same one.
func TestEachDecisionHasItsOwnNumber(t *testing.T) {
	t.Parallel()
	pages, err := os.ReadDir("../docs/decisions")
	if err != nil {
		t.Fatal(err)
	}
	pageOf := make(map[string]string)
	for _, page := range pages {
		number, _, _ := strings.Cut(page.Name(), "-")
		if other := pageOf[number]; other != "" {
			t.Errorf("%s and %s have the same number", other, page.Name())
		}
		pageOf[number] = page.Name()
		text, err := os.ReadFile("../docs/decisions/" + page.Name())
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(string(text), "# "+number+" ") {
			t.Errorf("%s: the title does not begin with # %s", page.Name(), number)
		}
	}
}

// TestTheJapanesePagesHaveTheCommandsOfTheEnglishOnes compares the blocks of
// commands and of JSON, and the number of headings.
func TestTheJapanesePagesHaveTheCommandsOfTheEnglishOnes(t *testing.T) {
	t.Parallel()
	block := regexp.MustCompile("(?ms)^```(?:console|sh|json)\n(.*?)^```")
	heading := regexp.MustCompile(`(?m)^#+ `)
	// Comments and the demonstration's own words may be translated.
	comment := regexp.MustCompile(`(?m) *#.*$`)
	for _, page := range pagesOfTheTree(t) {
		english, translated := strings.CutSuffix(page, ".ja.md")
		// These two are summaries: of generated tables, and of a reference.
		if name := filepath.Base(page); !translated || name == "settings.ja.md" || name == "logs-and-audit.ja.md" {
			continue
		}
		texts := make([]string, 0, 2)
		for _, name := range []string{english + ".md", page} {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			texts = append(texts, string(text))
		}
		want, got := block.FindAllStringSubmatch(texts[0], -1), block.FindAllStringSubmatch(texts[1], -1)
		if len(want) != len(got) {
			t.Errorf("%s has %d blocks of commands, and the English page has %d", page, len(got), len(want))
			continue
		}
		for i := range want {
			if comment.ReplaceAllString(want[i][1], "") != comment.ReplaceAllString(got[i][1], "") {
				t.Errorf("%s: block %d differs from the English page:\n%s\n%s", page, i+1, want[i][1], got[i][1])
			}
		}
		if want, got := len(heading.FindAllString(withoutCode(texts[0]), -1)), len(heading.FindAllString(withoutCode(texts[1]), -1)); want != got {
			t.Errorf("%s has %d headings, and the English page has %d", page, got, want)
		}
	}
}
