// Package lambdahost runs a Lambda binary as AWS Lambda would. It starts the process,
// gives it invocations through the Lambda runtime API on loopback, and takes its
// responses. It is written from AWS's public documentation of that API (version
// 2018-06-01). It imports the standard library only, so it does not depend on the
// code under test.
package lambdahost
