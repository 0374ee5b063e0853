package process

import (
	"fmt"
	"net"
	"strconv"
	"syscall"
	"testing"
)

// ReservePort returns a port of loopback for a program that a test will start.
// Until release is called, the system does not give this port to a program that
// requests any free port. The started program can listen on it, because both sockets
// set SO_REUSEADDR, as servers do.
func ReservePort() (port int, release func(), err error) {
	socket, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err != nil {
		return 0, nil, fmt.Errorf("reserve a port: %w", err)
	}
	release = func() { _ = syscall.Close(socket) }
	syscall.CloseOnExec(socket)
	err = syscall.SetsockoptInt(socket, syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1)
	if err == nil {
		err = syscall.Bind(socket, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}})
	}
	if err != nil {
		release()
		return 0, nil, fmt.Errorf("reserve a port: %w", err)
	}
	bound, err := syscall.Getsockname(socket)
	address, ok := bound.(*syscall.SockaddrInet4)
	if err != nil || !ok {
		release()
		return 0, nil, fmt.Errorf("reserve a port: %w", err)
	}
	return address.Port, release, nil
}

// ClosedAddress is a host and port of loopback that refuses connections for as
// long as the test runs.
func ClosedAddress(t testing.TB) string {
	t.Helper()
	port, release, err := ReservePort()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(release)
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
}

// SilentAddress is a host and port of loopback that takes connections and never
// answers.
func SilentAddress(t testing.TB) string {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		var taken []net.Conn
		for {
			conn, err := listener.Accept()
			if err != nil {
				break
			}
			taken = append(taken, conn)
		}
		for _, conn := range taken {
			_ = conn.Close()
		}
	}()
	t.Cleanup(func() {
		_ = listener.Close()
		<-done
	})
	return listener.Addr().String()
}
