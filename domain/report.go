package domain

import (
	"math"
	"slices"
	"time"
)

// ReportRow is a number of similar users of one source.
type ReportRow struct {
	// Source is the name of the source.
	Source   string
	Status   UserStatus
	Enabled  bool
	Standing Standing
	// Cause is set for a conflict.
	Cause ConflictCause
	// Forecast is set for users who remain.
	Forecast Forecast
	// DestinationStatus and MovedAt are set for migrated users. MovedAt is when
	// the destination created the user.
	DestinationStatus UserStatus
	MovedAt           time.Time
	// Users is the number of users.
	Users int
}

// Report is the state of the whole migration. Moved, remaining and conflicts
// add up to the users of all sources; ByDay adds up to moved, and each forecast
// to remaining.
type Report struct {
	ScannedAt  time.Time
	Sources    []SourceTotals
	Moved      MovedTotals
	Remaining  RemainingTotals
	Conflicts  map[ConflictCause]int
	ByDay      []DayTotal
	Last7Days  int
	Last30Days int
	Projection []ProjectedShare
}

// SourceTotals counts the users of one source.
type SourceTotals struct {
	Name string
	// Listed is false if the source cannot be listed.
	Listed   bool
	Users    int
	ByStatus map[UserStatus]int
	Disabled int
}

// MovedTotals counts the migrated users by the status of the destination user.
type MovedTotals struct {
	Users, Confirmed, ResetRequired, Other int
	// Retired counts those who are disabled at the source.
	Retired int
}

// OutcomeTotals counts the remaining users by one of their outcomes.
type OutcomeTotals struct {
	Possible int
	Refused  map[Reason]int
}

// RemainingTotals counts the users who have not migrated.
type RemainingTotals struct {
	Users                          int
	SignIn, ForgotPassword, Import OutcomeTotals
}

// DayTotal is the number of users who migrated on one day (UTC).
type DayTotal struct {
	Day   time.Time
	Moved int
}

// ProjectedShare is the expected day on which a share of all users will have
// migrated.
type ProjectedShare struct {
	Share float64
	Day   time.Time
}

const day = 24 * time.Hour

// NewReport returns the report of a scan. sources lists the scanned sources in
// order; a source that is not listed has no users.
func NewReport(scannedAt time.Time, sources []SourceTotals, rows []ReportRow) Report {
	r := Report{
		ScannedAt: scannedAt, Sources: slices.Clone(sources), Conflicts: make(map[ConflictCause]int),
		Remaining: RemainingTotals{SignIn: newOutcomeTotals(), ForgotPassword: newOutcomeTotals(), Import: newOutcomeTotals()},
	}
	days := make(map[time.Time]int)
	for _, row := range rows {
		r.addToSource(row)
		switch row.Standing {
		case StandingMoved:
			r.addMoved(row, days)
		case StandingConflict:
			r.Conflicts[row.Cause] += row.Users
		case StandingRemaining:
			r.Remaining.Users += row.Users
			r.Remaining.SignIn.add(row.Forecast.SignIn, row.Users)
			r.Remaining.ForgotPassword.add(row.Forecast.ForgotPassword, row.Users)
			r.Remaining.Import.add(row.Forecast.Import, row.Users)
		}
	}
	for at, moved := range days {
		r.ByDay = append(r.ByDay, DayTotal{at, moved})
	}
	slices.SortFunc(r.ByDay, func(a, b DayTotal) int { return a.Day.Compare(b.Day) })
	r.Projection = r.project()
	return r
}

func (r *Report) addToSource(row ReportRow) {
	i := slices.IndexFunc(r.Sources, func(s SourceTotals) bool { return s.Name == row.Source })
	if i < 0 {
		i, r.Sources = len(r.Sources), append(r.Sources, SourceTotals{Name: row.Source, Listed: true})
	}
	source := &r.Sources[i]
	if source.ByStatus == nil {
		source.ByStatus = make(map[UserStatus]int)
	}
	status := row.Status
	if status == "" {
		status = StatusConfirmed // a source without statuses
	}
	source.Users += row.Users
	source.ByStatus[status] += row.Users
	if !row.Enabled {
		source.Disabled += row.Users
	}
}

func (r *Report) addMoved(row ReportRow, days map[time.Time]int) {
	r.Moved.Users += row.Users
	switch row.DestinationStatus { //nolint:exhaustive // the others are counted together
	case StatusConfirmed:
		r.Moved.Confirmed += row.Users
	case StatusResetRequired:
		r.Moved.ResetRequired += row.Users
	default:
		r.Moved.Other += row.Users
	}
	if !row.Enabled {
		r.Moved.Retired += row.Users
	}
	at := row.MovedAt
	if at.IsZero() || at.After(r.ScannedAt) { // a clock that is ahead must not give a date in the future
		at = r.ScannedAt
	}
	days[at.UTC().Truncate(day)] += row.Users
	switch age := r.ScannedAt.Sub(at); {
	case age < 7*day:
		r.Last7Days += row.Users
		r.Last30Days += row.Users
	case age < 30*day:
		r.Last30Days += row.Users
	}
}

func newOutcomeTotals() OutcomeTotals { return OutcomeTotals{Refused: make(map[Reason]int)} }

func (o *OutcomeTotals) add(outcome Prospect, users int) {
	if outcome.Possible {
		o.Possible += users
		return
	}
	o.Refused[outcome.Reason] += users
}

// Users returns the number of users of all sources.
func (r *Report) Users() int {
	users := 0
	for _, source := range r.Sources {
		users += source.Users
	}
	return users
}

// InConflict returns the number of users in conflict.
func (r *Report) InConflict() int {
	users := 0
	for _, conflicts := range r.Conflicts {
		users += conflicts
	}
	return users
}

// farthest limits a projection to ten years; beyond that, it means nothing.
const farthest = 3653

// project returns the days on which shares of all users will have migrated. A share
// that is reached has its actual day. The pace is the average of the last 30 days, or
// since the first migration if that is more recent. The pace usually falls, because
// frequent users migrate first, so each day is the earliest to expect.
func (r *Report) project() []ProjectedShare {
	users := r.Users()
	if users == 0 || len(r.ByDay) == 0 {
		return nil
	}
	days := min(30, max(1, math.Ceil(r.ScannedAt.Sub(r.ByDay[0].Day).Hours()/24)))
	perDay := float64(r.Last30Days) / days
	var projected []ProjectedShare
	for _, share := range []float64{0.5, 0.9, 0.95, 0.99} {
		needed := int(math.Ceil(share * float64(users)))
		if at, reached := r.reached(needed); reached {
			projected = append(projected, ProjectedShare{share, at})
			continue
		}
		left := math.Ceil(float64(needed-r.Moved.Users) / perDay) // infinite at a pace of zero
		if left > farthest {
			break
		}
		projected = append(projected, ProjectedShare{share, r.ScannedAt.UTC().Truncate(day).AddDate(0, 0, int(left))})
	}
	return projected
}

// reached returns the day on which this number of users had migrated.
func (r *Report) reached(users int) (time.Time, bool) {
	moved := 0
	for _, total := range r.ByDay {
		if moved += total.Moved; moved >= users {
			return total.Day, true
		}
	}
	return time.Time{}, false
}

// TailFigures are the users by whom the end of a migration is judged.
type TailFigures struct {
	// CanSignIn is the number of remaining users who would move by signing in.
	CanSignIn int
	// ShutOut is the number of remaining users who cannot move by signing in and could
	// be imported. Each of them who comes back resets the password.
	ShutOut int
	// Last30Days is how many users moved in the last 30 days.
	Last30Days int
}

// LastUsefulDay returns the day after which waiting costs more resets than it saves. On
// each day of waiting, some users sign in and keep their password. Some of those who
// are shut out come back and reset theirs. Both come back at the rate of the last 30
// days. The first group shrinks, and the second does not, so one day they are equal. It
// is also the last day if less than one user a day is expected to sign in.
func (f TailFigures) LastUsefulDay(today time.Time) time.Time {
	today = today.UTC().Truncate(day)
	if f.CanSignIn == 0 || f.Last30Days == 0 {
		return today
	}
	stays := math.Pow(float64(f.CanSignIn)/float64(f.CanSignIn+f.Last30Days), 1.0/30) // of one user, for a day
	least := max(float64(f.ShutOut), 1/(1-stays))
	days := math.Log(least/float64(f.CanSignIn)) / math.Log(stays)
	if !(days > 0) {
		return today
	}
	return today.AddDate(0, 0, int(min(days, farthest)))
}
