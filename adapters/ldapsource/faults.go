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

// Fault is a request that gave no answer about the person. It holds the server's
// result code and Active Directory's sub-code, never a text of the server: those
// repeat names and filters.
type Fault struct {
	// Operation is what was asked.
	Operation string
	// Code is the server's result code (RFC 4511, 4.1.9); 0 where there was
	// no answer.
	Code uint16
	// SubCode is Active Directory's, in hexadecimal; empty where there is none.
	SubCode string
	// Cause is what the network said, where there was no answer.
	Cause string
	// Kind is one of the errors of ports.
	Kind error
}

// Error words it for the log.
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

// Unwrap gives the error of ports that this one is.
func (f *Fault) Unwrap() error {
	return f.Kind
}

// faultOf gives the error of ports that an error of the client library is. The
// context's own error comes back as it is.
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

// resultOf is the server's result code and message, and false where the server
// gave none; the message is for telling errors apart and goes no further. The
// library has codes of its own, from 200 on.
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

// untrusted reports whether a connection ended because the server's certificate
// is not one to be trusted. Of StartTLS the library leaves the text alone.
func untrusted(err error) bool {
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return true
	}
	return strings.Contains(err.Error(), "tls: failed to verify certificate")
}

// kindOf sorts the results that say nothing of the person (RFC 4511, appendix A).
// What is none of the server's troubles is one of our settings, of the service
// account's rights, or of an index that is missing: trying again will not help.
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
