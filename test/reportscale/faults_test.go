package main

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	_ "modernc.org/sqlite"
)

const few = 400

// ran is what a command did.
type ran struct {
	out, notes string
	code       int
}

func (b *bench) try(t *testing.T, command *exec.Cmd) ran {
	t.Helper()
	var out, notes bytes.Buffer
	command.Stdout, command.Stderr = &out, &notes
	if err := command.Run(); err != nil && command.ProcessState == nil {
		t.Fatal(err)
	}
	return ran{out.String(), notes.String(), command.ProcessState.ExitCode()}
}

// interrupted makes a state that is not finished, by Ctrl-C at a request. That request
// is answered once the tool has ended.
func (b *bench) interrupted(t *testing.T, at int64) ran {
	t.Helper()
	command := b.command(context.WithoutCancel(t.Context()), "--rate", "1000000")
	var out, notes bytes.Buffer
	command.Stdout, command.Stderr = &out, &notes
	started, ended := make(chan struct{}), make(chan struct{})
	b.pools.requests.Store(0)
	stop := func() {
		<-started
		_ = command.Process.Signal(syscall.SIGINT)
		<-ended
	}
	b.pools.stop.Store(&stop)
	b.pools.stopAt.Store(at)
	defer b.pools.stopAt.Store(0)
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	close(started)
	_ = command.Wait() // the exit code tells
	close(ended)
	return ran{out.String(), notes.String(), command.ProcessState.ExitCode()}
}

func change(t *testing.T, path, statement string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestEachFaultOfAReportHasItsMessage: what failed, and what to do; and the state is
// as good as before.
func TestEachFaultOfAReportHasItsMessage(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		// state changes the state of an interrupted run; there is none where it is nil.
		state     func(t *testing.T, path string)
		deny      map[string]string
		arguments []string
		code      int
		// note is part of what is written, and recovers says that the scan can then be
		// finished without the fault.
		note     string
		recovers bool
	}{
		"no permission to list the source":      {nil, map[string]string{sourcePool: "AccessDeniedException"}, nil, 1, "not listed: SOURCE: user pool: ListUsers: AccessDeniedException", true},
		"no permission to list the destination": {nil, map[string]string{destinationPool: "AccessDeniedException"}, nil, 1, "the destination could not be listed, so there is nothing to compare; check", true},
		"the source pool is gone":               {nil, map[string]string{sourcePool: "ResourceNotFoundException"}, nil, 1, "not listed: SOURCE: user pool: ListUsers: ResourceNotFoundException", true},
		"the destination pool is gone":          {nil, map[string]string{destinationPool: "ResourceNotFoundException"}, nil, 1, "ResourceNotFoundException", true},
		"a state of another pool": {func(t *testing.T, path string) {
			change(t, path, "UPDATE meta SET value = 'us-east-1_Other' WHERE name = 'destination'")
		}, nil, nil, 1, "its destination is us-east-1_Other, not " + destinationPool + "; give another --state", false},
		"a state of another version": {func(t *testing.T, path string) { change(t, path, "PRAGMA user_version = 99") }, nil, nil, 1, "another version of migratectl wrote the state file", false},
		"a truncated state": {func(t *testing.T, path string) {
			if err := os.Truncate(path, 9000); err != nil {
				t.Fatal(err)
			}
		}, nil, nil, 1, "the state file is damaged; restore it, or delete it and scan again", false},
		"a file that is no state": {func(t *testing.T, path string) {
			if err := os.WriteFile(path, []byte(strings.Repeat("name,email\n", 99)), 0o600); err != nil {
				t.Fatal(err)
			}
		}, nil, nil, 1, "the file is not a state of migratectl report; give another --state", false},
		"a full disk below the page":   {nil, nil, []string{"--html", "/dev/full"}, 1, "--html: write /dev/full: no space left on device", true},
		"a full disk below a CSV file": {nil, nil, []string{"--remaining", "/dev/full"}, 1, "--remaining: write /dev/full: no space left on device", true},
		"a folder that is missing":     {nil, nil, []string{"--map", "none/map.csv"}, 1, "--map: open none/map.csv: no such file or directory", true},
		"a clock that jumped back": {func(t *testing.T, path string) {
			change(t, path, "UPDATE scan SET started_at = '2999-01-01T00:00:00Z'")
		}, nil, nil, 0, "in the future by this machine's clock; check the clock", true},
		"a rate of zero":                 {nil, nil, []string{"--rate", "0"}, 2, "expected a number of requests per second above zero", true},
		"a rate below zero":              {nil, nil, []string{"--rate", "-1"}, 2, "expected a number of requests per second above zero", true},
		"a rate that is no number":       {nil, nil, []string{"--rate", "NaN"}, 2, "expected a number of requests per second above zero", true},
		"a language without a page":      {nil, nil, []string{"--lang", "ja"}, 2, "give --html FILE too", true},
		"digests without a key":          {nil, nil, []string{"--digests"}, 2, "set AUDIT_HMAC_KEY", true},
		"digests and identifiers":        {nil, nil, []string{"--digests", "--map", "map.csv"}, 2, "need identifiers", true},
		"a destination that is a source": {nil, nil, []string{"--destination-pool", sourcePool}, 1, "is a source; give the ID of the destination's user pool", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := small(t, &pools{users: few, throttle: 1_000_000, odd: oddOne})
			path := filepath.Join(b.folder, "move.db")
			var before []byte
			if test.state != nil {
				b.interrupted(t, 7)
				test.state(t, path)
				before, _ = os.ReadFile(path) // compared below
			}
			b.pools.deny.Store(&test.deny)
			got := b.try(t, b.command(t.Context(), append([]string{"--rate", "1000000"}, test.arguments...)...))
			if got.code != test.code || !strings.Contains(got.notes, test.note) {
				t.Errorf("exit code %d, want %d; it wrote %q, want %q", got.code, test.code, got.notes, test.note)
			}
			if !test.recovers {
				if after, err := os.ReadFile(path); err != nil || !bytes.Equal(before, after) {
					t.Errorf("the state has changed (%v)", err)
				}
				return
			}
			b.pools.deny.Store(nil)
			r, err := b.report(t.Context(), unlimited)
			if err != nil {
				t.Fatal(err)
			}
			if want := expected(few); r.totals != want {
				t.Errorf("afterwards, the totals are %+v, want %+v", r.totals, want)
			}
		})
	}
}

// TestAStateThatCannotGrowIsKept: a quota ends the writing, as a full disk does, and
// the scan continues once there is room.
func TestAStateThatCannotGrowIsKept(t *testing.T) {
	t.Parallel()
	b := small(t, &pools{users: 8000, throttle: 97, odd: oddOne})
	inner := b.command(t.Context(), "--rate", "1000000", "--json")
	command := exec.CommandContext(t.Context(), "sh", append([]string{"-c", `ulimit -f 1000; exec "$@"`, "sh"}, inner.Args...)...)
	command.Dir, command.Env = inner.Dir, inner.Env
	got := b.try(t, command)
	if got.code != 1 || !strings.Contains(got.notes, "move.db: the state file could not be written; check the disk, its free space and quotas") {
		t.Fatalf("exit code %d, %q", got.code, got.notes)
	}
	r, err := b.report(t.Context(), unlimited)
	if err != nil {
		t.Fatal(err)
	}
	if want := expected(8000); r.totals != want {
		t.Errorf("the totals are %+v, want %+v", r.totals, want)
	}
}

// TestAnotherEstimateIsReported: in JSON, in the tables and on the page, where the
// difference says something, and nowhere else.
func TestAnotherEstimateIsReported(t *testing.T) {
	t.Parallel()
	for estimated, differs := range map[int]bool{few: false, few + 100: false, few + 101: true, few - 101: true} {
		b := small(t, &pools{users: few, estimated: estimated, throttle: 1_000_000, odd: oddOne})
		object := b.try(t, b.command(t.Context(), "--rate", "1000000", "--json"))
		tables := b.try(t, b.command(t.Context(), "--rate", "1000000", "--html", "page.html"))
		page, err := os.ReadFile(filepath.Join(b.folder, "page.html"))
		if err != nil || object.code != 0 || tables.code != 0 {
			t.Fatalf("%v, exit codes %d and %d: %s%s", err, object.code, tables.code, object.notes, tables.notes)
		}
		for what, is := range map[string]bool{
			"the note":   strings.Contains(object.notes, "note: SOURCE: the user pool estimates that it has"),
			"JSON":       strings.Contains(strings.Join(strings.Fields(object.out), ""), fmt.Sprintf(`{"pool":"SOURCE","estimated":%d,"listed":%d}`, estimated, few)),
			"the tables": strings.Contains(strings.Join(strings.Fields(tables.out), " "), fmt.Sprintf("destination %d %d", estimated, few)),
			"the page":   strings.Contains(string(page), fmt.Sprintf(`<td>destination</td><td class="n">%d</td><td class="n">%d</td>`, estimated, few)),
		} {
			if is != differs {
				t.Errorf("estimated %d: %s has it: %t", estimated, what, is)
			}
		}
	}
}

// TestCtrlCKeepsWhatWasListed: the tool says how to continue, and does not ask again
// for what it has.
func TestCtrlCKeepsWhatWasListed(t *testing.T) {
	t.Parallel()
	b := small(t, &pools{users: 16 * 240, throttle: 1_000_000, odd: oddOne})
	got := b.interrupted(t, 100) // each of the 32 slices asks again once its page is kept
	if got.code != 1 || !strings.Contains(got.notes, "interrupted; what was listed is kept in move.db, and the same command without --rescan continues") {
		t.Fatalf("exit code %d, %q", got.code, got.notes)
	}
	var kept int
	db, err := sql.Open("sqlite", filepath.Join(b.folder, "move.db"))
	if err != nil {
		t.Fatal(err)
	}
	if err := db.QueryRowContext(t.Context(), "SELECT (SELECT count(*) FROM source_user) + (SELECT count(*) FROM destination_user)").Scan(&kept); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil || kept == 0 {
		t.Errorf("%d users are kept (%v)", kept, err)
	}
	r, err := b.report(t.Context(), unlimited)
	if err != nil {
		t.Fatal(err)
	}
	if want := expected(16 * 240); r.totals != want {
		t.Errorf("the totals are %+v, want %+v", r.totals, want)
	}
}

// TestProgressIsShownOnATerminal runs the tool on one, by script(1).
func TestProgressIsShownOnATerminal(t *testing.T) {
	t.Parallel()
	b := small(t, &pools{users: few, throttle: 97, odd: oddOne})
	inner := b.command(t.Context(), "--rate", "1000000", "--json")
	command := exec.CommandContext(t.Context(), "script", "--quiet", "--return", "--command", strings.Join(inner.Args, " ")+" >json", "/dev/null")
	keyboard, err := command.StdinPipe() // script ends early where it has none
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = keyboard.Close() }() // nothing was typed
	command.Dir, command.Env = inner.Dir, append(inner.Env, "PATH="+os.Getenv("PATH"), "TERM=xterm", "SHELL=/bin/sh")
	got := b.try(t, command)
	if got.code != 0 || !strings.Contains(got.out, "listing users") || !strings.Contains(got.out, "/800") {
		t.Errorf("exit code %d, the terminal has %q %s", got.code, got.out, got.notes)
	}
	out, err := os.ReadFile(filepath.Join(b.folder, "json"))
	if err != nil {
		t.Fatal(err)
	}
	if totals, err := totalsOf(out); err != nil || totals != expected(few) {
		t.Errorf("the standard output has %s (%v)", out, err)
	}
}
