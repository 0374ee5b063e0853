// Package staleconn tells what became of a request that brought no answer. While
// a Lambda function sleeps, services close the connections that it keeps, and
// the first request on such a stale connection is lost before anybody reads it.
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

// Request is one request that is watched.
type Request struct {
	ctx                         context.Context //nolint:containedctx // it is the request's own
	connected, stale, firstByte atomic.Bool
}

// Watch returns a context to send one request with, and what tells afterwards how
// far the request came.
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

// LostOnStale reports whether the request, which ended in the error, was lost on
// a stale connection: the connection served before, but not in this attempt, and
// not one byte came back. The function does not sleep within an attempt, so a
// connection that served this attempt is not stale: its service read the request
// and then closed it (docs/decisions/0006).
func (r *Request) LostOnStale(err error) bool {
	return err != nil && r.stale.Load() && !r.firstByte.Load() && r.ctx.Err() == nil
}

// Unjudged reports whether the request, which ended in the error, certainly led
// to no answer: no connection was made, or the caller's time ended before the
// first byte of one. A connection that broke may mean that the service read the
// request.
func (r *Request) Unjudged(err error) bool {
	return err != nil && (!r.connected.Load() || r.ctx.Err() != nil && !r.firstByte.Load())
}

// Dial returns a dialer that notes each new connection for the attempt that opened
// it. When a request is served by another connection first, net/http keeps the new
// one, and later calls it reused although it carried nothing. It did not sleep
// either, so it is not stale.
func Dial(next func(ctx context.Context, network, address string) (net.Conn, error)) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		connection, err := next(ctx, network, address)
		if err == nil {
			ports.CarriedBefore(ctx, connection)
		}
		return connection, err
	}
}

// below is the connection that was dialed, without TLS around it.
func below(connection net.Conn) net.Conn {
	if secure, ok := connection.(*tls.Conn); ok {
		return secure.NetConn()
	}
	return connection
}
