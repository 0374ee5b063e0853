package sourcetest

// RunWithin is Run with a safety net of the test's own.
var RunWithin = run
