package sourcetest

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Peer is a server that no one here wrote, for an adapter to be tested against.
type Peer struct {
	// Program is looked for in PATH.
	Program string
	// Install says how to get it.
	Install string
	// Arguments make it listen on a port of loopback.
	Arguments func(port string) []string
	// Ready is the path that answers by HTTP once it serves.
	Ready string
}

// Moto emulates AWS: Cognito, STS and more.
func Moto() Peer {
	return Peer{
		Program:   "moto_server",
		Install:   "pip install 'moto[server]==5.2.*'",
		Arguments: func(port string) []string { return []string{"-H", "127.0.0.1", "-p", port} },
		Ready:     "/moto-api/data.json",
	}
}

const (
	startTimeout = 60 * time.Second // a cold Python on a small machine
	startTries   = 3                // a free port may be taken before the peer has it
	stopGrace    = 5 * time.Second
)

// Start starts the peer for one test, and returns its address as a URL. Where
// the program is missing the test is skipped with a line that says so, or
// fails where E2E=required: a skipped test would look like one that passed.
func (p Peer) Start(t *testing.T) string {
	t.Helper()
	program, err := exec.LookPath(p.Program)
	if err != nil {
		missing := fmt.Sprintf("%s is missing, so nothing was tested against it: %s", p.Program, p.Install)
		if os.Getenv("E2E") == "required" {
			t.Fatal(missing)
		}
		t.Skip(missing)
	}
	for range startTries {
		if address, ok := p.try(t, program); ok {
			return address
		}
	}
	t.Fatalf("%s would not start", p.Program)
	return ""
}

// try starts the peer on some port, and reports whether it came to answer.
func (p Peer) try(t *testing.T, program string) (string, bool) {
	t.Helper()
	port := freePort(t)
	var log lockedBuffer
	command := exec.Command(program, p.Arguments(port)...)
	command.Dir = t.TempDir()
	command.Env = cleanEnvironment()
	command.Stdout, command.Stderr = &log, &log
	command.WaitDelay = stopGrace
	if err := command.Start(); err != nil {
		t.Logf("%s: %v", p.Program, err)
		return "", false
	}
	exited := make(chan struct{})
	go func() {
		_ = command.Wait() // how it ended is in its log
		close(exited)
	}()
	t.Cleanup(func() { stop(command, exited) })
	address := "http://127.0.0.1:" + port
	if !p.await(t, address, exited) {
		t.Logf("%s was not ready:\n%s", p.Program, log.tail())
		return "", false
	}
	return address, true
}

// await polls until the peer answers, or has ended, or time is up.
func (p Peer) await(t *testing.T, address string, exited <-chan struct{}) bool {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), startTimeout)
	defer cancel()
	client := &http.Client{Transport: &http.Transport{}} // never through a proxy
	defer client.CloseIdleConnections()
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, address+p.Ready, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		if response, err := client.Do(request); err == nil {
			_ = response.Body.Close()
			return true
		}
		select {
		case <-time.After(50 * time.Millisecond):
		case <-exited:
			return false
		case <-ctx.Done():
			return false
		}
	}
}

// stop ends the process that was started, and no other.
func stop(command *exec.Cmd, exited <-chan struct{}) {
	_ = command.Process.Signal(syscall.SIGTERM) // fails only where it has ended
	select {
	case <-exited:
	case <-time.After(stopGrace):
		_ = command.Process.Kill()
		<-exited
	}
}

// cleanEnvironment is the test's but for what would change how a peer behaves,
// or send it elsewhere.
func cleanEnvironment() []string {
	var environment []string
	for _, variable := range os.Environ() {
		if !strings.HasPrefix(variable, "AWS_") && !strings.HasPrefix(variable, "MOTO_") {
			environment = append(environment, variable)
		}
	}
	return environment
}

func freePort(t *testing.T) string {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	_, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// lockedBuffer keeps what a process writes.
type lockedBuffer struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

// Write implements [io.Writer].
func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.Write(p)
}

// tail is the end of the log, for a test's log.
func (b *lockedBuffer) tail() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	const most = 2000
	text := b.buffer.String()
	return text[max(0, len(text)-most):]
}
