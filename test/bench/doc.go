// Package bench measures the cost of one sign-in. It starts programs as Lambda would:
// the real bootstrap binary, the smallest possible Go program (cmd/floor), and the
// article's flow in Python and Node.js. It runs them one after the other in many
// rounds, against one stub of the source account (cmd/stub). Only ratios from one run
// are valid. cmd/bench is the command; docs/performance.md explains its output. The
// Lambda binary contains none of this package.
package bench
