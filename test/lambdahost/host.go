package lambdahost

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// The defaults of [Config] are Lambda's own, except the timeout: it is long enough to
// show that Cognito's 5 seconds were exceeded.
const (
	DefaultName      = "function"
	DefaultVersion   = "$LATEST"
	DefaultRegion    = "us-east-1"
	DefaultAccountID = "123456789012"
	DefaultMemoryMB  = 128
	DefaultTimeout   = 10 * time.Second
)

// stopGrace is how long a process may take to end after it was asked to: a safety
// net.
const stopGrace = time.Minute

// FunctionErrorUnhandled is what Lambda calls an invocation that ended in an
// error: in [Result.FunctionError] and in the header X-Amz-Function-Error.
const FunctionErrorUnhandled = "Unhandled"

// ErrGone is returned for an invocation that came after the process had ended.
var ErrGone = errors.New("lambdahost: the function's process is gone")

// Config says which binary to run, and as which function.
type Config struct {
	// Path is the binary; Args follow it.
	Path string
	Args []string
	// Env is the environment of the function, each variable as KEY=value, besides PATH
	// and HOME of the calling process. A test's credentials or endpoints do not leak in.
	// The variables that Lambda defines are set as Lambda does; Env has the last word.
	Env []string
	// Name, Version, Region and AccountID make up the function's ARN.
	Name, Version, Region, AccountID string
	// MemoryMB is only told to the function, not enforced.
	MemoryMB int
	// Timeout is the function's own, by which it knows its deadline; the process is
	// killed when an invocation takes longer.
	Timeout time.Duration
	// Grace is how much longer than Timeout the process may take before it is
	// killed. Lambda grants none. A test of what the function does by its deadline
	// grants some, so that its result does not depend on a busy machine.
	Grace time.Duration
	// Launch starts the process, by default with [exec.Cmd.Start]. The benchmark
	// sets it to apply a quota from the first instruction.
	Launch func(*exec.Cmd) error
}

func (c Config) withDefaults() Config {
	c.Name = cmp.Or(c.Name, DefaultName)
	c.Version = cmp.Or(c.Version, DefaultVersion)
	c.Region = cmp.Or(c.Region, DefaultRegion)
	c.AccountID = cmp.Or(c.AccountID, DefaultAccountID)
	c.MemoryMB = cmp.Or(c.MemoryMB, DefaultMemoryMB)
	c.Timeout = cmp.Or(c.Timeout, DefaultTimeout)
	if c.Launch == nil {
		c.Launch = (*exec.Cmd).Start
	}
	return c
}

// environ is the whole environment of the process.
func (c Config) environ(runtimeAPI string) []string {
	env := []string{
		"PATH=" + os.Getenv("PATH"),
		"HOME=" + os.Getenv("HOME"),
		"TZ=:UTC",
		"AWS_REGION=" + c.Region,
		"AWS_DEFAULT_REGION=" + c.Region,
		"AWS_LAMBDA_RUNTIME_API=" + runtimeAPI,
		"AWS_LAMBDA_FUNCTION_NAME=" + c.Name,
		"AWS_LAMBDA_FUNCTION_VERSION=" + c.Version,
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE=" + strconv.Itoa(c.MemoryMB),
		"AWS_LAMBDA_INITIALIZATION_TYPE=on-demand",
		"AWS_LAMBDA_LOG_GROUP_NAME=/aws/lambda/" + c.Name,
		"AWS_LAMBDA_LOG_STREAM_NAME=" + time.Now().UTC().Format("2006/01/02") + "/[" + c.Version + "]" + randomHex(16),
	}
	return append(env, c.Env...)
}

// Host is one execution environment: a process and the runtime API that it
// talks to. Like Lambda's it takes one invocation at a time and lets the others
// wait. Unlike Lambda it does not replace a process that ended; start another
// Host for that. Its methods may be called from many goroutines.
type Host struct {
	config Config

	command        *exec.Cmd
	stdout, stderr output
	runtimeAPI     *http.Server

	turn        chan struct{}    // holds a token while an invocation is under way
	pending     chan *invocation // from Invoke to the process's next "next"
	ready       chan struct{}    // closed at the first "next"
	readyOnce   sync.Once
	startup     time.Duration // until the first "next"; valid once ready is closed
	invocations atomic.Int64

	exited     chan struct{} // closed when the process has ended
	exitStatus int           // valid once exited is closed

	mu        sync.Mutex
	launched  time.Time
	current   *invocation
	initError *InitError

	closeOnce sync.Once
	closeErr  error
}

// InitError is what a function said of a start that failed.
type InitError struct {
	// Type is the header Lambda-Runtime-Function-Error-Type.
	Type string
	// Body is the JSON that came with it.
	Body []byte
}

// Error implements error.
func (e *InitError) Error() string {
	return "lambdahost: init error " + e.Type + ": " + string(e.Body)
}

// ExitError says that the process ended without a word through the runtime API.
type ExitError struct{ Status int }

// Error implements error.
func (e *ExitError) Error() string {
	return "lambdahost: the process ended with status " + strconv.Itoa(e.Status)
}

// Start starts the binary. It does not wait until the function is ready; see
// [Host.Ready]. The caller owes a [Host.Close].
func Start(config Config) (*Host, error) {
	config = config.withDefaults()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("lambdahost: runtime API: %w", err)
	}
	h := &Host{
		config:  config,
		turn:    make(chan struct{}, 1),
		pending: make(chan *invocation),
		ready:   make(chan struct{}),
		exited:  make(chan struct{}),
	}
	h.runtimeAPI = &http.Server{Handler: h.runtimeHandler(), ReadHeaderTimeout: config.Timeout}
	go func() { _ = h.runtimeAPI.Serve(listener) }()

	h.command = exec.Command(config.Path, config.Args...)
	h.command.Env = config.environ(listener.Addr().String())
	h.command.Stdout, h.command.Stderr = &h.stdout, &h.stderr
	h.command.WaitDelay = stopGrace
	h.mu.Lock()
	h.launched = time.Now()
	h.mu.Unlock()
	if err := config.Launch(h.command); err != nil {
		_ = h.runtimeAPI.Close()
		return nil, fmt.Errorf("lambdahost: %w", err)
	}
	go h.await()
	return h, nil
}

// await notes the end of the process.
func (h *Host) await() {
	_ = h.command.Wait() // the status is read below, whatever ended the process
	h.exitStatus = h.command.ProcessState.ExitCode()
	close(h.exited)
}

// Ready waits until the function asks for its first invocation. It returns an
// [*InitError] where the function reported one, an [*ExitError] where the
// process ended without, and the context's error.
func (h *Host) Ready(ctx context.Context) error {
	select {
	case <-h.ready:
		return nil
	case <-h.exited:
		if initError, ok := h.InitError(); ok {
			return initError
		}
		return &ExitError{Status: h.exitStatus}
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Startup is the time from the start of the process to its first request for an
// invocation; zero before [Host.Ready] has returned nil.
func (h *Host) Startup() time.Duration {
	select {
	case <-h.ready:
		return h.startup
	default:
		return 0
	}
}

// InitError returns what the function reported of a start that failed.
func (h *Host) InitError() (*InitError, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.initError, h.initError != nil
}

// Exited is closed when the process has ended, by itself or by [Host.Close].
func (h *Host) Exited() <-chan struct{} { return h.exited }

// ExitStatus returns the status with which the process ended, -1 where a signal
// ended it; false while it runs.
func (h *Host) ExitStatus() (status int, ended bool) {
	select {
	case <-h.exited:
		return h.exitStatus, true
	default:
		return 0, false
	}
}

// Invocations counts what was handed to the function so far.
func (h *Host) Invocations() int { return int(h.invocations.Load()) }

// Stdout returns what the process has written to its standard output so far.
func (h *Host) Stdout() string { return h.stdout.String() }

// Stderr returns what the process has written to its standard error so far.
func (h *Host) Stderr() string { return h.stderr.String() }

// ARN is the function's, as invocations carry it.
func (h *Host) ARN() string {
	return "arn:aws:lambda:" + h.config.Region + ":" + h.config.AccountID + ":function:" + h.config.Name
}

// Close asks the process to end, kills it when it does not, and closes the
// runtime API. An invocation that is under way ends as it does when a process
// dies. Close may be called more than once.
func (h *Host) Close() error {
	h.closeOnce.Do(func() {
		_ = h.command.Process.Signal(syscall.SIGTERM) // fails only where it has ended
		select {
		case <-h.exited:
		case <-time.After(stopGrace):
			_ = h.command.Process.Kill()
			<-h.exited
		}
		h.closeErr = h.runtimeAPI.Close()
	})
	return h.closeErr
}
