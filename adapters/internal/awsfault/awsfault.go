// Package awsfault turns errors of the AWS SDK into errors of ports, in the
// same way for every adapter of an AWS service. It distinguishes outages,
// throttling and wrong settings. It drops the messages of the services, because
// they repeat parts of the request. It imports ports.
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

// Fault is the error of a failed AWS call. It contains the service's error code
// and request ID, never its message.
type Fault struct {
	// Adapter is the name of the adapter that called; Operation is the AWS
	// operation.
	Adapter, Operation string
	// Code is the service's error code; empty without a response.
	Code string
	// RequestID is the service's request ID, for AWS Support; empty without a
	// response.
	RequestID string
	// Cause is the network error; empty if there was a response.
	Cause string
	// Kind is one of the errors of ports.
	Kind error
}

// Error returns the text for the log.
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

// Unwrap returns Kind.
func (f *Fault) Unwrap() error {
	return f.Kind
}

// Code returns the service's error code and message, or two empty texts. The
// message is only for telling errors apart; it must not be logged.
func Code(err error) (code, message string) {
	if failure, ok := errors.AsType[smithy.APIError](err); ok {
		return failure.ErrorCode(), failure.ErrorMessage()
	}
	return "", ""
}

// Of turns an error of the SDK into an error of ports. It returns the context's
// own error unchanged.
func Of(ctx context.Context, adapter, operation string, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	fault := &Fault{Adapter: adapter, Operation: operation}
	for _, kind := range []error{ports.ErrThrottled, ports.ErrUnreachable, ports.ErrMisconfigured} {
		if errors.Is(err, kind) { // an error of the credential provider
			fault.Cause, fault.Kind = "no credentials", kind
			return fault
		}
	}
	if response, ok := errors.AsType[*awshttp.ResponseError](err); ok {
		fault.RequestID = printable(response.ServiceRequestID())
	}
	failure, worded := errors.AsType[smithy.APIError](err)
	if !worded {
		// Not an error of the service: the network failed, or a proxy
		// responded.
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

// Empty is the error for a response without the data that the call asked for.
func Empty(adapter, operation string) error {
	return &Fault{Adapter: adapter, Operation: operation, Cause: "empty answer", Kind: ports.ErrUnreachable}
}

// StaleCredentials reports whether the code says that the credentials are no
// longer valid. New credentials may be.
func StaleCredentials(err error) bool {
	fault, ok := errors.AsType[*Fault](err)
	return ok && slices.Contains([]string{
		"ExpiredTokenException", "ExpiredToken", "UnrecognizedClientException", "InvalidSignatureException", "InvalidClientTokenId",
	}, fault.Code)
}

// cause describes an error that is not the service's. Network errors contain
// addresses but nothing of the request. Of a response that cannot be parsed, it
// returns only the status.
func cause(err error) string {
	if network, ok := errors.AsType[*net.OpError](err); ok {
		return network.Error()
	}
	if untrusted, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return untrusted.Error()
	}
	// Without a response, the SDK sets the status to 0.
	if response, ok := errors.AsType[*awshttp.ResponseError](err); ok && response.HTTPStatusCode() != 0 {
		return "the response could not be parsed, status " + strconv.Itoa(response.HTTPStatusCode())
	}
	return "no answer"
}

// kindOf sorts the errors that the service returned.
func kindOf(code string, err error) error {
	if _, is := retry.DefaultThrottleErrorCodes[code]; is || code == "KmsThrottled" {
		return ports.ErrThrottled
	}
	switch code {
	case "InternalErrorException", "InternalFailure", "InternalError", "InternalServerError", "ServiceUnavailable",
		"ServiceUnavailableException", "RequestTimeout", "RequestTimeoutException", "IDPCommunicationError",
		// A trigger of the user pool failed; a later attempt may succeed.
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
			// Not an error of the service: a proxy responded.
			return ports.ErrUnreachable
		}
	}
	return ports.ErrMisconfigured
}

// printable returns the code if it looks like one. A proxy instead of the
// service may send any text.
func printable(code string) string {
	if len(code) > 64 || strings.ContainsFunc(code, func(r rune) bool {
		return (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '.' && r != '-' && r != '_'
	}) {
		return "unknown"
	}
	return code
}
