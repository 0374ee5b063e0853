// Package processors settles how many processors Go uses, by being imported: Go
// prepares packages in the order of their paths as soon as what they import is
// ready ("Program initialization", The Go Programming Language Specification and
// the release notes of Go 1.21), so that this one, which needs hardly anything,
// comes before those of the SDK. To give up a processor later costs what it has
// by then: a cache of memory for each size of object, half a megabyte at main.
package processors

import (
	"os"
	"runtime"
	"strconv"
)

// twoProcessors is the memory, in MB, with which Lambda gives the time of two
// whole processors: "At 1,769 MB, a function has the equivalent of one vCPU"
// ("Configure Lambda function memory", AWS Lambda Developer Guide).
const twoProcessors = 2 * 1769

func init() { //nolint:gochecknoinits // when it runs is what this package is about
	if n := wanted(os.Getenv); n > 0 {
		runtime.GOMAXPROCS(n)
	}
}

// wanted is how many processors Go is to use, and 0 where it is to see for
// itself.
//
// Below two processors' time Lambda still shows two, and holds the process back
// from outside of its virtual machine, where no cgroup tells Go of it. A second
// thread then makes nothing quicker: what it does, the collector above all, is
// taken from the thread that somebody waits for, and what the two pass to each
// other costs as much again: with two, a warm sign-in took 0.79 ms of processor
// time against 0.65 ms, and a start 16 ms against 13 ms, on a machine of two
// cores. GOMAXPROCS in the environment goes before it.
func wanted(variable func(string) string) int {
	if variable("GOMAXPROCS") != "" {
		return 0
	}
	memory, err := strconv.Atoi(variable("AWS_LAMBDA_FUNCTION_MEMORY_SIZE"))
	if err != nil || memory <= 0 || memory >= twoProcessors {
		return 0
	}
	return 1
}
