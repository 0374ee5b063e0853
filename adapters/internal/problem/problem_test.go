package problem_test

import (
	"errors"
	"testing"

	"cognito-user-migration/adapters/internal/problem"
)

func TestAProblemNamesItsVariable(t *testing.T) {
	t.Parallel()
	problems := problem.List{Variable: func(name string) string { return "OLD_" + name }}
	problems.Add("URL", "expected 100%")
	problems.Addf("TLS", "is used with %s", "x")
	if got, want := errors.Join(problems.Found...).Error(), "OLD_URL: expected 100%\nOLD_TLS: is used with x"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
