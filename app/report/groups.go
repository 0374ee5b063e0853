package report

import (
	"context"
	"fmt"

	"cognito-user-migration/adapters/reportstate"
	"cognito-user-migration/domain"
)

// Groups lists the groups of a user pool page by page. An empty position is the
// beginning, and an empty next one the end.
type Groups interface {
	GroupNames(ctx context.Context, position string) (names []string, next string, err error)
	GroupMembers(ctx context.Context, group, position string) (usernames []string, next string, err error)
}

// ListGroups lists the groups of both sides into the state, group by group: that
// takes fewer requests than asking for each user.
func (s *Scanner) ListGroups(ctx context.Context) error {
	for i, source := range s.Sources {
		if source.Groups == nil {
			continue
		}
		if err := s.listGroups(ctx, i, source.Groups, source.GroupLimit); err != nil {
			return fmt.Errorf("%s: %w", source.Name, err)
		}
	}
	if err := s.listGroups(ctx, destination, s.DestinationGroups, s.GroupLimit); err != nil {
		return fmt.Errorf("destination: %w", err)
	}
	return s.State.FinishGroups(ctx)
}

func (s *Scanner) listGroups(ctx context.Context, side int, groups Groups, limit Waiter) error {
	return s.pages(ctx, limit, func(position string) (string, error) {
		names, next, err := groups.GroupNames(ctx, position)
		if err != nil {
			return "", err
		}
		for _, name := range names {
			err := s.pages(ctx, limit, func(position string) (string, error) {
				usernames, next, err := groups.GroupMembers(ctx, name, position)
				if err != nil {
					return "", err
				}
				return next, s.State.AddMembers(ctx, s.members(side, name, usernames))
			})
			if err != nil {
				return "", err
			}
		}
		return next, nil
	})
}

// pages calls page for each position until there is none, and tries a page again
// where it can be tried again.
func (s *Scanner) pages(ctx context.Context, limit Waiter, page func(position string) (next string, err error)) error {
	position := ""
	return s.retry(ctx, func() (bool, error) {
		for came := false; ; came = true {
			if err := limit.Wait(ctx); err != nil {
				return came, err
			}
			next, err := page(position)
			if err != nil || next == "" {
				return came, err
			}
			position = next
		}
	})
}

func (s *Scanner) members(side int, group string, usernames []string) []reportstate.Member {
	there := group
	if !s.GroupMap.Empty() {
		there = ""
		if mapped := s.GroupMap.Apply([]string{group}); len(mapped) > 0 {
			there = mapped[0]
		}
	}
	members := make([]reportstate.Member, len(usernames))
	for i, username := range usernames {
		keys := s.keys(domain.SourceKeys(s.Rules, domain.SourceUser{Username: username}, s.Pool.CaseSensitive))
		members[i] = reportstate.Member{Source: side, Group: group, DestinationGroup: there, KeyName: keys.Name, Username: s.identifier(username)}
	}
	return members
}

// GroupOutput are the members of one group of a source.
type GroupOutput struct {
	Source string `json:"source"`
	Name   string `json:"name"`
	// Destination is the destination's group; empty where COMPLETION_GROUPS gives none.
	Destination string `json:"destination"`
	Users       int    `json:"users"`
	Moved       int    `json:"moved"`
	Remaining   int    `json:"remaining"`
	Conflicts   int    `json:"conflicts"`
	// Pending is how many of the moved users are not in the destination's group.
	Pending int `json:"owed"`
}

// GroupsOutput names the sources of the groups.
func GroupsOutput(totals []reportstate.GroupTotals, sources []string) []GroupOutput {
	output := make([]GroupOutput, len(totals))
	for i, one := range totals {
		output[i] = GroupOutput{sources[one.Source], one.Name, one.Destination, one.Users, one.Moved, one.Remaining, one.Conflicts, one.Pending}
		if one.Destination == "" {
			output[i].Pending = 0
		}
	}
	return output
}
