package awsclient_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"cognito-user-migration/adapters/internal/awsclient"
	"cognito-user-migration/test/deadline"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
)

// stream is a body as the SDK gives one: net/http cannot see that it is in
// memory.
type stream struct {
	io.Reader
	closed atomic.Bool
}

func (s *stream) Close() error {
	s.closed.Store(true)
	return nil
}

func post(t *testing.T, url, body string) (*http.Request, *stream) {
	t.Helper()
	sent := &stream{Reader: strings.NewReader(body)}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, sent)
	if err != nil {
		t.Fatal(err)
	}
	return request, sent
}

// writes counts how often a connection is written to.
type writes struct {
	net.Conn
	count *atomic.Int64
}

func (w writes) Write(p []byte) (int, error) {
	w.count.Add(1)
	return w.Conn.Write(p)
}

func TestABodyLeavesOnceWholeAndInOneWrite(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{"a sign-in": `{"AuthFlow":"ADMIN_USER_PASSWORD_AUTH"}`, "a long one": strings.Repeat("x", 3000)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			type seen struct {
				body, encoding string
				length         int64
			}
			var got []seen
			server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				text, _ := io.ReadAll(r.Body)
				got = append(got, seen{string(text), strings.Join(r.TransferEncoding, ","), r.ContentLength})
			}))
			defer server.Close()
			var count atomic.Int64
			transport := &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
				conn, err := new(net.Dialer).DialContext(ctx, network, address)
				return writes{conn, &count}, err
			}}
			defer transport.CloseIdleConnections()
			request, sent := post(t, server.URL, body)
			response, err := awsclient.Over(&http.Client{Transport: transport}).Do(request)
			if err != nil {
				t.Fatal(err)
			}
			_ = response.Body.Close()
			if len(got) != 1 || got[0] != (seen{body, "", int64(len(body))}) {
				t.Errorf("the server saw %+v", got)
			}
			if n := count.Load(); n != 1 {
				t.Errorf("headers and body left in %d writes", n)
			}
			if !sent.closed.Load() {
				t.Error("the SDK's body was not closed")
			}
		})
	}
}

func TestARequestWithoutABodyHasNone(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]io.Reader{"none": nil, "no body": http.NoBody, "an empty one": &stream{Reader: strings.NewReader("")}} {
		var length int64 = -1
		server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { length = r.ContentLength }))
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL, body)
		if err != nil {
			t.Fatal(err)
		}
		response, err := awsclient.Over(server.Client()).Do(request)
		if err != nil || length != 0 {
			t.Errorf("%s: length %d, %v", name, length, err)
		} else {
			_ = response.Body.Close()
		}
		server.Close()
	}
}

// broken is a body that cannot be read, or not be closed.
type broken struct {
	io.Reader
	closing error
}

func (b broken) Close() error { return b.closing }

func TestABodyThatCannotBeReadIsNotSent(t *testing.T) {
	t.Parallel()
	fault := errors.New("broken")
	for name, body := range map[string]io.ReadCloser{
		"not read":   broken{Reader: io.MultiReader(strings.NewReader("half"), faulty{fault})},
		"not closed": broken{Reader: strings.NewReader("whole"), closing: fault},
	} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://127.0.0.1:1", body)
		if err != nil {
			t.Fatal(err)
		}
		client := awsclient.Over(doer(func(*http.Request) (*http.Response, error) {
			t.Errorf("%s: it was sent", name)
			return nil, fault
		}))
		if _, err := client.Do(request); !errors.Is(err, fault) || awsclient.IsStale(err) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

type faulty struct{ err error }

func (f faulty) Read([]byte) (int, error) { return 0, f.err }

type doer func(*http.Request) (*http.Response, error)

func (d doer) Do(r *http.Request) (*http.Response, error) { return d(r) }

// line is a server of one line: it reads each request, and answers or does what
// the test says instead.
func line(t *testing.T, serve func(number int, conn net.Conn) bool) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	var number atomic.Int64
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = conn.Close() }()
				reader := bufio.NewReader(conn)
				for {
					request, err := http.ReadRequest(reader)
					if err != nil {
						return
					}
					_, _ = io.Copy(io.Discard, request.Body)
					if !serve(int(number.Add(1)), conn) {
						return
					}
				}
			}()
		}
	}()
	return "http://" + listener.Addr().String()
}

func answered(conn net.Conn) bool {
	_, err := io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
	return err == nil
}

// In a bubble no timer fires while somebody waits for the network. So net/http does
// not give up a connection because its writer is slow to report: that would be luck.
func TestWhichLossesAreThoseOfAStaleConnection(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		before      int                      // requests that the connection has served
		breaks      func(conn net.Conn) bool // what becomes of the next
		ends        bool                     // the caller's time ends once the request has arrived
		stale, fine bool
	}{
		"a connection that has served and brings nothing back": {before: 1, breaks: func(net.Conn) bool { return false }, stale: true},
		"one that has served often":                            {before: 3, breaks: func(net.Conn) bool { return false }, stale: true},
		"one that is reset":                                    {before: 1, breaks: reset, stale: true},
		"a new connection that brings nothing back":            {breaks: func(net.Conn) bool { return false }},
		"a connection that brings a part of the answer": {before: 1, breaks: func(conn net.Conn) bool {
			_, _ = io.WriteString(conn, "HTTP/1.1 2")
			return false
		}},
		"a connection on which the caller's time ends": {before: 1, ends: true, breaks: func(conn net.Conn) bool {
			_, _ = conn.Read(make([]byte, 1)) // until the client goes
			return false
		}},
		"a connection that serves": {before: 1, breaks: answered, fine: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx, pass := deadline.Context(t.Context())
				url := line(t, func(number int, conn net.Conn) bool {
					if number <= row.before {
						return answered(conn)
					}
					if row.ends {
						pass()
					}
					return row.breaks(conn)
				})
				transport := &http.Transport{}
				defer transport.CloseIdleConnections()
				client := awsclient.Over(&http.Client{Transport: transport})
				for range row.before {
					request, _ := post(t, url, "{}")
					response, err := client.Do(request)
					if err != nil {
						t.Fatal(err)
					}
					_, _ = io.Copy(io.Discard, response.Body)
					_ = response.Body.Close()
				}
				request, _ := post(t, url, "{}")
				response, err := client.Do(request.WithContext(ctx))
				if response != nil {
					_ = response.Body.Close()
				}
				if (err == nil) != row.fine || awsclient.IsStale(err) != row.stale {
					t.Errorf("got %v, stale %t", err, awsclient.IsStale(err))
				}
			})
		})
	}
}

// reset ends the connection without a word of farewell.
func reset(conn net.Conn) bool {
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	return false
}

// In a bubble no timer fires while somebody waits for the network. So net/http does
// not give up a connection because its writer is slow to report: that would be luck.
func TestAnErrorKeepsWhatWasBehindIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		if awsclient.IsStale(nil) || awsclient.IsStale(io.EOF) {
			t.Error("an error of another's is called stale")
		}
		url := line(t, func(number int, conn net.Conn) bool { return number == 1 && answered(conn) })
		transport := &http.Transport{}
		defer transport.CloseIdleConnections()
		client := awsclient.Over(&http.Client{Transport: transport})
		for number := range 2 {
			request, _ := post(t, url, "{}")
			response, err := client.Do(request)
			if number == 0 {
				_, _ = io.Copy(io.Discard, response.Body)
				_ = response.Body.Close()
				continue
			}
			if !errors.Is(err, io.EOF) || !strings.Contains(err.Error(), "EOF") {
				t.Errorf("got %v", err)
			}
		}
	})
}

func TestTheRetryerGivesUpWithinCognitosPatience(t *testing.T) {
	t.Parallel()
	retryer := awsclient.Retryer()
	if got := retryer.MaxAttempts(); got != 3 {
		t.Errorf("it tries %d times", got)
	}
	for attempt := 1; attempt <= 10; attempt++ {
		if delay, err := retryer.RetryDelay(attempt, io.ErrUnexpectedEOF); err != nil || delay > 300*time.Millisecond {
			t.Errorf("after try %d it waits %v, %v", attempt, delay, err)
		}
	}
	fault := errors.New("not the SDK's to know")
	if retryer.IsErrorRetryable(fault) {
		t.Error("it tries anything again")
	}
	own := awsclient.Retryer(retry.RetryableConnectionError{}, isFault{fault})
	if !own.IsErrorRetryable(fault) {
		t.Error("it does not take the caller's word")
	}
}

type isFault struct{ fault error }

func (f isFault) IsErrorRetryable(err error) aws.Ternary {
	if errors.Is(err, f.fault) {
		return aws.TrueTernary
	}
	return aws.UnknownTernary
}
