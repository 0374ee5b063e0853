package app

import (
	"fmt"

	"cognito-user-migration/ports/parts"
)

// Parts are the parts of a binary that its main chooses, besides the core:
// trigger, decision, log and metrics. A part that is not listed is not linked.
// A setting that needs it is an error at start.
type Parts struct {
	// Sources are the kinds of sources; at least one.
	Sources []parts.SourceKind
	// Sinks are the audit sinks besides the log.
	Sinks []parts.AuditSink
	// Completion completes migrations.
	Completion *parts.Completion
	// Lockout counts password attempts.
	Lockout parts.Lockout
	// Secrets resolves references to secrets.
	Secrets parts.Secrets
	// Tracing sends traces.
	Tracing parts.Tracing
	// Unwarmed skips the preparation at start. It is for the benchmark, which
	// measures the effect of that preparation.
	Unwarmed bool
}

// missing is the error for a setting whose part the main does not list.
func missing(setting, part string) error {
	return fmt.Errorf("%s: %w", setting, notListed(part))
}

func notListed(part string) error {
	return fmt.Errorf("this binary has no %s, because its main does not list it (docs/weight.md)", part)
}
