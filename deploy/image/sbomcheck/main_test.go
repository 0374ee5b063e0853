package main

import (
	"debug/buildinfo"
	"encoding/json"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// sbom writes a list of these components.
func sbom(t *testing.T, components []string) string {
	t.Helper()
	type component struct {
		PURL string `json:"purl"`
	}
	list := map[string]any{"bomFormat": "CycloneDX"}
	var all []component
	for _, name := range components {
		all = append(all, component{"pkg:golang/" + strings.ReplaceAll(name, "+", "%2B") + "?type=module"})
	}
	list["components"] = all
	text, err := json.Marshal(list)
	path := filepath.Join(t.TempDir(), "sbom.json")
	if err == nil {
		err = os.WriteFile(path, text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func TestAListIsExactlyWhatIsLinked(t *testing.T) {
	t.Parallel()
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	info, err := buildinfo.ReadFile(binary)
	if err != nil {
		t.Fatal(err)
	}
	right := slices.Sorted(maps.Keys(linked(info)))
	for name, row := range map[string]struct {
		components []string
		says       string
	}{
		"the same":          {right, ""},
		"one is missing":    {right[1:], "is linked, and not listed"},
		"one is too many":   {append(slices.Clone(right), "example.com/other@v1.0.0"), "is listed, and not linked"},
		"of another kind":   {append(slices.Clone(right), "other/%zz"), "is no Go module"},
		"of other versions": {[]string{"std@go1.0"}, "not"},
	} {
		err := run([]string{binary, sbom(t, row.components)}, io.Discard)
		if (err == nil) != (row.says == "") || err != nil && !strings.Contains(err.Error(), row.says) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
