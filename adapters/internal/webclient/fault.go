package webclient

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"strconv"
	"strings"

	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
)

// Fault is the error of a failed request. It contains the operation, and the
// status and error code of the response, but nothing else of either. Addresses
// contain usernames, and responses repeat parts of the request.
type Fault struct {
	// Adapter is the adapter's name, Operation the purpose of the request.
	Adapter, Operation string
	// Status is the HTTP status; 0 without a response.
	Status int
	// Cause is the network error, or our description of the faulty response.
	Cause string
	// Code is the response's error code, if no rule knows it.
	Code domain.ResponseCode
	// Kind is one of the errors of ports.
	Kind error
}

var _ ports.UnknownCode = (*Fault)(nil)

// UnknownCode implements [ports.UnknownCode].
func (f *Fault) UnknownCode() domain.ResponseCode { return f.Code }

// Error returns the text for the log.
func (f *Fault) Error() string {
	var text strings.Builder
	text.WriteString(f.Adapter + ": " + f.Operation)
	if f.Status != 0 {
		text.WriteString(": status " + strconv.Itoa(f.Status))
	}
	if f.Code != "" {
		text.WriteString(": unknown code " + string(f.Code))
	}
	if f.Cause != "" {
		text.WriteString(": " + f.Cause)
	}
	text.WriteString(": " + f.Kind.Error())
	return text.String()
}

// Unwrap returns Kind.
func (f *Fault) Unwrap() error {
	return f.Kind
}

// KindOf sorts the statuses that say nothing about a user. Too many requests
// are throttling, a fault of the service is an outage, and any other status
// will be the same next time.
func KindOf(status int) error {
	switch {
	case status == http.StatusTooManyRequests:
		return ports.ErrThrottled
	case status == http.StatusRequestTimeout, status >= http.StatusInternalServerError:
		return ports.ErrUnreachable
	default:
		return ports.ErrMisconfigured
	}
}

// Status is the error for a status that the contract does not define.
func (c *Client) Status(operation string, status int) error {
	fault := &Fault{Adapter: c.adapter, Operation: operation, Status: status, Kind: KindOf(status)}
	if status >= http.StatusMultipleChoices && status < http.StatusBadRequest {
		fault.Cause = "redirects are not followed"
	}
	return fault.Certified()
}

// Certified returns the fault. If the service responded that there are too many
// requests, the fault also matches [ports.ErrNotJudged].
func (f *Fault) Certified() error {
	if errors.Is(f.Kind, ports.ErrThrottled) {
		return ports.NotJudged(f)
	}
	return f
}

// Malformed is the error for a response that cannot be parsed; what describes
// the problem in our own words.
func (c *Client) Malformed(operation, what string) error {
	return &Fault{Adapter: c.adapter, Operation: operation, Cause: what, Kind: ports.ErrUnreachable}
}

// Misconfigured is the error for a response that rejects our own credentials or
// settings.
func (c *Client) Misconfigured(operation, what string) error {
	return &Fault{Adapter: c.adapter, Operation: operation, Cause: what, Kind: ports.ErrMisconfigured}
}

// NoAnswer turns an error of net/http into an error of ports. It returns the
// context's own error unchanged. It keeps a match of [ports.ErrNotJudged].
func (c *Client) NoAnswer(ctx context.Context, operation string, err error) error {
	if errors.Is(err, ports.ErrNotJudged) {
		return ports.NotJudged(c.noAnswer(ctx, operation, err))
	}
	return c.noAnswer(ctx, operation, err)
}

func (c *Client) noAnswer(ctx context.Context, operation string, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if fault, ok := errors.AsType[*Fault](err); ok {
		named := *fault
		named.Adapter, named.Operation = c.adapter, operation
		return &named
	}
	fault := &Fault{Adapter: c.adapter, Operation: operation, Cause: "no answer", Kind: ports.ErrUnreachable}
	if untrusted, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		fault.Cause, fault.Kind = untrusted.Error(), ports.ErrMisconfigured
	} else if _, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		fault.Cause, fault.Kind = "the server does not speak TLS; check the URL's scheme and port", ports.ErrMisconfigured
	} else if network, ok := errors.AsType[*net.OpError](err); ok {
		fault.Cause = network.Error()
		if network.Op == "remote error" { // a TLS alert: the server rejected our certificate
			fault.Kind = ports.ErrMisconfigured
		}
	}
	return fault
}
