package bootstrap

import (
	"maps"
	"slices"
	"testing"
)

func TestVariablesOfOpenTelemetryAreSetForItsSDK(t *testing.T) {
	t.Parallel()
	const malformed = "SOURCE_VARIABLES={"
	for name, row := range map[string]struct {
		environ, want []string
		set           map[string]string
	}{
		"in one variable":        {[]string{"A=b", `SOURCE_VARIABLES={"OTEL_TRACES_EXPORTER":"otlp","SOURCE_KIND":"oidc"}`}, []string{"A=b", "OTEL_TRACES_EXPORTER=otlp", "SOURCE_KIND=oidc"}, map[string]string{"OTEL_TRACES_EXPORTER": "otlp"}},
		"no such variable":       {[]string{"A=b", "SOURCE_KIND=oidc"}, []string{"A=b", "SOURCE_KIND=oidc"}, nil},
		"what cannot be read":    {[]string{"A=b", malformed}, []string{"A=b", malformed}, nil},
		"a variable set already": {[]string{"OTEL_TRACES_EXPORTER=none", `SOURCE_VARIABLES={"OTEL_TRACES_EXPORTER":"otlp"}`}, []string{"OTEL_TRACES_EXPORTER=none", `SOURCE_VARIABLES={"OTEL_TRACES_EXPORTER":"otlp"}`}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			set := make(map[string]string)
			got := unpacked(row.environ, func(name, value string) error { set[name] = value; return nil })
			if !slices.Equal(got, row.want) || !maps.Equal(set, row.set) {
				t.Errorf("got %q and set %v", got, set)
			}
		})
	}
}
