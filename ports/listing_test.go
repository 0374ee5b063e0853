package ports_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
)

// A listing continues from its position, waits before each page, and ends with the
// first error.
func TestAListingIsReadPageByPage(t *testing.T) {
	t.Parallel()
	pages := map[string]ports.UserPage{
		"":  {Users: []domain.SourceUser{{Username: "a"}}, Next: "2"},
		"2": {Next: "3"},
		"3": {Users: []domain.SourceUser{{Username: "b"}}},
	}
	failure := errors.New("failure")
	for name, test := range map[string]struct {
		position string
		waits    int // before Wait fails
		fails    string
		want     []string
		err      error
	}{
		"from the beginning": {"", 9, "", []string{"", "2", "3"}, nil},
		"from a position":    {"2", 9, "", []string{"2", "3"}, nil},
		"a wait that ends":   {"", 1, "", []string{""}, context.Canceled},
		"a page that fails":  {"", 9, "2", []string{"", "2"}, failure},
	} {
		var read []string
		waited := 0
		request := ports.ListRequest{Position: test.position, Wait: func(context.Context) error {
			if waited++; waited > test.waits {
				return context.Canceled
			}
			return nil
		}}
		var last error
		for page, err := range request.Pages(t.Context(), func(position string) (ports.UserPage, error) {
			read = append(read, position)
			if position == test.fails && test.fails != "" {
				return ports.UserPage{}, failure
			}
			return pages[position], nil
		}) {
			if last = err; err != nil && len(page.Users) > 0 {
				t.Errorf("%s: an error with users", name)
			}
		}
		if !slices.Equal(read, test.want) || !errors.Is(last, test.err) {
			t.Errorf("%s: read %q, %v", name, read, last)
		}
	}
}
