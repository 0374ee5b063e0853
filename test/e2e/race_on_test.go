//go:build race

package e2e_test

// buildFlags makes the binary under test watch for data races when the tests do.
var buildFlags = []string{"-race"}
