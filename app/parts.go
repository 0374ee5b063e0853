package app

import (
	"fmt"

	"cognito-user-migration/ports/parts"
)

// Parts are what a main puts into its binary beside the core, which is the
// trigger, the decision, the log and the metrics. A part that is not listed is
// not linked; a setting that needs it is an error at start.
type Parts struct {
	// Sources are the kinds of sources; at least one.
	Sources []parts.SourceKind
	// Sinks are the audit sinks beside the log.
	Sinks []parts.AuditSink
	// Completion finishes moves.
	Completion *parts.Completion
	// Lockout counts the tries of passwords.
	Lockout parts.Lockout
	// Secrets resolves settings that name a secret kept elsewhere.
	Secrets parts.Secrets
	// Tracing sends traces.
	Tracing parts.Tracing
	// Unwarmed leaves out what is prepared at start. It is for the benchmark,
	// which measures what that takes and gives.
	Unwarmed bool
}

// missing is the error of a setting that needs a part that the main does not
// list.
func missing(setting, part string) error {
	return fmt.Errorf("%s: %w", setting, notListed(part))
}

func notListed(part string) error {
	return fmt.Errorf("this binary has no %s, because its main does not list it (docs/weight.md)", part)
}
