// Package bench measures what one sign-in costs. It starts the real bootstrap
// binary, the least that Go can do (cmd/floor) and the article's flow in Python
// and in Node.js as Lambda would, one after the other in many rounds, against
// one stub of the source account (cmd/stub), and compares them: only ratios
// from one run count. cmd/bench is the command; docs/performance.md says how to
// read what it prints. Nothing of it is in the Lambda's binary.
package bench
