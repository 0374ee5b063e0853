package main

import (
	"context"
	"errors"
	"strings"
	"testing"

	"cognito-user-migration/test/process"
)

// small builds the tool and serves the pools, which do not change from then on.
func small(t *testing.T, p *pools) *bench {
	t.Helper()
	folder := t.TempDir()
	tool, err := build(t.Context(), folder)
	if err != nil {
		t.Fatal(err)
	}
	b := newBench(tool, folder, p)
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
