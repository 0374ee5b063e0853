package report

import (
	"slices"
	"strconv"
	"time"

	"cognito-user-migration/adapters/reportpage"
)

// Page is the report as the HTML page shows it.
func (o Output) Page() reportpage.Report {
	page := reportpage.Report{
		ScannedAt: o.ScannedAt.Format(time.RFC3339), Moved: o.Moved.Users, CanSignIn: o.Moved.Confirmed, NeedsHelp: o.Moved.Users - o.Moved.Confirmed,
		Remaining: o.Remaining.Users, Conflicts: o.Conflicts.Users, Newcomers: o.Destination.Newcomers, Destination: o.Destination.Users,
		WillMigrate: o.Remaining.SignIn.Migrate, Importable: o.Remaining.Import.Possible,
		Last7Days: o.Pace.Last7Days, Last30Days: o.Pace.Last30Days,
	}
	for _, source := range o.Source {
		page.Users += source.Users
		users := strconv.Itoa(source.Users)
		if !source.Listed {
			users = "–"
		}
		page.Sources = append(page.Sources, [2]string{source.Name, users})
	}
	for _, reason := range BySize(o.Remaining.SignIn.Refuse) {
		page.Causes = append(page.Causes, reportpage.Count{Name: reason, Users: o.Remaining.SignIn.Refuse[reason]})
	}
	for _, cause := range BySize(o.Conflicts.ByCause) {
		page.ConflictCauses = append(page.ConflictCauses, reportpage.Count{Name: cause, Users: o.Conflicts.ByCause[cause]})
	}
	for _, day := range o.ByDay {
		page.Days = append(page.Days, reportpage.Count{Name: day.Day, Users: day.Moved})
	}
	for _, projected := range o.Projection {
		page.Projection = append(page.Projection, [2]string{strconv.FormatFloat(100*projected.Share, 'g', -1, 64) + " %", projected.Day})
	}
	for _, one := range o.Groups {
		page.Groups = append(page.Groups, reportpage.Group{Source: one.Source, Name: one.Name, Users: one.Users, Moved: one.Moved, Remaining: one.Remaining, Conflicts: one.Conflicts, Pending: one.Pending})
	}
	for _, one := range o.Estimates {
		page.Estimates = append(page.Estimates, reportpage.Estimate{Pool: one.Pool, Estimated: one.Estimated, Listed: one.Listed})
	}
	for name, value := range o.Rules {
		page.Rules = append(page.Rules, [2]string{name, value})
	}
	slices.SortFunc(page.Rules, func(a, b [2]string) int { return slices.Compare(a[:], b[:]) })
	return page
}
