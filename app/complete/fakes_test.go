package complete_test

import (
	"context"
	"slices"
	"strings"
	"sync"

	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
)

// pool is a destination in memory that behaves as [ports.Destination] says.
type pool struct {
	mu     sync.Mutex
	users  map[string]*domain.DestinationUser // by lower-cased username
	groups map[string][]string                // the members of each
}

func newPool(groups ...string) *pool {
	p := &pool{users: make(map[string]*domain.DestinationUser), groups: make(map[string][]string)}
	for _, group := range groups {
		p.groups[group] = nil
	}
	return p
}

// put makes or replaces a user.
func (p *pool) put(user *domain.DestinationUser) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.users[strings.ToLower(user.Username)] = user
}

// get is the user of a name; nil where there is none.
func (p *pool) get(username string) *domain.DestinationUser {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.users[strings.ToLower(username)]
}

// groupsOf lists a user's groups in order.
func (p *pool) groupsOf(username string) []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var groups []string
	for group, members := range p.groups {
		if slices.Contains(members, username) {
			groups = append(groups, group)
		}
	}
	slices.Sort(groups)
	return groups
}

// FindUser implements [ports.Destination].
func (p *pool) FindUser(_ context.Context, _, username string) (*domain.DestinationUser, error) {
	user := p.get(username)
	if user == nil {
		return nil, nil //nolint:nilnil // the port says so: there is no such user
	}
	found := *user
	return &found, nil
}

// AddToGroup implements [ports.Destination].
func (p *pool) AddToGroup(_ context.Context, _, username, group string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	members, there := p.groups[group]
	if !there {
		return ports.ErrNoGroup
	}
	if !slices.Contains(members, username) {
		p.groups[group] = append(members, username)
	}
	return nil
}

// CreateGroup implements [ports.Destination].
func (p *pool) CreateGroup(_ context.Context, _, group string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, there := p.groups[group]; !there {
		p.groups[group] = nil
	}
	return nil
}

// PreferMFA implements [ports.Destination].
func (p *pool) PreferMFA(_ context.Context, _, username string, factor domain.MFAMethod) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	preferring := *p.users[strings.ToLower(username)]
	preferring.PreferredMFA = factor
	p.users[strings.ToLower(username)] = &preferring
	return nil
}

// gate stands before every call of a port and may let it through, or not.
type gate func(ctx context.Context, call string, through func() error) error

// guarded is a source and a destination whose every call goes through a gate.
type guarded struct {
	source      ports.Source
	destination ports.Destination
	gate        gate
}

// asSource is the source as the use case sees it; what it cannot do stays so.
func (g *guarded) asSource() ports.Source {
	guarded := ports.Source{Directory: guardedDirectory{SourceDirectory: g.source.Directory, g: g}, Retirer: guardedRetirer{g}}
	if g.source.Groups != nil {
		guarded.Groups = guardedLister{g}
	}
	return guarded
}

type guardedDirectory struct {
	ports.SourceDirectory
	g *guarded
}

func (d guardedDirectory) FindUser(ctx context.Context, username string) (found domain.Finding, err error) {
	err = d.g.gate(ctx, "source.FindUser", func() (err error) {
		found, err = d.SourceDirectory.FindUser(ctx, username)
		return err
	})
	return found, err
}

type guardedRetirer struct{ g *guarded }

func (r guardedRetirer) Disable(ctx context.Context, username string) error {
	return r.g.gate(ctx, "source.Disable", func() error { return r.g.source.Retirer.Disable(ctx, username) })
}

func (r guardedRetirer) SignOut(ctx context.Context, username string) error {
	return r.g.gate(ctx, "source.SignOut", func() error { return r.g.source.Retirer.SignOut(ctx, username) })
}

func (r guardedRetirer) Delete(ctx context.Context, username string) error {
	return r.g.gate(ctx, "source.Delete", func() error { return r.g.source.Retirer.Delete(ctx, username) })
}

type guardedLister struct{ g *guarded }

func (l guardedLister) Groups(ctx context.Context, username string) (groups []string, err error) {
	err = l.g.gate(ctx, "source.Groups", func() (err error) {
		groups, err = l.g.source.Groups.Groups(ctx, username)
		return err
	})
	return groups, err
}

// FindUser implements [ports.Destination].
func (g *guarded) FindUser(ctx context.Context, userPoolID, username string) (user *domain.DestinationUser, err error) {
	err = g.gate(ctx, "destination.FindUser", func() (err error) {
		user, err = g.destination.FindUser(ctx, userPoolID, username)
		return err
	})
	return user, err
}

// AddToGroup implements [ports.Destination].
func (g *guarded) AddToGroup(ctx context.Context, userPoolID, username, group string) error {
	return g.gate(ctx, "destination.AddToGroup", func() error { return g.destination.AddToGroup(ctx, userPoolID, username, group) })
}

// CreateGroup implements [ports.Destination].
func (g *guarded) CreateGroup(ctx context.Context, userPoolID, group string) error {
	return g.gate(ctx, "destination.CreateGroup", func() error { return g.destination.CreateGroup(ctx, userPoolID, group) })
}

// PreferMFA implements [ports.Destination].
func (g *guarded) PreferMFA(ctx context.Context, userPoolID, username string, factor domain.MFAMethod) error {
	return g.gate(ctx, "destination.PreferMFA", func() error { return g.destination.PreferMFA(ctx, userPoolID, username, factor) })
}

// sink keeps records in memory, through a gate where there is one.
type sink struct {
	gate    gate
	records []domain.CompletionRecord
}

// RecordCompletion implements [ports.CompletionSink].
func (s *sink) RecordCompletion(ctx context.Context, record domain.CompletionRecord) error {
	keep := func() error {
		s.records = append(s.records, record)
		return nil
	}
	if s.gate == nil {
		return keep()
	}
	return s.gate(ctx, "record", keep)
}
