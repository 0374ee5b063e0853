package config_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"cognito-user-migration/app/config"
)

func TestVariablesInOneVariableAreReadLikeTheirOwn(t *testing.T) {
	t.Parallel()
	for name, environ := range map[string][]string{
		"one source":                      {`SOURCE_VARIABLES={"SOURCE_KIND":"directory","SOURCE_HOST":"h","SOURCE_PORT":"636","SOURCE_KEY":"k"}`},
		"beside variables of their own":   {"SOURCE_KIND=directory", "SOURCE_KEY=k", `SOURCE_VARIABLES={"SOURCE_HOST":"h","SOURCE_PORT":"636"}`},
		"an empty variable is not set":    {"SOURCE_HOST=", "SOURCE_PORT=636", `SOURCE_VARIABLES={"SOURCE_KIND":"directory","SOURCE_HOST":"h","SOURCE_PORT":"","SOURCE_KEY":"k"}`},
		"over several lines":              {"SOURCE_VARIABLES= {\n  \"SOURCE_KIND\": \"directory\",\n  \"SOURCE_HOST\": \"h\", \"SOURCE_PORT\": \"636\", \"SOURCE_KEY\": \"k\"\n}\n"},
		"nothing but the usual variables": {"SOURCE_KIND=directory", "SOURCE_HOST=h", "SOURCE_PORT=636", "SOURCE_KEY=k", "SOURCE_VARIABLES="},
		"an empty object":                 {"SOURCE_KIND=directory", "SOURCE_HOST=h", "SOURCE_PORT=636", "SOURCE_KEY=k", "SOURCE_VARIABLES={}"},
		"capitals by escapes":             {`SOURCE_VARIABLES={"SOURCE_KIND":"directory","SOURCE_\u0048OST":"\u0068","SOURCE_PORT":"636","SOURCE_KEY":"k"}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := load(environ...)
			if err != nil {
				t.Fatal(err)
			}
			settings := got.Sources[0].Settings.(*directory)
			if settings.Host != "h" || settings.Port != 636 || settings.Key.Reveal() != "k" || got.Sources[0].Kind != "directory" {
				t.Errorf("read %+v of kind %s", settings, got.Sources[0].Kind)
			}
			unpacked, err := config.Unpack(environ)
			if err != nil {
				t.Fatal(err)
			}
			for _, want := range []string{"SOURCE_KIND=directory", "SOURCE_HOST=h", "SOURCE_PORT=636", "SOURCE_KEY=k"} {
				if !slices.Contains(unpacked, want) {
					t.Errorf("%q lacks %s", unpacked, want)
				}
			}
		})
	}
}

func TestVariablesInOneVariableMakeAChainOfSources(t *testing.T) {
	t.Parallel()
	environ := []string{
		"SOURCE_HOST=pool", "MIGRATE_ON_MFA=refuse",
		`SOURCE_VARIABLES={"MIGRATE_SOURCES":"SOURCE,OLD","OLD_KIND":"directory","OLD_HOST":"h","OLD_KEY":"ssm:/known","COMPLETION_AFTER":"keep"}`,
	}
	got, err := load(environ...)
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Sources) != 2 || got.Sources[0].Name != "SOURCE" || got.Sources[1].Name != "OLD" {
		t.Fatalf("the sources are %+v", got.Sources)
	}
	if !got.Sources[1].HasReferences() || got.Sources[1].Settings.(*directory).Key.Reveal() != strings.Repeat("s", 32) {
		t.Error("the reference was not resolved")
	}
	again, err := config.LoadSource(context.Background(), environ, "OLD", kinds(), vault{})
	if err != nil || !again.SameSecrets(got.Sources[1]) {
		t.Errorf("read again: %+v, %v", again, err)
	}
}

func TestProblemsOfVariablesInOneVariable(t *testing.T) {
	t.Parallel()
	const malformed = `SOURCE_VARIABLES: expected a JSON object such as {"SOURCE_KIND": "oidc"}, with every name and value in quotes`
	for name, row := range map[string]struct {
		environ []string
		want    []string
	}{
		"no JSON":                  {[]string{"SOURCE_HOST=h", "SOURCE_VARIABLES=" + canary}, []string{malformed}},
		"a list":                   {[]string{"SOURCE_HOST=h", `SOURCE_VARIABLES=["` + canary + `"]`}, []string{malformed}},
		"an object without an end": {[]string{"SOURCE_HOST=h", `SOURCE_VARIABLES={"SOURCE_KEY":"` + canary + `"`}, []string{malformed}},
		"something after it":       {[]string{"SOURCE_HOST=h", `SOURCE_VARIABLES={} ` + canary}, []string{malformed}},
		"a comma too many":         {[]string{"SOURCE_HOST=h", `SOURCE_VARIABLES={"SOURCE_KEY":"` + canary + `",}`}, []string{malformed}},
		"a reference to the whole": {[]string{"SOURCE_HOST=h", "SOURCE_VARIABLES=ssm:/known"}, []string{malformed}},
		"a name without quotes":    {[]string{"SOURCE_HOST=h", `SOURCE_VARIABLES={SOURCE_KEY:"` + canary + `"}`}, []string{malformed}},
		"a name that is no variable's": {[]string{"SOURCE_HOST=h", `SOURCE_VARIABLES={"` + canary + `":"x"}`},
			[]string{"SOURCE_VARIABLES: expected names of capital letters, digits and underscores"}},
		"a number": {[]string{"SOURCE_HOST=h", `SOURCE_VARIABLES={"SOURCE_PORT":636}`},
			[]string{"SOURCE_PORT: expected a value in quotes in SOURCE_VARIABLES"}},
		"an object in it": {[]string{"SOURCE_HOST=h", `SOURCE_VARIABLES={"SOURCE_KEY":{"x":"` + canary + `"}}`},
			[]string{"SOURCE_KEY: expected a value in quotes in SOURCE_VARIABLES"}},
		"a zero byte": {[]string{"SOURCE_HOST=h", `SOURCE_VARIABLES={"SOURCE_KEY":"` + canary + `\u0000"}`},
			[]string{"SOURCE_KEY: expected a value without a zero byte in SOURCE_VARIABLES"}},
		"a name twice": {[]string{`SOURCE_VARIABLES={"SOURCE_HOST":"h","SOURCE_HOST":"` + canary + `"}`},
			[]string{"SOURCE_HOST: is listed twice in SOURCE_VARIABLES; remove one"}},
		"set on its own too": {[]string{"SOURCE_HOST=h", `SOURCE_VARIABLES={"SOURCE_HOST":"` + canary + `","SOURCE_KEY":"k"}`},
			[]string{"SOURCE_HOST: is set on its own and in SOURCE_VARIABLES; remove one"}},
		"a misspelt setting": {[]string{`SOURCE_VARIABLES={"SOURCE_HOTS":"` + canary + `","SOURCE_HOST":"h"}`},
			[]string{"unknown variable SOURCE_HOTS; did you mean SOURCE_HOST?"}},
		"a misspelt source": {[]string{`SOURCE_VARIABLES={"MIGRATE_SOURCES":"OLD","OLD_HOST":"h","ODL_KEY":"` + canary + `"}`},
			[]string{"unknown variable ODL_KEY; did you mean OLD_KEY in SOURCE_VARIABLES?"}},
		"a source that is not listed": {[]string{`SOURCE_VARIABLES={"SOURCE_HOST":"h","DIRECTORY_KEY":"` + canary + `"}`},
			[]string{"unknown variable DIRECTORY_KEY; expected names in SOURCE_VARIABLES that begin with one of MIGRATE_, AUDIT_, COMPLETION_, LOCKOUT_, OTEL_, SOURCE_"}},
		"a variable of another program": {[]string{`SOURCE_VARIABLES={"SOURCE_HOST":"h","AWS_REGION":"` + canary + `"}`},
			[]string{"unknown variable AWS_REGION; expected names in SOURCE_VARIABLES that begin with one of MIGRATE_, AUDIT_, COMPLETION_, LOCKOUT_, OTEL_, SOURCE_"}},
		"itself": {[]string{"SOURCE_HOST=h", `SOURCE_VARIABLES={"SOURCE_VARIABLES":"` + canary + `"}`},
			[]string{"SOURCE_VARIABLES: expected other variables in it, not itself"}},
		"misspelt itself": {[]string{"SOURCE_HOST=h", `SOURCE_VARIABELS={"SOURCE_KEY":"` + canary + `"}`},
			[]string{"unknown variable SOURCE_VARIABELS; did you mean SOURCE_VARIABLES?"}},
		"a wrong value": {[]string{`SOURCE_VARIABLES={"SOURCE_HOST":"h","SOURCE_PORT":"` + canary + `"}`},
			[]string{"SOURCE_PORT: expected a port number"}},
		"every problem at once": {[]string{"MIGRATE_ON_MFA=" + canary, `SOURCE_VARIABLES={"SOURCE_PORT":"` + canary + `","SOURCE_KEY":1}`},
			[]string{"MIGRATE_ON_MFA: expected one of: refuse, carry, enroll, migrate", "SOURCE_HOST: is required; expected a host name",
				"SOURCE_KEY: expected a value in quotes in SOURCE_VARIABLES", "SOURCE_PORT: expected a port number"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := load(row.environ...)
			faulty, ok := errors.AsType[*config.Error](err)
			if !ok || !slices.Equal(faulty.Problems, row.want) {
				t.Errorf("got %v, want %q", err, row.want)
			}
			if err != nil && strings.Contains(err.Error(), canary) {
				t.Errorf("the error shows a value: %v", err)
			}
		})
	}
}

func TestWhatCanBeUnpackedIsUnpackedBesideProblems(t *testing.T) {
	t.Parallel()
	got, err := config.Unpack([]string{
		"PATH=/bin", "SOURCE_HOST=h", "SOURCE_PORT=",
		`SOURCE_VARIABLES={"SOURCE_HOST":"other","SOURCE_KEY":"k","SOURCE_PORT":"1","X_Y":"z"}`,
	})
	if want := []string{"PATH=/bin", "SOURCE_HOST=h", "SOURCE_KEY=k", "SOURCE_PORT=1"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if faulty, ok := errors.AsType[*config.Error](err); !ok || len(faulty.Problems) != 2 || !slices.Equal(faulty.Variables(), []string{"SOURCE_HOST", "X_Y"}) {
		t.Errorf("the problems are %v", err)
	}
	got, err = config.Unpack([]string{"SOURCE_HOST=h", "SOURCE_VARIABLES=" + canary})
	if !slices.Equal(got, []string{"SOURCE_HOST=h"}) || err == nil {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestTheCommandClaimsReadsNoOtherVariables(t *testing.T) {
	t.Parallel()
	if _, err := config.LoadClaims([]string{"SOURCE_VARIABLES=" + canary}); err != nil {
		t.Error(err)
	}
}

func FuzzVariablesInOneVariable(f *testing.F) {
	for _, seed := range []string{"", "{}", `{"SOURCE_HOST":"h"}`, `{"SOURCE_HOST":"h","SOURCE_HOST":"i"}`, `{"MIGRATE_SOURCES":"A_B,A","A_B_HOST":"h","A_HOST":"h","C_":"x"}`, `{"SOURCE_HOST":{}}`, `{"X":"`, "{}{}", `{"_":"x","A":"y"}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		environ := []string{"SOURCE_HOST=h", "SOURCE_VARIABLES=" + text}
		unpacked, problem := config.Unpack(environ)
		for _, variable := range unpacked {
			if name, value, _ := strings.Cut(variable, "="); name == "SOURCE_VARIABLES" && value != "" || name == "" {
				t.Errorf("%q holds %q", unpacked, variable)
			}
		}
		packed, first := load(environ...)
		plain, second := load(unpacked...)
		if problem == nil && (first == nil) != (second == nil) {
			t.Errorf("packed %v, unpacked %v", first, second)
		}
		if problem != nil && first == nil {
			t.Errorf("Unpack reports %v, and Load does not", problem)
		}
		if first == nil && second == nil && len(packed.Sources) != len(plain.Sources) {
			t.Error("other sources")
		}
	})
}
