package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestTheCommandsOfThePagesAreRightUses parses every call of the tool in a block of
// commands, in all pages and both languages: its command, its flags and their values.
// A call must also give the flags that the command requires.
func TestTheCommandsOfThePagesAreRightUses(t *testing.T) {
	t.Parallel()
	top := filepath.Join("..", "..", "..")
	block := regexp.MustCompile("(?ms)^ *```(?:console|sh)\n(.*?)^ *```")
	ends := regexp.MustCompile(`\s(?:2?>|\||&&|#|;).*`)
	byName := make(map[string]command)
	for _, one := range commands() {
		byName[one.name] = one
	}
	calls := 0
	err := filepath.WalkDir(top, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (entry.Name() == "node_modules" || entry.Name() == ".git" || entry.Name() == "bin"):
			return filepath.SkipDir
		case filepath.Ext(path) != ".md":
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, found := range block.FindAllStringSubmatch(string(text), -1) {
			for line := range strings.Lines(strings.ReplaceAll(found[1], "\\\n", " ")) {
				_, call, there := strings.Cut(line, "bin/migratectl ")
				if !there {
					continue
				}
				calls++
				args := strings.Fields(ends.ReplaceAllString(" "+strings.TrimSpace(call), ""))
				checkCall(t, path, args, byName)
			}
		}
		return nil
	})
	if err != nil || calls < 20 {
		t.Fatalf("%d calls, %v", calls, err)
	}
}

func checkCall(t *testing.T, page string, args []string, byName map[string]command) {
	t.Helper()
	one, known := byName[args[0]]
	if !known {
		if args[0] != "COMMAND" && args[0] != "help" {
			t.Errorf("%s: there is no command %q", page, args[0])
		}
		return
	}
	got := runTool(t, nil, "", append(args, "--help")...)
	if got.err != nil || !strings.Contains(got.out, one.purpose) {
		t.Errorf("%s: %q: %v", page, strings.Join(args, " "), got.err)
	}
	for _, required := range one.required {
		given := false
		for name := range strings.SplitSeq(required, "|") {
			for _, arg := range args {
				given = given || arg == "--"+name || strings.HasPrefix(arg, "--"+name+"=")
			}
		}
		if !given && args[len(args)-1] != "-h" {
			t.Errorf("%s: %q lacks --%s", page, strings.Join(args, " "), required)
		}
	}
}
