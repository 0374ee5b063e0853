// Command reportscale measures `migratectl report` over two user pools of a stub. It
// compares the totals, the memory, the pace with and without a rate, and the same
// join by a boto3 script. It prints a table, and fails where something misses what is
// expected.
//
//	go run ./test/reportscale                                  all of it, some minutes
//	go run ./test/reportscale -users 100000 -script 0 -rate 0  one size alone
//
// The stub runs on the same cores as what is measured.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// What is expected.
const (
	mostMemory   = 200 << 20
	leastPace    = 15_000 // users per second, both pools together
	leastGain    = 5      // times quicker than the script
	unlimited    = 1_000_000
	limitedRate  = 30
	limitedUsers = 18_000 // 300 pages, so 10 seconds
	throttleOne  = 499
	oddOne       = 31
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "reportscale:", err)
		os.Exit(1) //nolint:gocritic // nothing is left to stop
	}
}

// options say what is measured.
type options struct {
	sizes  []int
	script int
	kills  int
	rate   bool
	keep   string
}

func parse(args []string) (options, error) {
	flags := flag.NewFlagSet("reportscale", flag.ContinueOnError)
	users := flags.String("users", "100000,1000000,4000000", "the `SIZES` of each pool, separated by commas")
	var o options
	flags.IntVar(&o.script, "script", 1_000_000, "the `SIZE` of the pools that the boto3 script joins; 0 for none")
	flags.IntVar(&o.kills, "kills", 10, "how often a run is killed")
	flags.BoolVar(&o.rate, "rate", true, "measure --rate 30")
	flags.StringVar(&o.keep, "keep", "", "write the table into this `FILE`, between its marks")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	for text := range strings.SplitSeq(*users, ",") {
		size, err := strconv.Atoi(text)
		if err != nil || size < 1 {
			return o, fmt.Errorf("-users: %q is not a number of users; expected numbers such as 100000,1000000", text)
		}
		o.sizes = append(o.sizes, size)
	}
	return o, nil
}

// table collects the lines and what missed its aim.
type table struct {
	lines  []string
	missed []error
	to     io.Writer
}

func (t *table) line(format string, values ...any) {
	line := fmt.Sprintf(format, values...)
	t.lines = append(t.lines, line)
	_, _ = fmt.Fprintln(t.to, line) // what cannot be printed is still kept
}

func (t *table) expect(is bool, format string, values ...any) {
	if !is {
		t.missed = append(t.missed, fmt.Errorf(format, values...))
	}
}

func (t *table) run(what string, users int, r result) {
	t.line("| %s | %s | %.1f s | %s | %.1f s | %.0f MB |", what, grouped(users), r.wall.Seconds(),
		grouped(int(2*float64(users)/r.wall.Seconds())), r.cpu.Seconds(), float64(r.memory)/(1<<20))
}

func run(ctx context.Context, args []string, to io.Writer) error {
	o, err := parse(args)
	if err != nil {
		return err
	}
	folder, err := os.MkdirTemp("", "reportscale-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	tool, err := build(ctx, folder)
	if err != nil {
		return err
	}
	t := &table{to: to}
	t.line("Measured on %s, %d cores, with `make report-scale`. The stub of the two pools ran on the same cores.", time.Now().UTC().Format(time.DateOnly), runtime.NumCPU())
	t.line("")
	t.line("| run | users per pool | time | users per second, both pools | processor time of the program | peak memory |")
	t.line("|---|---|---|---|---|---|")
	var million result
	for _, size := range o.sizes {
		r, err := once(ctx, t, tool, folder, size)
		if err != nil {
			return err
		}
		if size == o.script {
			million = r
		}
	}
	if o.script > 0 {
		if err := compare(ctx, t, tool, folder, o.script, million); err != nil {
			return err
		}
	}
	t.line("")
	if o.rate {
		if err := limited(ctx, t, tool, folder); err != nil {
			return err
		}
	}
	if o.kills > 0 {
		if err := killed(ctx, t, tool, folder, o.sizes[0], o.kills); err != nil {
			return err
		}
	}
	if o.keep != "" {
		if err := keep(o.keep, t.lines); err != nil {
			return err
		}
	}
	return errors.Join(t.missed...)
}

// once measures one run without a rate.
func once(ctx context.Context, t *table, tool, folder string, users int) (result, error) {
	b := newBench(tool, folder, &pools{users: users, throttle: throttleOne, odd: oddOne})
	defer b.close()
	defer remove(folder)
	r, err := b.report(ctx, unlimited)
	if err != nil {
		return r, err
	}
	t.run("`migratectl report`", users, r)
	t.expect(r.totals == expected(users), "%d users: the totals are %+v, expected %+v", users, r.totals, expected(users))
	t.expect(r.memory <= mostMemory, "%d users: %d bytes of memory, expected at most %d", users, r.memory, mostMemory)
	pace := 2 * float64(users) / r.wall.Seconds()
	t.expect(pace >= leastPace, "%d users: %.0f users per second, expected %d", users, pace, leastPace)
	return r, nil
}

// compare runs the script over pools of the same size, and the tool where it did not
// run yet.
func compare(ctx context.Context, t *table, tool, folder string, users int, ours result) error {
	if ours.wall == 0 {
		var err error
		if ours, err = once(ctx, t, tool, folder, users); err != nil {
			return err
		}
	}
	b := newBench(tool, folder, &pools{users: users, throttle: throttleOne, odd: oddOne})
	defer b.close()
	script, err := b.script(ctx, filepath.Join("test", "reportscale", "join.py"))
	if err != nil {
		return err
	}
	t.run("boto3 script", users, script)
	t.expect(script.totals == expected(users), "the script's totals are %+v, expected %+v", script.totals, expected(users))
	gain := script.wall.Seconds() / ours.wall.Seconds()
	t.line("")
	t.line("The script takes %.1f times as long.", gain)
	t.expect(gain >= leastGain, "the script takes %.1f times as long, expected %d", gain, leastGain)
	return nil
}

// limited measures the requests per second to each pool with --rate.
func limited(ctx context.Context, t *table, tool, folder string) error {
	b := newBench(tool, folder, &pools{users: limitedUsers, throttle: throttleOne, odd: oddOne})
	defer b.close()
	defer remove(folder)
	r, err := b.report(ctx, limitedRate)
	if err != nil {
		return err
	}
	t.expect(r.totals == expected(limitedUsers), "with --rate: the totals are %+v", r.totals)
	for _, pool := range []string{sourcePool, destinationPool} {
		rate := b.pools.slices[pool].perSecond()
		t.line("With `--rate %d`: %.2f requests per second to %s, over %d requests.", limitedRate, rate, pool, b.pools.slices[pool].count)
		t.expect(rate >= limitedRate-1 && rate <= limitedRate+0.05, "%s: %.2f requests per second, expected 29 to 30", pool, rate)
	}
	return nil
}

// killed kills runs at random requests, and holds the totals of the last one.
func killed(ctx context.Context, t *table, tool, folder string, users, kills int) error {
	p := &pools{users: users, throttle: throttleOne, odd: oddOne}
	b := newBench(tool, folder, p)
	defer b.close()
	defer remove(folder)
	times, all := 0, 2*users/60/(kills+1)
	for range kills {
		during, kill := context.WithCancel(ctx)
		p.requests.Store(0)
		stop := func() { kill() }
		p.stop.Store(&stop)
		p.stopAt.Store(1 + rand.Int64N(int64(2*all+1))) //nolint:gosec // any moment will do
		_, err := b.report(during, unlimited)
		kill()
		if err == nil { // it was done before the moment came
			break
		}
		if !errors.Is(err, errKilled) {
			return err
		}
		times++
	}
	p.stopAt.Store(0)
	r, err := b.report(ctx, unlimited)
	if err != nil {
		return err
	}
	t.line("After %d kills at random requests, the totals of %s users per pool are the same.", times, grouped(users))
	t.expect(times > 0 && r.totals == expected(users), "after %d kills the totals are %+v, expected %+v", times, r.totals, expected(users))
	return nil
}

// remove removes the state, so that the next run begins anew.
func remove(folder string) {
	states, _ := filepath.Glob(filepath.Join(folder, "move.db*")) // the pattern is well-formed
	for _, state := range states {
		_ = os.Remove(state) // the next run fails where it cannot
	}
}

// grouped writes a number with commas between groups of three digits.
func grouped(number int) string {
	text := strconv.Itoa(number)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// The marks of the table in the page.
const (
	beginMark = "<!-- report-scale: begin -->\n"
	endMark   = "<!-- report-scale: end -->"
)

// keep writes the lines between the marks of the file.
func keep(path string, lines []string) error {
	text, err := os.ReadFile(path) //nolint:gosec // the developer names the file
	if err != nil {
		return err
	}
	before, rest, found := strings.Cut(string(text), beginMark)
	_, after, ended := strings.Cut(rest, endMark)
	if !found || !ended {
		return fmt.Errorf("%s has no marks %q and %q; add them where the table belongs", path, beginMark, endMark)
	}
	return os.WriteFile(path, []byte(before+beginMark+strings.Join(lines, "\n")+"\n"+endMark+after), 0o644) //nolint:gosec // a page of the tree
}
