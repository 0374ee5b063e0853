// Command repeat shows that no test's result depends on luck. It runs every package's
// tests many times with the race detector, with one processor and with two. Another
// process keeps all cores busy. It prints a table, and fails where a single run
// failed.
//
//	go run ./test/repeat                              every package, 30 times each
//	go run ./test/repeat -count 3 -load=false ./domain/...   some, on a quiet machine
//
// Each run is a process of its own. What a failed run printed is kept in -out.
// Patterns are those of the go command, in the main module and in those of
// -modules.
package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
)

// burnVariable makes this program the one that keeps the cores busy.
const burnVariable = "REPEAT_BURN"

func main() {
	if os.Getenv(burnVariable) != "" {
		burn()
		return
	}
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt)
	defer cancel()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "repeat:", err)
		os.Exit(1) //nolint:gocritic // nothing is left to cancel
	}
}

// burn keeps every core busy until the standard input ends, which it does when
// the program that started it has.
func burn() {
	for range runtime.NumCPU() {
		go func() {
			for { //nolint:revive,staticcheck // this is what it is for
			}
		}()
	}
	_, _ = io.Copy(io.Discard, os.Stdin)
}

// options are what the command line says.
type options struct {
	count      int
	processors []int
	load, race bool
	out        string
	timeout    time.Duration
	modules    []string
	patterns   []string
}

func parse(args []string, stderr io.Writer) (o options, err error) {
	flags := flag.NewFlagSet("repeat", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.IntVar(&o.count, "count", 30, "how often each package is tested, for each number of processors")
	flags.BoolVar(&o.load, "load", true, "keep all cores busy meanwhile")
	flags.BoolVar(&o.race, "race", true, "use the race detector")
	flags.StringVar(&o.out, "out", "bin/repeat", "the `folder` for test binaries, and for what failed runs printed")
	flags.DurationVar(&o.timeout, "timeout", time.Hour, "how long one run may take")
	processors := flags.String("processors", "1,2", "values of GOMAXPROCS")
	modules := flags.String("modules", ". test/bench", "folders of modules")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	for text := range strings.SplitSeq(*processors, ",") {
		n, err := strconv.Atoi(text)
		if err != nil {
			return o, fmt.Errorf("-processors: %w", err)
		}
		o.processors = append(o.processors, n)
	}
	o.modules, o.patterns = strings.Fields(*modules), flags.Args()
	if len(o.patterns) == 0 {
		o.patterns = []string{"./..."}
	}
	o.out, err = filepath.Abs(o.out)
	return o, err
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	o, err := parse(args, stderr)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(o.out, 0o750); err != nil {
		return err
	}
	packages, err := list(ctx, o)
	if err != nil {
		return err
	}
	for i := range packages {
		fmt.Fprintf(stderr, "repeat: building the tests of %s\n", packages[i].ImportPath)
		if err := packages[i].build(ctx, o); err != nil {
			return err
		}
	}
	if o.load {
		stop, err := busy(ctx)
		if err != nil {
			return err
		}
		defer stop()
	}
	var rows []*row
	for _, p := range packages {
		r := &row{of: p}
		rows = append(rows, r)
		for _, processors := range o.processors {
			for n := range o.count {
				if ctx.Err() != nil {
					return ctx.Err()
				}
				r.add(p.test(ctx, o, processors, n))
			}
		}
		fmt.Fprintf(stderr, "repeat: %s: %d runs, %d failed\n", p.ImportPath, len(r.runs), r.failed(0))
	}
	return printTable(stdout, o, rows)
}

// busy starts the process that keeps the cores busy.
func busy(ctx context.Context) (stop func(), err error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	command := exec.CommandContext(ctx, self)
	command.Env = append(os.Environ(), burnVariable+"=1")
	pipe, err := command.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := command.Start(); err != nil {
		return nil, err
	}
	return func() {
		_ = pipe.Close()
		_ = command.Wait()
	}, nil
}

// tested is a package with tests.
type tested struct {
	Dir, ImportPath           string
	TestGoFiles, XTestGoFiles []string

	binary string
}

// list finds the packages that have tests. A pattern that matches nothing in one
// module may match in another.
func list(ctx context.Context, o options) (packages []tested, err error) {
	for _, module := range o.modules {
		command := exec.CommandContext(ctx, "go", append([]string{"-C", module, "list", "-e", "-json=Dir,ImportPath,TestGoFiles,XTestGoFiles"}, o.patterns...)...)
		output, err := command.Output()
		if err != nil {
			return nil, fmt.Errorf("go list in %s: %w", module, err)
		}
		for decoder := json.NewDecoder(bytes.NewReader(output)); ; {
			var p tested
			err := decoder.Decode(&p)
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return nil, err
			}
			if len(p.TestGoFiles)+len(p.XTestGoFiles) > 0 {
				packages = append(packages, p)
			}
		}
	}
	if len(packages) == 0 {
		return nil, fmt.Errorf("no package with tests matches %q", o.patterns)
	}
	return packages, nil
}

// build compiles the package's tests.
func (p *tested) build(ctx context.Context, o options) error {
	p.binary = filepath.Join(o.out, strings.ReplaceAll(p.ImportPath, "/", "-")+".test")
	args := []string{"-C", p.Dir, "test", "-c", "-o", p.binary}
	if o.race {
		// As in the Makefile: under the race detector a hash took so long on a busy
		// machine that attempts ran out of time.
		args = append(args, "-race", "-gcflags=golang.org/x/crypto/...=-race=false",
			"-gcflags=github.com/openwall/yescrypt-go/...=-race=false", "-gcflags=github.com/zitadel/passwap/...=-race=false")
	}
	if output, err := exec.CommandContext(ctx, "go", append(args, ".")...).CombinedOutput(); err != nil {
		return fmt.Errorf("go test -c %s: %w\n%s", p.ImportPath, err, output)
	}
	return nil
}

// result is one run.
type result struct {
	processors int
	took, cpu  time.Duration
	failed     []string // tests; the file with the output where it was none
}

var failedTest = regexp.MustCompile(`(?m)^\s*--- FAIL: (\S+)`)

// test runs the package's tests once.
func (p *tested) test(ctx context.Context, o options, processors, n int) result {
	command := exec.CommandContext(ctx, p.binary, "-test.timeout="+o.timeout.String())
	command.Dir = p.Dir
	command.Env = append(os.Environ(), "GOMAXPROCS="+strconv.Itoa(processors))
	var output bytes.Buffer
	command.Stdout, command.Stderr = &output, &output
	began := time.Now()
	err := command.Run()
	r := result{processors: processors, took: time.Since(began)}
	if state := command.ProcessState; state != nil {
		r.cpu = state.UserTime() + state.SystemTime()
	}
	if err == nil {
		return r
	}
	file := fmt.Sprintf("%s.%d-%d.txt", p.binary, processors, n+1)
	_ = os.WriteFile(file, fmt.Appendf(output.Bytes(), "\n%v\n", err), 0o600)
	for _, match := range failedTest.FindAllStringSubmatch(output.String(), -1) {
		r.failed = append(r.failed, match[1])
	}
	r.failed = append(r.failed, file)
	return r
}

// row is a package in the table.
type row struct {
	of   tested
	runs []result
}

func (r *row) add(run result) { r.runs = append(r.runs, run) }

// failed counts the runs that failed with so many processors, or all for 0.
func (r *row) failed(processors int) int {
	n := 0
	for _, run := range r.runs {
		if len(run.failed) > 0 && (processors == 0 || processors == run.processors) {
			n++
		}
	}
	return n
}

// median is the middle of what the runs took.
func (r *row) median(of func(result) time.Duration) time.Duration {
	if len(r.runs) == 0 {
		return 0
	}
	sorted := slices.SortedFunc(slices.Values(r.runs), func(a, b result) int { return cmp.Compare(of(a), of(b)) })
	return of(sorted[len(sorted)/2])
}

func printTable(stdout io.Writer, o options, rows []*row) error {
	table := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', 0)
	header, line := "| package", "|---"
	for _, processors := range o.processors {
		header += fmt.Sprintf("\t| failed of %d, GOMAXPROCS=%d", o.count, processors)
		line += "\t|--:"
	}
	fmt.Fprintf(table, "%s\t| median s\t| CPU s\t|\n%s\t|--:\t|--:\t|\n", header, line)
	failed := 0
	for _, r := range rows {
		_, name, _ := strings.Cut(r.of.ImportPath, "/")
		fmt.Fprintf(table, "| %s", name)
		for _, processors := range o.processors {
			fmt.Fprintf(table, "\t| %d", r.failed(processors))
		}
		fmt.Fprintf(table, "\t| %.1f\t| %.1f\t|\n",
			r.median(func(r result) time.Duration { return r.took }).Seconds(), r.median(func(r result) time.Duration { return r.cpu }).Seconds())
		failed += r.failed(0)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for _, r := range rows {
		for _, run := range r.runs {
			if len(run.failed) > 0 {
				fmt.Fprintf(stdout, "failed: %s, GOMAXPROCS=%d: %s\n", r.of.ImportPath, run.processors, strings.Join(run.failed, ", "))
			}
		}
	}
	fmt.Fprintf(stdout, "%d packages, %d runs, %d failed\n", len(rows), len(rows)*len(o.processors)*o.count, failed)
	if failed > 0 {
		return errors.New("some runs failed")
	}
	return nil
}
