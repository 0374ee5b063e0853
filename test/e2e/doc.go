// Package e2e holds the end-to-end tests. Package lambdahost runs the real
// bootstrap binary through the Lambda runtime API. The peers are third-party
// programs (package peers): moto as the source account, cognito-local as the
// destination, the AWS CLI as the client.
//
// For features that no peer has, for example SECRET_HASH or an unknown challenge,
// a stub answers as AWS documents. A test whose peer is missing is skipped;
// E2E=required makes that a failure.
package e2e
