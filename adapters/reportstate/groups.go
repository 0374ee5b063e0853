package reportstate

import (
	"context"
	"database/sql"
)

// Member is a user's membership of a group.
type Member struct {
	// Source is the index of the source, or -1 for the destination.
	Source int
	Group  string
	// DestinationGroup is the group that a member at the source belongs to at the
	// destination.
	DestinationGroup string
	// KeyName is the user's key of the name.
	KeyName, Username string
}

// HasGroups reports whether the groups of this scan are listed.
func (s *State) HasGroups(ctx context.Context) (bool, error) {
	return s.exists(ctx, "SELECT 1 FROM meta WHERE name = 'groups'")
}

// AddMembers stores memberships. It can be repeated.
func (s *State) AddMembers(ctx context.Context, members []Member) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		for _, member := range members {
			statement, arguments := "INSERT OR IGNORE INTO source_group VALUES (?, ?, ?, ?, ?)",
				[]any{member.Source, member.Group, member.DestinationGroup, s.keys.of(member.KeyName), member.Username}
			if member.Source < 0 {
				statement, arguments = "INSERT OR IGNORE INTO destination_group VALUES (?, ?)", []any{member.Group, member.Username}
			}
			if _, err := tx.ExecContext(ctx, statement, arguments...); err != nil {
				return err
			}
		}
		return nil
	})
}

// FinishGroups marks the groups as listed.
func (s *State) FinishGroups(ctx context.Context) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "INSERT OR REPLACE INTO meta VALUES ('groups', 'listed')")
		return err
	})
}

// GroupTotals are the members of one group of a source.
type GroupTotals struct {
	Source            int
	Name, Destination string
	Users             int
	Moved, Remaining  int
	Conflicts         int
	// Pending is how many of the moved users are not in the destination's group.
	Pending int
}

// GroupTotals counts the members of each group. It is called after the join.
func (s *State) GroupTotals(ctx context.Context) ([]GroupTotals, error) {
	var all []GroupTotals
	err := s.each(ctx, `SELECT g.source, g.name, g.destination_name, count(*), count(*) FILTER (WHERE j.standing = 'moved'), count(*) FILTER (WHERE j.standing IS NULL), count(*) FILTER (WHERE j.standing = 'conflict'),
		count(*) FILTER (WHERE j.standing = 'moved' AND NOT EXISTS (SELECT 1 FROM destination_group o WHERE o.name = g.destination_name AND o.username = d.username))
		FROM source_group g JOIN listed_user l ON l.key_name = g.key_name AND l.source = g.source AND l.username = g.username
		LEFT JOIN joined j ON j.user = l.id LEFT JOIN destination_user d ON d.id = j.destination_user
		GROUP BY g.source, g.name, g.destination_name ORDER BY g.source, g.name`, func(rows *sql.Rows) error {
		var one GroupTotals
		err := rows.Scan(&one.Source, &one.Name, &one.Destination, &one.Users, &one.Moved, &one.Remaining, &one.Conflicts, &one.Pending)
		all = append(all, one)
		return err
	})
	return all, err
}
