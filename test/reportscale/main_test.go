package main

import (
	"context"
	"errors"
	"os"
	"strings"
	"sync"
	"testing"

	"cognito-user-migration/test/process"
)

// buildTool builds the tool once for all tests.
var buildTool = sync.OnceValues(func() (string, error) { return build(context.Background(), toolFolder) })

var toolFolder string

func TestMain(m *testing.M) {
	folder, err := os.MkdirTemp("", "reportscale")
	if err != nil {
		panic(err)
	}
	toolFolder = folder
	code := m.Run()
	_ = os.RemoveAll(folder) // what is left is in the system's temporary folder
	os.Exit(code)
}

// small serves the pools, which do not change from then on, to the tool.
func small(t *testing.T, p *pools) *bench {
	t.Helper()
	tool, err := buildTool()
	if err != nil {
		t.Fatal(err)
	}
	b := newBench(tool, t.TempDir(), p)
	t.Cleanup(b.close)
	return b
}

// TestAReportThatWasKilledHasTheSameTotals kills the tool in the middle of the
// listing, several times, and lets it continue.
func TestAReportThatWasKilledHasTheSameTotals(t *testing.T) {
	t.Parallel()
	const users = 8000
	b := small(t, &pools{users: users, throttle: 97, odd: oddOne})
	for _, after := range []int64{3, 20, 40} {
		ctx, kill := context.WithCancel(t.Context())
		b.pools.requests.Store(0)
		stop := func() { kill() }
		b.pools.stop.Store(&stop)
		b.pools.stopAt.Store(after)
		_, err := b.report(ctx, unlimited)
		kill()
		if !errors.Is(err, errKilled) {
			t.Fatalf("it was not killed at request %d: %v", after, err)
		}
	}
	b.pools.stopAt.Store(0)
	r, err := b.report(t.Context(), unlimited)
	if err != nil {
		t.Fatal(err)
	}
	if want := expected(users); r.totals != want {
		t.Errorf("the totals are %+v, want %+v", r.totals, want)
	}
	if r.memory > mostMemory {
		t.Errorf("%d bytes of memory, want at most %d", r.memory, mostMemory)
	}
	t.Logf("%v of processor time, %d bytes of memory", r.cpu, r.memory)
}

// TestNoPageIsAskedForTwice counts the requests of a scan without a throttle. A broken
// connection, of which a busy machine has some, repeats single requests.
func TestNoPageIsAskedForTwice(t *testing.T) {
	t.Parallel()
	const users = 16 * 120 // two full pages in each slice
	b := small(t, &pools{users: users, throttle: 1_000_000, odd: 1_000_000})
	if _, err := b.report(t.Context(), unlimited); err != nil {
		t.Fatal(err)
	}
	const pages = 2*32 + 5 // and the first pages of a plain listing
	if all := int(b.pools.requests.Load()); all < pages || all > pages*5/4 {
		t.Errorf("%d requests, want %d", all, pages)
	}
}

// TestTheScriptJoinsAsTheReportDoes holds what the report is compared with.
func TestTheScriptJoinsAsTheReportDoes(t *testing.T) {
	t.Parallel()
	process.Require(t, process.Moto()) // which brings boto3
	const users = 2000
	b := newBench("", t.TempDir(), &pools{users: users, throttle: 1_000_000, odd: oddOne})
	t.Cleanup(b.close)
	r, err := b.script(t.Context(), "join.py")
	if err != nil {
		t.Fatal(err)
	}
	if want := expected(users); r.totals != want {
		t.Errorf("the totals are %+v, want %+v", r.totals, want)
	}
}

func TestSizesAreNumbers(t *testing.T) {
	t.Parallel()
	if _, err := parse([]string{"-users", "100,many"}); err == nil || !strings.Contains(err.Error(), `"many"`) {
		t.Errorf("got %v", err)
	}
}
