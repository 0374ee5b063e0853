package lambdatrigger

import (
	"cognito-user-migration/domain"

	"github.com/aws/aws-lambda-go/lambda/messages"
)

// Texts of errors. Cognito shows them to the client (cognito-facts 15), so they
// are public. They are the same for every user, and must not change.
const (
	// TextFailure says that there is no decision, whatever the cause.
	TextFailure = "Sign-in is unavailable for the moment; please try again."
	// TextMalformed says that the payload is not an event of Cognito.
	TextMalformed = "The user migration event is malformed."
	// textRefused is the text for reasons without their own.
	textRefused = "The user cannot be migrated."
)

// Types of errors, which Lambda shows to operators.
const (
	TypeFailure     = "MigrationFailed"
	TypeRefusal     = "MigrationRefused"
	TypeMalformed   = "MalformedEvent"
	TypeUnsupported = "UnsupportedTriggerSource"
)

// RefusalText returns the text for a reason with MIGRATE_REFUSAL=explain.
func RefusalText(reason domain.Reason) string {
	switch reason {
	case domain.ReasonPasswordWrong:
		return "The password is wrong."
	case domain.ReasonUserUnknown:
		return "There is no such user."
	case domain.ReasonUserAmbiguous:
		return "More than one user has this name."
	case domain.ReasonUserDisabled:
		return "The user is disabled."
	case domain.ReasonUserUnconfirmed:
		return "The user has not confirmed the sign-up."
	case domain.ReasonUserFederated:
		return "The user signs in through another identity provider."
	case domain.ReasonUserArchived:
		return "The user is archived."
	case domain.ReasonUserCompromised:
		return "The user is disabled because the account may be compromised."
	case domain.ReasonStatusUnknown:
		return "The user is in an unknown state."
	case domain.ReasonTemporaryPassword:
		return "The password is a temporary one and was not changed."
	case domain.ReasonTemporaryPasswordExpired:
		return "The temporary password has expired."
	case domain.ReasonMFARequired:
		return "The user has a second factor, which cannot be migrated."
	case domain.ReasonMFANotCarried:
		return "The user's second factor cannot be carried over."
	case domain.ReasonWeakPassword:
		return "The password is too weak for the new sign-in; please set a new one where you signed in before."
	case domain.ReasonChallengeUnsupported:
		return "The sign-in asks for a step that cannot be migrated."
	case domain.ReasonLookUpUnsupported:
		return "The user is known by their password alone; a forgotten one cannot be migrated."
	case domain.ReasonResetRequired:
		return "The password must be reset first."
	case domain.ReasonSignInDenied:
		return "The sign-in was denied."
	case domain.ReasonLockedOut:
		return "Too many wrong passwords; please try again later."
	case domain.ReasonIdentifierNotOwned:
		return "The name is not one of the user's own."
	case domain.ReasonNoVerifiedContact:
		return "The user has no verified email address or phone number to send a code to."
	case domain.ReasonForgotPasswordRefused:
		return "Nobody can be migrated by a forgotten password."
	case domain.ReasonAttributeInvalid:
		return "The user lacks an attribute that is required, or its value is not valid."
	case domain.ReasonUsernameInvalid:
		return "The username has characters or a length that are not allowed."
	case domain.ReasonIdentityOfEarlierSource:
		return "The name or address belongs to another user."
	case domain.ReasonFindingUnexpected,
		// These reasons never lead to a refusal.
		domain.ReasonPasswordAccepted, domain.ReasonForgotPassword, domain.ReasonSourceThrottled, domain.ReasonSourceUnreachable,
		domain.ReasonSourceMisconfigured, domain.ReasonDeadlineExceeded, domain.ReasonInternal, domain.ReasonCompletionUnsent,
		domain.ReasonLockoutUnavailable, domain.ReasonAuditUnkept, domain.ReasonUsernameShared, domain.ReasonContactShared:
	}
	return textRefused
}

// publicError returns an error that Lambda passes unchanged to Cognito, and
// Cognito to the client.
func publicError(kind, text string) error {
	return messages.InvokeResponse_Error{Type: kind, Message: text}
}
