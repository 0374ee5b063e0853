package domain_test

import (
	"slices"
	"testing"

	"cognito-user-migration/domain"
)

// The words and outcomes are a contract: dashboards count them, and the outcome
// says whether a message is tried again.
func TestEachReasonOfACompletionHasItsOutcome(t *testing.T) {
	t.Parallel()
	want := map[domain.CompletionReason]domain.CompletionOutcome{
		"destination_user_unknown": domain.CompletionPending, "destination_user_not_confirmed": domain.CompletionPending,
		"destination_user_disabled": domain.CompletionPending, "destination_user_replaced": domain.CompletionPending,
		"group_missing": domain.CompletionPending, "user_ambiguous": domain.CompletionPending,
		"destination_throttled": domain.CompletionPending, "destination_unreachable": domain.CompletionPending, "destination_misconfigured": domain.CompletionPending,
		"source_throttled": domain.CompletionPending, "source_unreachable": domain.CompletionPending, "source_misconfigured": domain.CompletionPending,
		"deadline_exceeded": domain.CompletionPending, "internal": domain.CompletionPending,
		"destination_user_is_another": domain.CompletionAbandoned, "identity_unproven": domain.CompletionAbandoned,
		"source_user_is_another": domain.CompletionAbandoned, "source_is_destination": domain.CompletionAbandoned,
		"source_cannot_retire": domain.CompletionAbandoned,
		"source_user_changed":  domain.CompletionDone,
	}
	reasons := domain.CompletionReasons()
	for reason, outcome := range want {
		if got := reason.Outcome(); got != outcome || !slices.Contains(reasons, reason) {
			t.Errorf("%s: %s, want %s; listed: %t", reason, got, outcome, slices.Contains(reasons, reason))
		}
	}
	if len(reasons) != len(want) {
		t.Errorf("%d reasons are listed, want %d: %s", len(reasons), len(want), reasons)
	}
	for reason, outcome := range map[domain.CompletionReason]domain.CompletionOutcome{
		"": domain.CompletionDone, "nobody knows it": domain.CompletionPending,
		domain.ReasonMessageMalformed: domain.CompletionPending, domain.ReasonMessageUnsigned: domain.CompletionPending,
	} {
		if got := reason.Outcome(); got != outcome {
			t.Errorf("%q: %s, want %s", reason, got, outcome)
		}
	}
}
