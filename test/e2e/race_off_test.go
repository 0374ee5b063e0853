//go:build !race

package e2e_test

// buildFlags are none: the tests do not watch for data races.
var buildFlags []string
