// Package staleconn tells a request that was lost on a stale connection: while
// a Lambda function sleeps, services close the connections that it keeps, and
// the first request that goes out on one is lost before anybody has read it. It
// imports neither domain nor ports.
package staleconn

import (
	"context"
	"net/http/httptrace"
	"sync/atomic"
)

// Watch returns a context to send one request with, and a function that says of
// the request's error whether the request was lost on a stale connection: it
// went out on a connection that had served before, and not one byte came back
// (docs/decisions/0006).
func Watch(ctx context.Context) (watched context.Context, lost func(error) bool) {
	var reused, answered atomic.Bool
	watched = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn:              func(info httptrace.GotConnInfo) { reused.Store(info.Reused) },
		GotFirstResponseByte: func() { answered.Store(true) },
	})
	return watched, func(err error) bool {
		return err != nil && reused.Load() && !answered.Load() && ctx.Err() == nil
	}
}
