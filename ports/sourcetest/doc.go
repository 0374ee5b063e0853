// Package sourcetest has the shared tests of all source adapters. [Run] asks a
// [ports.SourceDirectory] about known [Users], and checks the answers against
// the port's contract.
//
// An adapter's test fills in a [Harness] and declares the directory's
// capabilities. The suite does not detect capabilities. It tests what is
// declared, logs what is not, and fails if no test covers a declared one. It checks
// the decision that follows from a finding, because two findings may be equally
// right. domain.Decide, with the default rules, must return the expected reason.
//
// It imports domain and ports; only tests import it.
package sourcetest
