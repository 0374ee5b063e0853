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

// Fault is a request that did not do what it is for. It holds nothing of the
// request but what it was for, and of the answer its status and code alone:
// addresses hold usernames, and answers repeat what was sent.
type Fault struct {
	// Adapter names who asked, Operation what for.
	Adapter, Operation string
	// Status is the answer's HTTP status; 0 where there was no answer.
	Status int
	// Cause is what the network said, or
	// what was wrong with the answer, in words of ours.
	Cause string
	// Code is the answer's own code, where no rule knows it.
	Code domain.ResponseCode
	// Kind is one of the errors of ports.
	Kind error
}

var _ ports.UnknownCode = (*Fault)(nil)

// UnknownCode implements [ports.UnknownCode].
func (f *Fault) UnknownCode() domain.ResponseCode { return f.Code }

// Error words it for the log.
func (f *Fault) Error() string {
	var text strings.Builder
	text.WriteString(f.Adapter + ": " + f.Operation)
	if f.Status != 0 {
		text.WriteString(": answered " + strconv.Itoa(f.Status))
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

// Unwrap gives the error of ports that this one is.
func (f *Fault) Unwrap() error {
	return f.Kind
}

// KindOf sorts the statuses that say nothing of a person: who asks too often is
// throttled, what is the service's own fault is an outage, and the rest will be
// the same the next time.
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

// Status is an answer that means nothing in the contract.
func (c *Client) Status(operation string, status int) error {
	fault := &Fault{Adapter: c.adapter, Operation: operation, Status: status, Kind: KindOf(status)}
	if status >= http.StatusMultipleChoices && status < http.StatusBadRequest {
		fault.Cause = "redirects are not followed"
	}
	return fault.Certified()
}

// Certified returns the fault; one by which the service asks for fewer requests
// also matches [ports.ErrNotJudged].
func (f *Fault) Certified() error {
	if errors.Is(f.Kind, ports.ErrThrottled) {
		return ports.NotJudged(f)
	}
	return f
}

// Malformed is an answer that cannot be read; what says what was wrong with it,
// in words of ours.
func (c *Client) Malformed(operation, what string) error {
	return &Fault{Adapter: c.adapter, Operation: operation, Cause: what, Kind: ports.ErrUnreachable}
}

// Misconfigured is an answer by which the service turns us away.
func (c *Client) Misconfigured(operation, what string) error {
	return &Fault{Adapter: c.adapter, Operation: operation, Cause: what, Kind: ports.ErrMisconfigured}
}

// NoAnswer gives the error of ports that an error of net/http is. The context's
// own error comes back as it is. What the error says of [ports.ErrNotJudged] stays.
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
		if network.Op == "remote error" { // a TLS alert: our certificate is not taken
			fault.Kind = ports.ErrMisconfigured
		}
	}
	return fault
}
