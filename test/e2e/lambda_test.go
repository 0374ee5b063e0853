package e2e_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"cognito-user-migration/domain"
	"cognito-user-migration/test/lambdahost"
)

const lambdaPassword = "Correct-Horse-1"

// calledFunction is a function that the source invokes. As Lambda does, it starts
// another process where the last one ended.
type calledFunction struct {
	t      *testing.T
	config lambdahost.Config

	url string

	mu   sync.Mutex
	host *lambdahost.Host
}

// serveFunction serves the function, which is ready.
func serveFunction(t *testing.T, config lambdahost.Config) *calledFunction {
	t.Helper()
	config.Name = "people"
	c := &calledFunction{t: t, config: config}
	server := httptest.NewServer(c)
	c.url = server.URL
	t.Cleanup(func() {
		server.Close()
		if c.host != nil {
			_ = c.host.Close() // some functions are killed on purpose
		}
	})
	c.ready()
	return c
}

// ready waits until the function takes events, so that no attempt spends its time on
// a start.
func (c *calledFunction) ready() {
	c.t.Helper()
	if _, err := c.running(); err != nil {
		c.t.Fatal(err)
	}
}

// ServeHTTP implements [http.Handler].
func (c *calledFunction) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	host, err := c.running()
	if err != nil {
		c.t.Errorf("the called function: %v", err)
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	host.Handler().ServeHTTP(w, r)
}

func (c *calledFunction) running() (*lambdahost.Host, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.host != nil {
		if _, ended := c.host.ExitStatus(); !ended {
			return c.host, nil
		}
		_ = c.host.Close() // it has ended
	}
	host, err := lambdahost.Start(c.config)
	if err != nil {
		return nil, err
	}
	c.host = host
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return host, host.Ready(ctx)
}

// program is a program of this machine; without it the test is skipped.
func program(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("%s is not installed: %v", name, err)
	}
	return path
}

// lambdaSource are the settings of a source that is served at the address.
func lambdaSource(url, contract string) settings {
	return outOfTheWay().with("SOURCE_KIND", "lambda", "SOURCE_FUNCTION", "people", "SOURCE_CONTRACT", contract,
		"AWS_ENDPOINT_URL_LAMBDA", url, "AWS_ACCESS_KEY_ID", "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY", "secret")
}

// triggerFunctions are user migration functions, one in each language.
func triggerFunctions(t *testing.T) map[string]func(*testing.T) lambdahost.Config {
	folder := filepath.Join("testdata", "lambda")
	return map[string]func(*testing.T) lambdahost.Config{
		"Go": func(t *testing.T) lambdahost.Config {
			path := filepath.Join(t.TempDir(), "function")
			if output, err := exec.CommandContext(t.Context(), "go", "build", "-o", path, "./"+filepath.Join(folder, "triggerfunction")).CombinedOutput(); err != nil {
				t.Fatalf("go build: %v\n%s", err, output)
			}
			return lambdahost.Config{Path: path}
		},
		"Python": func(t *testing.T) lambdahost.Config {
			return lambdahost.Config{Path: program(t, "python3"), Args: []string{filepath.Join(folder, "runtime.py"), filepath.Join(folder, "trigger.py"), "handler"}}
		},
		"Node.js": func(t *testing.T) lambdahost.Config {
			return lambdahost.Config{Path: program(t, "node"), Args: []string{filepath.Join(folder, "trigger.mjs")}}
		},
	}
}

func TestALambdaSourceKeepsATriggerFunction(t *testing.T) {
	t.Parallel()
	for language, configOf := range triggerFunctions(t) {
		t.Run(language, func(t *testing.T) {
			t.Parallel()
			called := serveFunction(t, configOf(t))
			f := start(t, lambdaSource(called.url, "trigger"))
			f.hide(lambdaPassword, "hanako")
			if got := f.migrates(signIn("hanako", lambdaPassword), domain.ReasonPasswordAccepted).UserAttributes; got["email"] != "hanako@example.com" {
				t.Errorf("attributes %v", got)
			}
			f.migrates(forgotPassword("hanako"), domain.ReasonForgotPassword)
			f.refuses(signIn("hanako", "Wrong-Horse-2"), domain.ReasonPasswordWrong)
			f.refuses(signIn("nobody", lambdaPassword), domain.ReasonPasswordWrong)
			f.refuses(forgotPassword("nobody"), domain.ReasonUserUnknown)
			f.fails(signIn("broken", lambdaPassword), domain.ReasonSourceUnreachable)
			f.fails(signIn("huge", lambdaPassword), domain.ReasonSourceUnreachable)
			f.fails(signIn("dead", lambdaPassword), domain.ReasonSourceUnreachable)
			called.ready()
			f.migrates(signIn("hanako", lambdaPassword), domain.ReasonPasswordAccepted)
		})
	}
}

// The called function's own timeout ends it, long before ours would.
func TestALambdaSourceWhoseFunctionTimesOut(t *testing.T) {
	t.Parallel()
	config := triggerFunctions(t)["Python"](t)
	config.Timeout = 100 * time.Millisecond
	f := start(t, lambdaSource(serveFunction(t, config).url, "trigger"))
	f.fails(signIn("slow", lambdaPassword), domain.ReasonSourceUnreachable)
	if !strings.Contains(f.Stdout(), "the function timed out") {
		t.Errorf("the log does not say why:\n%s", f.Stdout())
	}
}

// Lambda's own answers: throttled, not permitted, not there.
func TestALambdaSourceWhoseLambdaRefuses(t *testing.T) {
	t.Parallel()
	for code, row := range map[string]struct {
		status int
		reason domain.Reason
	}{
		"TooManyRequestsException":  {http.StatusTooManyRequests, domain.ReasonSourceThrottled},
		"AccessDeniedException":     {http.StatusForbidden, domain.ReasonSourceMisconfigured},
		"ResourceNotFoundException": {http.StatusNotFound, domain.ReasonSourceMisconfigured},
		"KMSAccessDeniedException":  {http.StatusBadGateway, domain.ReasonSourceMisconfigured},
		"ServiceException":          {http.StatusInternalServerError, domain.ReasonSourceUnreachable},
	} {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("X-Amzn-Errortype", code)
				w.WriteHeader(row.status)
				_, _ = w.Write([]byte(`{"Reason":"ConcurrentInvocationLimitExceeded","Message":"m"}`))
			}))
			t.Cleanup(server.Close)
			f := start(t, lambdaSource(server.URL, "keycloak"))
			f.fails(signIn("hanako", lambdaPassword), row.reason)
			f.fails(forgotPassword("hanako"), row.reason)
			if !strings.Contains(f.Stdout(), code) {
				t.Errorf("the log does not name %s:\n%s", code, f.Stdout())
			}
		})
	}
}

// The function of the pages is the file that runs here.
func TestALambdaSourceAsksTheFunctionOfTheDocumentation(t *testing.T) {
	t.Parallel()
	folder := filepath.Join("testdata", "lambda")
	code, err := os.ReadFile(filepath.Join(folder, "own.py"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"lambda.md", "lambda.ja.md"} {
		page, err := os.ReadFile(filepath.Join("..", "..", "docs", "sources", name))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(page), "```python\n"+string(code)+"```") {
			t.Errorf("%s shows another function than %s/own.py", name, folder)
		}
	}
	f := start(t, lambdaSource(serveFunction(t, lambdahost.Config{
		Path: program(t, "python3"), Args: []string{filepath.Join(folder, "runtime.py"), filepath.Join(folder, "own.py"), "handler"},
	}).url, "keycloak"))
	f.hide(lambdaPassword, "hanako")
	if got := f.migrates(signIn("hanako", lambdaPassword), domain.ReasonPasswordAccepted).UserAttributes; got["email"] != "hanako@example.com" || got["email_verified"] != "true" {
		t.Errorf("attributes %v", got)
	}
	f.migrates(forgotPassword("hanako"), domain.ReasonForgotPassword)
	f.refuses(signIn("hanako", "Wrong-Horse-2"), domain.ReasonPasswordWrong)
	f.refuses(signIn("nobody", lambdaPassword), domain.ReasonUserUnknown)
	f.refuses(forgotPassword("nobody"), domain.ReasonUserUnknown)
}
