// Package e2e holds the end-to-end tests: the real bootstrap binary, run through
// the Lambda runtime API by package lambdahost, between peers that no one here
// wrote (package peers): moto as the source account, cognito-local as the
// destination, the AWS CLI as the client.
//
// What no peer can do, such as SECRET_HASH or an unknown challenge, a stub
// answers in the shapes that AWS documents. Tests that need a peer are skipped
// where it is missing; E2E=required makes that a failure.
package e2e
