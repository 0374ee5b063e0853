package bootstrap

import "testing"

func TestOneProcessorIsUsedWhereLambdaGivesLessThanTwo(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		memory, set string
		want        int
	}{
		"the least memory":                   {"128", "", 1},
		"one processor's time":               {"1769", "", 1},
		"a little less than two processors'": {"3537", "", 1},
		"two processors' time":               {"3538", "", 0},
		"the most memory":                    {"10240", "", 0},
		"a number that somebody has set":     {"128", "2", 0},
		"outside of Lambda":                  {"", "", 0},
		"no number":                          {"much", "", 0},
		"no memory":                          {"0", "", 0},
		"less than none":                     {"-1", "", 0},
	} {
		environment := map[string]string{"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": test.memory, "GOMAXPROCS": test.set}
		if got := processors(func(name string) string { return environment[name] }); got != test.want {
			t.Errorf("%s: %d, want %d", name, got, test.want)
		}
	}
}
