package bench

import (
	"strings"
	"testing"
)

func TestTheGroupThatAProcessIsIn(t *testing.T) {
	t.Parallel()
	const first = "4:memory:/process\n3:cpu,cpuacct:/slice/one\n0::/\n"
	const second = "0::/user.slice/session.scope\n"
	for _, row := range []struct{ name, text, controller, want string }{
		{"version 1, beside another controller", first, "cpu", "/slice/one"},
		{"version 1, a controller that is not there", first, "pids", "/"},
		{"version 2", second, "", "/user.slice/session.scope"},
	} {
		if got := ownGroup(row.text, row.controller); got != row.want {
			t.Errorf("%s: got %q, want %q", row.name, got, row.want)
		}
	}
}

func TestAShareThatIsTooSmallIsSaidToBe(t *testing.T) {
	t.Parallel()
	if _, err := newQuota(1); err == nil || !strings.Contains(err.Error(), "less than a process can be given") {
		t.Errorf("got %v", err)
	}
}
