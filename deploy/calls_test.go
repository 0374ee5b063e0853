package deploy_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/constant"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

const module = "cognito-user-migration/"

// call is one place in the program's own code where an operation of AWS is
// called, or where a client is given to other code that will call it.
type call struct {
	action string // IAM's name of it: cognito-idp:AdminGetUser
	by     string // the function, as the linker calls it
}

// iamPrefix gives IAM's name of a service from the SDK's package, where it is
// another.
var iamPrefix = map[string]string{
	"cognitoidentityprovider": "cognito-idp",
	"eventbridge":             "events",
}

// foundCalls are the calls of the program that Lambda runs, with two planted into it.
var foundCalls struct {
	once    sync.Once
	calls   []call
	planted []call
	linked  map[string]bool // the functions that the linker keeps
}

// planted begins the names of the functions that are added to the program: one with a
// call that no role allows, and one that nothing uses. The two operations have no use
// in this program.
const planted = module + "adapters/cognitosource.planted"

const plantedCode = `
type plantedAPI interface {
	GetUICustomization(context.Context, *cognitoidentityprovider.GetUICustomizationInput, ...func(*cognitoidentityprovider.Options)) (*cognitoidentityprovider.GetUICustomizationOutput, error)
}
var plantedClient plantedAPI
func init() {
	if plantedClient != nil {
		plantedCall(plantedClient)
	}
}
func plantedCall(api plantedAPI) { _, _ = api.GetUICustomization(context.Background(), nil) }
func plantedUnused(api *cognitoidentityprovider.Client) { _, _ = api.SetUICustomization(context.Background(), nil) }
`

// programCalls finds the operations of AWS that the program can call, once for all tests:
// those in our own functions that the linker keeps. What is written but not wired to
// anything does not count. The planted calls are left out.
func programCalls(t *testing.T) ([]call, map[string]bool) {
	t.Helper()
	foundCalls.once.Do(func() {
		original, err := filepath.Abs("../adapters/cognitosource/cognitosource.go")
		if err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(original)
		if err != nil {
			t.Fatal(err)
		}
		changed := filepath.Join(t.TempDir(), "cognitosource.go")
		overlay := map[string]string{original: changed}
		replace, err := json.Marshal(map[string]any{"Replace": overlay})
		if err != nil {
			t.Fatal(err)
		}
		overlayFile := filepath.Join(t.TempDir(), "overlay.json")
		for file, text := range map[string][]byte{changed: append(text, plantedCode...), overlayFile: replace} {
			if err := os.WriteFile(file, text, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		linked := linkedSymbols(t, overlayFile)
		for _, found := range writtenCalls(t, overlay, overlayFile) {
			switch {
			case !linked[found.by] && !strings.HasSuffix(found.by, ".init"):
			case strings.HasPrefix(found.by, planted):
				foundCalls.planted = append(foundCalls.planted, found)
			default:
				foundCalls.calls = append(foundCalls.calls, found)
			}
		}
		foundCalls.linked = linked
	})
	if foundCalls.linked == nil {
		t.Fatal("the calls were not found; another test says why")
	}
	return foundCalls.calls, foundCalls.linked
}

const mainPackage = "./app/cmd/bootstrap"

// productionTags are those that the image is built with.
func productionTags(t *testing.T) string {
	t.Helper()
	dockerfile, err := os.ReadFile("../Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	tags := regexp.MustCompile(` -tags (\S+) `).FindSubmatch(dockerfile)
	if tags == nil {
		t.Fatal("the Dockerfile builds with no tags")
	}
	return string(tags[1])
}

// goTool runs go in the module's root with the tags of the image's build.
func goTool(t *testing.T, arguments ...string) []byte {
	t.Helper()
	command := exec.CommandContext(t.Context(), "go", arguments...)
	command.Dir = ".."
	output, err := command.Output()
	if err != nil {
		if failed, ok := errors.AsType[*exec.ExitError](err); ok {
			t.Fatalf("go %s: %v\n%s", strings.Join(arguments, " "), err, failed.Stderr)
		}
		t.Fatal(err)
	}
	return output
}

// linkedSymbols lists the functions in the program. Ours are kept from being
// inlined, so that each has a symbol of its own.
func linkedSymbols(t *testing.T, overlayFile string) map[string]bool {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "bootstrap")
	goTool(t, "build", "-tags", productionTags(t), "-overlay", overlayFile, "-gcflags="+module+"...=-l", "-o", binary, mainPackage)
	linked := make(map[string]bool)
	typeArguments := regexp.MustCompile(`\[.*\]`)
	closure := regexp.MustCompile(`\.(func|gowrap|deferwrap)[0-9]+(\.[0-9]+)*$|-fm$`)
	for line := range strings.Lines(string(goTool(t, "tool", "nm", binary))) {
		fields := strings.Fields(line)
		if len(fields) < 3 || fields[1] != "T" && fields[1] != "t" {
			continue
		}
		symbol := typeArguments.ReplaceAllString(strings.Join(fields[2:], " "), "")
		for {
			linked[symbol] = true
			outer := closure.ReplaceAllString(symbol, "")
			if outer == symbol {
				break
			}
			symbol = outer
		}
	}
	return linked
}

// writtenCalls finds every call of an operation of AWS in our own packages that
// the program imports.
func writtenCalls(t *testing.T, overlay map[string]string, overlayFile string) []call {
	t.Helper()
	type listed struct {
		ImportPath, Dir, Export string
		GoFiles                 []string
	}
	var packages []listed
	exports := make(map[string]string)
	decoder := json.NewDecoder(bytes.NewReader(goTool(t, "list", "-export", "-deps", "-tags", productionTags(t),
		"-overlay", overlayFile, "-json=ImportPath,Dir,Export,GoFiles", mainPackage)))
	for {
		var found listed
		if err := decoder.Decode(&found); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		exports[found.ImportPath] = found.Export
		if strings.HasPrefix(found.ImportPath, module) {
			packages = append(packages, found)
		}
	}
	files := token.NewFileSet()
	imports := importer.ForCompiler(files, "gc", func(path string) (io.ReadCloser, error) {
		return os.Open(exports[path])
	})
	var calls []call
	for _, each := range packages {
		var parsed []*ast.File
		for _, name := range each.GoFiles {
			path := filepath.Join(each.Dir, name)
			text := path
			if replaced, ok := overlay[path]; ok {
				text = replaced
			}
			file, err := parser.ParseFile(files, text, nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			parsed = append(parsed, file)
		}
		info := &types.Info{Types: make(map[ast.Expr]types.TypeAndValue), Uses: make(map[*ast.Ident]types.Object), Defs: make(map[*ast.Ident]types.Object)}
		checker := types.Config{Importer: imports}
		checked, err := checker.Check(each.ImportPath, files, parsed, info)
		if err != nil {
			t.Fatal(err)
		}
		symbols := each.ImportPath
		if checked.Name() == "main" {
			symbols = "main"
		}
		for _, file := range parsed {
			calls = append(calls, callsIn(file, info, symbols)...)
		}
	}
	return calls
}

// callsIn finds the calls in one file. A mention counts as a call: a method may
// be passed on and called elsewhere. A call by adapters/internal/awsjson names its
// operation as a text, and its service is the one that the file opens.
func callsIn(file *ast.File, info *types.Info, symbols string) []call {
	var calls []call
	service := openedService(file, info)
	for _, declaration := range file.Decls {
		by := symbols + ".init"
		if function, ok := declaration.(*ast.FuncDecl); ok {
			by = symbolOf(function, symbols)
		}
		ast.Inspect(declaration, func(node ast.Node) bool {
			if operation := namedOperation(node, info); operation != "" && !strings.HasSuffix(symbols, "/awsjson") {
				calls = append(calls, call{action: action(service, operation), by: by})
			}
			name, ok := node.(*ast.Ident)
			if !ok {
				return true
			}
			function, ok := info.Uses[name].(*types.Func)
			if !ok {
				return true
			}
			if permission, ok := requested[service]; ok && sendsRequest(function) {
				calls = append(calls, call{action: permission, by: by})
			}
			for _, action := range actionsOf(function) {
				calls = append(calls, call{action: action, by: by})
			}
			return true
		})
	}
	return calls
}

// requested are the actions of services whose operations have a path and no name, by
// the service that a file opens.
var requested = map[string]string{"lambda": "lambda:InvokeFunction"}

// sendsRequest reports whether a function takes a request of awsjson, which has a path.
func sendsRequest(function *types.Func) bool {
	parameters := function.Signature().Params()
	if parameters.Len() != 2 {
		return false
	}
	named, ok := types.Unalias(parameters.At(1).Type()).(*types.Named)
	return ok && named.Obj().Name() == "Request" && named.Obj().Pkg() != nil && named.Obj().Pkg().Path() == module+"adapters/internal/awsjson"
}

// openedService is the service that a file makes a client of awsjson for, in the
// SDK's spelling. It is empty if the file makes none, and says so if the file makes
// clients of several. No role allows such calls.
func openedService(file *ast.File, info *types.Info) string {
	service := ""
	ast.Inspect(file, func(node ast.Node) bool {
		if name, ok := node.(*ast.Ident); ok {
			function, ok := info.Uses[name].(*types.Func)
			if ok && function.Pkg() != nil && function.Pkg().Path() == module+"adapters/internal/awsjson" && function.Signature().Params().Len() == 0 && function.Signature().Recv() == nil {
				if opened := strings.ToLower(function.Name()); service != "" && service != opened {
					service = "(give each service a file of its own)"
				} else {
					service = opened
				}
			}
		}
		return true
	})
	return service
}

// namedOperation is the operation that a call of awsjson names; empty where the
// node is none. One that is no constant is found as the name of what it is.
func namedOperation(node ast.Node, info *types.Info) string {
	called, ok := node.(*ast.CallExpr)
	if !ok || len(called.Args) != 3 {
		return ""
	}
	selector, ok := called.Fun.(*ast.SelectorExpr)
	if !ok || selector.Sel.Name != "Call" {
		return ""
	}
	function, ok := info.Uses[selector.Sel].(*types.Func)
	if !ok || function.Pkg() == nil || function.Pkg().Path() != module+"adapters/internal/awsjson" {
		return ""
	}
	if value := info.Types[called.Args[1]].Value; value != nil {
		return constant.StringVal(value)
	}
	return types.ExprString(called.Args[1])
}

// symbolOf is a function's name as the linker has it.
func symbolOf(function *ast.FuncDecl, symbols string) string {
	if function.Recv == nil {
		return symbols + "." + function.Name.Name
	}
	receiver, format := function.Recv.List[0].Type, "%s.%s.%s"
	if pointer, ok := receiver.(*ast.StarExpr); ok {
		receiver, format = pointer.X, "%s.(*%s).%s"
	}
	switch generic := receiver.(type) { // with type parameters
	case *ast.IndexExpr:
		receiver = generic.X
	case *ast.IndexListExpr:
		receiver = generic.X
	}
	return fmt.Sprintf(format, symbols, receiver.(*ast.Ident).Name, function.Name.Name)
}

// actionsOf gives the actions that a function stands for: that of an operation,
// whoever declares the method (the SDK's client or an interface of ours); and
// those of a client that it is given, where the function is not ours and calls
// them itself (stscreds, paginators, waiters).
func actionsOf(function *types.Func) []string {
	signature := function.Signature()
	if action, ok := operation(signature); ok {
		return []string{action}
	}
	if function.Pkg() == nil || strings.HasPrefix(function.Pkg().Path(), module) {
		return nil
	}
	var actions []string
	for parameter := range signature.Params().Variables() {
		client, ok := parameter.Type().Underlying().(*types.Interface)
		if !ok {
			continue
		}
		for method := range client.Methods() {
			if action, ok := operation(method.Signature()); ok {
				actions = append(actions, action)
			}
		}
	}
	return actions
}

// operation reads the action off the input that the operation takes.
func operation(signature *types.Signature) (string, bool) {
	if signature.Params().Len() < 2 || signature.Results().Len() != 2 {
		return "", false
	}
	service, input, ok := sdkType(signature.Params().At(1).Type())
	name, isInput := strings.CutSuffix(input, "Input")
	_, output, hasOutput := sdkType(signature.Results().At(0).Type())
	if !ok || !isInput || !hasOutput || output != name+"Output" {
		return "", false
	}
	return action(service, name), true
}

func action(service, operation string) string {
	if prefix, ok := iamPrefix[service]; ok {
		service = prefix
	}
	return service + ":" + operation
}

// sdkType takes apart a pointer to a type of one of the SDK's services.
func sdkType(of types.Type) (service, name string, ok bool) {
	pointer, ok := of.(*types.Pointer)
	if !ok {
		return "", "", false
	}
	named, ok := types.Unalias(pointer.Elem()).(*types.Named)
	if !ok || named.Obj().Pkg() == nil {
		return "", "", false
	}
	service, ok = strings.CutPrefix(named.Obj().Pkg().Path(), "github.com/aws/aws-sdk-go-v2/service/")
	return service, named.Obj().Name(), ok && !strings.Contains(service, "/")
}

// linkedOperations lists the operations of the SDK's clients that are in the
// program, whoever calls them.
func linkedOperations(linked map[string]bool) []string {
	method := regexp.MustCompile(`^github\.com/aws/aws-sdk-go-v2/service/([a-z0-9]+)\.\(\*Client\)\.([A-Z]\w*)$`)
	var actions []string
	for symbol := range linked {
		if found := method.FindStringSubmatch(symbol); found != nil && found[2] != "Options" {
			actions = append(actions, action(found[1], found[2]))
		}
	}
	slices.Sort(actions)
	return actions
}
