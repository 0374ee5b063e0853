package ldapsource

import (
	"cmp"
	"context"
	"strconv"
	"strings"

	"cognito-user-migration/ports"

	"github.com/go-ldap/ldap/v3"
)

var (
	_ ports.SourceRetirer = (*Retirer)(nil)
	_ ports.GroupLister   = (*Directory)(nil)
)

// Retirer disables and deletes users of an Active Directory. Other servers have
// no common way to disable a user.
type Retirer struct {
	directory *Directory
}

// Retirer returns the retirer of this directory.
func (d *Directory) Retirer() *Retirer { return &Retirer{directory: d} }

// Disable implements [ports.SourceRetirer]: it sets the flag ACCOUNTDISABLE.
func (r *Retirer) Disable(ctx context.Context, username string) error {
	return r.setDisabled(ctx, username, true)
}

// Enable lets a user sign in again: it clears the flag ACCOUNTDISABLE.
func (r *Retirer) Enable(ctx context.Context, username string) error {
	return r.setDisabled(ctx, username, false)
}

func (r *Retirer) setDisabled(ctx context.Context, username string, disabled bool) error {
	return r.directory.own(ctx, username, func(s *session, entry *ldap.Entry) error {
		before := entry.GetEqualFoldAttributeValue("userAccountControl")
		flags, err := strconv.ParseInt(before, 10, 64)
		if err != nil {
			return &Fault{Operation: "modify", Cause: "the service account may not read userAccountControl", Kind: ports.ErrMisconfigured}
		}
		if flags&accountDisable != 0 == disabled {
			return nil
		}
		// The request names the old value. If someone changed the flags in
		// between, the server returns noSuchAttribute, and the next attempt
		// reads them again.
		request := ldap.NewModifyRequest(entry.DN, nil)
		request.Delete("userAccountControl", []string{before})
		request.Add("userAccountControl", []string{strconv.FormatInt(flags^accountDisable, 10)})
		return retired(ctx, "modify", s.Modify(request))
	})
}

// SignOut implements [ports.SourceRetirer]. A directory has no sessions.
func (r *Retirer) SignOut(ctx context.Context, _ string) error { return ctx.Err() }

// Delete implements [ports.SourceRetirer].
func (r *Retirer) Delete(ctx context.Context, username string) error {
	return r.directory.own(ctx, username, func(s *session, entry *ldap.Entry) error {
		return retired(ctx, "delete", s.Del(ldap.NewDelRequest(entry.DN, nil)))
	})
}

// retired returns nil if the entry no longer exists.
func retired(ctx context.Context, operation string, err error) error {
	switch {
	case err == nil, ldap.IsErrorWithCode(err, ldap.LDAPResultNoSuchObject):
		return nil
	case ldap.IsErrorWithCode(err, ldap.LDAPResultNoSuchAttribute) && ctx.Err() == nil:
		return &Fault{Operation: operation, Cause: "someone else changed the entry at the same time", Kind: ports.ErrUnreachable}
	default:
		return faultOf(ctx, operation, err)
	}
}

// Groups implements [ports.GroupLister], by a search if there is a filter for
// it, or from the entry.
func (d *Directory) Groups(ctx context.Context, username string) ([]string, error) {
	var groups []string
	err := d.own(ctx, username, func(s *session, entry *ldap.Entry) error {
		if d.settings.GroupFilter == "" {
			groups = d.layout.groups(entry)
			return nil
		}
		const page = 500 // Active Directory's maximum is 1000
		base, filter := cmp.Or(d.settings.GroupBaseDN, d.settings.BaseDN), d.settings.GroupFilter.of(d.layout.username(entry), entry.DN)
		result, err := s.SearchWithPaging(below(ctx, string(base), filter, 0, []string{"1.1"}), page)
		if err != nil {
			return faultOf(ctx, "search for groups", err)
		}
		dns := make([]string, len(result.Entries))
		for i, group := range result.Entries {
			dns[i] = group.DN
		}
		groups = groupNames(dns)
		return nil
	})
	return groups, err
}

// own calls then with the entry that has this username, and does nothing if
// there is none. An entry found by another name belongs to another user.
func (d *Directory) own(ctx context.Context, username string, then func(*session, *ldap.Entry) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if !canBeUsername(username) {
		return nil
	}
	s, err := d.connect(ctx)
	if err != nil {
		return err
	}
	defer s.close()
	filter := "(&" + d.layout.filter.of(username) + "(" + d.layout.usernameAttribute + "=" + ldap.EscapeFilter(username) + "))"
	entries, err := s.search(ctx, string(d.settings.BaseDN), filter, 2, d.layout.wanted())
	switch {
	case err != nil:
		return faultOf(ctx, "search", err)
	case len(entries) > 1:
		return &Fault{Operation: "search", Cause: "several entries have this username", Kind: ports.ErrMisconfigured}
	case len(entries) == 0 || entries[0].DN == "" || !strings.EqualFold(d.layout.username(entries[0]), username):
		return nil
	default:
		return then(s, entries[0])
	}
}
