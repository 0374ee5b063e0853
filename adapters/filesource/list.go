package filesource

import (
	"context"
	"iter"

	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
)

var _ ports.UserLister = (*Directory)(nil)

// pageSize is the number of users per page.
const pageSize = 1000

// Slices implements [ports.UserLister].
func (d *Directory) Slices() []string { return []string{""} }

// Pages implements [ports.UserLister]. It always lists the file from the
// beginning.
func (d *Directory) Pages(ctx context.Context, request ports.ListRequest) iter.Seq2[ports.UserPage, error] {
	return func(yield func(ports.UserPage, error) bool) {
		list := d.now().list
		for len(list) > 0 {
			if err := request.Turn(ctx); err != nil {
				yield(ports.UserPage{}, err)
				return
			}
			some := list[:min(pageSize, len(list))]
			list = list[len(some):]
			users := make([]domain.SourceUser, len(some))
			for i, one := range some {
				users[i] = one.User
			}
			if !yield(ports.UserPage{Users: users}, nil) {
				return
			}
		}
	}
}
