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

// pool has two slices with four pages of one user each, and answers so many requests.
type pool struct {
	mu      sync.Mutex
	answers int
	// late answers the fifth request of each slice, and only this one.
	late bool
	// fault is the error of the other requests, and interrupt is called with it.
	fault     error
	interrupt func()
	// asked counts the requests of each slice.
	asked map[string]int
}

// requests is the number of all requests.
func (p *pool) requests() int { return p.asked["0"] + p.asked["1"] }

const pagesOfPool = 4

// page answers a request.
func (p *pool) page(slice, position string) (user, next string, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.asked == nil {
		p.asked = make(map[string]int)
	}
	p.asked[slice]++
	switch {
	case p.late && p.asked[slice] == 5:
	case p.answers == 0:
		if p.interrupt != nil {
			p.interrupt()
		}
		return "", "", fmt.Errorf("user pool: ListUsers: %w", p.fault)
	default:
		p.answers--
	}
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
			user, next, err := p.page(request.Slice, position)
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
			user, next, err := p.page(request.Slice, position)
			page := ports.UserPage{Users: []domain.SourceUser{{Username: user + request.Slice}}, Next: next}
			if !yield(page, err) || err != nil || next == "" {
				return
			}
			position = next
		}
	}
}

// scannerOf scans these pools, without waiting.
func scannerOf(t *testing.T, source, destination *pool, waited map[time.Duration]int) *report.Scanner {
	t.Helper()
	state, err := reportstate.Open(t.Context(), filepath.Join(t.TempDir(), "move.db"), reportstate.Identity{}, false)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = state.Close() })
	var mu sync.Mutex
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
	return scanner
}

// TestEndlessThrottlingEndsAfterAStatedTime: the scan gives up after eight attempts in
// about a minute. A page begins the count again. The error says how to continue, and
// the scan continues where it ended.
func TestEndlessThrottlingEndsAfterAStatedTime(t *testing.T) {
	t.Parallel()
	denied := errors.New("not permitted")
	for name, test := range map[string]struct {
		source, destination int // how many requests are answered
		late                bool
		fault               error
		noDestination       bool
		// requests of each slice without an answer, and those that were answered.
		requests, answered int
	}{
		"of the source":      {source: 3, destination: 100, fault: ports.ErrThrottled, answered: 3 + 2*pagesOfPool},
		"of the destination": {source: 100, destination: 3, fault: ports.ErrThrottled, noDestination: true, answered: 3 + 2*pagesOfPool},
		"of both":            {fault: ports.ErrThrottled, noDestination: true, requests: 8},
		"no answer at all":   {fault: ports.ErrUnreachable, noDestination: true, requests: 8},
		// The fifth attempt asks for a second page too.
		"a page in the fifth attempt": {late: true, fault: ports.ErrThrottled, noDestination: true, requests: 12 + 1, answered: 4},
		"what no pause can help":      {fault: denied, noDestination: true, requests: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			source := &pool{answers: test.source, late: test.late, fault: test.fault}
			destination := &pool{answers: test.destination, late: test.late, fault: test.fault}
			waited := make(map[time.Duration]int)
			scanner := scannerOf(t, source, destination, waited)
			err := scanner.Scan(t.Context())
			gaveUp := !errors.Is(test.fault, denied)
			if !errors.Is(err, test.fault) || errors.Is(err, report.ErrGaveUp) != gaveUp || errors.Is(err, report.ErrNoDestination) != test.noDestination {
				t.Errorf("got %v", err)
			}
			if gaveUp && (!strings.Contains(err.Error(), "8 attempts") || !strings.Contains(err.Error(), "lower --rate, then run the same command again, which continues")) {
				t.Errorf("got %v", err)
			}
			for _, asked := range []map[string]int{source.asked, destination.asked} {
				if test.requests > 0 && (asked["0"] != test.requests || asked["1"] != test.requests) {
					t.Errorf("the requests of the slices are %v, want %d each", asked, test.requests)
				}
			}
			var longest time.Duration
			for _, pause := range []time.Duration{500 * time.Millisecond, time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second, 16 * time.Second, 30 * time.Second} {
				if (waited[pause] > 0) != gaveUp {
					t.Errorf("%d pauses of %v: %v", waited[pause], pause, waited)
				}
				longest += pause
				delete(waited, pause)
			}
			if len(waited) > 0 || longest > 62*time.Second {
				t.Errorf("other pauses: %v, %v in all", waited, longest)
			}
			before := source.requests() + destination.requests()
			source.answers, destination.answers = 100, 100
			if err := scanner.Scan(t.Context()); err != nil {
				t.Fatal(err)
			}
			// Each of the sixteen pages was answered once.
			left := 4*pagesOfPool - test.answered
			if asked := source.requests() + destination.requests() - before; asked != left {
				t.Errorf("%d requests were left, and it made %d", left, asked)
			}
			if err := scanner.Join(t.Context()); err != nil {
				t.Fatal(err)
			}
			rows, err := scanner.State.Rows(t.Context(), []string{"OLD"})
			if err != nil || len(rows) != 1 || rows[0].Users != 2*pagesOfPool || rows[0].Standing != domain.StandingMoved {
				t.Errorf("the users are %+v (%v)", rows, err)
			}
		})
	}
}

// An interrupted pause ends the scan: no slice is asked again.
func TestAnInterruptedPauseEndsTheScan(t *testing.T) {
	t.Parallel()
	ctx, interrupt := context.WithCancel(t.Context())
	source, destination := &pool{fault: ports.ErrThrottled, interrupt: interrupt}, &pool{fault: ports.ErrThrottled, interrupt: interrupt}
	scanner := scannerOf(t, source, destination, nil)
	scanner.Pause = nil
	if err := scanner.Scan(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	for _, asked := range []map[string]int{source.asked, destination.asked} {
		if asked["0"] > 1 || asked["1"] > 1 {
			t.Errorf("the requests of the slices are %v", asked)
		}
	}
}
