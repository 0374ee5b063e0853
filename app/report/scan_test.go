package report

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"cognito-user-migration/ports"
)

// TestAListingThatIsThrottledForEverEnds: after eight attempts without a page, with
// longer pauses between them. A page begins the count again.
func TestAListingThatIsThrottledForEverEnds(t *testing.T) {
	throttled := fmt.Errorf("page: %w", ports.ErrThrottled)
	denied := errors.New("not permitted")
	for name, row := range map[string]struct {
		pages    []int // attempts that bring a page before their error
		fails    error
		attempts int
	}{
		"no page at all":              {nil, throttled, 8},
		"no answer at all":            {nil, fmt.Errorf("page: %w", ports.ErrUnreachable), 8},
		"a page in the fifth attempt": {[]int{5}, throttled, 12},
		"what no pause can help":      {nil, denied, 1},
	} {
		t.Run(name, func(t *testing.T) {
			var pauses []time.Duration
			s := Scanner{Pause: func(_ context.Context, pause time.Duration) error { pauses = append(pauses, pause); return nil }}
			attempts := 0
			err := s.retry(t.Context(), func() (bool, error) {
				attempts++
				return slices.Contains(row.pages, attempts), row.fails
			})
			if !errors.Is(err, row.fails) || attempts != row.attempts {
				t.Errorf("after %d attempts: %v", attempts, err)
			}
			if row.attempts > 1 && (pauses[0] != firstPause || slices.Max(pauses) > mostPause || pauses[1] != 2*firstPause) {
				t.Errorf("pauses %v", pauses)
			}
		})
	}
	stopped, cancel := context.WithCancel(t.Context())
	cancel()
	if err := new(Scanner).retry(stopped, func() (bool, error) { return false, throttled }); !errors.Is(err, context.Canceled) {
		t.Errorf("an interrupted pause: %v", err)
	}
}
