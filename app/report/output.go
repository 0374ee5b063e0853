package report

import (
	"strconv"
	"time"

	"cognito-user-migration/adapters/reportstate"
	"cognito-user-migration/domain"
)

// Output is the object that --json prints. docs/report.schema.json describes it.
type Output struct {
	ScannedAt   time.Time         `json:"scannedAt"`
	Rules       map[string]string `json:"rules"`
	Source      []SourceOutput    `json:"source"`
	Destination DestinationOutput `json:"destination"`
	Moved       MovedOutput       `json:"moved"`
	Remaining   RemainingOutput   `json:"remaining"`
	Conflicts   ConflictsOutput   `json:"conflicts"`
	ByDay       []DayOutput       `json:"byDay"`
	Pace        PaceOutput        `json:"pace"`
	Projection  []ProjectedOutput `json:"projection"`
	// Groups is there with --groups.
	Groups []GroupOutput `json:"groups,omitempty"`
	// Estimates are those of user pools that are clearly not what was listed.
	Estimates []EstimateOutput `json:"estimateDifferences,omitempty"`
}

// EstimateOutput is a user pool that estimates another number of users.
type EstimateOutput struct {
	// Pool is the name of the source, or destination.
	Pool      string `json:"pool"`
	Estimated int    `json:"estimated"`
	Listed    int    `json:"listed"`
}

// Compare adds a user pool whose own estimate is clearly not what was listed: by more
// than 100 users and 1 %. The estimate is not up to date, so a small difference says
// nothing. An estimate of zero is not known.
func (o *Output) Compare(pool string, estimated, listed int) {
	if difference := max(estimated-listed, listed-estimated); estimated > 0 && difference > max(100, listed/100) {
		o.Estimates = append(o.Estimates, EstimateOutput{pool, estimated, listed})
	}
}

// SourceOutput are the users of one source.
type SourceOutput struct {
	Name     string         `json:"name"`
	Listed   bool           `json:"listed"`
	Users    int            `json:"users"`
	ByStatus map[string]int `json:"byStatus"`
	Disabled int            `json:"disabled"`
}

// DestinationOutput are the users of the destination.
type DestinationOutput struct {
	Users     int            `json:"users"`
	ByStatus  map[string]int `json:"byStatus"`
	Newcomers int            `json:"newcomers"`
}

// MovedOutput are the users who moved.
type MovedOutput struct {
	Users         int `json:"users"`
	Confirmed     int `json:"confirmed"`
	ResetRequired int `json:"resetRequired"`
	Other         int `json:"other"`
	Retired       int `json:"retired"`
}

// AttemptOutput is what an attempt would lead to.
type AttemptOutput struct {
	Migrate int            `json:"migrate"`
	Refuse  map[string]int `json:"refuse"`
}

// ImportOutput says who could be imported.
type ImportOutput struct {
	Possible   int            `json:"possible"`
	Impossible map[string]int `json:"impossible"`
}

// RemainingOutput are the users who have not moved.
type RemainingOutput struct {
	Users          int           `json:"users"`
	SignIn         AttemptOutput `json:"signIn"`
	ForgotPassword AttemptOutput `json:"forgotPassword"`
	Import         ImportOutput  `json:"import"`
}

// ConflictsOutput are the users in conflict.
type ConflictsOutput struct {
	Users   int            `json:"users"`
	ByCause map[string]int `json:"byCause"`
}

// DayOutput is how many moved on one day.
type DayOutput struct {
	Day   string `json:"day"`
	Moved int    `json:"moved"`
}

// PaceOutput is how many moved lately.
type PaceOutput struct {
	Last7Days  int `json:"last7Days"`
	Last30Days int `json:"last30Days"`
}

// ProjectedOutput is the day of a share.
type ProjectedOutput struct {
	Share float64 `json:"share"`
	Day   string  `json:"day"`
}

// NewOutput writes a report as --json does.
func NewOutput(r domain.Report, destination reportstate.DestinationTotals, rules domain.Rules) Output {
	out := Output{
		ScannedAt: r.ScannedAt.UTC(), Rules: RulesOf(rules),
		Source:      []SourceOutput{},
		Destination: DestinationOutput{destination.Users, texts(destination.ByStatus), destination.Newcomers},
		Moved:       MovedOutput(r.Moved),
		Remaining: RemainingOutput{
			Users:          r.Remaining.Users,
			SignIn:         AttemptOutput{r.Remaining.SignIn.Possible, texts(r.Remaining.SignIn.Refused)},
			ForgotPassword: AttemptOutput{r.Remaining.ForgotPassword.Possible, texts(r.Remaining.ForgotPassword.Refused)},
			Import:         ImportOutput{r.Remaining.Import.Possible, texts(r.Remaining.Import.Refused)},
		},
		Conflicts:  ConflictsOutput{r.InConflict(), texts(r.Conflicts)},
		ByDay:      []DayOutput{},
		Pace:       PaceOutput{r.Last7Days, r.Last30Days},
		Projection: []ProjectedOutput{},
	}
	for _, source := range r.Sources {
		out.Source = append(out.Source, SourceOutput{source.Name, source.Listed, source.Users, texts(source.ByStatus), source.Disabled})
	}
	for _, total := range r.ByDay {
		out.ByDay = append(out.ByDay, DayOutput{total.Day.Format(time.DateOnly), total.Moved})
	}
	for _, projected := range r.Projection {
		out.Projection = append(out.Projection, ProjectedOutput{projected.Share, projected.Day.Format(time.DateOnly)})
	}
	return out
}

// RulesOf are the rules under the names of their variables.
func RulesOf(rules domain.Rules) map[string]string {
	return map[string]string{
		"MIGRATE_ATTRIBUTES":            rules.Attributes.String(),
		"MIGRATE_VERIFIED_CONTACTS":     string(rules.VerifiedContacts),
		"MIGRATE_USERNAME":              string(rules.Username),
		"MIGRATE_ON_TEMPORARY_PASSWORD": string(rules.OnTemporaryPassword),
		"MIGRATE_ON_MFA":                string(rules.OnMFA),
		"MIGRATE_ON_RESET_REQUIRED":     string(rules.OnResetRequired),
		"MIGRATE_ON_FORGOT_PASSWORD":    string(rules.OnForgotPassword),
		"MIGRATE_FORCE_ALIAS_CREATION":  strconv.FormatBool(rules.ForceAliasCreation),
	}
}

func texts[T ~string](of map[T]int) map[string]int {
	plain := make(map[string]int, len(of))
	for name, users := range of {
		plain[string(name)] = users
	}
	return plain
}
