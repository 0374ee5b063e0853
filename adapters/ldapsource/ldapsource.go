// Package ldapsource is a source that reads users from an LDAP directory. The
// service account searches for the user, and a bind as the found entry checks
// the password. answers.go and faults.go interpret result codes, password
// policies and Active Directory's sub-codes. No text of the server is passed
// on. It imports domain and ports.
package ldapsource

import (
	"context"
	"crypto/tls"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"cognito-user-migration/domain"
	"cognito-user-migration/ports"

	"github.com/go-ldap/ldap/v3"
)

var _ ports.SourceDirectory = (*Directory)(nil)

// Directory is an LDAP directory as [ports.SourceDirectory].
type Directory struct {
	name     string
	settings Settings
	layout   layout
	tls      *tls.Config
}

// Open returns the directory that the settings name. It sends nothing. The
// error is that of an invalid CA bundle.
func Open(name string, settings Settings) (*Directory, error) {
	roots, err := settings.CABundle.Authorities()
	if err != nil {
		return nil, fmt.Errorf("CA_BUNDLE: %w", err)
	}
	return &Directory{
		name:     name,
		settings: settings,
		layout:   settings.layout(),
		tls:      &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots, ServerName: settings.URL.hostname()},
	}, nil
}

// Authenticate implements [ports.SourceDirectory]. It does not check the
// password of a disabled user, because the directory would reject it.
func (d *Directory) Authenticate(ctx context.Context, username string, password domain.Password) (domain.Finding, error) {
	if err := ctx.Err(); err != nil {
		return domain.Finding{}, ports.NotJudged(err)
	}
	// A bind with a name and no password succeeds at many servers and proves
	// nothing: an "unauthenticated" bind (RFC 4513, 5.1.2). If a server ends
	// texts at a NUL, a password that begins with one is empty.
	typed := password.Reveal()
	if typed == "" || strings.Contains(typed, "\x00") {
		return d.found(domain.PasswordWrong), nil
	}
	return d.ask(ctx, username, func(s *session, entry *ldap.Entry, finding *domain.Finding) (err error) {
		if !finding.User.Enabled {
			finding.Kind = domain.UserDisabled
			return nil
		}
		finding.Kind, err = s.prove(ctx, entry.DN, typed)
		return err
	})
}

// FindUser implements [ports.SourceDirectory].
func (d *Directory) FindUser(ctx context.Context, username string) (domain.Finding, error) {
	if err := ctx.Err(); err != nil {
		return domain.Finding{}, err
	}
	return d.ask(ctx, username, func(*session, *ldap.Entry, *domain.Finding) error { return nil })
}

// Warm connects and binds the service account, so that wrong settings are
// reported at start. It does not keep the connection: see [session].
func (d *Directory) Warm(ctx context.Context) error {
	s, err := d.connect(ctx)
	if err != nil {
		return err
	}
	s.close()
	return nil
}

// ask looks the user up and, if found, calls then with the entry.
func (d *Directory) ask(ctx context.Context, username string, then func(*session, *ldap.Entry, *domain.Finding) error) (domain.Finding, error) {
	if !canBeUsername(username) {
		return d.found(domain.UserUnknown), nil
	}
	s, err := d.connect(ctx)
	if err != nil {
		return domain.Finding{}, ports.NotJudged(err)
	}
	defer s.close()
	entry, user, kind, err := d.lookUp(ctx, s, username)
	if err != nil {
		return domain.Finding{}, ports.NotJudged(err) // the user's password was not sent
	}
	finding := d.found(kind)
	if entry == nil {
		return finding, nil
	}
	finding.User = user
	if err := then(s, entry, &finding); err != nil {
		return domain.Finding{}, err
	}
	return finding, nil
}

// lookUp finds the entry of the user whom the identifier names. The entry is
// nil unless the kind is [domain.UserFound].
func (d *Directory) lookUp(ctx context.Context, s *session, username string) (*ldap.Entry, domain.SourceUser, domain.FindingKind, error) {
	entry, user, kind, err := d.identify(ctx, s, username)
	// The entry was found by another name than its username. That username may
	// be another user's address.
	if entry == nil || err != nil || strings.EqualFold(user.Username, username) || !domain.LooksLikeContact(user.Username) {
		return entry, user, kind, err
	}
	_, byName, _, err := d.identify(ctx, s, user.Username)
	if err != nil {
		return nil, domain.SourceUser{}, 0, err
	}
	if byName.Username == user.Username {
		user.Disputed = append(user.Disputed, byName.Disputed...)
	}
	return entry, user, kind, nil
}

// mostEntries is the largest number of entries that are examined. A filter that
// finds more does not identify a user.
const mostEntries = 100

func (d *Directory) identify(ctx context.Context, s *session, username string) (*ldap.Entry, domain.SourceUser, domain.FindingKind, error) {
	found, err := s.search(ctx, string(d.settings.BaseDN), d.layout.filter.of(username), mostEntries, d.layout.wanted())
	switch {
	case ldap.IsErrorWithCode(err, ldap.LDAPResultSizeLimitExceeded):
		return nil, domain.SourceUser{}, domain.UserAmbiguous, nil
	case err != nil:
		return nil, domain.SourceUser{}, 0, faultOf(ctx, "search", err)
	}
	users, now := make([]domain.SourceUser, len(found)), time.Now()
	for i, entry := range found {
		users[i] = d.layout.user(entry, username, now)
	}
	who := domain.Identify(username, users, d.settings.VerifiedContacts)
	if who.Kind != domain.UserFound {
		return nil, domain.SourceUser{}, who.Kind, nil
	}
	entry := found[who.Index]
	if entry.DN == "" || who.User.Username == "" {
		// A bind with an empty name would be anonymous, and would succeed.
		return nil, domain.SourceUser{}, 0, &Fault{Operation: "search", Cause: "an entry has no DN, or the service account may not read its username", Kind: ports.ErrMisconfigured}
	}
	return entry, who.User, domain.UserFound, nil
}

func (d *Directory) found(kind domain.FindingKind) domain.Finding {
	return domain.Finding{Kind: kind, Source: d.name}
}

// canBeUsername reports whether the text can be a name in a directory. LDAP
// texts are UTF-8 (RFC 4511, 4.1.2), and a server may end them at a NUL.
func canBeUsername(username string) bool {
	return username != "" && utf8.ValidString(username) && !strings.Contains(username, "\x00")
}
