package e2e_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"cognito-user-migration/test/peers"
)

// What the tests of this package share, started by the first who asks.
var (
	moto         = shared[*peers.Moto]{start: peers.StartMoto}
	cognitoLocal = shared[*peers.CognitoLocal]{start: peers.StartCognitoLocal}
	awsCLI       = shared[*forkedCLI]{start: startCLI}
	bootstrap    = shared[*binary]{start: func(ctx context.Context) (*binary, error) { return build(ctx, "bootstrap", buildFlags...) }}
	// traced is the program with tracing, which the image's main does not list.
	traced = shared[*binary]{start: func(ctx context.Context) (*binary, error) { return build(ctx, "bootstrap-tracing", buildFlags...) }}
	// shipped is the function as Lambda runs it: without the race detector, which takes
	// most of the time of a start. It is for tests that start it very often.
	shipped = shared[*binary]{start: func(ctx context.Context) (*binary, error) { return build(ctx, "bootstrap") }}
	// tool is the operator's tool, without the race detector: what is measured and
	// killed is what an operator runs.
	tool = shared[*binary]{start: func(ctx context.Context) (*binary, error) { return build(ctx, "migratectl") }}
)

// atATime is how many tests run at a time, where -parallel does not say it. Most of
// them wait: for a message that is delayed by 30 seconds, a timeout or a peer. With
// many more, attempts run out of their five seconds on two cores.
const atATime = 8

// sentCode is what cognito-local sends to a user who has forgotten the password.
const sentCode = "4711"

func TestMain(m *testing.M) {
	flag.Parse()
	if parallel := flag.Lookup("test.parallel"); parallel.Value.String() == parallel.DefValue {
		_ = parallel.Value.Set(strconv.Itoa(atATime)) // a number is what it takes
	}
	if err := os.Setenv("CODE", sentCode); err != nil {
		panic(err) // the name is valid
	}
	status := m.Run()
	moto.close()
	cognitoLocal.close()
	awsCLI.close()
	bootstrap.close()
	traced.close()
	shipped.close()
	tool.close()
	os.Exit(status)
}

// shared is something that one test starts and all of them use.
type shared[T interface{ Close() }] struct {
	start   func(context.Context) (T, error)
	once    sync.Once
	value   T
	err     error
	started bool
}

// get returns the shared thing, and ends the test where it would not start.
func (s *shared[T]) get(t *testing.T) T {
	t.Helper()
	s.once.Do(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
		defer cancel()
		s.value, s.err = s.start(ctx)
		s.started = s.err == nil
	})
	if s.err != nil {
		t.Fatal(s.err)
	}
	return s.value
}

func (s *shared[T]) close() {
	if s.started {
		s.value.Close()
	}
}

// binary is a program under test. The function is built as the image's is.
type binary struct{ path string }

// build builds a main of app/cmd.
func build(ctx context.Context, main string, flags ...string) (*binary, error) {
	folder, err := os.MkdirTemp("", "e2e-")
	if err != nil {
		return nil, err
	}
	b := &binary{path: filepath.Join(folder, main)}
	tags := "lambda.norpc"
	if strings.HasPrefix(main, "bootstrap") {
		tags += ",nethttpomithttp2"
	}
	arguments := append([]string{"build", "-tags", tags, "-o", b.path}, flags...)
	compile := exec.CommandContext(ctx, "go", append(arguments, "../../app/cmd/"+main)...)
	if output, err := compile.CombinedOutput(); err != nil {
		b.Close()
		return nil, fmt.Errorf("go build: %w\n%s", err, output)
	}
	return b, nil
}

// Close removes the program.
func (b *binary) Close() { _ = os.RemoveAll(filepath.Dir(b.path)) }
