package e2e_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"time"

	"cognito-user-migration/test/certificate"
	"cognito-user-migration/test/process"
)

// --- faults of an answer -----------------------------------------------------------------

// What follows breaks an answer that would have been right. It works on
// whatever operation there is, in AWS query as in AWS JSON.

// breaking makes of an operation the operation that fails so.
type breaking func(right operation) operation

// rightAnswer is what an operation would have answered.
func rightAnswer(right operation, r *http.Request, input map[string]any) *httptest.ResponseRecorder {
	recorded := httptest.NewRecorder()
	right(recorded, r, input)
	return recorded
}

// isQuery reports whether a call came in AWS query, which is answered in XML.
func isQuery(r *http.Request) bool { return r.Header.Get("X-Amz-Target") == "" }

// code answers by one of the service's error codes, in the call's own protocol.
func code(status int, name, message string) breaking {
	return func(operation) operation {
		return func(w http.ResponseWriter, r *http.Request, input map[string]any) {
			if !isQuery(r) {
				awsErrorStatus(status, name, message)(w, r, input)
				return
			}
			w.Header().Set("Content-Type", "text/xml")
			w.WriteHeader(status)
			_, _ = fmt.Fprintf(w, `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>%s</Code>`+
				`<Message>%s</Message></Error><RequestId>1</RequestId></ErrorResponse>`, name, message)
		}
	}
}

// text answers by a text that is none of the service's.
func text(status int, contentType, body string) breaking {
	return func(operation) operation {
		return func(w http.ResponseWriter, _ *http.Request, _ map[string]any) {
			w.Header().Set("Content-Type", contentType)
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		}
	}
}

// rewritten answers by the right body, changed.
func rewritten(change func(body string) string) breaking {
	return func(right operation) operation {
		return func(w http.ResponseWriter, r *http.Request, input map[string]any) {
			answer := rightAnswer(right, r, input)
			w.Header().Set("Content-Type", answer.Header().Get("Content-Type"))
			_, _ = io.WriteString(w, change(answer.Body.String()))
		}
	}
}

// late answers right, after a while.
func late(by time.Duration) breaking {
	return func(right operation) operation {
		return func(w http.ResponseWriter, r *http.Request, input map[string]any) {
			if pause(r.Context(), by) {
				right(w, r, input)
			}
		}
	}
}

// slowly answers in another way, after a while.
func slowly(by time.Duration, then breaking) breaking {
	return func(right operation) operation { return late(by)(then(right)) }
}

// silent answers never.
func silent(operation) operation { return hang }

// trickling answers right, a few bytes at a time.
func trickling(bytes int, every time.Duration) breaking {
	return func(right operation) operation {
		return func(w http.ResponseWriter, r *http.Request, input map[string]any) {
			answer := rightAnswer(right, r, input)
			body := answer.Body.String()
			w.Header().Set("Content-Type", answer.Header().Get("Content-Type"))
			w.Header().Set("Content-Length", strconv.Itoa(len(body)))
			for body != "" && pause(r.Context(), every) {
				n := min(bytes, len(body))
				_, _ = io.WriteString(w, body[:n])
				_ = http.NewResponseController(w).Flush()
				body = body[n:]
			}
		}
	}
}

// resetting resets the connection before one byte of the answer.
func resetting(operation) operation {
	return func(w http.ResponseWriter, _ *http.Request, _ map[string]any) { reset(w) }
}

// resettingMidBody resets the connection when half of the answer is out.
func resettingMidBody(right operation) operation {
	return func(w http.ResponseWriter, r *http.Request, input map[string]any) {
		body := rightAnswer(right, r, input).Body.String()
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		_, _ = io.WriteString(w, body[:len(body)/2])
		_ = http.NewResponseController(w).Flush()
		reset(w)
	}
}

// babbling answers by a line that is not HTTP.
func babbling(line string) breaking {
	return func(operation) operation {
		return func(w http.ResponseWriter, _ *http.Request, _ map[string]any) {
			if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
				_, _ = io.WriteString(conn, line+"\r\n\r\n")
				_ = conn.Close()
			}
		}
	}
}

// redirecting sends the caller elsewhere, body and all.
func redirecting(to string) breaking {
	return func(operation) operation {
		return func(w http.ResponseWriter, _ *http.Request, _ map[string]any) {
			w.Header().Set("Location", to)
			w.WriteHeader(http.StatusTemporaryRedirect)
		}
	}
}

// reset ends a connection by a TCP reset.
func reset(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	if encrypted, ok := conn.(*tls.Conn); ok {
		conn = encrypted.NetConn()
	}
	if tcp, ok := conn.(interface{ SetLinger(int) error }); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

// askew is a service whose clock is ahead: it tells the time that it has, and
// turns away what was signed at another ("Troubleshooting Signature Version 4").
func askew(by time.Duration) breaking {
	return func(right operation) operation {
		return func(w http.ResponseWriter, r *http.Request, input map[string]any) {
			now := time.Now().Add(by).UTC()
			w.Header().Set("Date", now.Format(http.TimeFormat))
			signed, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
			if off := now.Sub(signed); err == nil && off.Abs() < 5*time.Minute {
				right(w, r, input)
				return
			}
			name := "InvalidSignatureException"
			if isQuery(r) {
				name = "SignatureDoesNotMatch"
			}
			code(http.StatusForbidden, name, "Signature expired: it is now later")(right)(w, r, input)
		}
	}
}

// lasting gives away the role for so long.
func lasting(lifetime time.Duration) breaking {
	return rewritten(func(body string) string {
		before, rest, _ := strings.Cut(body, "<Expiration>")
		_, after, _ := strings.Cut(rest, "</Expiration>")
		return before + "<Expiration>" + time.Now().Add(lifetime).UTC().Format(time.RFC3339) + "</Expiration>" + after
	})
}

// once breaks the first answer alone.
func once(how breaking) breaking {
	return func(right operation) operation { return inTurn(how(right), right) }
}

// pause waits, and reports whether there was the time for it.
func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}

// --- faults of a connection --------------------------------------------------------------

// front is where a service listens, so that its connections can be broken too.
type front struct {
	service http.Handler
	address string
	release func()
	good    *tls.Config // nil: plain HTTP
	bad     *tls.Config // of an authority that nobody knows

	mu       sync.Mutex
	listener net.Listener
	server   *http.Server
	conns    map[*frontConn]bool
	refuses  bool   // nothing listens
	unknown  bool   // the certificate is of the authority that nobody knows
	after    string // the operation after whose answer then happens
	then     func()
}

// newFront starts a front. With an authority it speaks TLS, and HTTP/2 where
// that is asked for.
func newFront(service http.Handler, known, unknown *certificate.Certificate, http2 bool) (*front, error) {
	f := &front{service: service, conns: make(map[*frontConn]bool)}
	if known != nil {
		f.good, f.bad = tlsConfig(known, http2), tlsConfig(unknown, http2)
		f.bad.SessionTicketsDisabled = true // a session that goes on shows no certificate
	}
	port, release, err := process.ReservePort() // so that nobody takes it while the front refuses
	if err != nil {
		return nil, err
	}
	f.release, f.address = release, net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	return f, f.listen()
}

// listen takes connections from now on.
func (f *front) listen() error {
	listener, err := net.Listen("tcp", f.address)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: f, ReadHeaderTimeout: time.Minute}
	f.mu.Lock()
	f.listener, f.server, f.refuses = listener, server, false
	f.mu.Unlock()
	watched := &frontListener{listener, f}
	if f.good == nil {
		go func() { _ = server.Serve(watched) }()
		return nil
	}
	server.TLSConfig = f.good.Clone()
	server.TLSConfig.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) {
		f.mu.Lock()
		defer f.mu.Unlock()
		if f.unknown {
			return f.bad, nil
		}
		return f.good, nil
	}
	server.ErrorLog = log.New(io.Discard, "", 0) // handshakes are meant to fail
	go func() { _ = server.ServeTLS(watched, "", "") }()
	return nil
}

// url is the endpoint that settings point at.
func (f *front) url() string {
	if f.good != nil {
		return "https://" + f.address
	}
	return "http://" + f.address
}

// ServeHTTP implements [http.Handler]: the service answers, and at times
// something happens before its answer is out.
func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if _, name, _ := strings.Cut(r.Header.Get("X-Amz-Target"), "."); name != "" {
		f.mu.Lock()
		then := f.then
		if name != f.after {
			then = nil
		}
		f.mu.Unlock()
		if then != nil {
			w.Header().Set("Connection", "close") // so that the next call connects anew
			then()
		}
	}
	f.service.ServeHTTP(w, r)
}

// refuse stops listening and closes what is open, but for a connection that
// still owes an answer.
func (f *front) refuse(busy bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	_ = f.listener.Close()
	f.refuses = true
	if busy {
		return
	}
	f.closeConns()
}

// distrust shows a certificate that nobody knows.
func (f *front) distrust(busy bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.unknown = true
	if busy {
		return
	}
	f.closeConns()
}

// kill leaves every connection open and takes nothing out of it any more, as a
// network does that lost its way.
func (f *front) kill() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for conn := range f.conns {
		conn.die()
	}
}

// mend puts everything in order, but for connections that are dead.
func (f *front) mend() error {
	f.mu.Lock()
	f.unknown, f.after, f.then = false, "", nil
	refuses := f.refuses
	f.mu.Unlock()
	if !refuses {
		return nil
	}
	return f.listen()
}

// close ends the front and its connections.
func (f *front) close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	_ = f.listener.Close()
	f.closeConns()
	f.release()
}

func (f *front) closeConns() {
	for conn := range f.conns {
		conn.shut()
		_ = conn.Conn.Close()
	}
}

// frontListener tells the front of its connections.
type frontListener struct {
	net.Listener
	front *front
}

// Accept implements [net.Listener].
func (l *frontListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	c := &frontConn{Conn: conn, front: l.front, dead: make(chan struct{}), closed: make(chan struct{})}
	l.front.mu.Lock()
	defer l.front.mu.Unlock()
	l.front.conns[c] = true
	return c, nil
}

// frontConn is a connection that can die without being closed.
type frontConn struct {
	net.Conn
	front             *front
	dead, closed      chan struct{}
	dieOnce, shutOnce sync.Once
}

func (c *frontConn) die()  { c.dieOnce.Do(func() { close(c.dead) }) }
func (c *frontConn) shut() { c.shutOnce.Do(func() { close(c.closed) }) }

// SetLinger is TCP's.
func (c *frontConn) SetLinger(seconds int) error {
	if tcp, ok := c.Conn.(*net.TCPConn); ok {
		return tcp.SetLinger(seconds)
	}
	return nil
}

// Read implements [net.Conn].
func (c *frontConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	select {
	case <-c.dead:
		<-c.closed
		return 0, net.ErrClosed
	default:
		return n, err
	}
}

// Write implements [net.Conn].
func (c *frontConn) Write(p []byte) (int, error) {
	select {
	case <-c.dead:
		return len(p), nil
	default:
		return c.Conn.Write(p)
	}
}

// Close implements [net.Conn].
func (c *frontConn) Close() error {
	c.shut()
	err := c.Conn.Close()
	c.front.mu.Lock()
	defer c.front.mu.Unlock()
	delete(c.front.conns, c)
	return err
}

// tlsConfig is a server's, with a certificate that the authority signed.
func tlsConfig(authority *certificate.Certificate, http2 bool) *tls.Config {
	protocols := []string{"http/1.1"}
	if http2 {
		protocols = []string{"h2", "http/1.1"}
	}
	return &tls.Config{
		MinVersion: tls.VersionTLS12, NextProtos: protocols,
		Certificates: []tls.Certificate{certificate.New("127.0.0.1", authority).TLS()},
	}
}
