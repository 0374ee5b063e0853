package domain

// CompletionReason says why a completion did not do what it was asked for, in one
// word for records and people. The empty one means that nothing stands in its way.
// The words are a contract: dashboards count them.
type CompletionReason string

// Reasons of the destination user.
const (
	ReasonNotCreatedYet       CompletionReason = "destination_user_unknown"
	ReasonNotConfirmedYet     CompletionReason = "destination_user_not_confirmed"
	ReasonDestinationDisabled CompletionReason = "destination_user_disabled"
	// ReasonDestinationReplaced: the destination user was deleted and created
	// anew while the completion ran.
	ReasonDestinationReplaced CompletionReason = "destination_user_replaced"
	ReasonAnotherUser         CompletionReason = "destination_user_is_another"
	ReasonIdentityUnproven    CompletionReason = "identity_unproven"
	ReasonGroupMissing        CompletionReason = "group_missing"
)

// Reasons of the source user.
const (
	ReasonSourceUserReplaced  CompletionReason = "source_user_is_another"
	ReasonSourceUserAmbiguous                  = CompletionReason(ReasonUserAmbiguous)
	// ReasonSourceUserChanged: the source user was disabled and not deleted.
	ReasonSourceUserChanged CompletionReason = "source_user_changed"
)

// Reasons of the settings.
const (
	ReasonSourceIsDestination CompletionReason = "source_is_destination"
	ReasonSourceUnfit         CompletionReason = "source_cannot_retire"
)

// Reasons of the message. It stays in the queue, and there is no record.
const (
	ReasonMessageMalformed CompletionReason = "message_malformed"
	ReasonMessageUnsigned  CompletionReason = "message_unsigned"
)

// Reasons of a destination that gives no answer. Where the source gives none, the
// reasons to fail stand here too.
const (
	ReasonDestinationThrottled     CompletionReason = "destination_throttled"
	ReasonDestinationUnreachable   CompletionReason = "destination_unreachable"
	ReasonDestinationMisconfigured CompletionReason = "destination_misconfigured"
)

// completionReasonRow is one row of the table of completion reasons.
type completionReasonRow struct {
	reason CompletionReason
	// outcome is how an attempt to complete a migration ends for this reason.
	outcome CompletionOutcome
}

// completionReasonTable is the specification of the completion reasons:
// [CompletionReason.Outcome] reads it.
func completionReasonTable() []completionReasonRow {
	return []completionReasonRow{
		{ReasonNotCreatedYet, CompletionOwed},
		{ReasonNotConfirmedYet, CompletionOwed},
		{ReasonDestinationDisabled, CompletionOwed},
		{ReasonDestinationReplaced, CompletionOwed},
		{ReasonGroupMissing, CompletionOwed},
		{ReasonSourceUserAmbiguous, CompletionOwed},
		{ReasonDestinationThrottled, CompletionOwed},
		{ReasonDestinationUnreachable, CompletionOwed},
		{ReasonDestinationMisconfigured, CompletionOwed},
		{CompletionReason(ReasonSourceThrottled), CompletionOwed},
		{CompletionReason(ReasonSourceUnreachable), CompletionOwed},
		{CompletionReason(ReasonSourceMisconfigured), CompletionOwed},
		{CompletionReason(ReasonDeadlineExceeded), CompletionOwed},
		{CompletionReason(ReasonInternal), CompletionOwed},

		{ReasonAnotherUser, CompletionAbandoned},
		{ReasonIdentityUnproven, CompletionAbandoned},
		{ReasonSourceUserReplaced, CompletionAbandoned},
		{ReasonSourceIsDestination, CompletionAbandoned},
		{ReasonSourceUnfit, CompletionAbandoned},

		{ReasonSourceUserChanged, CompletionDone},

		{ReasonMessageMalformed, ""},
		{ReasonMessageUnsigned, ""},
	}
}

// CompletionReasons lists every reason of a completion, but none of a message.
func CompletionReasons() []CompletionReason {
	var reasons []CompletionReason
	for _, row := range completionReasonTable() {
		if row.outcome != "" {
			reasons = append(reasons, row.reason)
		}
	}
	return reasons
}

// Outcome returns how an attempt to complete a migration ends for this reason. It
// is [CompletionOwed] for a reason that is not in the table, because a retry does
// no harm.
func (r CompletionReason) Outcome() CompletionOutcome {
	if r == "" {
		return CompletionDone
	}
	for _, row := range completionReasonTable() {
		if row.reason == r && row.outcome != "" {
			return row.outcome
		}
	}
	return CompletionOwed
}
