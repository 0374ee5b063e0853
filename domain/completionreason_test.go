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
		"destination_user_unknown": domain.CompletionOwed, "destination_user_not_confirmed": domain.CompletionOwed,
		"destination_user_disabled": domain.CompletionOwed, "destination_user_replaced": domain.CompletionOwed,
		"group_missing": domain.CompletionOwed, "user_ambiguous": domain.CompletionOwed,
		"destination_throttled": domain.CompletionOwed, "destination_unreachable": domain.CompletionOwed, "destination_misconfigured": domain.CompletionOwed,
		"source_throttled": domain.CompletionOwed, "source_unreachable": domain.CompletionOwed, "source_misconfigured": domain.CompletionOwed,
		"deadline_exceeded": domain.CompletionOwed, "internal": domain.CompletionOwed,
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
		"": domain.CompletionDone, "nobody knows it": domain.CompletionOwed,
		domain.ReasonMessageMalformed: domain.CompletionOwed, domain.ReasonMessageUnsigned: domain.CompletionOwed,
	} {
		if got := reason.Outcome(); got != outcome {
			t.Errorf("%q: %s, want %s", reason, got, outcome)
		}
	}
}
