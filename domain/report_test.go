package domain_test

import (
	"maps"
	"slices"
	"testing"
	"time"

	"cognito-user-migration/domain"

	"pgregory.net/rapid"
)

func legacySubRules(t *testing.T) domain.Rules {
	t.Helper()
	rules := domain.DefaultRules()
	if err := rules.Attributes.UnmarshalText([]byte("*,custom:legacy_sub=sub")); err != nil {
		t.Fatal(err)
	}
	return rules
}

func verifiedEmail(email string) domain.Attributes {
	return domain.Attributes{"email": email, "email_verified": "true"}
}

func TestAMappedUserHasTheSameForecast(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		rules, other := anyRules().Draw(t, "rules"), anyRules().Draw(t, "other rules")
		user := anyFinding().Draw(t, "finding").User
		mapped := user.Mapped(rules)
		for _, one := range []domain.Rules{rules, other} {
			forecast, candidate := domain.ForecastOf(one, user)
			again, same := domain.ForecastOf(one, mapped)
			if forecast != again || candidate.Username != same.Username || !maps.Equal(candidate.Attributes, same.Attributes) {
				t.Fatalf("%+v %v, and for the mapped user %+v %v", forecast, candidate, again, same)
			}
			if keys, same := domain.SourceKeys(one, user, true), domain.SourceKeys(one, mapped, true); keys != same {
				t.Fatalf("%+v, and for the mapped user %+v", keys, same)
			}
		}
	})
}

func TestTheForecastIsTheDecision(t *testing.T) {
	t.Parallel()
	const sub = "5ab00000-0000-4000-8000-000000000001"
	refused := domain.DefaultRules()
	refused.OnForgotPassword = domain.ForgotPasswordRefuse
	for name, test := range map[string]struct {
		rules                   domain.Rules
		user                    domain.SourceUser
		signIn, forgot, imports domain.Prospect
	}{
		"a confirmed user with a verified address": {
			domain.DefaultRules(),
			domain.SourceUser{Username: "alice", Enabled: true, Attributes: verifiedEmail("a@example.com")},
			domain.Prospect{Possible: true, Reason: domain.ReasonPasswordAccepted},
			domain.Prospect{Possible: true, Reason: domain.ReasonForgotPassword},
			domain.Prospect{Possible: true, Reason: domain.ReasonForgotPassword},
		},
		"a user without a verified contact": {
			domain.DefaultRules(),
			domain.SourceUser{Username: "alice", Enabled: true},
			domain.Prospect{Possible: true, Reason: domain.ReasonPasswordAccepted},
			domain.Prospect{Reason: domain.ReasonNoVerifiedContact},
			domain.Prospect{Reason: domain.ReasonNoVerifiedContact},
		},
		"a user with a second factor": {
			domain.DefaultRules(),
			domain.SourceUser{Username: "alice", Enabled: true, Attributes: verifiedEmail("a@example.com"), MFA: []domain.MFAMethod{domain.MFASMS}},
			domain.Prospect{Reason: domain.ReasonMFARequired},
			domain.Prospect{Reason: domain.ReasonMFARequired},
			domain.Prospect{Reason: domain.ReasonMFARequired},
		},
		"forgotten passwords are refused, and an import is not": {
			refused,
			domain.SourceUser{Username: "alice", Enabled: true, Attributes: verifiedEmail("a@example.com")},
			domain.Prospect{Possible: true, Reason: domain.ReasonPasswordAccepted},
			domain.Prospect{Reason: domain.ReasonForgotPasswordRefused},
			domain.Prospect{Possible: true, Reason: domain.ReasonForgotPassword},
		},
		"a temporary password": {
			domain.DefaultRules(),
			domain.SourceUser{Username: "alice", Enabled: true, Status: domain.StatusForceChangePassword, Attributes: verifiedEmail("a@example.com")},
			domain.Prospect{Possible: true, Reason: domain.ReasonTemporaryPassword},
			domain.Prospect{Possible: true, Reason: domain.ReasonForgotPassword},
			domain.Prospect{Possible: true, Reason: domain.ReasonForgotPassword},
		},
		"a pool that signs in by address": {
			domain.DefaultRules(),
			domain.SourceUser{Username: sub, Sub: sub, Enabled: true, Attributes: verifiedEmail("a@example.com")},
			domain.Prospect{Possible: true, Reason: domain.ReasonPasswordAccepted},
			domain.Prospect{Possible: true, Reason: domain.ReasonForgotPassword},
			domain.Prospect{Possible: true, Reason: domain.ReasonForgotPassword},
		},
		"a name that is a sub and no contact": {
			domain.DefaultRules(),
			domain.SourceUser{Username: sub, Sub: sub, Enabled: false},
			domain.Prospect{Reason: domain.ReasonUserDisabled},
			domain.Prospect{Reason: domain.ReasonUserDisabled},
			domain.Prospect{Reason: domain.ReasonUserDisabled},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want := domain.Forecast{SignIn: test.signIn, ForgotPassword: test.forgot, Import: test.imports}
			got, _ := domain.ForecastOf(test.rules, test.user)
			if got != want {
				t.Errorf("the forecast is %v, want %v", got, want)
			}
			shared := got.WithShared(domain.ReasonContactShared)
			if shared.SignIn.Possible || got.SignIn.Possible != (shared.SignIn.Reason == domain.ReasonContactShared) {
				t.Errorf("shared with another user: %v", shared)
			}
		})
	}
}

func TestUsersAreJoinedByTheRuleOfCompletion(t *testing.T) {
	t.Parallel()
	carried, plain := legacySubRules(t), domain.DefaultRules()
	source := domain.SourceUser{Username: "Alice", Sub: "sub-1", Enabled: true, Attributes: domain.Attributes{
		"email": "Alice@example.com", "email_verified": "true", "phone_number": "+815012345678", "phone_number_verified": "true"}}
	unproved := domain.SourceUser{Username: "Alice", Attributes: domain.Attributes{"email": "alice@example.com"}}
	at := func(name string, attributes domain.Attributes) domain.DestinationUser {
		return domain.DestinationUser{Username: name, Attributes: attributes}
	}
	for name, test := range map[string]struct {
		rules         domain.Rules
		source        domain.SourceUser
		caseSensitive bool
		users         []domain.DestinationUser
		want          domain.Joined
	}{
		"nobody": {plain, source, false, nil, domain.Joined{Standing: domain.StandingRemaining, Index: -1}},
		"a user with nothing in common": {plain, source, false, []domain.DestinationUser{at("bob", nil)},
			domain.Joined{Standing: domain.StandingRemaining, Index: -1}},
		"the sub decides": {carried, source, false, []domain.DestinationUser{at("other", domain.Attributes{"custom:legacy_sub": "sub-1"})},
			domain.Joined{Standing: domain.StandingMoved, Evidence: domain.EvidenceSub}},
		"the sub decides against a name": {carried, source, false,
			[]domain.DestinationUser{at("alice", verifiedEmail("alice@example.com")), at("other", domain.Attributes{"custom:legacy_sub": "sub-1"})},
			domain.Joined{Standing: domain.StandingMoved, Evidence: domain.EvidenceSub, Index: 1}},
		"another sub under the same name": {carried, source, false, []domain.DestinationUser{at("alice", domain.Attributes{"custom:legacy_sub": "sub-2"})},
			domain.Joined{Standing: domain.StandingConflict, Cause: domain.ConflictSub, Index: -1}},
		"a contact, in another letter case": {plain, source, true, []domain.DestinationUser{at("x", verifiedEmail("aLICE@example.com"))},
			domain.Joined{Standing: domain.StandingMoved, Evidence: domain.EvidenceContact}},
		"a contact and the name": {plain, source, false, []domain.DestinationUser{at("x", verifiedEmail("alice@example.com")), at("alice", domain.Attributes{"phone_number": "+815012345678", "phone_number_verified": "true"})},
			domain.Joined{Standing: domain.StandingMoved, Evidence: domain.EvidenceContactAndName, Index: 1}},
		"one contact of each of two users": {plain, source, false, []domain.DestinationUser{at("x", verifiedEmail("alice@example.com")), at("y", domain.Attributes{"phone_number": "+815012345678", "phone_number_verified": "true"})},
			domain.Joined{Standing: domain.StandingConflict, Cause: domain.ConflictSeveral, Index: -1}},
		"the name alone": {plain, source, false, []domain.DestinationUser{at("alice", nil)},
			domain.Joined{Standing: domain.StandingMoved, Evidence: domain.EvidenceName}},
		"the name in another letter case, where it counts": {plain, source, true, []domain.DestinationUser{at("alice", nil)},
			domain.Joined{Standing: domain.StandingRemaining, Index: -1}},
		"the name with another address": {plain, source, false, []domain.DestinationUser{at("alice", verifiedEmail("other@example.com"))},
			domain.Joined{Standing: domain.StandingConflict, Cause: domain.ConflictContact, Index: -1}},
		"the name with an address that nobody proved": {plain, unproved, false, []domain.DestinationUser{at("alice", domain.Attributes{"email": "alice@example.com"})},
			domain.Joined{Standing: domain.StandingMoved, Evidence: domain.EvidenceName}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var candidates []domain.JoinKeys
			for _, user := range test.users {
				candidates = append(candidates, domain.DestinationKeys(test.rules, user, test.caseSensitive))
			}
			if got := domain.Join(domain.SourceKeys(test.rules, test.source, test.caseSensitive), candidates); got != test.want {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
		})
	}
}

func TestOneSourceUserKeepsADestinationUser(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		claims []domain.Evidence
		want   int
	}{
		{nil, -1},
		{[]domain.Evidence{domain.EvidenceName}, 0},
		{[]domain.Evidence{domain.EvidenceContact, domain.EvidenceContactAndName}, 1},
		{[]domain.Evidence{domain.EvidenceContact, domain.EvidenceContact}, -1},
		{[]domain.Evidence{domain.EvidenceContact, domain.EvidenceContact, domain.EvidenceSub}, 2},
	} {
		if got := domain.Contest(test.claims); got != test.want {
			t.Errorf("%v: %d, want %d", test.claims, got, test.want)
		}
	}
}

func rowOf(t *rapid.T) domain.ReportRow {
	prospect := rapid.Custom(func(t *rapid.T) domain.Prospect {
		return domain.Prospect{Possible: rapid.Bool().Draw(t, "possible"), Reason: rapid.SampledFrom(domain.RefusalReasons()).Draw(t, "reason")}
	})
	row := domain.ReportRow{
		Source:   rapid.SampledFrom([]string{"SOURCE", "OLD"}).Draw(t, "source"),
		Status:   rapid.SampledFrom(append(domain.UserStatuses(), "")).Draw(t, "status"),
		Enabled:  rapid.Bool().Draw(t, "enabled"),
		Standing: rapid.SampledFrom([]domain.Standing{domain.StandingMoved, domain.StandingRemaining, domain.StandingConflict}).Draw(t, "standing"),
		Cause:    domain.ConflictContact,
		Forecast: domain.Forecast{SignIn: prospect.Draw(t, "sign-in"), ForgotPassword: prospect.Draw(t, "forgot"), Import: prospect.Draw(t, "import")},
		Users:    rapid.IntRange(0, 1000).Draw(t, "users"),
	}
	row.DestinationStatus = rapid.SampledFrom(domain.UserStatuses()).Draw(t, "destination status")
	if rapid.Bool().Draw(t, "known") {
		row.MovedAt = scanned.Add(-time.Duration(rapid.IntRange(-100, 2000).Draw(t, "hours")) * time.Hour)
	}
	return row
}

var scanned = time.Date(2026, 11, 29, 9, 30, 0, 0, time.UTC)

func TestTheTotalsAddUp(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		rows := rapid.SliceOf(rapid.Custom(rowOf)).Draw(t, "rows")
		report := domain.NewReport(scanned, []domain.SourceTotals{{Name: "SOURCE", Listed: true}}, rows)
		sum, byDay, statuses := 0, 0, 0
		for _, row := range rows {
			sum += row.Users
		}
		for _, total := range report.ByDay {
			byDay += total.Moved
		}
		for _, source := range report.Sources {
			for _, users := range source.ByStatus {
				statuses += users
			}
		}
		forecast := func(totals domain.OutcomeTotals) int {
			users := totals.Possible
			for _, refused := range totals.Refused {
				users += refused
			}
			return users
		}
		moved := report.Moved
		for what, got := range map[string][2]int{
			"moved, remaining and conflicts": {moved.Users + report.Remaining.Users + report.InConflict(), report.Users()},
			"all users":                      {report.Users(), sum},
			"users by status":                {statuses, sum},
			"moved by status":                {moved.Confirmed + moved.ResetRequired + moved.Other, moved.Users},
			"moved by day":                   {byDay, moved.Users},
			"sign-in":                        {forecast(report.Remaining.SignIn), report.Remaining.Users},
			"forgot-password":                {forecast(report.Remaining.ForgotPassword), report.Remaining.Users},
			"import":                         {forecast(report.Remaining.Import), report.Remaining.Users},
		} {
			if got[0] != got[1] {
				t.Fatalf("%s: %d and %d differ", what, got[0], got[1])
			}
		}
		if report.Last7Days > report.Last30Days || report.Last30Days > moved.Users {
			t.Fatalf("pace: %d, %d of %d", report.Last7Days, report.Last30Days, moved.Users)
		}
		if !slices.IsSortedFunc(report.Projection, func(a, b domain.ProjectedShare) int { return a.Day.Compare(b.Day) }) {
			t.Fatalf("the projection goes back in time: %v", report.Projection)
		}
	})
}

func TestTheProjection(t *testing.T) {
	t.Parallel()
	day := func(text string) time.Time {
		at, err := time.Parse(time.DateOnly, text)
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	moved := func(at string, users int) domain.ReportRow {
		return domain.ReportRow{Source: "SOURCE", Standing: domain.StandingMoved, MovedAt: day(at), Users: users}
	}
	remaining := func(users int) domain.ReportRow {
		return domain.ReportRow{Source: "SOURCE", Standing: domain.StandingRemaining, Users: users}
	}
	for name, test := range map[string]struct {
		rows []domain.ReportRow
		want []domain.ProjectedShare
	}{
		"nobody has moved": {[]domain.ReportRow{remaining(10)}, nil},
		"no users":         {nil, nil},
		"at a pace of ten a day, half is reached": {
			[]domain.ReportRow{moved("2026-11-20", 50), moved("2026-11-29", 50), remaining(100)},
			[]domain.ProjectedShare{{0.5, day("2026-11-29")}, {0.9, day("2026-12-07")}, {0.95, day("2026-12-08")}, {0.99, day("2026-12-09")}},
		},
		"nobody has moved for a month": {
			[]domain.ReportRow{moved("2026-09-20", 60), remaining(40)},
			[]domain.ProjectedShare{{0.5, day("2026-09-20")}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			report := domain.NewReport(scanned, nil, test.rows)
			if !slices.Equal(report.Projection, test.want) {
				t.Errorf("got %v, want %v", report.Projection, test.want)
			}
		})
	}
}
