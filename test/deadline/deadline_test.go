package deadline_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"cognito-user-migration/test/deadline"
)

func TestADeadlinePassesWhenTheTestSaysSo(t *testing.T) {
	t.Parallel()
	ctx, pass := deadline.Context(t.Context())
	child, cancel := context.WithCancel(ctx)
	defer cancel()
	if err := child.Err(); err != nil {
		t.Fatalf("it has ended already: %v", err)
	}
	pass()
	<-child.Done()
	if !errors.Is(child.Err(), context.DeadlineExceeded) || !errors.Is(ctx.Err(), context.DeadlineExceeded) {
		t.Errorf("got %v, and the child %v", ctx.Err(), child.Err())
	}
}

func TestAnAnnouncedDeadlineDoesNotPassByItself(t *testing.T) {
	t.Parallel()
	ctx, pass := deadline.Announced(t.Context(), -time.Second)
	if until, ok := ctx.Deadline(); !ok || until.After(time.Now()) || ctx.Err() != nil {
		t.Errorf("until %v, %v", until, ctx.Err())
	}
	pass()
	if !errors.Is(ctx.Err(), context.DeadlineExceeded) {
		t.Errorf("got %v", ctx.Err())
	}
}

func TestItEndsWithItsParent(t *testing.T) {
	t.Parallel()
	parent, cancel := context.WithCancel(t.Context())
	ctx, pass := deadline.Context(parent)
	cancel()
	<-ctx.Done()
	pass()
	if !errors.Is(ctx.Err(), context.Canceled) {
		t.Errorf("got %v", ctx.Err())
	}
}
