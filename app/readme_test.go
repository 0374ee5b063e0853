package app_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"cognito-user-migration/app/config"
	"cognito-user-migration/app/demo"
)

//go:generate go test -run TestTheSettingsTablesAreReadFromTheStructs -update .

var update = flag.Bool("update", false, "write the settings tables into docs/settings.md")

const (
	tableBegins = "<!-- settings:begin -->\n"
	tableEnds   = "<!-- settings:end -->"
	// readmeLimit is the size in bytes that one sitting can read.
	readmeLimit = 12 << 10
)

// settingsTables has one section for each family of variables and for each kind
// of source, in Markdown.
func settingsTables() string {
	var tables strings.Builder
	section := ""
	for _, setting := range config.Describe(whole().Sources) {
		family, _, _ := strings.Cut(setting.Variable, "_")
		heading := "`" + family + "_`"
		switch {
		case setting.Kind != "":
			heading = "`SOURCE_KIND=" + setting.Kind + "`"
		case setting.Variable == "SOURCE_VARIABLES":
			heading = "Variables in one variable"
		case family == "SOURCE":
			heading = "Every source"
		}
		if heading != section {
			section = heading
			fmt.Fprintf(&tables, "\n## %s\n\n| variable | takes | default | |\n|---|---|---|---|\n", section)
		}
		standard := "`" + setting.Default + "`"
		switch {
		case setting.Required:
			standard = "required"
		case setting.Default == "":
			standard = ""
		}
		fmt.Fprintf(&tables, "| `%s` | %s | %s | %s |\n", setting.Variable, setting.Takes, standard, setting.Description)
	}
	return tables.String() + "\n"
}

func TestTheSettingsTablesAreReadFromTheStructs(t *testing.T) {
	path := filepath.Join("..", "docs", "settings.md")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, begins := strings.Cut(string(text), tableBegins)
	_, after, ends := strings.Cut(rest, tableEnds)
	if !begins || !ends {
		t.Fatalf("%s lacks the lines %s and %s", path, strings.TrimSpace(tableBegins), tableEnds)
	}
	want := before + tableBegins + settingsTables() + tableEnds + after
	if string(text) == want {
		return
	}
	if !*update {
		t.Fatalf("the tables of %s differ from the structs; run make generate", path)
	}
	if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestAREADMEIsReadInOneSitting(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"README.md", "README.ja.md"} {
		text, err := os.ReadFile(filepath.Join("..", name))
		if err != nil {
			t.Fatal(err)
		}
		if len(text) > readmeLimit {
			t.Errorf("%s has %d bytes, and %d are allowed; move a part to docs/", name, len(text), readmeLimit)
		}
	}
}

// TestTheOutputInTheREADMEsIsThatOfMakeRun: what `make run` prints begins with
// the block of text below the command, apart from spaces at line ends.
func TestTheOutputInTheREADMEsIsThatOfMakeRun(t *testing.T) {
	t.Parallel()
	var printed bytes.Buffer
	if err := demo.Run(t.Context(), &printed, false); err != nil {
		t.Fatal(err)
	}
	trimmed := func(text string) string {
		return strings.TrimSpace(regexp.MustCompile(`(?m)[ \t]+$`).ReplaceAllString(text, ""))
	}
	block := regexp.MustCompile("(?s)\nmake run\n```\n\n```text\n(.*?)```")
	for _, name := range []string{"README.md", "README.ja.md"} {
		text, err := os.ReadFile(filepath.Join("..", name))
		if err != nil {
			t.Fatal(err)
		}
		found := block.FindSubmatch(text)
		if found == nil {
			t.Errorf("%s does not show the output of make run", name)
			continue
		}
		if want := trimmed(string(found[1])); !strings.HasPrefix(trimmed(printed.String()), want) {
			t.Errorf("%s shows\n%s\n\nand make run prints\n%s", name, want, printed.String())
		}
	}
}

// TestTheCommandsOfThePagesRun runs every block of these pages that is marked
// sh, as it stands, from the top of the checkout. `make test` is left out: it is
// what runs this test.
func TestTheCommandsOfThePagesRun(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("runs whole commands")
	}
	block := regexp.MustCompile("(?s)\n```sh\n(.*?)```")
	for _, name := range []string{"README.md", "README.ja.md", "docs/laptop.md", "docs/laptop.ja.md"} {
		text, err := os.ReadFile(filepath.Join("..", name))
		if err != nil {
			t.Fatal(err)
		}
		blocks := block.FindAllStringSubmatch(string(text), -1)
		if len(blocks) == 0 {
			t.Errorf("%s has no commands", name)
		}
		for i, found := range blocks {
			commands := regexp.MustCompile(`(?m)^make test.*$`).ReplaceAllString(found[1], "")
			t.Run(fmt.Sprintf("%s block %d", name, i+1), func(t *testing.T) {
				t.Parallel()
				command := exec.CommandContext(t.Context(), "sh", "-eu", "-c", commands)
				command.Dir = ".."
				// A run from inside make must look like one from a shell.
				command.Env = append(os.Environ(), "MAKEFLAGS=", "MAKELEVEL=", "MFLAGS=")
				if output, err := command.CombinedOutput(); err != nil {
					t.Errorf("%v\n%s\n%s", err, commands, output)
				}
			})
		}
	}
}
