package sqlsource

import (
	"context"
	"errors"
	"iter"

	"cognito-user-migration/adapters/internal/fields"
	"cognito-user-migration/adapters/internal/hashed"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
)

var (
	_ ports.UserLister = (*Directory)(nil)
	_ ports.HashLister = (*Directory)(nil)
)

// pageSize is the number of users per page.
const pageSize = 1000

// Slices implements [ports.UserLister].
func (d *Directory) Slices() []string { return []string{""} }

// Pages implements [ports.UserLister] by LIST_QUERY, whose rows are streamed.
// It always lists from the beginning.
func (d *Directory) Pages(ctx context.Context, request ports.ListRequest) iter.Seq2[ports.UserPage, error] {
	return func(yield func(ports.UserPage, error) bool) {
		var users []domain.SourceUser
		flush := func() error {
			page := users
			users = nil
			if !yield(ports.UserPage{Users: page}, nil) {
				return errStop
			}
			return request.Turn(ctx)
		}
		err := request.Turn(ctx)
		if err == nil {
			err = d.list(ctx, d.listQuery, func(entry *hashed.Entry) error {
				if users = append(users, entry.User); len(users) < pageSize {
					return nil
				}
				return flush()
			})
		}
		switch {
		case errors.Is(err, errStop):
		case err != nil:
			yield(ports.UserPage{}, err)
		case len(users) > 0:
			yield(ports.UserPage{Users: users}, nil)
		}
	}
}

// Hashes implements [ports.HashLister] by LIST_QUERY.
func (d *Directory) Hashes(ctx context.Context) iter.Seq2[ports.UserHash, error] {
	return func(yield func(ports.UserHash, error) bool) {
		err := d.list(ctx, d.listQuery, func(entry *hashed.Entry) error {
			if entry.Hash != "" && !yield(ports.UserHash{Username: entry.User.Username, Hash: domain.NewSecret(entry.Hash)}, nil) {
				return errStop
			}
			return nil
		})
		if err := unlessStopped(err); err != nil {
			yield(ports.UserHash{}, err)
		}
	}
}

// list calls do for each row of a query without parameters, and ends with its error.
func (d *Directory) list(ctx context.Context, query string, do func(*hashed.Entry) error) error {
	return d.each(ctx, func(fields.Header) {}, do, query)
}
