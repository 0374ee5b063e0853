package bootstrap

import "strconv"

// twoProcessors is the memory in MB for which Lambda provides the time of two full
// processors. "At 1,769 MB, a function has the equivalent of one vCPU" ("Configure
// Lambda function memory", AWS Lambda Developer Guide).
const twoProcessors = 2 * 1769

// processors returns the number of processors for Go; 0 leaves the choice to
// Go.
//
// With less memory, Lambda still shows two processors and limits the process
// from outside its virtual machine, where Go sees no cgroup. A second thread
// then gains nothing: it takes time from the thread that serves the attempt. On
// a quiet machine of two cores, a warm sign-in took 0.98 ms of processor time
// with one processor and 1.39 ms with two (docs/performance.md). GOMAXPROCS in
// the environment takes precedence.
func processors(variable func(string) string) int {
	if variable("GOMAXPROCS") != "" {
		return 0
	}
	memory, err := strconv.Atoi(variable("AWS_LAMBDA_FUNCTION_MEMORY_SIZE"))
	if err != nil || memory <= 0 || memory >= twoProcessors {
		return 0
	}
	return 1
}
