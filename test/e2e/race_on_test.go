//go:build race

package e2e_test

// buildFlags makes the binary under test watch for data races when the tests do, but
// not in the libraries that compute hashes, as in the Makefile.
var buildFlags = []string{
	"-race", "-gcflags=golang.org/x/crypto/...=-race=false", "-gcflags=github.com/openwall/yescrypt-go/...=-race=false",
	"-gcflags=github.com/zitadel/passwap/...=-race=false",
}
