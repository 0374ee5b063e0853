package ports_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
)

// fault is an error with a type of its own.
type fault struct{ kind error }

func (f *fault) Error() string { return "source: " + f.kind.Error() }
func (f *fault) Unwrap() error { return f.kind }

func TestACertificateChangesNothingElseOfAnError(t *testing.T) {
	t.Parallel()
	for reason, kind := range map[domain.Reason]error{
		domain.ReasonSourceThrottled:     ports.ErrThrottled,
		domain.ReasonSourceUnreachable:   ports.ErrUnreachable,
		domain.ReasonSourceMisconfigured: ports.ErrMisconfigured,
		domain.ReasonDeadlineExceeded:    context.DeadlineExceeded,
		domain.ReasonInternal:            errors.New("of nobody's"),
	} {
		plain := error(&fault{kind})
		for name, test := range map[string]struct {
			err       error
			certified bool
		}{
			"plain":                      {plain, false},
			"certified":                  {ports.NotJudged(plain), true},
			"certified and wrapped":      {fmt.Errorf("%w", ports.NotJudged(plain)), true},
			"taken back":                 {ports.MaybeJudged(ports.NotJudged(plain)), false},
			"taken back through a wrap":  {ports.MaybeJudged(fmt.Errorf("%w", ports.NotJudged(plain))), false},
			"taken back, then certified": {ports.NotJudged(ports.MaybeJudged(ports.NotJudged(plain))), true},
			"nothing to take back":       {ports.MaybeJudged(plain), false},
		} {
			if got := errors.Is(test.err, ports.ErrNotJudged); got != test.certified {
				t.Errorf("%s, %v: certified %t", name, kind, got)
			}
			typed, ok := errors.AsType[*fault](test.err)
			if !ok || !errors.Is(typed, kind) || !errors.Is(test.err, kind) || ports.ReasonOf(test.err) != reason || test.err.Error() != plain.Error() {
				t.Errorf("%s, %v: got %v, %v", name, kind, test.err, ports.ReasonOf(test.err))
			}
		}
	}
	if ports.NotJudged(nil) != nil || ports.MaybeJudged(nil) != nil {
		t.Error("an error comes from none")
	}
}

func TestAConnectionIsKnownWithinItsAttemptAlone(t *testing.T) {
	t.Parallel()
	ctx := ports.WithinAttempt(t.Context())
	if ports.WithinAttempt(ctx) != ctx {
		t.Error("an attempt within an attempt")
	}
	other, _ := ports.WithMeter(t.Context())
	for connection := range 9 {
		if ports.CarriedBefore(ctx, connection) || !ports.CarriedBefore(ctx, connection) || ports.CarriedBefore(other, connection) {
			t.Errorf("connection %d", connection)
		}
		for range 2 {
			if ports.CarriedBefore(t.Context(), connection) {
				t.Errorf("connection %d is known outside of an attempt", connection)
			}
		}
	}
}
