package main

import (
	"slices"
	"testing"
)

func TestNoCellOfACSVFileIsAFormula(t *testing.T) {
	t.Parallel()
	cells := []string{"", "alice", "=1+1", "+491701234567", "+1+cmd", "-2", "@SUM(A1)", "\t=1", "\r=1", "'quoted", "a=b", "ユーザー"}
	want := []string{"", "alice", "'=1+1", "+491701234567", "'+1+cmd", "'-2", "'@SUM(A1)", "'\t=1", "'\r=1", "''quoted", "a=b", "ユーザー"}
	if got := asText(slices.Clone(cells)); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
