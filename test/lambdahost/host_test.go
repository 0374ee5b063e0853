package lambdahost_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"

	"cognito-user-migration/test/deadline"
	"cognito-user-migration/test/lambdahost"
)

// roleVariable turns the test binary into a Lambda function, so that the tests
// need nothing but themselves: AWS's own runtime client is at the other end.
const roleVariable = "LAMBDAHOST_TEST_ROLE"

func TestMain(m *testing.M) {
	switch role := os.Getenv(roleVariable); role {
	case "":
		os.Exit(m.Run())
	case "function":
		lambda.Start(function)
	case "exit":
		os.Exit(3)
	case "init-error":
		reportInitError()
		os.Exit(1)
	default:
		fmt.Fprintln(os.Stderr, "unknown role", role)
		os.Exit(2)
	}
}

type order struct {
	Do  string
	URL string
}

type report struct {
	RequestID, ARN string
	Remaining      time.Duration
	Environment    []string
	Name, Version  string
	MemoryMB       int
	LogGroup       string
}

func function(ctx context.Context, o order) (any, error) {
	switch o.Do {
	case "fail":
		return nil, errors.New("as ordered")
	case "panic":
		panic("as ordered")
	case "exit":
		os.Exit(7)
	case "stream-fail":
		return stream{Reader: io.MultiReader(strings.NewReader("half "), brokenReader{})}, nil
	case "print":
		fmt.Println("to stdout")
		fmt.Fprintln(os.Stderr, "to stderr")
	case "hang":
		select {}
	case "ask":
		response, err := http.Get(o.URL)
		if err != nil {
			return nil, err
		}
		_ = response.Body.Close()
	}
	deadline, _ := ctx.Deadline()
	lc, _ := lambdacontext.FromContext(ctx)
	return report{
		RequestID:   lc.AwsRequestID,
		ARN:         lc.InvokedFunctionArn,
		Remaining:   time.Until(deadline),
		Environment: os.Environ(),
		Name:        lambdacontext.FunctionName,
		Version:     lambdacontext.FunctionVersion,
		MemoryMB:    lambdacontext.MemoryLimitInMB,
		LogGroup:    lambdacontext.LogGroupName,
	}, nil
}

// stream is a reader that cannot be marshalled, so that it is sent as it reads.
type stream struct {
	io.Reader
	NotJSON func()
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, errors.New("as ordered") }

func reportInitError() {
	request, _ := http.NewRequest(http.MethodPost,
		"http://"+os.Getenv("AWS_LAMBDA_RUNTIME_API")+"/2018-06-01/runtime/init/error",
		strings.NewReader(`{"errorMessage":"nothing is set","errorType":"Settings"}`))
	request.Header.Set("Lambda-Runtime-Function-Error-Type", "Runtime.Settings")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	_ = response.Body.Close()
}

// start runs the test binary in a role, and ends it with the test.
func start(t *testing.T, role string, change func(*lambdahost.Config)) *lambdahost.Host {
	t.Helper()
	config := lambdahost.Config{Path: os.Args[0], Env: []string{roleVariable + "=" + role}}
	if change != nil {
		change(&config)
	}
	host, err := lambdahost.Start(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := host.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return host
}

func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func invoke(t *testing.T, host *lambdahost.Host, o order) lambdahost.Result {
	t.Helper()
	payload, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	result, err := host.Invoke(within(t), payload)
	if err != nil {
		t.Fatalf("invoke %s: %v; stderr: %s", payload, err, host.Stderr())
	}
	return result
}

func read(t *testing.T, result lambdahost.Result) report {
	t.Helper()
	if result.FunctionError != "" {
		t.Fatalf("function error: %s", result.Payload)
	}
	var r report
	if err := json.Unmarshal(result.Payload, &r); err != nil {
		t.Fatal(err)
	}
	return r
}

func wantError(t *testing.T, result lambdahost.Result, errorType, message string) {
	t.Helper()
	got, err := result.Error()
	if err != nil {
		t.Fatal(err)
	}
	if got.Type != errorType || !strings.Contains(got.Message, message) {
		t.Errorf("got %+v, want type %q and message with %q", got, errorType, message)
	}
	if result.FunctionError != lambdahost.FunctionErrorUnhandled {
		t.Errorf("function error is %q", result.FunctionError)
	}
}

func TestTheFunctionSeesWhatLambdaTellsIt(t *testing.T) {
	t.Parallel()
	host := start(t, "function", func(c *lambdahost.Config) {
		c.Name, c.Region, c.AccountID, c.MemoryMB = "mover", "ap-northeast-1", "111122223333", 256
		c.Timeout = time.Minute
	})
	if err := host.Ready(within(t)); err != nil {
		t.Fatal(err)
	}
	result := invoke(t, host, order{})
	got := read(t, result)
	if got.RequestID == "" || got.RequestID != result.RequestID {
		t.Errorf("request ID %q, want %q", got.RequestID, result.RequestID)
	}
	if want := "arn:aws:lambda:ap-northeast-1:111122223333:function:mover"; got.ARN != want {
		t.Errorf("ARN %q, want %q", got.ARN, want)
	}
	if got.Remaining <= 0 || got.Remaining > time.Minute {
		t.Errorf("%v remain of a timeout of a minute", got.Remaining)
	}
	if got.Name != "mover" || got.Version != "$LATEST" || got.MemoryMB != 256 || got.LogGroup != "/aws/lambda/mover" {
		t.Errorf("got %+v", got)
	}
	if !slices.Contains(got.Environment, "AWS_REGION=ap-northeast-1") {
		t.Errorf("no region in the environment")
	}
	if host.Invocations() != 1 {
		t.Errorf("%d invocations, want 1", host.Invocations())
	}
}

func TestTheCallersEnvironmentStaysOutside(t *testing.T) {
	t.Setenv("AWS_SECRET_ACCESS_KEY", "the caller's own")
	t.Setenv("AWS_ENDPOINT_URL", "http://elsewhere.invalid")
	host := start(t, "function", nil)
	for _, variable := range read(t, invoke(t, host, order{})).Environment {
		if strings.Contains(variable, "the caller's own") || strings.HasPrefix(variable, "AWS_ENDPOINT_URL=") {
			t.Errorf("the function sees %s", variable)
		}
	}
}

func TestAnErrorIsAResultAndTheProcessGoesOn(t *testing.T) {
	t.Parallel()
	host := start(t, "function", nil)
	wantError(t, invoke(t, host, order{Do: "fail"}), "errorString", "as ordered")
	read(t, invoke(t, host, order{}))
	if _, ended := host.ExitStatus(); ended {
		t.Error("the process ended")
	}
}

func TestAnErrorInTheMiddleOfAStreamIsAFunctionError(t *testing.T) {
	t.Parallel()
	host := start(t, "function", nil)
	wantError(t, invoke(t, host, order{Do: "stream-fail"}), "errorString", "as ordered")
}

func TestAPanicIsReportedAndEndsTheProcess(t *testing.T) {
	t.Parallel()
	host := start(t, "function", nil)
	wantError(t, invoke(t, host, order{Do: "panic"}), "string", "as ordered")
	select {
	case <-host.Exited():
	case <-within(t).Done():
		t.Fatal("the process goes on after a panic")
	}
	if _, err := host.Invoke(within(t), []byte(`{}`)); !errors.Is(err, lambdahost.ErrGone) {
		t.Errorf("got %v, want ErrGone", err)
	}
}

func TestAProcessThatEndsDuringAnInvocationIsAnExitError(t *testing.T) {
	t.Parallel()
	host := start(t, "function", nil)
	wantError(t, invoke(t, host, order{Do: "exit"}), "Runtime.ExitError", "exit status 7")
	if status, ended := host.ExitStatus(); !ended || status != 7 {
		t.Errorf("exit status %d, %t", status, ended)
	}
}

func TestAFunctionThatTakesTooLongIsKilled(t *testing.T) {
	t.Parallel()
	host := start(t, "function", func(c *lambdahost.Config) { c.Timeout = 500 * time.Millisecond })
	wantError(t, invoke(t, host, order{Do: "hang"}), "Sandbox.Timedout", "timed out after 0.50 seconds")
	if _, ended := host.ExitStatus(); !ended {
		t.Error("the process lives on")
	}
}

func TestInvocationsWaitForEachOther(t *testing.T) {
	t.Parallel()
	host := start(t, "function", nil)
	const count = 4
	// Each asks while it runs.
	var under, most atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		most.Store(max(most.Load(), under.Add(1)))
		defer under.Add(-1)
	}))
	defer server.Close()
	var all sync.WaitGroup
	for range count {
		all.Go(func() {
			payload, _ := json.Marshal(order{Do: "ask", URL: server.URL})
			if _, err := host.Invoke(within(t), payload); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if most.Load() != 1 {
		t.Errorf("%d invocations were under way at once", most.Load())
	}
	if host.Invocations() != count {
		t.Errorf("%d invocations, want %d", host.Invocations(), count)
	}
}

func TestACallerThatGivesUpDoesNotDisturbTheNext(t *testing.T) {
	t.Parallel()
	host := start(t, "function", nil)
	if err := host.Ready(within(t)); err != nil {
		t.Fatal(err)
	}
	release := make(chan struct{})
	ctx, pass := deadline.Context(within(t))
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		pass() // the function is at work
		<-release
	}))
	defer server.Close()
	payload, _ := json.Marshal(order{Do: "ask", URL: server.URL})
	if _, err := host.Invoke(ctx, payload); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("got %v, want the context's error", err)
	}
	close(release)
	result := invoke(t, host, order{})
	if got := read(t, result); got.RequestID != result.RequestID {
		t.Errorf("got the answer to another invocation: %s", got.RequestID)
	}
}

func TestOutputIsCapturedBySide(t *testing.T) {
	t.Parallel()
	host := start(t, "function", nil)
	invoke(t, host, order{Do: "print"})
	if err := host.Close(); err != nil { // the pipes are drained when the process has ended
		t.Fatal(err)
	}
	if host.Stdout() != "to stdout\n" {
		t.Errorf("stdout %q", host.Stdout())
	}
	if !strings.Contains(host.Stderr(), "to stderr\n") || strings.Contains(host.Stderr(), "to stdout") {
		t.Errorf("stderr %q", host.Stderr())
	}
}

func TestAnInitErrorReachesWhoeverWaitsAndWhoeverInvokes(t *testing.T) {
	t.Parallel()
	host := start(t, "init-error", nil)
	var initError *lambdahost.InitError
	if err := host.Ready(within(t)); !errors.As(err, &initError) {
		t.Fatalf("got %v, want an init error", err)
	}
	if initError.Type != "Runtime.Settings" || !strings.Contains(string(initError.Body), "nothing is set") {
		t.Errorf("got %+v", initError)
	}
	if status, ended := host.ExitStatus(); !ended || status != 1 {
		t.Errorf("exit status %d, %t", status, ended)
	}
	wantError(t, invoke(t, host, order{}), "Settings", "nothing is set")
}

func TestAProcessThatEndsAtOnceIsNotReady(t *testing.T) {
	t.Parallel()
	host := start(t, "exit", nil)
	var exit *lambdahost.ExitError
	if err := host.Ready(within(t)); !errors.As(err, &exit) || exit.Status != 3 {
		t.Errorf("got %v, want exit status 3", err)
	}
	if _, err := host.Invoke(within(t), []byte(`{}`)); !errors.Is(err, lambdahost.ErrGone) {
		t.Errorf("got %v, want ErrGone", err)
	}
}

func TestABinaryThatIsNotThereIsAnErrorAtStart(t *testing.T) {
	t.Parallel()
	if _, err := lambdahost.Start(lambdahost.Config{Path: "./no-such-binary"}); err == nil {
		t.Error("no error")
	}
}

func TestTheInvokeAPIAnswersAsLambdaDoes(t *testing.T) {
	t.Parallel()
	host := start(t, "function", func(c *lambdahost.Config) { c.Name = "mover" })
	server := httptest.NewServer(host.Handler())
	t.Cleanup(server.Close)

	for _, test := range []struct {
		name, path, body string
		status           int
		functionError    string
		errorType        string
	}{
		{"an event is answered", "/2015-03-31/functions/mover/invocations", `{}`, 200, "", ""},
		{"the ARN names the function too", "/2015-03-31/functions/" + host.ARN() + "/invocations", `{}`, 200, "", ""},
		{"no event is an empty one", "/2015-03-31/functions/mover/invocations", ``, 200, "", ""},
		{"a function error is a success with a header", "/2015-03-31/functions/mover/invocations", `{"Do":"fail"}`, 200, "Unhandled", ""},
		{"another function is not found", "/2015-03-31/functions/other/invocations", `{}`, 404, "", "ResourceNotFoundException"},
		{"what is not JSON does not reach the function", "/2015-03-31/functions/mover/invocations", `{`, 400, "", "InvalidRequestContentException"},
	} {
		t.Run(test.name, func(t *testing.T) {
			request, err := http.NewRequestWithContext(within(t), http.MethodPost, server.URL+test.path, strings.NewReader(test.body))
			if err != nil {
				t.Fatal(err)
			}
			response, err := server.Client().Do(request)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = response.Body.Close() }()
			if response.StatusCode != test.status {
				t.Errorf("status %d, want %d", response.StatusCode, test.status)
			}
			if got := response.Header.Get("X-Amz-Function-Error"); got != test.functionError {
				t.Errorf("X-Amz-Function-Error %q, want %q", got, test.functionError)
			}
			if got := response.Header.Get("X-Amzn-Errortype"); got != test.errorType {
				t.Errorf("X-Amzn-Errortype %q, want %q", got, test.errorType)
			}
		})
	}
	if host.Invocations() != 4 {
		t.Errorf("%d invocations, want 4", host.Invocations())
	}
}
