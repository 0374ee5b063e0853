package e2e_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"cognito-user-migration/test/peers"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// cli is the AWS CLI with one account's credentials, pointed at one endpoint.
type cli struct {
	t        *testing.T
	as       aws.Credentials
	endpoint string
}

// run calls "aws cognito-idp" and returns what it prints. The error code is
// Cognito's, where the call fails with one.
func (c cli) run(arguments ...string) (output []byte, errorCode string) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), time.Minute)
	defer cancel()
	stdout, stderr, err := awsCLI.get(c.t).run(ctx, outOfTheWay().with(
		"AWS_ACCESS_KEY_ID", c.as.AccessKeyID, "AWS_SECRET_ACCESS_KEY", c.as.SecretAccessKey,
		"AWS_REGION", peers.Region, "AWS_DEFAULT_REGION", peers.Region, "AWS_MAX_ATTEMPTS", "1", "AWS_PAGER", "",
	), append([]string{"cognito-idp", "--endpoint-url", c.endpoint, "--output", "json"}, arguments...))
	if err != nil {
		_, rest, found := strings.Cut(stderr, "An error occurred (")
		code, _, _ := strings.Cut(rest, ")")
		if !found || ctx.Err() != nil {
			c.t.Fatalf("aws %s: %v\n%s", strings.Join(arguments, " "), err, stderr)
		}
		return []byte(stdout), code
	}
	return []byte(stdout), ""
}

// forkedCLI is the AWS CLI, loaded once for all commands of the tests: to load it takes
// eight times as long as a command.
type forkedCLI struct {
	process *exec.Cmd
	input   io.WriteCloser
	ready   bool // where it is not, each command is a process of its own

	mu      sync.Mutex
	last    int
	waiting map[int]chan<- int // by the command's ID, for its status
}

// startCLI starts a Python process that runs the commands. A CLI that Python cannot
// import, such as version 2, is run as it is.
func startCLI(ctx context.Context) (*forkedCLI, error) {
	c := &forkedCLI{process: exec.CommandContext(context.WithoutCancel(ctx), "python3", filepath.Join("testdata", "forkaws.py")), waiting: make(map[int]chan<- int)}
	c.process.Env = environ(outOfTheWay())
	var err error
	if c.input, err = c.process.StdinPipe(); err != nil {
		return nil, err
	}
	output, err := c.process.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if _, err := exec.LookPath("python3"); err != nil {
		return c, nil //nolint:nilerr // each command is then a process of its own
	}
	if err := c.process.Start(); err != nil {
		return nil, err
	}
	answers := bufio.NewScanner(output)
	c.ready = answers.Scan()
	go func() {
		for answers.Scan() {
			var answer struct{ ID, Status int }
			if json.Unmarshal(answers.Bytes(), &answer) == nil {
				c.mu.Lock()
				c.waiting[answer.ID] <- answer.Status
				c.mu.Unlock()
			}
		}
	}()
	return c, nil
}

// Close ends the process.
func (c *forkedCLI) Close() {
	_ = c.input.Close()
	_ = c.process.Wait()
}

// run runs a command, and returns an error where its status is not zero.
func (c *forkedCLI) run(ctx context.Context, environment settings, arguments []string) (stdout, stderr string, err error) {
	if !c.ready {
		var out, notes strings.Builder
		command := exec.CommandContext(ctx, "aws", arguments...)
		command.Env, command.Stdout, command.Stderr = environ(environment), &out, &notes
		err = command.Run()
		return out.String(), notes.String(), err
	}
	folder, err := os.MkdirTemp("", "aws-")
	if err != nil {
		return "", "", err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	status := make(chan int, 1)
	c.mu.Lock()
	c.last++
	c.waiting[c.last] = status
	line, err := json.Marshal(map[string]any{"id": c.last, "arguments": arguments, "environment": environment, "folder": folder})
	if err == nil {
		_, err = c.input.Write(append(line, '\n'))
	}
	c.mu.Unlock()
	if err != nil {
		return "", "", err
	}
	select {
	case code := <-status:
		if code != 0 {
			err = fmt.Errorf("exit status %d", code)
		}
	case <-ctx.Done():
		return "", "", ctx.Err()
	}
	out, outErr := os.ReadFile(filepath.Join(folder, "stdout"))
	notes, notesErr := os.ReadFile(filepath.Join(folder, "stderr"))
	return string(out), string(notes), errors.Join(err, outErr, notesErr)
}

// environ is the environment of a command that needs nothing else of this machine.
func environ(s settings) []string {
	list := []string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME")}
	for name, value := range s {
		list = append(list, name+"="+value)
	}
	return list
}

// must calls "aws cognito-idp", which must not fail, and reads what it prints.
func (c cli) must(arguments ...string) map[string]any {
	c.t.Helper()
	output, code := c.run(arguments...)
	if code != "" {
		c.t.Fatalf("aws %s: %s", strings.Join(arguments, " "), code)
	}
	if len(output) == 0 {
		return nil
	}
	return fieldsOf(c.t, output)
}

// mustFail calls "aws cognito-idp", which must fail with the code.
func (c cli) mustFail(want string, arguments ...string) {
	c.t.Helper()
	if output, code := c.run(arguments...); code != want {
		c.t.Errorf("aws %s: error %q, want %q\n%s", strings.Join(arguments, " "), code, want, output)
	}
}

// destination is a user pool in cognito-local that asks a function for whom it
// does not know, and the CLI of somebody who administers it.
type destination struct {
	cli
	pool peers.Pool
}

// newDestination makes a user pool in front of the function.
func newDestination(t *testing.T, f *function) destination {
	t.Helper()
	server := cognitoLocal.get(t)
	pool, err := server.NewPool(t.Context(), f.Handler())
	if err != nil {
		t.Fatal(err)
	}
	return destination{cli: cli{t: t, as: peers.Anyone, endpoint: server.URL}, pool: pool}
}

// signIn is how the article signs somebody in.
func (d destination) signIn(username, password string) []string {
	return []string{
		"admin-initiate-auth", "--user-pool-id", d.pool.ID, "--client-id", d.pool.ClientID,
		"--auth-flow", "ADMIN_USER_PASSWORD_AUTH", "--auth-parameters", "USERNAME=" + username + ",PASSWORD=" + password,
	}
}

// getUser is how the article looks somebody up.
func (d destination) getUser(username string) []string {
	return []string{"admin-get-user", "--user-pool-id", d.pool.ID, "--username", username}
}

// turnsAway signs somebody in who must not get in, and must not be created.
func (d destination) turnsAway(username, password string) {
	d.t.Helper()
	// Cognito-local hides a function's error behind this one.
	d.mustFail("NotAuthorizedException", d.signIn(username, password)...)
	d.mustFail("UserNotFoundException", d.getUser(username)...)
}

// attributesOf reads the attributes that admin-get-user prints.
func attributesOf(user map[string]any) map[string]string {
	attributes := make(map[string]string)
	list, _ := user["UserAttributes"].([]any)
	for _, item := range list {
		pair, _ := item.(map[string]any)
		name, _ := pair["Name"].(string)
		attributes[name], _ = pair["Value"].(string)
	}
	return attributes
}

// requirePeers skips the test unless everything for a move from pool to pool by
// the CLI is there.
func requirePeers(t *testing.T) {
	t.Helper()
	peers.Require(t, peers.MotoServer, peers.CognitoLocalServer, peers.AWSCLI)
}
