package sqlsource

import (
	"context"
	"database/sql"
	"iter"

	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
)

var _ ports.UserLister = (*Directory)(nil)

// pageSize is the number of users per page.
const pageSize = 1000

// Slices implements [ports.UserLister].
func (d *Directory) Slices() []string { return []string{""} }

// Pages implements [ports.UserLister] by LIST_QUERY, whose rows are streamed.
// It always lists from the beginning.
func (d *Directory) Pages(ctx context.Context, request ports.ListRequest) iter.Seq2[ports.UserPage, error] {
	return func(yield func(ports.UserPage, error) bool) {
		if err := d.list(ctx, request, func(page ports.UserPage) bool { return yield(page, nil) }); err != nil {
			yield(ports.UserPage{}, err)
		}
	}
}

// list calls yield for each page, until it returns false.
func (d *Directory) list(ctx context.Context, request ports.ListRequest, yield func(ports.UserPage) bool) error {
	if err := request.Turn(ctx); err != nil {
		return err
	}
	tx, err := d.db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return d.classify(ctx, err)
	}
	defer func() { _ = tx.Rollback() }() // the transaction is read-only
	rows, err := tx.QueryContext(ctx, d.listQuery)
	if err != nil {
		return d.classify(ctx, err)
	}
	defer func() { _ = rows.Close() }() // Err, below, returns the same error
	columns, err := rows.ColumnTypes()
	if err != nil {
		return d.classify(ctx, err)
	}
	names, err := header(d.names, columns)
	if err != nil {
		return err
	}
	var users []domain.SourceUser
	for rows.Next() {
		entry, err := d.entry(ctx, rows, names.Names, columns)
		if err != nil {
			return err
		}
		if users = append(users, entry.User); len(users) < pageSize {
			continue
		}
		if !yield(ports.UserPage{Users: users}) {
			return nil
		}
		users = nil
		if err := request.Turn(ctx); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return d.classify(ctx, err)
	}
	if len(users) > 0 {
		yield(ports.UserPage{Users: users})
	}
	return nil
}
