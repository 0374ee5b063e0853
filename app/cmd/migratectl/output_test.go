package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"strings"
	"testing"
)

// TestADumbTerminalGetsNoEscapeSequences: it would print them.
func TestADumbTerminalGetsNoEscapeSequences(t *testing.T) {
	t.Parallel()
	terminal, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skip("this machine has no pseudo-terminals: ", err)
	}
	defer func() { _ = terminal.Close() }()
	for name, row := range map[string]struct {
		to                io.Writer
		environ           []string
		animates, colours bool
	}{
		"a terminal":             {terminal, []string{"TERM=xterm", "NO_COLOR="}, true, true},
		"a terminal, no colours": {terminal, []string{"TERM=xterm", "NO_COLOR=1"}, true, false},
		"a dumb terminal":        {terminal, []string{"TERM=dumb"}, false, false},
		"a file":                 {new(bytes.Buffer), []string{"TERM=xterm"}, false, false},
	} {
		s := streams{out: row.to, err: row.to, environ: row.environ}
		waiting, _ := waitingLine(s)
		if animates(s) != row.animates || (waiting != nil) != row.animates || colours(s) != row.colours {
			t.Errorf("%s: got %t, %t, %t", name, animates(s), waiting != nil, colours(s))
		}
	}
}

// TestAnInterruptedCompletionSaysHowToContinue in each mode.
func TestAnInterruptedCompletionSaysHowToContinue(t *testing.T) {
	_, _, environ := handSetup(t, "COMPLETION_AFTER=disable")
	ctx, interrupt := context.WithCancel(t.Context())
	interrupt()
	owed := owedFile(t, owedLine("a1", digest("alice"), handPool, "owed"))
	retired := owedFile(t, completionRecord("userPoolId", handPool, "sourceSub", "", "username", digest("alice")))
	for mode, file := range map[string]string{"--user": "alice", "--all-owed": owed, "--undo": retired} {
		for changes, want := range map[string]string{"--yes=false": "interrupted; nothing was changed", "--yes": "interrupted; the same command continues"} {
			var out, notes bytes.Buffer
			err := run(ctx, []string{"complete", mode, file, "--destination-pool", handPool, changes}, streams{out: &out, err: &notes, environ: environ})
			if err == nil || !strings.HasPrefix(err.Error(), want) {
				t.Errorf("%s %s: got %v, want %s", mode, changes, err, want)
			}
		}
	}
}
