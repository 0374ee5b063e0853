package lambdatrigger_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"cognito-user-migration/adapters/lambdatrigger"
	"cognito-user-migration/domain"

	"go.uber.org/zap"
)

// decided answers every attempt with one decision.
type decided domain.Decision

func (d decided) Migrate(context.Context, domain.Attempt) (domain.Decision, error) {
	return domain.Decision(d), nil
}

func BenchmarkInvoke(b *testing.B) {
	payload, err := os.ReadFile(filepath.Join("testdata", "authentication.json"))
	if err != nil {
		b.Fatal(err)
	}
	for name, decision := range map[string]domain.Decision{"migrate": migrated(), "refuse": refused(domain.ReasonPasswordWrong)} {
		b.Run(name, func(b *testing.B) {
			handler := lambdatrigger.New(decided(decision), zap.NewNop(), lambdatrigger.Options{})
			b.ReportAllocs()
			for b.Loop() {
				if _, err := handler.Invoke(context.Background(), payload); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// What the event costs beside the source's own calls is held in numbers of
// allocations, because times depend on the machine.
func TestAnEventCostsFewAllocations(t *testing.T) {
	payload := event(t, "authentication.json")
	for name, row := range map[string]struct {
		decision domain.Decision
		most     float64
	}{
		"a refusal":   {refused(domain.ReasonPasswordWrong), 30},
		"a migration": {migrated(), 32},
	} {
		handler := lambdatrigger.New(decided(row.decision), zap.NewNop(), lambdatrigger.Options{})
		got := testing.AllocsPerRun(200, func() {
			if _, err := handler.Invoke(context.Background(), payload); err != nil {
				t.Fatal(err)
			}
		})
		t.Logf("%s: %v allocations", name, got)
		if got > row.most {
			t.Errorf("%s makes %v allocations, at most %v are fine", name, got, row.most)
		}
	}
}
