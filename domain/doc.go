// Package domain defines what a user migration is and how it is decided.
//
// It imports only the standard library and Unicode tables, does no I/O and
// reads no clock. Start with [Decide] in decision.go: a pure function from the
// source's answer (a [Finding]) to the answer for Cognito (a [Decision]).
//
//   - A sign-in: attempt.go, finding.go (the table of findings), decision.go,
//     rules.go (the operator's choices), reason.go, secondfactor.go.
//   - The new user: user.go, mapping.go, format.go and schema.go (attributes),
//     passwordpolicy.go.
//   - Names: ownership.go (whom an identifier names), earlier.go (several sources),
//     skeleton.go (spellings), lockout.go.
//   - Completion: completion.go, completionkeys.go, completionreason.go, groups.go.
//   - Records: audit.go, responsecode.go. Secrets: password.go.
//   - The operator's report: forecast.go, standing.go, report.go.
package domain
