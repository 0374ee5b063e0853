package cognitosource

import (
	"context"
	"errors"
	"net"
	"strings"

	"cognito-user-migration/domain"
	"cognito-user-migration/ports"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
)

// Error is a call to the source that gave no answer about the person. It holds
// the service's code and request ID, never its message: that repeats names.
type Error struct {
	// Operation is the call.
	Operation string
	// Code is the service's error code; empty where there was no answer.
	Code string
	// RequestID is the service's, for AWS Support; empty where there was none.
	RequestID string
	// cause is what the network said, where there was no answer.
	cause string
	// kind is one of the errors of ports.
	kind error
}

// Error words it for the log.
func (e *Error) Error() string {
	var text strings.Builder
	text.WriteString("cognito source: " + e.Operation)
	for _, part := range []string{e.Code, e.cause} {
		if part != "" {
			text.WriteString(": " + part)
		}
	}
	if e.RequestID != "" {
		text.WriteString(" (request " + e.RequestID + ")")
	}
	text.WriteString(": " + e.kind.Error())
	return text.String()
}

// Unwrap gives the error of ports that this one is.
func (e *Error) Unwrap() error {
	return e.kind
}

// classify tells an answer about the person, a finding, from no answer, an
// error. The context's own error comes back as it is.
func classify(ctx context.Context, operation string, err error) (domain.FindingKind, error) {
	if ctx.Err() != nil {
		return 0, ctx.Err()
	}
	for _, class := range []error{ports.ErrThrottled, ports.ErrUnreachable, ports.ErrMisconfigured} {
		if errors.Is(err, class) { // from the credential provider
			return 0, &Error{Operation: operation, cause: "no credentials", kind: class}
		}
	}
	failure, answered := errors.AsType[smithy.APIError](err)
	if !answered {
		return 0, noAnswer(operation, err)
	}
	code := failure.ErrorCode()
	if kind := findingOf(operation, code, failure.ErrorMessage()); kind != 0 {
		return kind, nil
	}
	return 0, &Error{
		Operation: operation,
		Code:      printable(code),
		RequestID: requestID(err),
		kind:      classOf(code, err),
	}
}

// findingOf reads the errors that speak of the person, and 0 from the others
// (cognito-facts 24).
func findingOf(operation, code, message string) domain.FindingKind {
	switch code {
	case "UserNotFoundException":
		return domain.UserUnknown
	case "UserNotConfirmedException":
		return domain.UserUnconfirmed
	case "PasswordResetRequiredException":
		return domain.ResetRequired
	case "UserLambdaValidationException":
		return domain.SignInDenied
	case "NotAuthorizedException":
		if operation != "AdminInitiateAuth" {
			return 0
		}
		return notAuthorized(message)
	case "InvalidParameterException":
		return invalidParameter(message)
	default:
		return 0
	}
}

// notAuthorized reads the exception that the service uses for many things and
// tells apart by its message alone. What is not known is a wrong password:
// that refuses, and looks no different to the client.
func notAuthorized(message string) domain.FindingKind {
	message = strings.TrimSuffix(message, ".")
	switch {
	case message == "User is disabled":
		return domain.UserDisabled
	case message == "Password attempts exceeded":
		return domain.LockedOut
	case strings.HasPrefix(message, "Temporary password has expired"),
		strings.HasPrefix(message, "User account has expired"):
		return domain.TemporaryPasswordExpired
	case isSecretHashMessage(message):
		return 0
	default:
		return domain.PasswordWrong
	}
}

// isSecretHashMessage holds for the messages about the app client's secret: a
// setting is wrong, and nothing was said of the person.
func isSecretHashMessage(message string) bool {
	if strings.HasPrefix(message, "Unable to verify secret hash for client") {
		return true
	}
	return strings.HasPrefix(message, "Client ") &&
		(strings.HasSuffix(message, "is configured with secret but SECRET_HASH was not received") ||
			strings.HasSuffix(message, "is configured for secret but secret was not received"))
}

// invalidParameter reads a parameter that no user can have: a name or a
// password that is outside what the service takes at all. Any other is a
// setting of ours, such as a flow that the app client does not allow.
func invalidParameter(message string) domain.FindingKind {
	if !strings.Contains(message, "failed to satisfy constraint") {
		return 0
	}
	switch {
	case strings.Contains(message, "at 'username'"):
		return domain.UserUnknown
	case strings.Contains(message, "at 'password'"):
		return domain.PasswordWrong
	default:
		return 0
	}
}

// classOf sorts the errors that speak of the service or of our settings.
func classOf(code string, err error) error {
	switch code {
	case "TooManyRequestsException", "LimitExceededException", "ThrottlingException", "Throttling", "RequestLimitExceeded":
		return ports.ErrThrottled
	case "InternalErrorException", "InternalFailure", "InternalServerError", "ServiceUnavailable", "ServiceUnavailableException",
		"RequestTimeout", "RequestTimeoutException",
		// The source pool's own triggers failed; they may be well in a moment.
		"UnexpectedLambdaException", "InvalidLambdaResponseException":
		return ports.ErrUnreachable
	}
	if response, ok := errors.AsType[*awshttp.ResponseError](err); ok {
		switch status := response.HTTPStatusCode(); {
		case status == 429:
			return ports.ErrThrottled
		case status >= 500:
			return ports.ErrUnreachable
		case code == "" || code == "UnknownError":
			// No error of the service's: something stands between.
			return ports.ErrUnreachable
		}
	}
	return ports.ErrMisconfigured
}

// staleCredentials holds for the codes by which the service says that a set of
// credentials is no longer taken; a new set may be.
func staleCredentials(err error) bool {
	failure, ok := errors.AsType[*Error](err)
	if !ok {
		return false
	}
	switch failure.Code {
	case "ExpiredTokenException", "ExpiredToken", "UnrecognizedClientException", "InvalidSignatureException":
		return true
	default:
		return false
	}
}

// noAnswer words a call that was not answered by what the network said. Other
// errors' texts are left out, because they may hold what was sent.
func noAnswer(operation string, err error) error {
	failure := &Error{Operation: operation, cause: "no answer", kind: ports.ErrUnreachable}
	if network, ok := errors.AsType[*net.OpError](err); ok {
		failure.cause = network.Error()
	}
	return failure
}

// emptyAnswer is an answer that holds nothing of what the call is for.
func emptyAnswer(operation string) error {
	return &Error{Operation: operation, cause: "empty answer", kind: ports.ErrUnreachable}
}

func requestID(err error) string {
	if response, ok := errors.AsType[*awshttp.ResponseError](err); ok {
		return printable(response.ServiceRequestID())
	}
	return ""
}

// printable is the code where it looks like one: what answers in the place of
// the service may say anything.
func printable(code string) string {
	if len(code) > 64 || strings.ContainsFunc(code, func(r rune) bool {
		return (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '.' && r != '-' && r != '_'
	}) {
		return "unknown"
	}
	return code
}
