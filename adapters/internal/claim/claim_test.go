package claim_test

import (
	"testing"

	"cognito-user-migration/adapters/internal/claim"
)

func TestAClaimBecomesAnAttribute(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{
		``: "", `null`: "", `"Hanako"`: "Hanako", `"\u82b1\ud83d\ude00\n"`: "花😀\n", `""`: "", `42`: "42", `1.50`: "1.50", `true`: "true", `false`: "false",
		`["a"]`: "", `{}`: "", `{"formatted":"1 Main St"}`: "1 Main St", `{"formatted":7}`: "",
	} {
		if got := claim.Text([]byte(value)); got != want {
			t.Errorf("%s: got %q, want %q", value, got, want)
		}
	}
}
