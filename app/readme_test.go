package app_test

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"cognito-user-migration/app/config"
)

//go:generate go test -run TestTheSettingsTableIsReadFromTheStructs -update .

var update = flag.Bool("update", false, "write the settings table into the READMEs")

const (
	tableBegins = "<!-- settings:begin -->\n"
	tableEnds   = "<!-- settings:end -->"
)

// settingsTable is the table of all variables in Markdown.
func settingsTable() string {
	var table strings.Builder
	table.WriteString("| variable | takes | default | |\n|---|---|---|---|\n")
	for _, setting := range config.Describe(whole().Sources) {
		standard := "`" + setting.Default + "`"
		switch {
		case setting.Required:
			standard = "required"
		case setting.Default == "":
			standard = ""
		}
		description := setting.Description
		if setting.Kind != "" {
			description = "(`" + setting.Kind + "`) " + description
		}
		fmt.Fprintf(&table, "| `%s` | %s | %s | %s |\n", setting.Variable, setting.Takes, standard, description)
	}
	return table.String()
}

func TestTheSettingsTableIsReadFromTheStructs(t *testing.T) {
	for _, name := range []string{"README.md", "README.ja.md"} {
		path := filepath.Join("..", name)
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		before, rest, begins := strings.Cut(string(text), tableBegins)
		_, after, ends := strings.Cut(rest, tableEnds)
		if !begins || !ends {
			t.Fatalf("%s has no place for the settings table", name)
		}
		want := before + tableBegins + settingsTable() + tableEnds + after
		if string(text) == want {
			continue
		}
		if !*update {
			t.Errorf("the settings table of %s is not what the structs say; make generate writes it", name)
			continue
		}
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// TestTheCommandsOfTheREADMERun runs every block of the READMEs that is marked
// sh, as it stands, from the top of the checkout. `make test` is left out: it is
// what runs this test.
func TestTheCommandsOfTheREADMERun(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("runs whole commands")
	}
	block := regexp.MustCompile("(?s)\n```sh\n(.*?)```")
	for _, name := range []string{"README.md", "README.ja.md"} {
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
