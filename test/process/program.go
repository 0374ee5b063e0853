package process

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// Program is software that a test needs beside Go.
type Program struct {
	Name    string
	Install string // how to get it
	// Find returns where it is. Where it is nil, the program is looked for in PATH.
	Find func() (string, error)
	// Arguments make it listen on this port of loopback.
	Arguments func(port int) []string
	// Ready is the path that answers by HTTP once it serves.
	Ready string
	// Prepare writes what it needs into its working directory.
	Prepare func(folder string, port int) error
	// Environment returns variables beside those of the test.
	Environment func(folder string) []string
}

//go:embed moto/sitecustomize.py
var motoCustomization []byte

// Moto emulates AWS: Cognito, STS, IAM and more.
func Moto() Program {
	return Program{
		Name:      "moto_server",
		Install:   "pip install 'moto[server]==5.2.*'",
		Arguments: func(port int) []string { return []string{"-H", "127.0.0.1", "-p", strconv.Itoa(port)} },
		Ready:     "/moto-api/data.json",
		Prepare: func(folder string, _ int) error {
			return os.WriteFile(filepath.Join(folder, "sitecustomize.py"), motoCustomization, 0o600)
		},
		Environment: func(folder string) []string {
			return []string{"PYTHONPATH=" + folder + string(os.PathListSeparator) + os.Getenv("PYTHONPATH")}
		},
	}
}

// FirebaseAuth is the Auth emulator of npm's firebase-tools, for one project. The
// folder has its package.json.
func FirebaseAuth(folder, project string) Program {
	return Program{
		Name:    "firebase-tools",
		Install: "make peers",
		Find: func() (string, error) {
			if _, err := os.Stat(filepath.Join(folder, "node_modules", "firebase-tools")); err != nil {
				return "", err
			}
			return exec.LookPath("node")
		},
		Arguments: func(port int) []string {
			return []string{filepath.Join(folder, "emulator.mjs"), project, strconv.Itoa(port)}
		},
		Ready: "/",
	}
}

// Path is where the program is; the error says how to get it.
func (p Program) Path() (string, error) {
	find := p.Find
	if find == nil {
		find = func() (string, error) { return exec.LookPath(p.Name) }
	}
	path, err := find()
	if err != nil {
		return "", fmt.Errorf("%s is missing, so nothing was tested against it: %s", p.Name, p.Install)
	}
	return path, nil
}

// Require calls [Missing] where one of the programs is missing, with a line that
// says which and how to get it.
func Require(t testing.TB, needed ...Program) {
	t.Helper()
	var missing []error
	for _, program := range needed {
		if _, err := program.Path(); err != nil {
			missing = append(missing, err)
		}
	}
	if err := errors.Join(missing...); err != nil {
		Missing(t, err.Error())
	}
}

// Missing skips the test for this reason. With E2E=required the test fails
// instead: in continuous integration a skipped test would look like one that
// passed.
func Missing(t testing.TB, reason string) {
	t.Helper()
	if os.Getenv("E2E") == "required" {
		t.Fatal(reason)
		return // a fake T goes on
	}
	t.Skip(reason)
}

// DebianProgram finds a program of a Debian package: in PATH, or in the folders of
// servers, which an ordinary PATH leaves out. It calls [Missing] if there is none.
func DebianProgram(t testing.TB, name, debianPackage string) string {
	t.Helper()
	if path, err := exec.LookPath(name); err == nil {
		return path
	}
	for _, folder := range []string{"/usr/lib/postgresql/*/bin/", "/usr/sbin/"} {
		if found, _ := filepath.Glob(folder + name); len(found) > 0 {
			return found[len(found)-1]
		}
	}
	Missing(t, fmt.Sprintf("%s is missing, so nothing was tested against it: apt-get install %s", name, debianPackage))
	return ""
}

// Server is a running program that answers by HTTP.
type Server struct {
	URL string

	process *Process
	folder  string
	release func()
}

// Launch starts the program on a port of its own and waits until it answers.
// The caller calls [Server.Stop].
func (p Program) Launch(ctx context.Context) (*Server, error) {
	path, err := p.Path()
	if err != nil {
		return nil, err
	}
	port, release, err := ReservePort()
	if err != nil {
		return nil, err
	}
	s := &Server{URL: "http://127.0.0.1:" + strconv.Itoa(port), release: release}
	if s.folder, err = os.MkdirTemp("", p.Name+"-"); err == nil && p.Prepare != nil {
		err = p.Prepare(s.folder, port)
	}
	if err == nil {
		variables := environment()
		if p.Environment != nil {
			variables = append(variables, p.Environment(s.folder)...)
		}
		s.process, err = Start(Command{Path: path, Arguments: p.Arguments(port), Folder: s.folder, Environment: variables})
	}
	if err == nil {
		err = s.process.Await(ctx, func(ctx context.Context) error { return answers(ctx, s.URL+p.Ready) })
	}
	if err != nil {
		s.Stop()
		return nil, fmt.Errorf("%s: %w", p.Name, err)
	}
	return s, nil
}

// Start is Launch for one test. It returns the server's address as a URL, and
// calls [Require].
func (p Program) Start(t *testing.T) string {
	t.Helper()
	Require(t, p)
	server, err := p.Launch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Stop)
	return server.URL
}

// Stop ends the program and removes its working directory.
func (s *Server) Stop() {
	if s.process != nil {
		s.process.Stop()
	}
	s.release()
	_ = os.RemoveAll(s.folder)
}

// answers reports an error until the address answers by HTTP.
func answers(ctx context.Context, url string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return err
	}
	client := &http.Client{Transport: &http.Transport{}} // never through a proxy
	defer client.CloseIdleConnections()
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	return response.Body.Close()
}

// environment is the test's, without what would change how a program behaves or
// send it elsewhere.
func environment() []string {
	var kept []string
	for _, variable := range os.Environ() {
		name, _, _ := strings.Cut(variable, "=")
		switch {
		case strings.HasPrefix(name, "AWS_"), strings.HasPrefix(name, "MOTO_"),
			name == "HOST", name == "PORT", name == "DEBUG", name == "INITIAL_NO_AUTH_ACTION_COUNT":
		default:
			kept = append(kept, variable)
		}
	}
	return kept
}
