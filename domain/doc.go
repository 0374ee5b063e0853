// Package domain says what a user migration is and how it is decided.
//
// It imports the standard library alone, does no I/O and reads no clock. Start
// with [Decide] in decision.go: one pure function from what the source said (a
// [Finding]) to what Cognito is told (a [Decision]).
package domain
