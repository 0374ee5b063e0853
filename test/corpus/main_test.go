package main

import (
	"slices"
	"testing"
)

func of(names ...string) blocks {
	b := make(blocks)
	for _, name := range names {
		b[name] = true
	}
	return b
}

func TestAnInputIsKeptOnlyForABlockOfItsOwn(t *testing.T) {
	t.Parallel()
	sizes := map[string]int64{"large": 90, "small": 2, "nothing new": 1, "covered by large": 1}
	for name, row := range map[string]struct {
		reached blocks
		want    []string
	}{
		"the one that adds most comes first":                {of("a"), []string{"large", "small"}},
		"what the seeds reach counts for none":              {of("a", "b", "c", "d"), []string{"small"}},
		"of two that add as much, the smaller one is taken": {of("a", "c", "d"), []string{"covered by large", "small"}},
		"none where the seeds reach everything":             {of("a", "b", "c", "d", "e"), nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			own := map[string]blocks{"large": of("a", "b", "c", "d"), "small": of("a", "e"), "nothing new": of("a"), "covered by large": of("b")}
			if got := choose(row.reached, own, sizes); !slices.Equal(got, row.want) {
				t.Errorf("got %q, want %q", got, row.want)
			}
		})
	}
}
