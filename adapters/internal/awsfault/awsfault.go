// Package awsfault turns errors of the AWS SDK into errors of the ports. What
// every adapter of an AWS service must do alike is done here: tell an outage, a
// throttle and a wrong setting apart, and let no message of the service through,
// because messages repeat what was sent. It imports ports.
package awsfault

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"slices"
	"strconv"
	"strings"

	"cognito-user-migration/ports"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
)

// Fault is a call to AWS that did not do what it is for. It holds the service's
// code and request ID, never its message.
type Fault struct {
	// Adapter names who called, Operation what was called.
	Adapter, Operation string
	// Code is the service's error code; empty where there was no answer.
	Code string
	// RequestID is the service's, for AWS Support; empty where there was none.
	RequestID string
	// Cause is what the network said, where there was no answer.
	Cause string
	// Kind is one of the errors of ports.
	Kind error
}

// Error words it for the log.
func (f *Fault) Error() string {
	var text strings.Builder
	text.WriteString(f.Adapter + ": " + f.Operation)
	for _, part := range []string{f.Code, f.Cause} {
		if part != "" {
			text.WriteString(": " + part)
		}
	}
	if f.RequestID != "" {
		text.WriteString(" (request " + f.RequestID + ")")
	}
	text.WriteString(": " + f.Kind.Error())
	return text.String()
}

// Unwrap gives the error of ports that this one is.
func (f *Fault) Unwrap() error {
	return f.Kind
}

// Code is the service's error code and message, where it answered with an
// error; the message is for telling errors apart and goes no further.
func Code(err error) (code, message string) {
	if failure, ok := errors.AsType[smithy.APIError](err); ok {
		return failure.ErrorCode(), failure.ErrorMessage()
	}
	return "", ""
}

// Of gives the error of ports that an error of the SDK is. The context's own
// error comes back as it is.
func Of(ctx context.Context, adapter, operation string, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	fault := &Fault{Adapter: adapter, Operation: operation}
	for _, kind := range []error{ports.ErrThrottled, ports.ErrUnreachable, ports.ErrMisconfigured} {
		if errors.Is(err, kind) { // of the credential provider
			fault.Cause, fault.Kind = "no credentials", kind
			return fault
		}
	}
	if response, ok := errors.AsType[*awshttp.ResponseError](err); ok {
		fault.RequestID = printable(response.ServiceRequestID())
	}
	failure, worded := errors.AsType[smithy.APIError](err)
	if !worded {
		// No error of the service's own: the network, or something that stands
		// before the service.
		fault.Cause, fault.Kind = cause(err), ports.ErrUnreachable
		if response, ok := errors.AsType[*awshttp.ResponseError](err); ok && response.HTTPStatusCode() == 429 {
			fault.Kind = ports.ErrThrottled
		}
		return fault
	}
	fault.Code = printable(failure.ErrorCode())
	fault.Kind = kindOf(failure.ErrorCode(), err)
	return fault
}

// Empty is an answer that holds nothing of what the call is for.
func Empty(adapter, operation string) error {
	return &Fault{Adapter: adapter, Operation: operation, Cause: "empty answer", Kind: ports.ErrUnreachable}
}

// StaleCredentials holds for the codes by which a service says that a set of
// credentials is no longer taken; a new set may be.
func StaleCredentials(err error) bool {
	fault, ok := errors.AsType[*Fault](err)
	return ok && slices.Contains([]string{
		"ExpiredTokenException", "ExpiredToken", "UnrecognizedClientException", "InvalidSignatureException", "InvalidClientTokenId",
	}, fault.Code)
}

// cause words an error that is none of the service's: the network's, whose text
// holds addresses and nothing of what was sent, or that of an answer that cannot
// be read, of which the status alone is told.
func cause(err error) string {
	if network, ok := errors.AsType[*net.OpError](err); ok {
		return network.Error()
	}
	if untrusted, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return untrusted.Error()
	}
	// The SDK gives a request that brought no answer the status 0.
	if response, ok := errors.AsType[*awshttp.ResponseError](err); ok && response.HTTPStatusCode() != 0 {
		return "the response could not be parsed, status " + strconv.Itoa(response.HTTPStatusCode())
	}
	return "no answer"
}

// kindOf sorts the errors that speak of the service or of our settings.
func kindOf(code string, err error) error {
	if _, is := retry.DefaultThrottleErrorCodes[code]; is || code == "KmsThrottled" {
		return ports.ErrThrottled
	}
	switch code {
	case "InternalErrorException", "InternalFailure", "InternalError", "InternalServerError", "ServiceUnavailable",
		"ServiceUnavailableException", "RequestTimeout", "RequestTimeoutException", "IDPCommunicationError",
		// A user pool's own triggers failed; they may be well in a moment.
		"UnexpectedLambdaException", "InvalidLambdaResponseException":
		return ports.ErrUnreachable
	}
	if response, ok := errors.AsType[*awshttp.ResponseError](err); ok {
		switch status := response.HTTPStatusCode(); {
		case status == 429:
			return ports.ErrThrottled
		case status >= 500:
			return ports.ErrUnreachable
		case status == 401, status == 403:
			return ports.ErrMisconfigured
		case code == "", code == "UnknownError":
			// No error of the service's own: something stands before it.
			return ports.ErrUnreachable
		}
	}
	return ports.ErrMisconfigured
}

// printable is a code where it looks like one: what answers in the place of a
// service may say anything.
func printable(code string) string {
	if len(code) > 64 || strings.ContainsFunc(code, func(r rune) bool {
		return (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '.' && r != '-' && r != '_'
	}) {
		return "unknown"
	}
	return code
}
