package domain

// Reason says why an attempt ended as it did, in one word for audit, metrics
// and people. The words are a contract: dashboards count them.
type Reason string

// Reasons to migrate. Those of a refusal can stand here too, where a rule turns
// them into a migration.
const (
	ReasonPasswordAccepted Reason = "password_accepted"
	ReasonForgotPassword   Reason = "forgot_password"
)

// Reasons to refuse.
const (
	ReasonPasswordWrong            Reason = "password_wrong"
	ReasonUserUnknown              Reason = "user_unknown"
	ReasonUserAmbiguous            Reason = "user_ambiguous"
	ReasonUserDisabled             Reason = "user_disabled"
	ReasonUserUnconfirmed          Reason = "user_unconfirmed"
	ReasonUserFederated            Reason = "user_federated"
	ReasonUserArchived             Reason = "user_archived"
	ReasonUserCompromised          Reason = "user_compromised"
	ReasonStatusUnknown            Reason = "user_status_unknown"
	ReasonTemporaryPassword        Reason = "temporary_password"
	ReasonTemporaryPasswordExpired Reason = "temporary_password_expired"
	ReasonMFARequired              Reason = "mfa_required"
	// ReasonMFANotCarried: the second factor does not survive the move, and the
	// operator chose to migrate only users whose factor does.
	ReasonMFANotCarried Reason = "mfa_cannot_be_carried"
	// ReasonWeakPassword: the password was right, and the policy of the destination
	// does not allow it.
	ReasonWeakPassword         Reason = "weak_password"
	ReasonChallengeUnsupported Reason = "challenge_unsupported"
	ReasonLookUpUnsupported    Reason = "look_up_unsupported"
	ReasonResetRequired        Reason = "reset_required"
	ReasonSignInDenied         Reason = "sign_in_denied"
	ReasonLockedOut            Reason = "locked_out"
	ReasonIdentifierNotOwned   Reason = "identifier_not_owned"
	ReasonNoVerifiedContact    Reason = "no_verified_contact"
	// ReasonForgotPasswordRefused: the operator chose that nobody migrates by a
	// forgotten password.
	ReasonForgotPasswordRefused Reason = "forgot_password_refused"
	// ReasonIdentityOfEarlierSource: a source that is asked earlier knows the
	// username, or a contact, that the new user would have.
	ReasonIdentityOfEarlierSource Reason = "identity_of_earlier_source"
	// ReasonAttributeInvalid: the value of a required attribute, or of the contact
	// that was typed, is missing or none that the destination takes.
	ReasonAttributeInvalid Reason = "attribute_invalid"
	// ReasonUsernameInvalid: no user can be created under the username.
	ReasonUsernameInvalid Reason = "username_invalid"
	// ReasonFindingUnexpected: the source said something that cannot follow
	// from what it was asked. It is refused, and means a fault in an adapter.
	ReasonFindingUnexpected Reason = "finding_unexpected"
)

// Reasons to fail: nothing was decided. Those of a completion are [CompletionReason].
const (
	ReasonSourceThrottled     Reason = "source_throttled"
	ReasonSourceUnreachable   Reason = "source_unreachable"
	ReasonSourceMisconfigured Reason = "source_misconfigured"
	ReasonDeadlineExceeded    Reason = "deadline_exceeded"
	ReasonInternal            Reason = "internal"
)

// ReasonCompletionUnsent is a reason to fail: what is owed could not be queued, and the operator
// chose that nobody is moved without it.
const ReasonCompletionUnsent Reason = "completion_unsent"

// ReasonLockoutUnavailable is a reason to fail: whether the name is locked could not be found out,
// so no password was tried.
const ReasonLockoutUnavailable Reason = "lockout_unavailable"

// ReasonAuditUnkept is a reason to fail: the record of who was to be moved could not be kept, and the
// operator chose that nobody is moved without it.
const ReasonAuditUnkept Reason = "audit_unkept"

// RefusalReasons lists every reason that a refusal can have.
func RefusalReasons() []Reason {
	return []Reason{
		ReasonPasswordWrong, ReasonUserUnknown, ReasonUserAmbiguous, ReasonUserDisabled,
		ReasonUserUnconfirmed, ReasonUserFederated, ReasonUserArchived, ReasonUserCompromised,
		ReasonStatusUnknown, ReasonTemporaryPassword, ReasonTemporaryPasswordExpired,
		ReasonMFARequired, ReasonMFANotCarried, ReasonWeakPassword, ReasonChallengeUnsupported, ReasonLookUpUnsupported, ReasonResetRequired, ReasonSignInDenied,
		ReasonLockedOut, ReasonIdentifierNotOwned, ReasonNoVerifiedContact, ReasonForgotPasswordRefused,
		ReasonIdentityOfEarlierSource, ReasonAttributeInvalid, ReasonUsernameInvalid, ReasonFindingUnexpected,
	}
}
