package sourcetest

import (
	"context"
	"errors"
	"testing"

	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
)

// listsAllUsers lists the directory, slice by slice.
func listsAllUsers(t *testing.T, s *suite) {
	if !s.can(Lists) {
		return
	}
	lister := s.harness.Lister()
	listed := make(map[string]domain.SourceUser)
	turns := 0
	for _, slice := range lister.Slices() {
		for page, err := range lister.Pages(t.Context(), ports.ListRequest{Slice: slice, Wait: func(context.Context) error { turns++; return nil }}) {
			if err != nil {
				t.Fatalf("the listing failed: %v", err)
			}
			for _, user := range page.Users {
				if _, twice := listed[user.Username]; twice {
					t.Errorf("a user is listed twice")
				}
				listed[user.Username] = user
			}
		}
	}
	if len(listed) != len(s.users) {
		t.Errorf("%d of %d users are listed", len(listed), len(s.users))
	}
	if turns == 0 {
		t.Errorf("the listing never called Wait")
	}
	subs := make(map[string]string)
	for _, known := range s.ordinary() {
		s.sameAs(t, known, listed[known.Username], subs)
	}
	ended, end := context.WithCancel(t.Context())
	end()
	for _, err := range lister.Pages(ended, ports.ListRequest{Slice: lister.Slices()[0]}) {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("an ended context gave %v", err)
		}
	}
}
