package ldapsource

import (
	"context"
	"iter"
	"strings"
	"time"

	"cognito-user-migration/domain"
	"cognito-user-migration/ports"

	"github.com/go-ldap/ldap/v3"
)

var _ ports.UserLister = (*Directory)(nil)

// pageSize is the number of entries per page: Active Directory's maximum.
const pageSize = 1000

// allUsers returns the filter for all users that the login filter can find.
func (f Filter) allUsers() string {
	return strings.ReplaceAll(string(f), usernamePlaceholder, "*")
}

// Slices implements [ports.UserLister].
func (d *Directory) Slices() []string { return []string{""} }

// Pages implements [ports.UserLister] by the control for paged results (RFC
// 2696). The server's cookie belongs to one connection, so the listing always
// starts from the beginning.
func (d *Directory) Pages(ctx context.Context, request ports.ListRequest) iter.Seq2[ports.UserPage, error] {
	return func(yield func(ports.UserPage, error) bool) {
		if err := request.Turn(ctx); err != nil {
			yield(ports.UserPage{}, err)
			return
		}
		s, err := d.connect(ctx)
		if err != nil {
			yield(ports.UserPage{}, err)
			return
		}
		defer s.close()
		paging := ldap.NewControlPaging(pageSize)
		for {
			result, err := s.Search(below(ctx, string(d.settings.BaseDN), d.layout.filter.allUsers(), 0, d.layout.wanted(), paging))
			if err != nil {
				yield(ports.UserPage{}, faultOf(ctx, "search", err))
				return
			}
			if !yield(ports.UserPage{Users: d.usersOf(result.Entries)}, nil) {
				return
			}
			answer, _ := ldap.FindControl(result.Controls, ldap.ControlTypePaging).(*ldap.ControlPaging)
			if answer == nil || len(answer.Cookie) == 0 {
				return
			}
			paging.SetCookie(answer.Cookie)
			if err := request.Turn(ctx); err != nil {
				yield(ports.UserPage{}, err)
				return
			}
			s.extend()
		}
	}
}

// usersOf reads entries and skips those without a username.
func (d *Directory) usersOf(entries []*ldap.Entry) []domain.SourceUser {
	users, now := make([]domain.SourceUser, 0, len(entries)), time.Now()
	for _, entry := range entries {
		if name := d.layout.username(entry); name != "" {
			users = append(users, d.layout.user(entry, name, now))
		}
	}
	return users
}
