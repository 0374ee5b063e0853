package ldapsource

import (
	"context"
	"crypto/tls"
	"errors"
	"math"
	"net"
	"time"

	"cognito-user-migration/domain"
	"cognito-user-migration/ports"

	"github.com/go-ldap/ldap/v3"
)

// longest is the time limit of a connection without a context deadline.
const longest = 30 * time.Second

// session is one connection, for one attempt. Connections are not kept. Lambda
// freezes the function between attempts for longer than servers and networks
// keep idle connections. A request on a dead connection may have no response
// until the deadline, and a bind must not be repeated. The user's bind also
// changes the connection's identity. A new connection costs a few round trips.
//
// The client library does not support contexts, so the connection is closed
// when the context ends.
type session struct {
	*ldap.Conn
	close func()
	// extend lets the connection last for one more request.
	extend func()
}

// connect opens a connection and binds the service account, if there is one.
func (d *Directory) connect(ctx context.Context) (*session, error) {
	conn, err := d.dial(ctx)
	if err != nil {
		return nil, faultOf(ctx, "connect", err)
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	client := ldap.NewConn(conn, d.settings.URL.isTLS())
	client.SetTimeout(longest)
	client.Start()
	s := &session{Conn: client, close: func() {
		stop()
		_ = client.Unbind() // closes the connection; its error does not matter
		_ = client.Close()
	}, extend: func() { _ = conn.SetDeadline(time.Now().Add(longest)) }} // on a closed connection, the next request fails
	if d.settings.StartTLS {
		if err := s.StartTLS(d.tls); err != nil {
			s.close()
			return nil, faultOf(ctx, "StartTLS", err)
		}
	}
	if d.settings.BindDN != "" {
		if err := s.Bind(d.settings.BindDN, d.settings.BindPassword.Reveal()); err != nil {
			s.close()
			return nil, faultOf(ctx, "bind of the service account", err)
		}
	}
	return s, nil
}

func (d *Directory) dial(ctx context.Context) (net.Conn, error) {
	conn, err := (&net.Dialer{Timeout: longest}).DialContext(ctx, "tcp", d.settings.URL.address())
	if err != nil {
		return nil, err
	}
	if err := conn.SetDeadline(time.Now().Add(longest)); err != nil {
		_ = conn.Close()
		return nil, err
	}
	if !d.settings.URL.isTLS() {
		return conn, nil
	}
	secured := tls.Client(conn, d.tls)
	if err := secured.HandshakeContext(ctx); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return secured, nil
}

// below is a search for entries below the base. It does not follow referrals and
// continuation references, because they lead to servers that no setting names.
func below(ctx context.Context, base, filter string, atMost int, attributes []string, controls ...ldap.Control) *ldap.SearchRequest {
	return ldap.NewSearchRequest(base, ldap.ScopeWholeSubtree, ldap.NeverDerefAliases, atMost, secondsLeft(ctx), false, filter, attributes, controls)
}

// search returns the matching entries below the base.
func (s *session) search(ctx context.Context, base, filter string, atMost int, attributes []string) ([]*ldap.Entry, error) {
	result, err := s.Search(below(ctx, base, filter, atMost, attributes))
	if err != nil {
		return nil, err
	}
	return result.Entries, nil
}

// secondsLeft returns the server's time limit in whole seconds; 0 for none.
func secondsLeft(ctx context.Context) int {
	deadline, limited := ctx.Deadline()
	if !limited {
		return 0
	}
	return max(1, int(math.Ceil(time.Until(deadline).Seconds())))
}

// prove binds as the entry, and requests the password policy's response control
// (draft-behera-ldap-password-policy).
func (s *session) prove(ctx context.Context, dn, typed string) (domain.FindingKind, error) {
	controls := []ldap.Control{ldap.NewControlBeheraPasswordPolicy()}
	result, err := s.SimpleBind(ldap.NewSimpleBindRequest(dn, typed, controls))
	code, message, answered := resultOf(err)
	if ctx.Err() == nil && answered && result != nil {
		if kind := readBind(code, message, result.Controls); kind != 0 {
			return kind, nil
		}
	}
	fault := faultOf(ctx, "bind", err)
	timedOut := ctx.Err() != nil && !answered
	if timedOut || errors.Is(fault, ports.ErrThrottled) {
		fault = ports.NotJudged(fault)
	}
	return 0, fault
}
