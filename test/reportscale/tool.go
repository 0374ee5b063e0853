package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// bench is a folder with the tool, and the two pools that it lists.
type bench struct {
	tool, folder string
	pools        *pools
	server       *httptest.Server
}

// build builds the tool into the folder.
func build(ctx context.Context, folder string) (string, error) {
	tool := filepath.Join(folder, "migratectl")
	command := exec.CommandContext(ctx, "go", "build", "-o", tool, "cognito-user-migration/app/cmd/migratectl") //nolint:gosec // the folder is our own
	if output, err := command.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, output)
	}
	return tool, nil
}

// newBench starts pools of so many users each.
func newBench(tool, folder string, p *pools) *bench {
	b := &bench{tool: tool, folder: folder, pools: p}
	b.server = httptest.NewServer(p)
	return b
}

func (b *bench) close() { b.server.Close() }

// result is what a run printed and cost.
type result struct {
	totals totals
	wall   time.Duration
	// cpu is that of the program alone, and memory its peak in bytes.
	cpu    time.Duration
	memory int64
}

// errKilled is returned where a run was killed.
var errKilled = errors.New("the run was killed")

// report runs the tool over the pools. It continues where a run was killed.
func (b *bench) report(ctx context.Context, rate int) (result, error) {
	out, measured, err := b.run(b.command(ctx, "--rate", strconv.Itoa(rate), "--json"))
	if err != nil {
		return measured, err
	}
	measured.totals, err = totalsOf(out)
	return measured, err
}

// command is the report over the pools.
func (b *bench) command(ctx context.Context, arguments ...string) *exec.Cmd {
	command := exec.CommandContext(ctx, b.tool, append([]string{"report", "--destination-pool", destinationPool}, arguments...)...) //nolint:gosec // the tool was built here
	command.Dir = b.folder
	command.Env = append(b.environment(), "SOURCE_USER_POOL_ID="+sourcePool, "SOURCE_CLIENT_ID=client", "MIGRATE_ATTRIBUTES=*,custom:legacy_sub=sub")
	return command
}

// script runs the boto3 script over the pools.
func (b *bench) script(ctx context.Context, path string) (result, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return result{}, err
	}
	command := exec.CommandContext(ctx, "python3", path, sourcePool, destinationPool) //nolint:gosec // the script is our own
	command.Env = append(b.environment(), "PATH="+os.Getenv("PATH"))
	out, measured, err := b.run(command)
	if err != nil {
		return measured, err
	}
	return measured, json.Unmarshal(out, &measured.totals)
}

func (b *bench) environment() []string {
	return []string{
		"AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER=" + b.server.URL, "AWS_ACCESS_KEY_ID=AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY=secret",
		"AWS_REGION=us-east-1", "AWS_DEFAULT_REGION=us-east-1", "HOME=" + b.folder, "AWS_EC2_METADATA_DISABLED=true",
	}
}

func (b *bench) run(command *exec.Cmd) ([]byte, result, error) {
	var out, notes bytes.Buffer
	command.Dir, command.Stdout, command.Stderr = b.folder, &out, &notes
	began := time.Now()
	err := command.Run()
	measured := result{wall: time.Since(began), cpu: command.ProcessState.UserTime() + command.ProcessState.SystemTime()}
	if usage, ok := command.ProcessState.SysUsage().(*syscall.Rusage); ok {
		measured.memory = usage.Maxrss * 1024 // Linux counts kilobytes: getrusage(2)
	}
	if status, ok := command.ProcessState.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return nil, measured, errKilled
	}
	if err != nil {
		return nil, measured, fmt.Errorf("%s: %w\n%s", filepath.Base(command.Path), err, notes.String())
	}
	return out.Bytes(), measured, nil
}

// totalsOf reads the object that --json prints.
func totalsOf(out []byte) (totals, error) {
	var read struct {
		Source      []struct{ Users int }
		Destination struct{ Users, Newcomers int }
		Moved       struct{ Users, Confirmed, ResetRequired int }
		Remaining   struct {
			Users                  int
			SignIn, ForgotPassword struct {
				Migrate int
				Refuse  map[string]int
			}
		}
		Conflicts struct{ Users int }
		ByDay     []struct{ Moved int }
	}
	if err := json.Unmarshal(out, &read); err != nil {
		return totals{}, err
	}
	byDay := 0
	for _, day := range read.ByDay {
		byDay += day.Moved
	}
	if len(read.Source) != 1 || byDay != read.Moved.Users {
		return totals{}, fmt.Errorf("%d sources, and %d moved by day of %d; expected one source and equal numbers", len(read.Source), byDay, read.Moved.Users)
	}
	return totals{
		Source: read.Source[0].Users, Destination: read.Destination.Users, Newcomers: read.Destination.Newcomers,
		Moved: read.Moved.Users, Confirmed: read.Moved.Confirmed, ResetRequired: read.Moved.ResetRequired,
		Remaining: read.Remaining.Users, Migrate: read.Remaining.SignIn.Migrate, Disabled: read.Remaining.SignIn.Refuse["user_disabled"],
		Unverified: read.Remaining.ForgotPassword.Refuse["no_verified_contact"], Conflict: read.Conflicts.Users,
	}, nil
}
