package app_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "cognito-user-migration"

// imports lists what each package of the project imports outside of tests.
func imports(t *testing.T) map[string][]string {
	t.Helper()
	command := exec.Command("go", "list", "-f", `{{.ImportPath}}{{range .Imports}} {{.}}{{end}}`, "./...")
	command.Dir = ".."
	output, err := command.Output()
	if err != nil {
		t.Fatal(err)
	}
	packages := make(map[string][]string)
	for line := range strings.Lines(string(output)) {
		words := strings.Fields(line)
		packages[strings.TrimPrefix(words[0], module+"/")] = words[1:]
	}
	return packages
}

// own is a package of the project by its path in it.
func own(path string) (string, bool) {
	return strings.CutPrefix(path, module+"/")
}

func standard(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	return !strings.Contains(first, ".") && first != module
}

func TestTheArrowsOfTheArchitecture(t *testing.T) {
	t.Parallel()
	packages := imports(t)
	for _, expected := range []string{"domain", "ports", "adapters/cognitosource", "app/migrate", "app"} {
		if _, there := packages[expected]; !there {
			t.Fatalf("there is no package %s; the packages are %q", expected, slices.Sorted(maps.Keys(packages)))
		}
	}
	for name, imported := range packages {
		for _, path := range imported {
			if !allowed(name, path) {
				t.Errorf("%s may not import %s", name, path)
			}
		}
	}
}

// allowed holds the arrows: domain <- ports <- adapters <- app.
func allowed(from, path string) bool {
	to, ours := own(path)
	switch {
	case strings.HasPrefix(from, "test/"), from == "deploy/image/invoke": // end-to-end tests and their tools
		return true
	case strings.HasPrefix(to, "test/"):
		return false
	case from == "domain": // docs/decisions/0018 says why the one library
		return standard(path) || path == "golang.org/x/text/unicode/norm"
	case from == "ports":
		return standard(path) || to == "domain"
	case strings.HasPrefix(from, "ports/"): // mocks, parts and the contract's suite
		return !ours || to == "domain" || to == "ports" || strings.HasPrefix(to, "ports/")
	case strings.HasPrefix(from, "adapters/internal/"):
		return !ours || to == "domain" || to == "ports" || strings.HasPrefix(to, "adapters/internal/")
	case strings.HasPrefix(from, "adapters/"): // no sibling, but what is in its own folder
		adapter, _, _ := strings.Cut(strings.TrimPrefix(from, "adapters/"), "/")
		return !ours || to == "domain" || to == "ports" || to == "ports/parts" ||
			strings.HasPrefix(to, "adapters/internal/") || strings.HasPrefix(to, "adapters/"+adapter+"/")
	case from == "app/migrate", from == "app/complete", from == "app/doctor":
		return standard(path) || to == "domain" || to == "ports"
	default: // app knows every adapter, but nothing of the tests' in production
		return (!strings.HasPrefix(to, "ports/") || to == "ports/parts") && !strings.HasPrefix(path, "github.com/golang/mock")
	}
}

// The Lambda carries nothing that only the operator's tool needs.
func TestTheFunctionKnowsNothingOfTheOperatorsTool(t *testing.T) {
	t.Parallel()
	command := exec.Command("go", "list", "-deps", "./app/cmd/bootstrap")
	command.Dir = ".."
	output, err := command.Output()
	if err != nil {
		t.Fatal(err)
	}
	for path := range strings.Lines(string(output)) {
		path = strings.TrimSpace(path)
		for _, operators := range []string{module + "/adapters/awssetup", module + "/app/doctor", "service/lambda", "golang.org/x/term", "golang/mock", "github.com/valllabh/", module + "/ports/mocks", module + "/ports/sourcetest",
			module + "/adapters/awsprofiles", "aws-sdk-go-v2/config",
			// Tracing is a part that this main does not list (docs/decisions/0014).
			"go.opentelemetry.io/", "google.golang.org/", module + "/adapters/tracing"} {
			if strings.HasSuffix(path, operators) || strings.HasSuffix(operators, "/") && strings.HasPrefix(path, operators) {
				t.Errorf("bootstrap depends on %s", path)
			}
		}
	}
}

func TestOpenTelemetryIsKnownInOnePlace(t *testing.T) {
	t.Parallel()
	known := 0
	for name, imported := range imports(t) {
		for _, path := range imported {
			if !strings.HasPrefix(path, "go.opentelemetry.io/") {
				continue
			}
			known++
			if name != "adapters/tracing" {
				t.Errorf("%s imports %s", name, path)
			}
		}
	}
	if known == 0 {
		t.Error("nobody imports it")
	}
}

func TestThePasswordIsReadInOnePlacePerSourceAdapter(t *testing.T) {
	t.Parallel()
	readers := make(map[string]int)
	err := filepath.WalkDir("..", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (entry.Name() == "node_modules" || entry.Name() == ".git"):
			return filepath.SkipDir
		case !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(node ast.Node) bool {
			call, ok := node.(*ast.CallExpr)
			if !ok {
				return true
			}
			selector, ok := call.Fun.(*ast.SelectorExpr)
			if !ok || selector.Sel.Name != "Reveal" {
				return true
			}
			if receiver, ok := selector.X.(*ast.Ident); ok && receiver.Name == "password" {
				readers[filepath.ToSlash(filepath.Dir(path))]++
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if readers["../adapters/cognitosource"] == 0 || readers["../adapters/internal/hashed"] == 0 {
		t.Fatalf("the readers that are known were not found: %v", readers)
	}
	for place, times := range readers {
		// The sources that hold hashes share one reader.
		isSource := (strings.HasPrefix(place, "../adapters/") || strings.HasPrefix(place, "../examples/")) && strings.HasSuffix(place, "source") || place == "../adapters/internal/hashed"
		if times != 1 || !isSource {
			t.Errorf("passwords are read in %s, %d times", place, times)
		}
	}
}

func TestNoInitAndNoPackageNamedForNothing(t *testing.T) {
	t.Parallel()
	for name := range imports(t) {
		last := name[strings.LastIndexByte(name, '/')+1:]
		if slices.Contains([]string{"util", "utils", "common", "shared", "helpers"}, last) {
			t.Errorf("package %s is named for nothing", name)
		}
	}
}
