package peers

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
)

// Peer is a piece of software that a test needs beside Go.
type Peer struct {
	name string
	get  string // how to get it
	find func() (string, error)
}

// The peers.
var (
	// MotoServer emulates AWS: STS, IAM and Cognito of the source account.
	MotoServer = Peer{
		name: "moto_server",
		get:  "pip install 'moto[server]==5.2.*'",
		find: func() (string, error) { return exec.LookPath("moto_server") },
	}
	// CognitoLocalServer emulates Cognito user pools whose triggers are real
	// Lambda invocations.
	CognitoLocalServer = Peer{
		name: "cognito-local",
		get:  "make peers (or: npm ci --prefix test/peers)",
		find: findCognitoLocal,
	}
	// AWSCLI is the command-line client that the people who move users have.
	AWSCLI = Peer{
		name: "aws",
		get:  "pip install awscli, or AWS's own installer",
		find: func() (string, error) { return exec.LookPath("aws") },
	}
)

// Path is where the peer's program is; the error says how to get it.
func (p Peer) Path() (string, error) {
	path, err := p.find()
	if err != nil {
		return "", fmt.Errorf("%s is missing: %s", p.name, p.get)
	}
	return path, nil
}

// RequiredVariable, set to RequiredValue, makes a missing peer a failure: in
// continuous integration a skipped test would look like one that passed.
const (
	RequiredVariable = "E2E"
	RequiredValue    = "required"
)

// Require skips the test where one of the peers is missing, with a line that
// says which and how to get it; with E2E=required the test fails instead.
func Require(t testing.TB, needed ...Peer) {
	t.Helper()
	err := Missing(needed...)
	switch {
	case err == nil:
	case os.Getenv(RequiredVariable) == RequiredValue:
		t.Fatal(err)
	default:
		t.Skip(err)
	}
}

// Missing returns an error that lists what is not there, or nil.
func Missing(needed ...Peer) error {
	var missing []error
	for _, peer := range needed {
		if _, err := peer.Path(); err != nil {
			missing = append(missing, err)
		}
	}
	return errors.Join(missing...)
}

// findCognitoLocal looks where npm puts it: beside this file, or beside the
// test that runs where paths were trimmed from the build.
func findCognitoLocal() (string, error) {
	_, file, _, _ := runtime.Caller(0)
	bin := filepath.Join("node_modules", ".bin", "cognito-local")
	for _, folder := range []string{filepath.Dir(file), "peers", "."} {
		path, err := filepath.Abs(filepath.Join(folder, bin))
		if err != nil {
			return "", err
		}
		if _, err := os.Stat(path); err == nil {
			_, err := exec.LookPath("node")
			return path, err
		}
	}
	return "", os.ErrNotExist
}
