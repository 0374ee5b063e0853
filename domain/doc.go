// Package domain defines what a user migration is and how it is decided.
//
// It imports only the standard library and Unicode tables, does no I/O and
// reads no clock. Start with [Decide] in decision.go: a pure function from the
// source's answer (a [Finding]) to the answer for Cognito (a [Decision]).
package domain
