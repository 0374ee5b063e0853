// Package lambdahost runs a Lambda binary as AWS Lambda would: it starts the
// process, hands it invocations through the Lambda runtime API on loopback, and
// takes its answers. It is written from AWS's public documentation of that API
// (version 2018-06-01) and imports the standard library only, so that what it
// says of a binary does not rest on the code under test.
package lambdahost
