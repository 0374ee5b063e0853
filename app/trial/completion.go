package trial

import (
	"slices"
	"strings"

	"cognito-user-migration/domain"
)

// Completion is the result of completing one user's migration.
type Completion struct {
	User       string                   `json:"user"`
	AttemptID  string                   `json:"attemptId,omitempty"`
	Outcome    domain.CompletionOutcome `json:"completion"`
	Reason     domain.CompletionReason  `json:"reason,omitempty"`
	Source     string                   `json:"source,omitempty"`
	SourceUser domain.Retired           `json:"sourceUser"`
	Groups     []string                 `json:"groups"`
	// SecondFactor is the one that the user keeps, if completion sets it.
	SecondFactor domain.MFAMethod `json:"secondFactor,omitempty"`
	Error        string           `json:"error,omitempty"`
}

// Words describes what was done, or would be done in a dry run.
func (c Completion) Words(dry bool) string {
	if c.Outcome != domain.CompletionDone {
		line := string(c.Outcome) + ": " + string(c.Reason)
		if c.Error != "" {
			line += " (" + OneLine(c.Error) + ")"
		}
		return line
	}
	groups := "no groups"
	if len(c.Groups) > 0 {
		slices.Sort(c.Groups)
		groups = "groups " + strings.Join(c.Groups, ", ")
	}
	if c.SecondFactor != "" {
		groups += ", second factor " + string(c.SecondFactor)
	}
	source := map[domain.Retired]string{
		domain.RetiredNot: "kept", domain.RetiredDisabled: "disabled", domain.RetiredDeleted: "deleted", domain.RetiredGone: "gone before",
		domain.RetiredDisabledInstead: "disabled instead of deleted, because it changed since the migration",
	}[c.SourceUser]
	if dry {
		return "can be completed: " + groups + "; source user to be " + source
	}
	return "completed: " + groups + "; source user " + source
}

// OneLine removes line breaks from a service's text, which would break the
// table.
func OneLine(text string) string {
	return strings.Join(strings.Fields(text), " ")
}
