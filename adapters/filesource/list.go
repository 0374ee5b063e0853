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

var _ ports.HashLister = (*Directory)(nil)

// Hashes implements [ports.HashLister].
func (d *Directory) Hashes(ctx context.Context) iter.Seq2[ports.UserHash, error] {
	return func(yield func(ports.UserHash, error) bool) {
		for _, one := range d.now().list {
			if err := ctx.Err(); err != nil {
				yield(ports.UserHash{}, err)
				return
			}
			if one.Hash != "" && !yield(ports.UserHash{Username: one.User.Username, Hash: domain.NewSecret(one.Hash)}, nil) {
				return
			}
		}
	}
}
