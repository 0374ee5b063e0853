// Package peers starts other projects' software for the end-to-end tests: moto as the
// source account, cognito-local as the destination's user pools. [StrictPool] is
// written here: it resets what an update of a pool leaves out, which no peer does.
// Everything listens on loopback only. The package imports AWS's SDK and the standard
// library, and nothing of the product.
package peers
