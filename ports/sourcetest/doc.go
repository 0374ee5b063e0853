// Package sourcetest is the contract that every source adapter passes: [Run]
// puts the questions of a migration to a [ports.SourceDirectory] over a
// directory of known [People], and holds the answers to what the port says.
//
// An adapter's test fills in a [Harness] and declares what its directory can do.
// Nothing is sniffed: what is declared is tested, what is not is said in the
// test's log, and a declaration that no test came to is a failure. What counts
// is what comes of a finding, so where two findings are equally right the suite
// asks domain.Decide, with the default rules, for its reason.
//
// It imports domain and ports; only tests import it.
package sourcetest
