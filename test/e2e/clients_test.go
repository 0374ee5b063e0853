package e2e_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"cognito-user-migration/test/peers"
	"cognito-user-migration/test/process"
)

// The browser, and the bundler of test/clients.
var (
	browser = process.Program{Name: "chromium", Install: "apt-get install chromium", Find: func() (string, error) {
		for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
			if path, err := exec.LookPath(name); err == nil {
				return path, nil
			}
		}
		return "", exec.ErrNotFound
	}}
	bundler = process.Program{Name: "esbuild", Install: "make peers", Find: func() (string, error) {
		return exec.LookPath(filepath.Join("..", "clients", "node_modules", ".bin", "esbuild"))
	}}
)

// bundle puts the code of docs/clients.md and the page of the test into one script.
func bundle(t *testing.T) string {
	t.Helper()
	page, err := os.ReadFile("../../docs/clients.md")
	if err != nil {
		t.Fatal(err)
	}
	example := regexp.MustCompile("(?s)\n```js\n(.*?)```").FindSubmatch(page)
	if example == nil {
		t.Fatal("docs/clients.md has no example")
	}
	folder := t.TempDir()
	text, err := os.ReadFile("../clients/page.mjs")
	if err == nil {
		err = errors.Join(os.WriteFile(filepath.Join(folder, "example.mjs"), example[1], 0o600), os.WriteFile(filepath.Join(folder, "page.mjs"), text, 0o600))
	}
	if err != nil {
		t.Fatal(err)
	}
	path, err := bundler.Path()
	if err != nil {
		t.Fatal(err)
	}
	modules, err := filepath.Abs("../clients/node_modules")
	if err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(folder, "page.js")
	command := exec.CommandContext(t.Context(), path, filepath.Join(folder, "page.mjs"), "--bundle", "--format=iife", "--log-level=warning", "--outfile="+out)
	command.Env = append(os.Environ(), "NODE_PATH="+modules)
	if output, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	return out
}

// TestTheJavaScriptOfTheClientsPageRuns: a page with Amplify signs in by password at a
// pool that does not know the user, is turned away, and resets the password. It does so
// in a browser, by the code of docs/clients.md, against the real function.
func TestTheJavaScriptOfTheClientsPageRuns(t *testing.T) {
	t.Parallel()
	peers.Require(t, peers.MotoServer, peers.CognitoLocalServer, browser, bundler)
	server := cognitoLocal.get(t)
	source, s := motoSource(t, peers.SourceOptions{})
	// From an empty response cognito-local would create a user; AWS refuses.
	f := start(t, s.with("MIGRATE_REFUSAL", "explain"))
	pool, err := server.NewPool(t.Context(), f.Handler())
	if err != nil {
		t.Fatal(err)
	}
	p := newPerson()
	f.hidePerson(p)
	if err := source.CreateUser(t.Context(), peers.User{Username: p.username, Password: p.password, Attributes: p.attributes()}); err != nil {
		t.Fatal(err)
	}

	script := bundle(t)
	type result struct {
		Seen  []string
		Error string
	}
	results := make(chan result, 1)
	pages := http.NewServeMux()
	pages.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write([]byte("<!doctype html><title>clients</title><script src=/page.js></script>"))
	})
	pages.HandleFunc("GET /page.js", func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, script) })
	pages.HandleFunc("GET /setup", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]string{
			"pool": pool.ID, "client": pool.ClientID, "endpoint": server.URL + "/", "username": p.username, "password": p.password,
			"newPassword": "Another-Password-2", "code": sentCode,
		})
	})
	pages.HandleFunc("POST /seen", func(w http.ResponseWriter, r *http.Request) {
		var got result
		if err := json.NewDecoder(r.Body).Decode(&got); err != nil {
			got.Error = err.Error()
		}
		select {
		case results <- got:
		default:
		}
	})
	site := httptest.NewServer(pages)
	t.Cleanup(site.Close)

	path, err := browser.Path()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	// Not t.TempDir: a child of the browser may write while the folder is removed.
	folder, err := os.MkdirTemp("", "clients-") //nolint:usetesting // its removal must not fail the test
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	command := exec.CommandContext(ctx, path, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--no-proxy-server",
		"--disable-background-networking", "--user-data-dir="+folder, "--remote-debugging-port=0", site.URL)
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	command.Cancel = func() error { return syscall.Kill(-command.Process.Pid, syscall.SIGKILL) } // its children too
	var output strings.Builder
	command.Stderr, command.WaitDelay = &output, 10*time.Second
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- command.Wait() }()
	var got result
	select {
	case got = <-results:
		cancel()
		<-ended
	case err := <-ended:
		t.Fatalf("the browser has ended: %v\n%s", err, output.String())
	}
	want := []string{
		"wrong password: wrong name or password", "unknown user: wrong name or password", "first sign-in: signed in",
		"forgot password: CONFIRM_RESET_PASSWORD_WITH_CODE", "old password: InvalidPasswordException", "new password: signed in",
	}
	if got.Error != "" || !slices.Equal(got.Seen, want) {
		t.Errorf("the page has seen %q, %s", got.Seen, got.Error)
	}
	if f.Invocations() != 3 {
		t.Errorf("the function was invoked %d times, want 3: a user who moved never reaches it again", f.Invocations())
	}
}
