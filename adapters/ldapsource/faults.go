package ldapsource

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"strconv"
	"strings"

	"cognito-user-migration/ports"

	"github.com/go-ldap/ldap/v3"
)

// Fault is the error of a request without an answer about the user. It contains
// the server's result code and Active Directory's sub-code, never the server's
// text, which repeats names and filters.
type Fault struct {
	// Operation is the LDAP operation.
	Operation string
	// Code is the server's result code (RFC 4511, 4.1.9); 0 without a response.
	Code uint16
	// SubCode is Active Directory's sub-code in hexadecimal, if any.
	SubCode string
	// Cause is the network error, if there was no response.
	Cause string
	// Kind is one of the errors of ports.
	Kind error
}

// Error returns the text for the log.
func (f *Fault) Error() string {
	text := "ldap source: " + f.Operation
	if f.Code != 0 {
		text += ": result " + strconv.Itoa(int(f.Code))
		if name, known := ldap.LDAPResultCodeMap[f.Code]; known {
			text += " (" + name + ")"
		}
	}
	if f.SubCode != "" {
		text += ": data " + f.SubCode
	}
	if f.Cause != "" {
		text += ": " + f.Cause
	}
	return text + ": " + f.Kind.Error()
}

// Unwrap returns Kind.
func (f *Fault) Unwrap() error {
	return f.Kind
}

// faultOf turns an error of the client library into an error of ports. It
// returns the context's own error unchanged.
func faultOf(ctx context.Context, operation string, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	fault := &Fault{Operation: operation}
	code, message, answered := resultOf(err)
	switch {
	case answered:
		fault.Code, fault.SubCode, fault.Kind = code, subCode(message), kindOf(code, subCode(message))
	case untrusted(err):
		fault.Cause, fault.Kind = "the server's certificate is not trusted", ports.ErrMisconfigured
	default:
		fault.Cause, fault.Kind = "no answer", ports.ErrUnreachable
		if network, ok := errors.AsType[*net.OpError](err); ok {
			fault.Cause = network.Error()
		}
	}
	return fault
}

// resultOf returns the server's result code and message, or false without a
// response. The message is only for telling errors apart; it must not be
// logged. The library's own codes start at 200.
func resultOf(err error) (code uint16, message string, answered bool) {
	if err == nil {
		return ldap.LDAPResultSuccess, "", true
	}
	failure, ok := errors.AsType[*ldap.Error](err)
	if !ok || failure.ResultCode >= ldap.ErrorNetwork || failure.Err == nil {
		return 0, "", false
	}
	return failure.ResultCode, failure.Err.Error(), true
}

// untrusted reports whether the server's certificate was not trusted. For
// StartTLS, the library keeps only the error's text.
func untrusted(err error) bool {
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return true
	}
	return strings.Contains(err.Error(), "tls: failed to verify certificate")
}

// kindOf sorts the results that say nothing about the user (RFC 4511, appendix
// A). A result that is not a problem of the server comes from our settings, the
// service account's permissions or a missing index. A retry does not help then.
func kindOf(code uint16, subCode string) error {
	switch code {
	case ldap.LDAPResultBusy:
		return ports.ErrThrottled
	case ldap.LDAPResultUnavailable, ldap.LDAPResultTimeLimitExceeded, ldap.LDAPResultOther, ldap.LDAPResultLoopDetect:
		return ports.ErrUnreachable
	case ldap.LDAPResultInvalidCredentials:
		if subCode != "" && findingOf(subCode) == 0 {
			return ports.ErrUnreachable
		}
	}
	return ports.ErrMisconfigured
}
