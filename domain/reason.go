package domain

// Reason says why an attempt ended as it did, in one word for audit records,
// metrics and readers. The words are a contract: dashboards count them.
type Reason string

// Reasons to migrate. A rule can also turn a reason to refuse into one.
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
	// ReasonMFANotCarried: the second factor cannot be migrated, and the
	// operator chose to refuse such users.
	ReasonMFANotCarried Reason = "mfa_cannot_be_carried"
	// ReasonWeakPassword: the password was right, but the destination's policy
	// does not allow it.
	ReasonWeakPassword         Reason = "weak_password"
	ReasonChallengeUnsupported Reason = "challenge_unsupported"
	ReasonLookUpUnsupported    Reason = "look_up_unsupported"
	ReasonResetRequired        Reason = "reset_required"
	ReasonSignInDenied         Reason = "sign_in_denied"
	ReasonLockedOut            Reason = "locked_out"
	ReasonIdentifierNotOwned   Reason = "identifier_not_owned"
	ReasonNoVerifiedContact    Reason = "no_verified_contact"
	// ReasonForgotPasswordRefused: the operator chose not to migrate users who
	// forgot the password.
	ReasonForgotPasswordRefused Reason = "forgot_password_refused"
	// ReasonIdentityOfEarlierSource: an earlier source knows the username or a
	// contact of the new user.
	ReasonIdentityOfEarlierSource Reason = "identity_of_earlier_source"
	// ReasonAttributeInvalid: a required attribute or the typed contact is
	// missing, or the destination would reject its value.
	ReasonAttributeInvalid Reason = "attribute_invalid"
	// ReasonUsernameInvalid: Cognito does not allow this username.
	ReasonUsernameInvalid Reason = "username_invalid"
	// ReasonFindingUnexpected: the finding cannot follow from the question. It
	// is refused, and means a bug in an adapter.
	ReasonFindingUnexpected Reason = "finding_unexpected"
)

// Reasons to fail: nothing was decided. A completion has its own:
// [CompletionReason].
const (
	ReasonSourceThrottled     Reason = "source_throttled"
	ReasonSourceUnreachable   Reason = "source_unreachable"
	ReasonSourceMisconfigured Reason = "source_misconfigured"
	ReasonDeadlineExceeded    Reason = "deadline_exceeded"
	ReasonInternal            Reason = "internal"
	// ReasonCompletionUnsent: the completion could not be queued, and the operator
	// chose not to migrate users without it.
	ReasonCompletionUnsent Reason = "completion_unsent"
	// ReasonLockoutUnavailable: it is not known whether the name is locked, so the
	// password was not checked.
	ReasonLockoutUnavailable Reason = "lockout_unavailable"
	// ReasonAuditUnkept: the record of a migration could not be stored, and the
	// operator chose not to migrate users without it.
	ReasonAuditUnkept Reason = "audit_unkept"
)

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
