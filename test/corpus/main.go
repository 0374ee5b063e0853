// Corpus removes committed fuzz inputs that add no coverage. For each target it keeps
// the files under testdata/fuzz that run a new block of this module. Neither the
// seeds (f.Add) nor earlier files run such a block.
//
//	go run ./test/corpus [-dry] [PACKAGES]
//
// Files with a name of the developer's are seeds too: each is the sample of a found fault.
package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

func main() {
	dry := flag.Bool("dry", false, "remove nothing, and say what would be kept")
	flag.Parse()
	patterns := flag.Args()
	if len(patterns) == 0 {
		patterns = []string{"./..."}
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, patterns, *dry); err != nil {
		fmt.Fprintln(os.Stderr, "corpus:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, patterns []string, dry bool) error {
	module, err := list(ctx, "-m")
	if err != nil {
		return err
	}
	folders, err := list(ctx, append([]string{"-f", "{{.Dir}}"}, patterns...)...)
	if err != nil {
		return err
	}
	kept, all := 0, 0
	for _, folder := range folders {
		targets, err := filepath.Glob(filepath.Join(folder, "testdata", "fuzz", "Fuzz*"))
		if err != nil {
			return err
		}
		if len(targets) == 0 {
			continue
		}
		p := &tests{folder: folder}
		if err := p.compile(ctx, module[0]); err != nil {
			return fmt.Errorf("%s: %w", folder, err)
		}
		for _, target := range targets {
			keep, files, err := p.minimise(ctx, target)
			if err != nil {
				return fmt.Errorf("%s: %w", target, err)
			}
			fmt.Printf("corpus: %-28s %3d of %3d kept\n", filepath.Base(target), len(keep), len(files))
			kept, all = kept+len(keep), all+len(files)
			for _, file := range files {
				if !dry && !slices.Contains(keep, file) {
					if err := os.Remove(filepath.Join(target, file)); err != nil {
						return err
					}
				}
			}
		}
		if err := os.RemoveAll(p.temporary); err != nil {
			return err
		}
	}
	fmt.Printf("corpus: %d of %d kept\n", kept, all)
	return nil
}

// list runs go list and returns its lines.
func list(ctx context.Context, arguments ...string) ([]string, error) {
	command := exec.CommandContext(ctx, "go", append([]string{"list"}, arguments...)...)
	command.Stderr = os.Stderr
	out, err := command.Output()
	return strings.Fields(string(out)), err
}

// tests is the test binary of one package, which notes what it runs.
type tests struct{ folder, temporary, path string }

// compile builds the binary. It notes the blocks of the package and of the packages
// of the module that it uses.
func (p *tests) compile(ctx context.Context, module string) error {
	used, err := list(ctx, "-deps", p.folder)
	if err != nil {
		return err
	}
	used = slices.DeleteFunc(used, func(path string) bool { return path != module && !strings.HasPrefix(path, module+"/") })
	if p.temporary, err = os.MkdirTemp("", "corpus"); err != nil {
		return err
	}
	p.path = filepath.Join(p.temporary, "test")
	command := exec.CommandContext(ctx, "go", "test", "-c", "-covermode=set", "-coverpkg="+strings.Join(used, ","), "-o", p.path, ".")
	command.Dir, command.Stderr = p.folder, os.Stderr
	return command.Run()
}

// found is how go test names an input that fuzzing found.
var found = regexp.MustCompile(`^[0-9a-f]{16}$`)

// minimise returns which files of a target to keep, and all of them.
func (p *tests) minimise(ctx context.Context, target string) (keep, files []string, err error) {
	entries, err := os.ReadDir(target)
	if err != nil {
		return nil, nil, err
	}
	name := filepath.Base(target)
	reached, err := p.blocks(ctx, name, `seed#.*`)
	if err != nil {
		return nil, nil, err
	}
	sizes, own := make(map[string]int64), make(map[string]blocks)
	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil {
			return nil, nil, err
		}
		file := entry.Name()
		of, err := p.blocks(ctx, name, regexp.QuoteMeta(file))
		if err != nil {
			return nil, nil, err
		}
		files = append(files, file)
		if !found.MatchString(file) {
			keep = append(keep, file)
			maps.Copy(reached, of)
			continue
		}
		sizes[file], own[file] = info.Size(), of
	}
	return append(keep, choose(reached, own, sizes)...), files, nil
}

// choose returns the files that run a block beside those that were reached, first
// the one that adds most. It adds their blocks to those that were reached.
func choose(reached blocks, own map[string]blocks, sizes map[string]int64) (keep []string) {
	for {
		best, most := "", 0 // of two that add as much, the smaller
		for _, file := range slices.SortedFunc(maps.Keys(own), func(a, b string) int {
			return cmp.Or(cmp.Compare(sizes[a], sizes[b]), cmp.Compare(a, b))
		}) {
			if added := own[file].beside(reached); added > most {
				best, most = file, added
			}
		}
		if best == "" {
			return keep
		}
		keep = append(keep, best)
		maps.Copy(reached, own[best])
		delete(own, best)
	}
}

// blocks is the set of blocks that were run, as a coverage profile names them.
type blocks map[string]bool

func (b blocks) beside(reached blocks) int {
	added := 0
	for block := range b {
		if !reached[block] {
			added++
		}
	}
	return added
}

// blocks runs the inputs of a target whose names match, and returns what they run.
func (p *tests) blocks(ctx context.Context, target, inputs string) (blocks, error) {
	profile := filepath.Join(p.temporary, "profile")
	command := exec.CommandContext(ctx, p.path, "-test.run=^"+target+"$/^"+inputs+"$", "-test.coverprofile="+profile)
	command.Dir = p.folder
	if out, err := command.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%w\n%s", err, out)
	}
	text, err := os.ReadFile(profile)
	if err != nil {
		return nil, err
	}
	run := make(blocks)
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		if block, ran := strings.CutSuffix(lines.Text(), " 1"); ran {
			run[block] = true
		}
	}
	return run, nil
}
