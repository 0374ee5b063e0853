// Command weight measures the size and the load time of the function's parts. It builds the
// function with only the Cognito source, with each other part added, and with all parts. It
// prints the bytes of each binary, and the work of its packages when the program is loaded,
// before main.
//
//	go run ./test/weight -write docs/weight.md     measures all, writes the tables
//	go run ./test/weight -limit 10600000           fails if Cognito alone is larger
//
// Sizes are of linux/amd64 and the same on every machine with the same Go.
package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	// list is the file that lists every part.
	list = "app/everything/everything.go"
	// cognito is the source that every build has.
	cognito = "cognitosource"
	// tags are those that the function is built with: the Makefile's FUNCTION_TAGS.
	tags = "lambda.norpc,nethttpomithttp2"
	// runs is how often a program is started. The smallest value is reported, because noise
	// only increases it.
	runs = 25
	// The tables stand between these.
	begins, ends = "<!-- weight:begin -->\n", "<!-- weight:end -->"
)

func main() {
	write := flag.String("write", "", "the `file` to write the tables into")
	limit := flag.Int64("limit", 0, "the most `bytes` that the Cognito source alone may be")
	flag.Parse()
	if err := run(*write, *limit); err != nil {
		fmt.Fprintln(os.Stderr, "weight:", err)
		os.Exit(1)
	}
}

func run(write string, limit int64) error {
	folder, err := os.MkdirTemp("", "weight-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	scale := scale{folder: folder}
	if scale.parts, err = partsOf(list); err != nil {
		return err
	}
	alone, err := compile(filepath.Join(folder, "alone"), tags, "./app/cmd/bootstrap-cognito")
	if err != nil {
		return err
	}
	fmt.Printf("weight: the Cognito source alone: %s bytes\n", grouped(alone.size))
	if limit > 0 && alone.size > limit {
		return fmt.Errorf("that is more than %s; `make weight` says what is heavy", grouped(limit))
	}
	if write == "" {
		return nil
	}
	if runtime.GOOS+"/"+runtime.GOARCH != "linux/amd64" {
		return errors.New("the tables are of linux/amd64")
	}
	tables, err := scale.tables(alone)
	if err != nil {
		return err
	}
	return replace(write, tables)
}

// scale builds and weighs.
type scale struct {
	folder string
	parts  []part
}

// part is what a main can list: a package under adapters by its path, such as ldapsource or
// sqlsource/mysql. The second one is of use with the first alone.
type part struct{ name, beside string }

// partsOf reads which packages the list imports.
func partsOf(path string) ([]part, error) {
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
	if err != nil {
		return nil, err
	}
	var parts []part
	for _, imported := range file.Imports {
		_, name, adapter := strings.Cut(strings.Trim(imported.Path.Value, `"`), "/adapters/")
		if !adapter || name == cognito || name == "stscredentials" || name == "cognitodestination" {
			continue // in every build, or a half of completion
		}
		beside, _, nested := strings.Cut(name, "/")
		if !nested {
			beside = ""
		}
		parts = append(parts, part{name, beside})
	}
	return parts, nil
}

// built is one build.
type built struct {
	path  string
	size  int64
	inits map[string]initialized
}

// build builds a main that lists the Cognito source and these parts.
func (s *scale) build(name, tags string, with ...string) (built, error) {
	source, err := mainOf(list, append(with, cognito))
	if err != nil {
		return built{}, err
	}
	// The main stands in the list's place for one build: an overlay, so that nothing is written
	// into the tree.
	stand := filepath.Join(s.folder, strings.ReplaceAll(name, "/", "-"))
	overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{list: stand + ".go"}})
	if err != nil {
		return built{}, err
	}
	for path, text := range map[string][]byte{stand + ".go": source, stand + ".json": overlay} {
		if err := os.WriteFile(path, text, 0o600); err != nil {
			return built{}, err
		}
	}
	return compile(stand, tags, "./app/cmd/bootstrap", "-overlay", stand+".json")
}

// compile builds a main.
func compile(path, tags, program string, flags ...string) (built, error) {
	arguments := append([]string{"build", "-trimpath", "-buildvcs=false", "-tags", tags, "-ldflags", "-s -w -X main.version=1.2.3", "-o", path}, flags...)
	command := exec.Command("go", append(arguments, program)...)
	command.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH=amd64")
	if output, err := command.CombinedOutput(); err != nil {
		return built{}, fmt.Errorf("%v: %w\n%s", command.Args, err, output)
	}
	info, err := os.Stat(path)
	if err != nil {
		return built{}, err
	}
	return built{path: path, size: info.Size()}, nil
}

// mainOf is the list with these packages alone: whatever names another one is left out.
func mainOf(path string, with []string) ([]byte, error) {
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, path, nil, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	left := make(map[string]bool) // the names of packages that are left out
	for _, group := range file.Decls {
		imports, ok := group.(*ast.GenDecl)
		if !ok || imports.Tok != token.IMPORT {
			continue
		}
		imports.Specs = slices.DeleteFunc(imports.Specs, func(spec ast.Spec) bool {
			imported := strings.Trim(spec.(*ast.ImportSpec).Path.Value, `"`)
			_, name, adapter := strings.Cut(imported, "/adapters/")
			if !adapter || slices.Contains(with, name) || name == "stscredentials" || name == "cognitodestination" && slices.Contains(with, "sqscompletion") {
				return false
			}
			left[name[strings.LastIndexByte(name, '/')+1:]] = true
			return true
		})
	}
	names := func(node ast.Node) bool {
		found := false
		ast.Inspect(node, func(node ast.Node) bool {
			if name, ok := node.(*ast.Ident); ok {
				found = found || left[name.Name]
			}
			return !found
		})
		return found
	}
	// A driver is an argument; all else is an element of a list.
	ast.Inspect(file, func(node ast.Node) bool {
		if call, ok := node.(*ast.CallExpr); ok {
			call.Args = slices.DeleteFunc(call.Args, func(argument ast.Expr) bool { return names(argument) })
		}
		return true
	})
	ast.Inspect(file, func(node ast.Node) bool {
		if literal, ok := node.(*ast.CompositeLit); ok {
			literal.Elts = slices.DeleteFunc(literal.Elts, func(element ast.Expr) bool {
				if pair, ok := element.(*ast.KeyValueExpr); ok {
					if _, list := pair.Value.(*ast.CompositeLit); list {
						return false // looked into by itself
					}
				}
				return names(element)
			})
		}
		return true
	})
	var source bytes.Buffer
	err = format.Node(&source, files, file)
	return source.Bytes(), err
}

// initialized is what a package does when the program is loaded.
type initialized struct {
	took          time.Duration
	bytes, allocs int64
}

func (i initialized) plus(other initialized) initialized {
	return initialized{i.took + other.took, i.bytes + other.bytes, i.allocs + other.allocs}
}

// trace starts the program, which ends at once without settings, and reads the Go runtime's
// report about its packages (GODEBUG=inittrace=1, package runtime).
func (b *built) trace() error {
	line := regexp.MustCompile(`(?m)^init (\S+) @\S+ ms, (\S+) ms clock, (\d+) bytes, (\d+) allocs$`)
	b.inits = make(map[string]initialized)
	for range runs {
		command := exec.Command(b.path)
		command.Env = []string{"GODEBUG=inittrace=1"}
		var said bytes.Buffer
		command.Stderr = &said
		_ = command.Run() // it fails: there are no settings
		found := line.FindAllStringSubmatch(said.String(), -1)
		if len(found) == 0 {
			return fmt.Errorf("%s said nothing of its packages: %s", b.path, said.String())
		}
		for _, match := range found {
			clock, err := strconv.ParseFloat(match[2], 64)
			if err != nil {
				return err
			}
			size, _ := strconv.ParseInt(match[3], 10, 64)
			allocs, _ := strconv.ParseInt(match[4], 10, 64)
			one := initialized{time.Duration(clock * float64(time.Millisecond)), size, allocs}
			if before, seen := b.inits[match[1]]; seen {
				one.took, one.bytes, one.allocs = min(one.took, before.took), min(one.bytes, before.bytes), min(one.allocs, before.allocs)
			}
			b.inits[match[1]] = one
		}
	}
	return nil
}

// sum adds up the packages that the other build has not.
func (b *built) sum(without map[string]initialized) initialized {
	var all initialized
	for name, one := range b.inits {
		if _, there := without[name]; !there {
			all = all.plus(one)
		}
	}
	return all
}

func (s *scale) tables(alone built) (string, error) {
	if err := alone.trace(); err != nil {
		return "", err
	}
	weighed := map[string]built{"": alone}
	var out strings.Builder
	out.WriteString("| part | bytes | loading it | allocated | allocations |\n|---|---|---|---|---|\n")
	row := func(name string, size int64, cost initialized) {
		fmt.Fprintf(&out, "| %s | %s | %s | %s | %s |\n", name, grouped(size), milliseconds(cost.took), grouped(cost.bytes), grouped(cost.allocs))
	}
	row("**the Cognito source alone** (`MAIN=bootstrap-cognito`)", alone.size, alone.sum(nil))
	// What others need comes before them.
	slices.SortStableFunc(s.parts, func(a, b part) int { return cmp.Or(cmp.Compare(a.beside, b.beside), cmp.Compare(a.name, b.name)) })
	var all []string
	for _, part := range s.parts {
		all = append(all, part.name)
		with, title := []string{part.name}, "+ `"+part.name+"`"
		if part.beside != "" {
			with, title = append(with, part.beside), title+", beside `"+part.beside+"`"
		}
		one, err := s.build(part.name, tags, with...)
		if err != nil {
			return "", err
		}
		if err := one.trace(); err != nil {
			return "", err
		}
		weighed[part.name] = one
		base := weighed[part.beside]
		row(title, one.size-base.size, one.sum(base.inits))
	}
	whole, err := s.build("everything", tags, all...)
	if err != nil {
		return "", err
	}
	if err := whole.trace(); err != nil {
		return "", err
	}
	row("**everything** (what `make build` and `make image` build)", whole.size, whole.sum(nil))
	for _, tag := range strings.Split(tags, ",") {
		one, err := s.build("without-"+tag, strings.Join(slices.DeleteFunc(strings.Split(tags, ","), func(other string) bool { return other == tag }), ","))
		if err != nil {
			return "", err
		}
		if err := one.trace(); err != nil {
			return "", err
		}
		row("left out always: "+map[string]string{
			"nethttpomithttp2": "HTTP/2 of net/http (Go's own tag `nethttpomithttp2`)",
			"lambda.norpc":     "Go's old way to be called in Lambda (aws-lambda-go's own tag `lambda.norpc`)",
		}[tag], one.size-alone.size, one.sum(alone.inits))
	}
	out.WriteString("\nThe packages that do most when everything is loaded:\n\n| package | loading it | allocated | allocations |\n|---|---|---|---|\n")
	names := slices.SortedFunc(maps.Keys(whole.inits), func(a, b string) int {
		return cmp.Or(cmp.Compare(whole.inits[b].bytes, whole.inits[a].bytes), cmp.Compare(a, b))
	})
	for _, name := range names[:min(12, len(names))] {
		one := whole.inits[name]
		fmt.Fprintf(&out, "| `%s` | %s | %s | %s |\n", name, milliseconds(one.took), grouped(one.bytes), grouped(one.allocs))
	}
	started, err := compare(alone, whole)
	if err != nil {
		return "", err
	}
	out.WriteString("\n" + started)
	return out.String(), nil
}

// compare starts both, turn by turn, until they ask Lambda's runtime API for work.
func compare(alone, whole built) (string, error) {
	var took [2][]time.Duration
	var peak [2][]int64
	var ratios []float64
	for range runs {
		var pair [2]time.Duration
		for i, one := range []built{alone, whole} {
			until, most, err := one.start()
			if err != nil {
				return "", err
			}
			pair[i] = until
			took[i], peak[i] = append(took[i], until), append(peak[i], most)
		}
		ratios = append(ratios, float64(pair[1])/float64(pair[0]))
	}
	return fmt.Sprintf("From the start of the process to its first request to Lambda, with a user pool as source that does not answer:\n"+
		"%s with only the Cognito source, %s with everything. These are medians of %d alternating runs. The ratio of pairs is %.2f (the middle half: %.2f to %.2f).\n"+
		"Peak memory: %.1f and %.1f MiB.\n",
		milliseconds(median(took[0])), milliseconds(median(took[1])), runs, median(ratios), quantile(ratios, 0.25), quantile(ratios, 0.75),
		float64(median(peak[0]))/1024, float64(median(peak[1]))/1024), nil
}

// start runs the program until its first poll, and gives how long that took and the most memory
// that it had, in KiB.
func (b *built) start() (time.Duration, int64, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, 0, err
	}
	polled := make(chan time.Time, 1)
	server := &http.Server{ReadHeaderTimeout: time.Second, Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/invocation/next") {
			select {
			case polled <- time.Now():
			default:
			}
		}
		<-r.Context().Done()
	})}
	go server.Serve(listener)
	defer server.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	command := exec.CommandContext(ctx, b.path)
	command.Env = []string{
		"AWS_LAMBDA_RUNTIME_API=" + listener.Addr().String(), "AWS_REGION=us-east-1", "AWS_ENDPOINT_URL=http://127.0.0.1:9",
		"AWS_ACCESS_KEY_ID=AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY=secret",
		"SOURCE_USER_POOL_ID=us-east-1_AbCdEf123", "SOURCE_CLIENT_ID=1example23456789",
	}
	began := time.Now()
	if err := command.Start(); err != nil {
		return 0, 0, err
	}
	var at time.Time
	select {
	case at = <-polled:
	case <-ctx.Done():
	}
	_ = command.Process.Kill()
	_ = command.Wait()
	if at.IsZero() {
		return 0, 0, fmt.Errorf("%s never asked for work", b.path)
	}
	return at.Sub(began), command.ProcessState.SysUsage().(*syscall.Rusage).Maxrss, nil
}

func median[T cmp.Ordered](of []T) T {
	return quantile(of, 0.5)
}

func quantile[T cmp.Ordered](of []T, part float64) T {
	sorted := slices.Sorted(slices.Values(of))
	return sorted[int(part*float64(len(sorted)-1))]
}

func milliseconds(d time.Duration) string {
	return fmt.Sprintf("%.2f ms", float64(d)/float64(time.Millisecond))
}

// grouped writes a number with its thousands apart.
func grouped(number int64) string {
	digits := strconv.FormatInt(number, 10)
	for at := len(digits) - 3; at > 0 && digits[at-1] != '-'; at -= 3 {
		digits = digits[:at] + "," + digits[at:]
	}
	return digits
}

// replace puts the tables into their place in a file.
func replace(path, tables string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	before, rest, first := strings.Cut(string(text), begins)
	_, after, last := strings.Cut(rest, ends)
	if !first || !last {
		return fmt.Errorf("%s has no place for the tables", path)
	}
	return os.WriteFile(path, []byte(before+begins+"\n"+tables+"\n"+ends+after), 0o644)
}
