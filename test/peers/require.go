package peers

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"cognito-user-migration/test/process"
)

// The peers.
var (
	// MotoServer emulates AWS: STS, IAM and Cognito of the source account.
	MotoServer = process.Moto()
	// CognitoLocalServer emulates Cognito user pools whose triggers are real
	// Lambda invocations.
	CognitoLocalServer = process.Program{
		Name:      "cognito-local",
		Install:   "make peers (or: npm ci --prefix test/peers)",
		Find:      findCognitoLocal,
		Arguments: func(int) []string { return nil },
		Ready:     "/health",
	}
	// AWSCLI is the command-line client of AWS.
	AWSCLI = process.Program{Name: "aws", Install: "pip install awscli, or AWS's own installer"}
)

// Require skips the test where one of the peers is missing: see [process.Require].
func Require(t testing.TB, needed ...process.Program) {
	t.Helper()
	process.Require(t, needed...)
}

// findCognitoLocal looks where npm puts it: beside this file, or beside the
// test that runs where paths were trimmed from the build.
func findCognitoLocal() (string, error) {
	_, file, _, _ := runtime.Caller(0)
	bin := filepath.Join("node_modules", ".bin", "cognito-local")
	for _, folder := range []string{filepath.Dir(file), "peers", "../peers", "."} {
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

// loopback calls peers; it never goes through a proxy.
var loopback = &http.Client{
	Transport: &http.Transport{Proxy: nil, MaxIdleConnsPerHost: 8, IdleConnTimeout: time.Minute},
	Timeout:   time.Minute,
}
