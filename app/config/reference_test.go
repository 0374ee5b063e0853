package config

import "testing"

func TestWhatIsAReference(t *testing.T) {
	t.Parallel()
	for setting, want := range map[string]bool{"ssm:/x": true, "secretsmanager:x": true, "SSM:/x": false, "x": false, "": false, "xssm:": false} {
		if isReference(setting) != want {
			t.Errorf("%q: %t", setting, !want)
		}
	}
}
