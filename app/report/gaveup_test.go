package report_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"cognito-user-migration/adapters/cognitosource/listing"
	"cognito-user-migration/adapters/reportstate"
	"cognito-user-migration/app/report"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"

	"golang.org/x/time/rate"
)

// pool has four pages of one user each, and answers so many requests.
type pool struct {
	mu      sync.Mutex
	answers int
	// asked are the positions of the requests.
	asked []string
}

const pagesOfPool = 4

// page answers a request.
func (p *pool) page(position string) (user, next string, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked = append(p.asked, position)
	if p.answers == 0 {
		return "", "", fmt.Errorf("user pool: ListUsers: TooManyRequestsException: %w", ports.ErrThrottled)
	}
	p.answers--
	at := 0
	_, _ = fmt.Sscan(position, &at) // the beginning has none
	if at+1 < pagesOfPool {
		next = fmt.Sprint(at + 1)
	}
	return fmt.Sprintf("user-%d", at), next, nil
}

func (*pool) Slices() []string { return []string{"0", "1"} }

func (p *pool) DestinationPages(_ context.Context, request ports.ListRequest) iter.Seq2[listing.DestinationPage, error] {
	return func(yield func(listing.DestinationPage, error) bool) {
		for position := request.Position; ; {
			user, next, err := p.page(position)
			page := listing.DestinationPage{Users: []domain.DestinationUser{{Username: user + request.Slice}}, Next: next}
			if !yield(page, err) || err != nil || next == "" {
				return
			}
			position = next
		}
	}
}

func (p *pool) Pages(_ context.Context, request ports.ListRequest) iter.Seq2[ports.UserPage, error] {
	return func(yield func(ports.UserPage, error) bool) {
		for position := request.Position; ; {
			user, next, err := p.page(position)
			page := ports.UserPage{Users: []domain.SourceUser{{Username: user + request.Slice}}, Next: next}
			if !yield(page, err) || err != nil || next == "" {
				return
			}
			position = next
		}
	}
}

// TestEndlessThrottlingEndsAfterAStatedTime: the scan gives up after eight attempts in
// about a minute, says how to continue, and continues where it ended.
func TestEndlessThrottlingEndsAfterAStatedTime(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		source, destination int // how many requests are answered
		noDestination       bool
	}{
		"of the source":      {3, 100, false},
		"of the destination": {100, 3, true},
		"of both":            {0, 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			source, destination := &pool{answers: test.source}, &pool{answers: test.destination}
			state, err := reportstate.Open(t.Context(), filepath.Join(t.TempDir(), "move.db"), reportstate.Identity{}, false)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = state.Close() }()
			var mu sync.Mutex
			waited := make(map[time.Duration]int)
			scanner := &report.Scanner{
				State: state, Destination: destination, DestinationLimit: rate.NewLimiter(rate.Inf, 1), Rules: domain.DefaultRules(),
				Sources: []report.Source{{Name: "OLD", Lister: source, Limit: rate.NewLimiter(rate.Inf, 1)}},
				Pause: func(_ context.Context, pause time.Duration) error {
					mu.Lock()
					defer mu.Unlock()
					waited[pause]++
					return nil
				},
			}
			if _, err := state.Begin(t.Context(), time.Now(), scanner.Parts(), false); err != nil {
				t.Fatal(err)
			}
			err = scanner.Scan(t.Context())
			if !errors.Is(err, report.ErrGaveUp) || !errors.Is(err, ports.ErrThrottled) || errors.Is(err, report.ErrNoDestination) != test.noDestination ||
				!strings.Contains(err.Error(), "8 attempts") || !strings.Contains(err.Error(), "lower --rate, then run the same command again, which continues") {
				t.Errorf("got %v", err)
			}
			var longest time.Duration
			for _, pause := range []time.Duration{500 * time.Millisecond, time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second, 16 * time.Second, 30 * time.Second} {
				if waited[pause] == 0 {
					t.Errorf("there was no pause of %v: %v", pause, waited)
				}
				longest += pause
				delete(waited, pause)
			}
			if len(waited) > 0 || longest > 62*time.Second {
				t.Errorf("other pauses: %v, %v in all", waited, longest)
			}
			before := len(source.asked) + len(destination.asked)
			source.answers, destination.answers = 100, 100
			if err := scanner.Scan(t.Context()); err != nil {
				t.Fatal(err)
			}
			// Each of the sixteen pages was answered once.
			left := 4*pagesOfPool - min(test.source, 2*pagesOfPool) - min(test.destination, 2*pagesOfPool)
			if asked := len(source.asked) + len(destination.asked) - before; asked != left {
				t.Errorf("%d requests were left, and it made %d", left, asked)
			}
			if err := scanner.Join(t.Context()); err != nil {
				t.Fatal(err)
			}
			rows, err := state.Rows(t.Context(), []string{"OLD"})
			if err != nil || len(rows) != 1 || rows[0].Users != 2*pagesOfPool || rows[0].Standing != domain.StandingMoved {
				t.Errorf("the users are %+v (%v)", rows, err)
			}
		})
	}
}
