package main

import (
	"slices"
	"testing"

	"cognito-user-migration/domain"
)

func TestNoCellOfACSVFileIsAFormula(t *testing.T) {
	t.Parallel()
	cells := []string{"", "alice", "=1+1", "+491701234567", "+1+cmd", "-2", "@SUM(A1)", "\t=1", "\r=1", "'quoted", "a=b", "ユーザー"}
	want := []string{"", "alice", "'=1+1", "+491701234567", "'+1+cmd", "'-2", "'@SUM(A1)", "'\t=1", "'\r=1", "''quoted", "a=b", "ユーザー"}
	if got := asText(slices.Clone(cells)); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestAStateBelongsToTheDestinationsFactors if they change what is forecast.
func TestAStateBelongsToTheDestinationsFactors(t *testing.T) {
	t.Parallel()
	rules := domain.DefaultRules()
	if carriedMark(rules) != "" {
		t.Error("the destination's factors change no forecast without carry")
	}
	rules.OnMFA = domain.MFACarry
	before := carriedMark(rules)
	rules.DestinationMFA = domain.DestinationMFA{Mode: domain.MFAOn, Methods: []domain.MFAMethod{domain.MFASMS}}
	one := carriedMark(rules)
	rules.SetsMFAPreference = true
	if two := carriedMark(rules); before == one || one == two {
		t.Errorf("got %q, %q, %q", before, one, two)
	}
}
