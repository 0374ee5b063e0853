// Command testsummary runs `go test` and says at the end which tests were skipped and
// why. It also counts the tests that passed, failed and were skipped. Everything that
// go test says by itself (a line for each package, the output of what failed) is
// printed as it comes.
//
//	go run ./.ci/testsummary/main.go -race ./...
//	MODULES="./test/bench" go run ./.ci/testsummary/main.go -race ./...    those modules too
//	FIRST="./test/e2e" go run ./.ci/testsummary/main.go -race ./...        that package first
//
// While nothing is printed, it says which packages still run.
//
// It stands in a directory that ./... passes over, and needs nothing but the standard library:
// it is a part of the Makefile, not of the program.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

// event is a line of `go test -json`; see `go doc test2json`.
type event struct {
	Action  string
	Package string
	Test    string
	Output  string
}

// summary is what the events added up to.
type summary struct {
	out                     io.Writer
	passed, failed, skipped int
	skips                   []string
	output                  map[string][]string // of each test still running, for those that fail or skip
	broken                  map[string]bool     // packages of which a test failed

	mu      sync.Mutex           // guards out and what follows
	running map[string]time.Time // packages, and when they started
	printed time.Time
}

// silence is how long nothing is printed before the running packages are listed.
const silence = 30 * time.Second

// sayWhatRuns lists the packages that run whenever nothing was printed for a while.
func (s *summary) sayWhatRuns(done <-chan struct{}) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-done:
			return
		case now := <-tick.C:
			s.mu.Lock()
			if len(s.running) > 0 && now.Sub(s.printed) > silence {
				var names []string
				for _, name := range slices.Sorted(maps.Keys(s.running)) {
					names = append(names, fmt.Sprintf("%s (%.0f s)", name, now.Sub(s.running[name]).Seconds()))
				}
				s.printed = now
				fmt.Fprintln(s.out, "still running: "+strings.Join(names, ", "))
			}
			s.mu.Unlock()
		}
	}
}

// Write implements [io.Writer].
func (s *summary) Write(p []byte) (int, error) {
	s.printed = time.Now()
	return s.out.Write(p)
}

func main() {
	if err := run(os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "testsummary:", err)
		os.Exit(1)
	}
}

func run(args []string, stdout, stderr io.Writer) error {
	s := &summary{
		out: stdout, output: map[string][]string{}, broken: map[string]bool{}, running: map[string]time.Time{}, printed: time.Now(),
	}
	var readErr, testErr error
	done := make(chan struct{})
	defer close(done)
	go s.sayWhatRuns(done)
	for _, module := range append([]string{"."}, strings.Fields(os.Getenv("MODULES"))...) {
		command := exec.Command("go", append([]string{"-C", module, "test", "-json"}, args...)...)
		if module == "." { // go test runs a package once, and in the order of its arguments
			command.Args = slices.Insert(command.Args, len(command.Args)-1, strings.Fields(os.Getenv("FIRST"))...)
		}
		command.Stderr = stderr
		pipe, err := command.StdoutPipe()
		if err != nil {
			return err
		}
		if err := command.Start(); err != nil {
			return err
		}
		readErr = errors.Join(readErr, s.read(pipe))
		testErr = errors.Join(testErr, command.Wait())
	}
	s.print(os.Getenv("E2E") == "required")

	switch {
	case readErr != nil:
		return readErr
	case testErr != nil:
		return fmt.Errorf("go test: %w", testErr)
	case s.passed+s.failed == 0:
		return fmt.Errorf("no test ran")
	case s.skipped > 0 && os.Getenv("E2E") == "required":
		return fmt.Errorf("E2E=required allows no skipped test")
	}
	return nil
}

func (s *summary) read(r io.Reader) error {
	lines := bufio.NewReader(r)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			s.line(line)
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (s *summary) line(line []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var e event
	if json.Unmarshal(line, &e) != nil {
		// Not test2json's: something wrote to the standard output by other ways. Keep it.
		fmt.Fprintf(s, "%s", line)
		return
	}
	key := e.Package + " " + e.Test
	if e.Test == "" {
		switch e.Action {
		case "start":
			s.running[e.Package] = time.Now()
		case "pass", "fail", "skip":
			delete(s.running, e.Package)
		}
	}
	switch e.Action {
	case "build-output":
		fmt.Fprint(s, e.Output)
	case "output":
		if e.Test != "" {
			s.output[key] = append(s.output[key], e.Output)
			return
		}
		if worthShowing(e.Output) {
			fmt.Fprint(s, e.Output)
		}
	case "pass":
		s.passed += one(e)
		delete(s.output, key)
	case "fail":
		s.fail(e)
	case "skip":
		if e.Test != "" { // else: a package without tests
			s.skipped++
			s.skips = append(s.skips, fmt.Sprintf("%s %s: %s", path.Base(e.Package), e.Test, reason(s.output[key])))
		}
		delete(s.output, key)
	}
}

// fail shows what the test said. A package fails by its tests, which are counted; if it
// fails by itself (build error, timeout, TestMain), it counts as one failure. The output of unfinished tests is shown.
func (s *summary) fail(e event) {
	if e.Test != "" {
		s.failed++
		s.broken[e.Package] = true
		s.show(e.Package + " " + e.Test)
		return
	}
	if !s.broken[e.Package] {
		s.failed++
	}
	for _, key := range slices.Sorted(maps.Keys(s.output)) {
		if strings.HasPrefix(key, e.Package+" ") {
			s.show(key)
		}
	}
}

// show leaves out when a test started, paused and went on: with parallel tests, most of it.
func (s *summary) show(key string) {
	for _, text := range s.output[key] {
		if !strings.HasPrefix(text, "=== ") {
			fmt.Fprint(s, text)
		}
	}
	delete(s.output, key)
}

// one counts tests, and of packages none: a package passes when all its tests do.
func one(e event) int {
	if e.Test == "" {
		return 0
	}
	return 1
}

// worthShowing drops what only `go test -v` would say of a package.
func worthShowing(text string) bool {
	return text != "PASS\n" && !strings.Contains(text, "[no test files]") && !strings.HasPrefix(text, "=== ")
}

var (
	chatter  = regexp.MustCompile(`^\s*(===|---) `)
	location = regexp.MustCompile(`^\s*[\w.-]+\.go:\d+: `)
)

// reason is what the test said when it skipped itself: its last words.
func reason(output []string) string {
	for _, text := range slices.Backward(output) {
		if !chatter.MatchString(text) && strings.TrimSpace(text) != "" {
			return strings.TrimSpace(location.ReplaceAllString(text, ""))
		}
	}
	return "no reason given"
}

func (s *summary) print(required bool) {
	if len(s.skips) > 0 {
		word := "skipped"
		if required {
			word = "skipped, though E2E=required"
		}
		fmt.Fprintf(s.out, "\n%s:\n", word)
		slices.Sort(s.skips)
		for _, skip := range s.skips {
			fmt.Fprintln(s.out, "  "+skip)
		}
	}
	fmt.Fprintf(s.out, "\ntests: %d passed, %d failed, %d skipped\n", s.passed, s.failed, s.skipped)
}
