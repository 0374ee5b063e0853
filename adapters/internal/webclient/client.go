// Package webclient configures how every adapter of a web service sends
// requests: over TLS, without following redirects, with a limit for responses.
// It never sends a password again that the service may have checked. It imports
// domain and ports.
package webclient

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net"
	"net/http"
	"time"

	"cognito-user-migration/adapters/internal/staleconn"
	"cognito-user-migration/ports"
)

const (
	// maxAnswer is the longest response in bytes.
	maxAnswer = 256 << 10
	// maxHeader is the longest response header in bytes.
	maxHeader = 64 << 10
	// backstop limits requests without a deadline. The deadline of an attempt
	// is shorter.
	backstop = 15 * time.Second
)

// Client sends requests to one service.
type Client struct {
	adapter string
	// HTTP is for libraries that send requests themselves.
	HTTP *http.Client
}

// New returns a client. adapter is the adapter's name in errors; header is
// added to every request.
func New(adapter string, transport Transport, header http.Header) (*Client, error) {
	config, err := transport.tlsConfig()
	if err != nil {
		return nil, err
	}
	return &Client{adapter: adapter, HTTP: &http.Client{
		Timeout: backstop,
		Transport: &sender{adapter: adapter, header: header, next: &http.Transport{
			Proxy:                  http.ProxyFromEnvironment,
			DialContext:            staleconn.Dial((&net.Dialer{Timeout: backstop, KeepAlive: 30 * time.Second}).DialContext),
			TLSClientConfig:        config,
			ForceAttemptHTTP2:      true,
			MaxIdleConnsPerHost:    8,
			IdleConnTimeout:        90 * time.Second,
			MaxResponseHeaderBytes: maxHeader,
		}},
		// A redirect would send a password, or our own credentials, to another
		// address.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// Answer is a response.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// Send sends a request. It returns an error of ports or the context's own
// error. If the request certainly led to no response, the error also matches
// [ports.ErrNotJudged].
func (c *Client) Send(operation string, request *http.Request) (Answer, error) {
	ctx := request.Context()
	response, err := c.HTTP.Do(request.WithContext(WithOperation(ctx, operation)))
	if err != nil {
		return Answer{}, c.NoAnswer(ctx, operation, err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		if ctx.Err() != nil {
			return Answer{}, ctx.Err()
		}
		if errors.Is(err, errTooLong) {
			return Answer{}, c.Malformed(operation, "the response is too long")
		}
		return Answer{}, c.Malformed(operation, "the connection closed before the end of the response")
	}
	return Answer{Status: response.StatusCode, Header: response.Header, Body: body}, nil
}

// Get sends a GET request with an additional header, which may be nil.
func (c *Client) Get(ctx context.Context, operation, address string, header http.Header) (Answer, error) {
	return c.do(ctx, operation, http.MethodGet, address, header, http.NoBody)
}

// Post sends a body in a POST request with an additional header, which may be nil. The
// body is JSON unless the header has another Content-Type.
func (c *Client) Post(ctx context.Context, operation, address string, header http.Header, body []byte) (Answer, error) {
	return c.do(ctx, operation, http.MethodPost, address, header, bytes.NewReader(body))
}

// PostJSON sends a value as JSON in a POST request.
func (c *Client) PostJSON(ctx context.Context, operation, address string, header http.Header, value any) (Answer, error) {
	body, err := json.Marshal(value)
	if err != nil {
		return Answer{}, ports.NotJudged(c.Malformed(operation, "the request cannot be built"))
	}
	return c.Post(ctx, operation, address, header, body)
}

func (c *Client) do(ctx context.Context, operation, method, address string, header http.Header, body io.Reader) (Answer, error) {
	request, err := http.NewRequestWithContext(ctx, method, address, body)
	if err != nil {
		return Answer{}, ports.NotJudged(c.Misconfigured(operation, "the URL is not valid")) // no request was sent
	}
	request.Header.Set("Accept", "application/json")
	if method == http.MethodPost {
		request.Header.Set("Content-Type", "application/json")
	}
	maps.Copy(request.Header, header)
	return c.Send(operation, request)
}

// Connect opens a connection for the next request. It accepts any response.
func (c *Client) Connect(ctx context.Context, address string) error {
	const operation = "connect"
	request, err := http.NewRequestWithContext(ctx, http.MethodHead, address, http.NoBody)
	if err != nil {
		return c.Misconfigured(operation, "the URL is not valid")
	}
	_, err = c.Send(operation, request)
	return err
}

// sender adds headers to requests and limits responses. If a request was lost
// on a stale connection, it sends the request once more on a new connection.
// After any other error it sends nothing again, because the service may have
// checked the password.
type sender struct {
	adapter string
	header  http.Header
	next    *http.Transport
}

type operationKey struct{}

// WithOperation names the operation of a request that a library sends through
// [Client.HTTP]. [Client.Send] does this itself.
func WithOperation(ctx context.Context, operation string) context.Context {
	return context.WithValue(ctx, operationKey{}, operation)
}

// RoundTrip implements [http.RoundTripper].
func (s *sender) RoundTrip(request *http.Request) (*http.Response, error) {
	response, stale, err := s.sendOnce(request, request.Body, false)
	if stale && (request.Body == nil || request.GetBody != nil) {
		body := request.Body
		if request.GetBody != nil {
			again, bodyErr := request.GetBody()
			if bodyErr != nil {
				return nil, err
			}
			body = again
		}
		s.next.CloseIdleConnections() // they were idle for as long
		response, _, err = s.sendOnce(request, body, true)
		// The first connection was probably stale, but this is not certain.
		err = ports.MaybeJudged(err)
	}
	if err != nil {
		return nil, err
	}
	response.Body = &limited{ReadCloser: response.Body, left: maxAnswer}
	return response, nil
}

func (s *sender) sendOnce(request *http.Request, body io.ReadCloser, again bool) (response *http.Response, stale bool, err error) {
	ctx, sent := staleconn.Watch(request.Context())
	request = request.Clone(ctx)
	request.Body = body
	for name, values := range s.header {
		request.Header[name] = values
	}
	operation, _ := ctx.Value(operationKey{}).(string)
	end := ports.BeginCall(ctx, ports.Call{Service: s.adapter, Operation: operation, Again: again})
	response, err = s.next.RoundTrip(request)
	if err != nil {
		end(0)
		if sent.Unjudged(err) {
			return nil, false, ports.NotJudged(err)
		}
		return nil, sent.LostOnStale(err), err
	}
	end(response.StatusCode)
	return response, false, nil
}

// CloseIdleConnections makes [http.Client.CloseIdleConnections] close the
// connections.
func (s *sender) CloseIdleConnections() {
	s.next.CloseIdleConnections()
}

var errTooLong = errors.New("too long")

// limited reads up to a limit; beyond it, it returns an error.
type limited struct {
	io.ReadCloser
	left int
}

// Read implements [io.Reader].
func (l *limited) Read(p []byte) (int, error) {
	if len(p) > l.left+1 {
		p = p[:l.left+1]
	}
	n, err := l.ReadCloser.Read(p)
	if n > l.left {
		return l.left, errTooLong
	}
	l.left -= n
	return n, err
}

// minTLS is the oldest TLS version that is accepted.
const minTLS = tls.VersionTLS12
