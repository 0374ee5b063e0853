// Package staleconn finds out whether a request without a response reached the
// service. While Lambda freezes a function, services close its connections. The
// first request on such a stale connection is lost before the service reads it.
// It imports ports.
package staleconn

import (
	"context"
	"crypto/tls"
	"net"
	"net/http/httptrace"
	"sync/atomic"

	"cognito-user-migration/ports"
)

// Request records the progress of one request.
type Request struct {
	ctx                         context.Context //nolint:containedctx // the request's own context
	connected, stale, firstByte atomic.Bool
}

// Watch returns a context for sending one request, and a Request that knows
// afterwards how far it came.
func Watch(ctx context.Context) (context.Context, *Request) {
	r := &Request{ctx: ctx}
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn:              r.gotConn,
		GotFirstResponseByte: func() { r.firstByte.Store(true) },
	}), r
}

func (r *Request) gotConn(info httptrace.GotConnInfo) {
	servedThisAttempt := ports.CarriedBefore(r.ctx, below(info.Conn))
	r.stale.Store(info.Reused && !servedThisAttempt)
	r.connected.Store(true)
}

// LostOnStale reports whether the request that ended in the error was lost on a
// stale connection. That is one that served a request before this attempt, and
// returned no bytes. Lambda does not freeze the function during an attempt. If a
// connection that already served this attempt fails, its service read the request and
// then closed the connection (docs/decisions/0006).
func (r *Request) LostOnStale(err error) bool {
	return err != nil && r.stale.Load() && !r.firstByte.Load() && r.ctx.Err() == nil
}

// Unjudged reports whether the service certainly did not process the request that
// ended in the error. Either no connection was made, or the caller's time ended before
// the first byte of a response. If a connection broke, the service may have read the
// request.
func (r *Request) Unjudged(err error) bool {
	return err != nil && (!r.connected.Load() || r.ctx.Err() != nil && !r.firstByte.Load())
}

// Dial returns a dialer that records which attempt opened each connection. When
// another connection serves the request first, net/http keeps the new one and
// later reports it as reused, although it carried nothing. It is not stale,
// because the function was not frozen since.
func Dial(next func(ctx context.Context, network, address string) (net.Conn, error)) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		connection, err := next(ctx, network, address)
		if err == nil {
			ports.CarriedBefore(ctx, connection)
		}
		return connection, err
	}
}

// below returns the dialed connection without TLS around it.
func below(connection net.Conn) net.Conn {
	if secure, ok := connection.(*tls.Conn); ok {
		return secure.NetConn()
	}
	return connection
}
