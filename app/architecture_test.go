package app_test

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

const module = "cognito-user-migration"

// code is what a package of the project imports: outside of tests, and in them.
type code struct{ imports, testImports []string }

// packages lists the packages of the main module, by their paths in it.
func packages(t *testing.T) map[string]code {
	t.Helper()
	output, err := listed()
	if err != nil {
		t.Fatal(err)
	}
	found := make(map[string]code)
	for line := range strings.Lines(string(output)) {
		columns := strings.Split(line, "|")
		found[strings.TrimPrefix(columns[0], module+"/")] = code{strings.Fields(columns[1]), strings.Fields(columns[2])}
	}
	for _, expected := range []string{"domain", "ports", "ports/parts", "adapters/cognitosource", "app/migrate", "app"} {
		if _, there := found[expected]; !there {
			t.Fatalf("there is no package %s; the packages are %q", expected, slices.Sorted(maps.Keys(found)))
		}
	}
	return found
}

// listed is the output of go list, once for all tests.
var listed = sync.OnceValues(func() ([]byte, error) {
	command := exec.Command("go", "list", "-f", `{{.ImportPath}}|{{join .Imports " "}}|{{join .TestImports " "}} {{join .XTestImports " "}}`, "./...")
	command.Dir = ".."
	return command.Output()
})

func standard(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	return !strings.Contains(first, ".") && first != module
}

// This test is the only place where the arrows of the design are checked: domain
// <- ports <- adapters <- app.
func TestTheArrowsOfTheArchitecture(t *testing.T) {
	t.Parallel()
	for name, code := range packages(t) {
		for _, path := range code.imports {
			if !allowed(name, path) {
				t.Errorf("%s may not import %s", name, path)
			}
			if forTests(path) && !isTestCode(name) {
				t.Errorf("%s imports %s, which is for tests", name, path)
			}
		}
		for _, path := range code.testImports {
			if !allowedInTests(name, path) {
				t.Errorf("the tests of %s may not import %s", name, path)
			}
		}
		for _, path := range slices.Concat(code.imports, code.testImports) {
			if better, old := superseded(path); old {
				t.Errorf("%s imports %s; use %s", name, path, better)
			}
		}
	}
}

// allowed holds the arrows for one import outside of tests.
func allowed(from, path string) bool {
	to, ours := strings.CutPrefix(path, module+"/")
	toPorts := to == "domain" || to == "domain/importfile" || to == "ports"
	switch {
	case from == "domain": // it decides, and knows no I/O, no clock, no wire format
		return standard(path) && !slices.Contains([]string{"os", "log", "log/slog", "database/sql", "encoding/json", "math/rand", "math/rand/v2", "crypto/rand"}, path) &&
			path != "net" && !strings.HasPrefix(path, "net/") ||
			path == "golang.org/x/text/unicode/norm" // spellings of one name
	case from == "domain/importfile": // it writes text, and knows no I/O
		return standard(path) && !slices.Contains([]string{"os", "io", "encoding/csv", "encoding/json"}, path) && path != "net" && !strings.HasPrefix(path, "net/") || to == "domain"
	case from == "ports", from == "ports/setup":
		return standard(path) && !knowsTheWire(path) || toPorts
	case from == "ports/parts": // what a main lists, and the logger that is handed to it
		return standard(path) && !knowsTheWire(path) || toPorts || path == "go.uber.org/zap"
	case from == "ports/mocks":
		return standard(path) || toPorts || path == "github.com/golang/mock/gomock"
	case from == "ports/sourcetest":
		return standard(path) || toPorts
	case strings.HasPrefix(from, "adapters/"): // no sibling, but what is in its own folder
		adapter, _, _ := strings.Cut(strings.TrimPrefix(from, "adapters/"), "/")
		return !isFx(path) && (!ours || toPorts || to == "ports/parts" || to == "ports/setup" ||
			strings.HasPrefix(to, "adapters/internal/") || strings.HasPrefix(to, "adapters/"+adapter+"/"))
	case from == "app/migrate", from == "app/complete":
		return standard(path) && !knowsTheWire(path) || toPorts
	case from == "app/plan": // it asks nobody
		return standard(path) && path != "os" && path != "net" && !strings.HasPrefix(path, "net/")
	case from == "app/userfile":
		return standard(path) && !knowsTheWire(path)
	case from == "app/parameters": // encoding/json writes the files
		return standard(path) && !strings.HasPrefix(path, "net/") || toPorts || to == "ports/setup" || to == "app/doctor"
	case from == "app/doctor":
		return standard(path) && !knowsTheWire(path) || toPorts || to == "ports/setup"
	default: // app and what is below know every adapter
		return true
	}
}

// allowedInTests holds the arrows for one import of tests: an adapter is tested
// without app, and what crosses both is an end-to-end test.
func allowedInTests(of, path string) bool {
	to, ours := strings.CutPrefix(path, module+"/")
	switch {
	case of == "domain":
		return standard(path) || to == "domain" || path == "pgregory.net/rapid" || strings.HasPrefix(path, "golang.org/x/text/")
	case strings.HasPrefix(of, "adapters/"):
		return !isFx(path) && (!ours || to != "app" && !strings.HasPrefix(to, "app/"))
	default:
		return true
	}
}

func knowsTheWire(path string) bool { return path == "encoding/json" || path == "net/http" }

// isFx holds for the container: a constructor works without it, and only app wires.
func isFx(path string) bool { return strings.HasPrefix(path, "go.uber.org/fx") }

func forTests(path string) bool {
	return path == "testing" || strings.HasPrefix(path, "github.com/golang/mock") || path == "pgregory.net/rapid" ||
		path == module+"/ports/mocks" || path == module+"/ports/sourcetest" || strings.HasPrefix(path, module+"/test/")
}

// isTestCode holds for packages that only tests and the benchmark use.
func isTestCode(name string) bool {
	return name == "ports/mocks" || name == "ports/sourcetest" || strings.HasPrefix(name, "test/") || name == "deploy/image/invoke"
}

func superseded(path string) (better string, old bool) {
	switch {
	case path == "math/rand":
		return "math/rand/v2", true
	case path == "io/ioutil":
		return "io and os", true
	case path == "github.com/pkg/errors":
		return "errors and fmt.Errorf", true
	case path == "github.com/aws/aws-sdk-go", strings.HasPrefix(path, "github.com/aws/aws-sdk-go/"):
		return "aws-sdk-go-v2", true
	default:
		return "", false
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
		for _, operators := range []string{module + "/adapters/awssetup", module + "/app/doctor", module + "/app/report", module + "/app/plan", module + "/app/tail", module + "/app/userfile", module + "/domain/importfile", module + "/adapters/cognitosource/importjob", module + "/adapters/reportstate", module + "/adapters/reportpage", module + "/adapters/cognitosource/listing", "modernc.org/", "progressbar/v3", module + "/app/parameters", "service/lambda", "golang.org/x/term", "github.com/spf13/", "golang/mock", "github.com/valllabh/", module + "/ports/mocks", module + "/ports/sourcetest", module + "/ports/setup",
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
	for name, code := range packages(t) {
		for _, path := range code.imports {
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
		text, err := os.ReadFile(path)
		if err != nil || !bytes.Contains(text, []byte("Reveal")) {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, text, parser.SkipObjectResolution)
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
	for name := range packages(t) {
		last := name[strings.LastIndexByte(name, '/')+1:]
		if slices.Contains([]string{"util", "utils", "common", "shared", "helpers"}, last) {
			t.Errorf("package %s is named for nothing", name)
		}
	}
}
