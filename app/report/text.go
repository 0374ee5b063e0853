package report

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
)

// WriteText prints the report as tables of at most 80 columns.
func WriteText(to io.Writer, o Output) error {
	var b strings.Builder
	users := 0
	for _, source := range o.Source {
		users += source.Users
	}
	fmt.Fprintf(&b, "Scanned at %s\n\nHow many have moved?\n", o.ScannedAt.Format(time.RFC3339))
	line := func(name string, count int) {
		share := ""
		if users > 0 {
			share = fmt.Sprintf("%5.1f %%", 100*float64(count)/float64(users))
		}
		fmt.Fprintf(&b, "  %-54s %12d  %s\n", cut(name, 54), count, share)
	}
	for _, source := range o.Source {
		if !source.Listed {
			fmt.Fprintf(&b, "  %-54s %12s\n", cut("source "+source.Name, 54), "not listed")
			continue
		}
		line("source "+source.Name, source.Users)
	}
	line("moved", o.Moved.Users)
	line("  confirmed", o.Moved.Confirmed)
	line("  must set a new password first", o.Moved.ResetRequired)
	line("  in another status", o.Moved.Other)
	line("  disabled at the source since", o.Moved.Retired)
	line("remaining", o.Remaining.Users)
	line("in conflict", o.Conflicts.Users)
	section := func(title string, possible int, word string, refused map[string]int) {
		fmt.Fprintf(&b, "\n%s\n", title)
		line(word, possible)
		for _, reason := range BySize(refused) {
			line("refused: "+reason, refused[reason])
		}
	}
	section("What will happen to the remaining users when they sign in?", o.Remaining.SignIn.Migrate, "migrate", o.Remaining.SignIn.Refuse)
	section("What will happen when they forget their password?", o.Remaining.ForgotPassword.Migrate, "migrate", o.Remaining.ForgotPassword.Refuse)
	section("Who could be imported?", o.Remaining.Import.Possible, "possible", o.Remaining.Import.Impossible)
	if o.Conflicts.Users > 0 {
		fmt.Fprint(&b, "\nWho is in conflict with a destination user?\n")
		for _, cause := range BySize(o.Conflicts.ByCause) {
			line(cause, o.Conflicts.ByCause[cause])
		}
	}
	if len(o.Groups) > 0 {
		fmt.Fprintf(&b, "\nWhich groups have moved?\n  %-34s %9s %9s %9s %9s\n", "", "members", "moved", "remaining", "owed")
		for _, group := range o.Groups {
			fmt.Fprintf(&b, "  %-34s %9d %9d %9d %9d\n", cut(group.Name, 34), group.Users, group.Moved, group.Remaining, group.Pending)
		}
		fmt.Fprint(&b, "  Owed: members who moved and are not in the destination's group.\n")
	}
	fmt.Fprintf(&b, "\nDestination\n  %-54s %12d\n  %-54s %12d\n", "users", o.Destination.Users, "newcomers: unknown to every source", o.Destination.Newcomers)
	if len(o.Estimates) > 0 {
		fmt.Fprintf(&b, "\nWhich user pools estimate another number of users?\n  %-34s %21s %21s\n", "", "estimated", "listed")
		for _, one := range o.Estimates {
			fmt.Fprintf(&b, "  %-34s %21d %21d\n", cut(one.Pool, 34), one.Estimated, one.Listed)
		}
		fmt.Fprint(&b, "  --rescan lists again. If the difference stays, the slices are incomplete.\n")
	}
	fmt.Fprintf(&b, "\nWhen will it be done?\n  %-54s %12d\n  %-54s %12d\n", "moved in the last 7 days", o.Pace.Last7Days, "moved in the last 30 days", o.Pace.Last30Days)
	for _, projected := range o.Projection {
		fmt.Fprintf(&b, "  %-54s %12s\n", fmt.Sprintf("%g %% of all users, at the pace of the last 30 days", 100*projected.Share), projected.Day)
	}
	if len(o.Projection) < 4 {
		fmt.Fprint(&b, "  at this pace, the remaining shares are more than ten years away\n")
	}
	fmt.Fprint(&b, "  The pace usually falls, because frequent users move first.\n")
	_, err := io.WriteString(to, b.String())
	return err
}

// BySize lists the keys, the largest count first.
func BySize[T ~string](of map[T]int) []T {
	return slices.SortedFunc(maps.Keys(of), func(a, b T) int { return cmp.Or(of[b]-of[a], cmp.Compare(a, b)) })
}

func cut(text string, most int) string {
	if letters := []rune(text); len(letters) > most {
		return string(letters[:most-1]) + "…"
	}
	return text
}
