package domain

// CompletionReason says why a completion was not done, in one word for records
// and readers. An empty reason means that nothing prevents it. The words are a
// contract: dashboards count them.
type CompletionReason string

// Reasons of the destination user.
const (
	ReasonNotCreatedYet       CompletionReason = "destination_user_unknown"
	ReasonNotConfirmedYet     CompletionReason = "destination_user_not_confirmed"
	ReasonDestinationDisabled CompletionReason = "destination_user_disabled"
	// ReasonDestinationReplaced: the destination user was deleted and created
	// again during the completion.
	ReasonDestinationReplaced CompletionReason = "destination_user_replaced"
	ReasonAnotherUser         CompletionReason = "destination_user_is_another"
	ReasonIdentityUnproven    CompletionReason = "identity_unproven"
	ReasonGroupMissing        CompletionReason = "group_missing"
)

// Reasons of the source user.
const (
	ReasonSourceUserReplaced  CompletionReason = "source_user_is_another"
	ReasonSourceUserAmbiguous                  = CompletionReason(ReasonUserAmbiguous)
	// ReasonSourceUserChanged: the source user was disabled instead of deleted.
	ReasonSourceUserChanged CompletionReason = "source_user_changed"
)

// Reasons of the settings.
const (
	ReasonSourceIsDestination CompletionReason = "source_is_destination"
	ReasonSourceUnfit         CompletionReason = "source_cannot_retire"
)

// Reasons of a message. The message stays in the queue, and there is no record.
const (
	ReasonMessageMalformed CompletionReason = "message_malformed"
	ReasonMessageUnsigned  CompletionReason = "message_unsigned"
)

// Reasons for which the destination does not answer. The ones of the source are
// the attempt's reasons to fail.
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
		{ReasonNotCreatedYet, CompletionPending},
		{ReasonNotConfirmedYet, CompletionPending},
		{ReasonDestinationDisabled, CompletionPending},
		{ReasonDestinationReplaced, CompletionPending},
		{ReasonGroupMissing, CompletionPending},
		{ReasonSourceUserAmbiguous, CompletionPending},
		{ReasonDestinationThrottled, CompletionPending},
		{ReasonDestinationUnreachable, CompletionPending},
		{ReasonDestinationMisconfigured, CompletionPending},
		{CompletionReason(ReasonSourceThrottled), CompletionPending},
		{CompletionReason(ReasonSourceUnreachable), CompletionPending},
		{CompletionReason(ReasonSourceMisconfigured), CompletionPending},
		{CompletionReason(ReasonDeadlineExceeded), CompletionPending},
		{CompletionReason(ReasonInternal), CompletionPending},

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

// CompletionReasons lists every reason of a completion, without those of a
// message.
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
// is [CompletionPending] for a reason that is not in the table, because a retry does
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
	return CompletionPending
}
