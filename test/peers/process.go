package peers

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
	"time"
)

const (
	startTimeout = 60 * time.Second // a cold Python or Node on a small machine
	startTries   = 3                // a free port may be taken before the peer has it
	pollInterval = 50 * time.Millisecond
	stopGrace    = 5 * time.Second
)

// process is one running peer.
type process struct {
	name    string
	folder  string // its working directory, removed at the end
	command *exec.Cmd
	log     lockedBuffer
	exited  chan struct{}
}

// plan says how to start a peer once its port is known.
type plan struct {
	peer Peer
	// prepare writes what the peer wants in its working directory.
	prepare func(folder string, port int) error
	// arguments of the command line.
	arguments func(port int) []string
	// ready is the path that answers once the peer serves.
	ready string
}

// launch starts a peer on a free port of loopback and waits until it answers.
func launch(ctx context.Context, p plan) (*process, int, error) {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	path, err := p.peer.Path()
	if err != nil {
		return nil, 0, err
	}
	var lastErr error
	for range startTries {
		port, err := freePort()
		if err != nil {
			return nil, 0, err
		}
		proc, err := spawn(p, path, port)
		if err != nil {
			return nil, 0, err
		}
		if lastErr = proc.await(ctx, fmt.Sprintf("http://127.0.0.1:%d%s", port, p.ready)); lastErr == nil {
			return proc, port, nil
		}
		proc.stop()
		if ctx.Err() != nil {
			break
		}
	}
	return nil, 0, lastErr
}

func spawn(p plan, path string, port int) (*process, error) {
	folder, err := os.MkdirTemp("", "peer-"+p.peer.name+"-")
	if err != nil {
		return nil, err
	}
	proc := &process{name: p.peer.name, folder: folder, exited: make(chan struct{})}
	if p.prepare != nil {
		if err := p.prepare(folder, port); err != nil {
			_ = os.RemoveAll(folder)
			return nil, err
		}
	}
	proc.command = exec.Command(path, p.arguments(port)...)
	proc.command.Dir = folder
	proc.command.Env = cleanEnvironment()
	proc.command.Stdout, proc.command.Stderr = &proc.log, &proc.log
	proc.command.WaitDelay = stopGrace
	if err := proc.command.Start(); err != nil {
		_ = os.RemoveAll(folder)
		return nil, fmt.Errorf("start %s: %w", proc.name, err)
	}
	go func() {
		_ = proc.command.Wait() // how it ended is in its log
		close(proc.exited)
	}()
	return proc, nil
}

// cleanEnvironment is the caller's but for what would change how a peer
// behaves, or send it elsewhere.
func cleanEnvironment() []string {
	var environment []string
	for _, variable := range os.Environ() {
		name, _, _ := strings.Cut(variable, "=")
		switch {
		case strings.HasPrefix(name, "AWS_"), strings.HasPrefix(name, "MOTO_"),
			name == "HOST", name == "PORT", name == "DEBUG", name == "INITIAL_NO_AUTH_ACTION_COUNT":
		default:
			environment = append(environment, variable)
		}
	}
	return environment
}

// await polls until the peer answers.
func (p *process) await(ctx context.Context, url string) error {
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return err
		}
		if response, err := loopback.Do(request); err == nil {
			_ = response.Body.Close()
			return nil
		}
		select {
		case <-tick.C:
		case <-p.exited:
			return fmt.Errorf("%s ended before it was ready:\n%s", p.name, p.log.tail())
		case <-ctx.Done():
			return fmt.Errorf("%s was not ready in time: %w\n%s", p.name, ctx.Err(), p.log.tail())
		}
	}
}

// stop ends the process that was started, and no other.
func (p *process) stop() {
	_ = p.command.Process.Signal(syscall.SIGTERM) // fails only where it has ended
	select {
	case <-p.exited:
	case <-time.After(stopGrace):
		_ = p.command.Process.Kill()
		<-p.exited
	}
	_ = os.RemoveAll(p.folder)
}

// loopback calls peers; it never goes through a proxy.
var loopback = &http.Client{
	Transport: &http.Transport{Proxy: nil, MaxIdleConnsPerHost: 8, IdleConnTimeout: time.Minute},
	Timeout:   30 * time.Second,
}

func freePort() (int, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().(*net.TCPAddr).Port, nil
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

// tail is the end of the log, for an error message.
func (b *lockedBuffer) tail() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	const most = 2000
	text := b.buffer.String()
	return text[max(0, len(text)-most):]
}
