package cognitosource

import (
	"context"
	"errors"
	"strings"

	"cognito-user-migration/adapters/internal/awsfault"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
)

const adapter = "cognito source"

// Error is a call to the source that gave no answer about the person. It matches
// an error of ports.
type Error = awsfault.Fault

// classify tells an answer about the person, a finding, from no answer, an
// error. The context's own error comes back as it is.
func classify(ctx context.Context, operation string, err error) (domain.FindingKind, error) {
	if ctx.Err() == nil {
		code, message := awsfault.Code(err)
		if kind := findingOf(operation, code, message); kind != 0 {
			return kind, nil
		}
	}
	fault := awsfault.Of(ctx, adapter, operation, err)
	if errors.Is(err, ports.ErrNotJudged) {
		fault = ports.NotJudged(fault)
	}
	return 0, fault
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
	case message == "Unable to login because of security reasons":
		return domain.SignInDenied
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
