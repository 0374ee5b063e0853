package secrethash_test

import (
	"testing"

	"cognito-user-migration/adapters/internal/secrethash"
	"cognito-user-migration/domain"
)

// The expected value is from: printf '%s' hanako1example | openssl dgst -sha256 -hmac secret -binary | base64.
func TestTheHashIsOfUsernameAndClient(t *testing.T) {
	t.Parallel()
	const want = "8xIASCsFaxNmRQ4boxXaIgyN7dcqGe46gk1uBXu5UEM="
	if got := secrethash.Of(domain.NewSecret("secret"), "hanako", "1example"); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
