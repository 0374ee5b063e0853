package process_test

import (
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"

	"cognito-user-migration/test/process"
)

func TestAReservedPortIsGivenToNobodyElseAndServes(t *testing.T) {
	t.Parallel()
	address := process.ClosedAddress(t)
	if conn, err := net.Dial("tcp", address); err == nil {
		conn.Close()
		t.Fatal("a connection was taken")
	}
	for range 100 {
		other, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer other.Close()
		if other.Addr().String() == address {
			t.Fatal("the port was given to somebody else")
		}
	}
	own, err := net.Listen("tcp", address) // Go says SO_REUSEADDR, as servers do
	if err != nil {
		t.Fatal(err)
	}
	defer own.Close()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
}

func TestAProcessThatEndsIsNotAwaited(t *testing.T) {
	t.Parallel()
	shell, err := exec.LookPath("sh")
	if err != nil {
		t.Fatal(err)
	}
	p, err := process.Start(process.Command{Path: shell, Arguments: []string{"-c", "echo last words; exit 3"}, Environment: os.Environ()})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Stop()
	err = p.Await(t.Context(), func(context.Context) error { return errors.New("no answer") })
	if err == nil || !strings.Contains(err.Error(), "it ended before it was ready") || !strings.Contains(err.Error(), "last words") {
		t.Errorf("got %v", err)
	}
}
