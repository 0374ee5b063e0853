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

// Error is the error of a call without an answer about the user. It matches an
// error of ports.
type Error = awsfault.Fault

// findingOrError turns an error into a finding about the user or an error of ports.
// It returns the context's own error unchanged.
func (d *Directory) findingOrError(ctx context.Context, operation string, err error) (domain.Finding, error) {
	if ctx.Err() == nil {
		code, message := awsfault.Code(err)
		if kind := findingOf(operation, code, message); kind != 0 {
			return d.found(kind), nil
		}
	}
	fault := d.caller.Fault(ctx, operation, err)
	if errors.Is(err, ports.ErrNotJudged) {
		fault = ports.NotJudged(fault)
	}
	return domain.Finding{}, fault
}

// findingOf returns the finding for an error about the user, or 0 for other
// errors (cognito-facts 24).
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

// notAuthorized reads an exception with several meanings that only its message
// distinguishes. An unknown message is a wrong password: it is refused, and
// looks the same to the client.
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

// isSecretHashMessage reports whether the message is about the app client's
// secret: a setting is wrong, and the message says nothing about the user.
func isSecretHashMessage(message string) bool {
	if strings.HasPrefix(message, "Unable to verify secret hash for client") {
		return true
	}
	return strings.HasPrefix(message, "Client ") &&
		(strings.HasSuffix(message, "is configured with secret but SECRET_HASH was not received") ||
			strings.HasSuffix(message, "is configured for secret but secret was not received"))
}

// invalidParameter returns a finding for a name or password that no user can
// have, because Cognito does not allow it. Any other invalid parameter is a
// wrong setting, such as a flow that the app client does not allow.
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
