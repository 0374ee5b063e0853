// Package process starts, awaits and stops the programs that tests run against:
// moto, cognito-local, OpenLDAP, PostgreSQL and others. It imports the standard
// library alone.
package process

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"
)

const (
	// startTimeout ends the wait for a program that never becomes ready. It is a
	// safety net: a cold Python on a busy machine takes some seconds.
	startTimeout = 2 * time.Minute
	// pollInterval is the pause between two looks at what is awaited.
	pollInterval = 20 * time.Millisecond
	// stopGrace is how long a program has to end by itself.
	stopGrace = 10 * time.Second
)

// Command says how to start a process.
type Command struct {
	Path        string
	Arguments   []string
	Folder      string
	Environment []string
	// Owner is whose process it is, where it is not the test's.
	Owner *syscall.Credential
	// LogFile is the path of a file for its output. A test can read there what was
	// written before an answer came. Where it is empty, the output is kept in memory.
	LogFile string
	// Signals ask it to end; SIGTERM where there are none.
	Signals []os.Signal
}

// Process is a running process.
type Process struct {
	command *exec.Cmd
	signals []os.Signal
	log     lockedBuffer
	logFile string
	exited  chan struct{}
}

// Start starts the process. The caller calls [Process.Stop].
func Start(c Command) (*Process, error) {
	p := &Process{command: exec.Command(c.Path, c.Arguments...), signals: c.Signals, exited: make(chan struct{})}
	if len(p.signals) == 0 {
		p.signals = []os.Signal{syscall.SIGTERM}
	}
	p.command.Dir, p.command.Env = c.Folder, c.Environment
	p.command.Stdout, p.command.Stderr = &p.log, &p.log
	if c.LogFile != "" {
		file, err := os.Create(c.LogFile)
		if err != nil {
			return nil, err
		}
		defer func() { _ = file.Close() }() // the process has its own
		p.command.Stdout, p.command.Stderr, p.logFile = file, file, c.LogFile
	}
	p.command.WaitDelay = stopGrace
	p.command.SysProcAttr = &syscall.SysProcAttr{Credential: c.Owner}
	if err := p.command.Start(); err != nil {
		return nil, err
	}
	go func() {
		_ = p.command.Wait() // how it ended is in its log
		close(p.exited)
	}()
	return p, nil
}

// errEnded is a process that ended before it was ready.
var errEnded = errors.New("it ended before it was ready")

// Await waits until ready returns no error. Its own error, where the process
// ends first or is not ready in two minutes, holds the end of the log.
func (p *Process) Await(ctx context.Context, ready func(context.Context) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() {
		select {
		case <-p.exited:
			cancel(errEnded)
		case <-ctx.Done():
		}
	}()
	if err := Poll(ctx, ready); err != nil {
		return fmt.Errorf("%w\n%s", err, p.Log())
	}
	return nil
}

// Poll calls ready until it returns no error. It is for a state
// without another signal: a third-party process, or a service.
func Poll(ctx context.Context, ready func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	for {
		err := ready(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("not ready: %w (%w)", context.Cause(ctx), err)
		}
	}
}

// Connects is ready, for [Poll], once a connection to the address is taken.
func Connects(address string) func(context.Context) error {
	return func(ctx context.Context) error {
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
		if err != nil {
			return err
		}
		return conn.Close()
	}
}

// Stop ends the process that was started, and no other.
func (p *Process) Stop() {
	for _, signal := range p.signals {
		_ = p.command.Process.Signal(signal) // fails only where it has ended
	}
	select {
	case <-p.exited:
	case <-time.After(stopGrace):
		_ = p.command.Process.Kill()
		<-p.exited
	}
}

// Log is the end of what the process wrote.
func (p *Process) Log() string {
	if p.logFile == "" {
		return tail(p.log.String())
	}
	text, err := os.ReadFile(p.logFile)
	if err != nil {
		return err.Error()
	}
	return tail(string(text))
}

func tail(text string) string {
	const most = 4000
	return text[max(0, len(text)-most):]
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

// String is all that was written.
func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.String()
}
