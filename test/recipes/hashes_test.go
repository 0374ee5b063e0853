package recipes_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"cognito-user-migration/test/process"
)

// hashSet has the hashes of one framework, as one version of it makes them.
type hashSet struct {
	Framework string     `json:"framework"`
	Version   string     `json:"version"`
	Origin    string     `json:"origin"`
	Hashes    []madeHash `json:"hashes"`
}

// madeHash is a hash of one of the passwords of testdata/passwords.json.
type madeHash struct {
	Format   string `json:"format"`
	Password string `json:"password"`
	Hash     string `json:"hash"`
}

// formats lists the forms of the set, each once.
func (s hashSet) formats() []string {
	var formats []string
	for _, hash := range s.Hashes {
		if !slices.Contains(formats, hash.Format) {
			formats = append(formats, hash.Format)
		}
	}
	return formats
}

func readJSON(t *testing.T, path string, into any) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", path))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

// committed reads the hashes that are in the repository.
func committed(t *testing.T) map[string]hashSet {
	t.Helper()
	sets := make(map[string]hashSet)
	files, err := filepath.Glob("testdata/hashes/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no hashes: %v", err)
	}
	for _, file := range files {
		var set hashSet
		readJSON(t, filepath.Join("hashes", filepath.Base(file)), &set)
		sets[strings.TrimSuffix(filepath.Base(file), ".json")] = set
	}
	return sets
}

// frameworks is where frameworks.sh puts them. Tests that read the tree pass over bin.
const frameworks = "../../bin/frameworks"

// made runs the programs of testdata/make, which make new hashes by the frameworks' own code.
func made(t *testing.T) map[string]hashSet {
	t.Helper()
	for _, peer := range []struct{ path, install string }{
		{frameworks + "/complete", "bash test/recipes/frameworks.sh"},
		{"node_modules", "make peers"},
	} {
		if _, err := os.Stat(peer.path); err != nil {
			process.Missing(t, fmt.Sprintf("%s is missing, so no new hashes were made: %s", peer.path, peer.install))
		}
	}
	passwords, err := os.ReadFile("testdata/passwords.json")
	if err != nil {
		t.Fatal(err)
	}
	sets := make(map[string]hashSet)
	for _, maker := range []struct{ program, script, install string }{
		{"php", "make.php", "apt-get install php-cli"},
		{"python3", "make.py", "apt-get install python3"},
		{"ruby", "make.rb", "apt-get install ruby"},
		{"node", "make.mjs", "install Node.js 20"},
	} {
		process.Require(t, process.Program{Name: maker.program, Install: maker.install})
		command := exec.CommandContext(t.Context(), maker.program, filepath.Join("testdata/make", maker.script), frameworks)
		command.Stdin = bytes.NewReader(passwords)
		var complaints bytes.Buffer
		command.Stderr = &complaints
		output, err := command.Output()
		if err != nil {
			t.Fatalf("%s: %v\n%s", maker.script, err, &complaints)
		}
		for line := range strings.Lines(string(output)) {
			name, text, _ := strings.Cut(line, "\t")
			var set hashSet
			if err := json.Unmarshal([]byte(text), &set); err != nil {
				t.Fatalf("%s: %v in %s", maker.script, err, line)
			}
			sets[name] = set
		}
	}
	return sets
}

// write writes the hashes to testdata/hashes.
func write(t *testing.T, sets map[string]hashSet) {
	t.Helper()
	for name, set := range sets {
		var text bytes.Buffer
		encoder := json.NewEncoder(&text)
		encoder.SetEscapeHTML(false)
		encoder.SetIndent("", "  ")
		if err := encoder.Encode(set); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join("testdata/hashes", name+".json"), text.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// Every framework of which hashes are committed can still be made, with the same forms.
func sameForms(t *testing.T, sets, fresh map[string]hashSet) {
	t.Helper()
	if got, want := slices.Sorted(maps.Keys(fresh)), slices.Sorted(maps.Keys(sets)); !slices.Equal(got, want) {
		t.Errorf("the programs made hashes of %q; those of %q are committed (go test ./test/recipes -hashes)", got, want)
	}
	for name, set := range fresh {
		if got, want := set.formats(), sets[name].formats(); !slices.Equal(got, want) {
			t.Errorf("%s: the forms are %q; %q are committed", name, got, want)
		}
	}
}
