package reportstate_test

import (
	"errors"
	"maps"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"cognito-user-migration/adapters/reportstate"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
)

// TestAnExportReadsWhatTheReportKept writes users of each standing and reads those
// who have not moved.
func TestAnExportReadsWhatTheReportKept(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "move.db")
	if _, _, err := reportstate.OpenFinished(t.Context(), path, 1); !errors.Is(err, reportstate.ErrMissing) {
		t.Errorf("no file: %v", err)
	}
	state, err := reportstate.Open(t.Context(), path, reportstate.Identity{Destination: "us-east-1_a", Sources: "ONE file, TWO sql"}, false)
	if err != nil {
		t.Fatal(err)
	}
	at := time.Unix(1_800_000_000, 0).UTC()
	attributes := domain.Attributes{"email": "a@example.com", "name": "", "custom:note": "a\x00b, \"c\" 山"}
	candidate := domain.ImportCandidate{Username: "new", Attributes: attributes}
	possible, refused := domain.Prospect{Possible: true, Reason: domain.ReasonForgotPassword}, domain.Prospect{Reason: domain.ReasonNoVerifiedContact}
	_, err = state.Begin(t.Context(), at, []ports.ReportPart{{}, {Source: -1}}, false)
	if err == nil {
		err = state.Add(t.Context(), []reportstate.Page{
			{Users: []ports.ReportedUser{
				{Username: "can", Sub: "s-1", LastSignIn: at, Candidate: candidate, Keys: domain.JoinKeys{Email: "shared@example.com"}, Forecast: domain.Forecast{SignIn: possible, Import: possible}},
				{Username: "vouch", Source: 1, Candidate: candidate, Keys: domain.JoinKeys{UnverifiedEmail: "shared@example.com"}, Forecast: domain.Forecast{SignIn: possible, Import: refused}},
				{Username: "without", Forecast: domain.Forecast{Import: refused}},
				{Username: "shut out", Candidate: candidate, Forecast: domain.Forecast{SignIn: domain.Prospect{Reason: domain.ReasonMFARequired}, Import: possible}},
				{Username: "conflict", Candidate: candidate, Forecast: domain.Forecast{Import: possible}},
				{Username: "moved", Candidate: candidate, Forecast: domain.Forecast{Import: possible}},
			}},
			{Part: ports.ReportPart{Source: -1}, Destination: []ports.ReportedDestination{{Username: "moved", CreatedAt: at.AddDate(0, 0, -3)}}},
		})
	}
	if err == nil {
		err = state.SetStandings(t.Context(), []reportstate.Standing{
			{ID: 5, Joined: domain.Joined{Standing: domain.StandingConflict, Cause: domain.ConflictSub}}, {ID: 6, Joined: domain.Joined{Standing: domain.StandingMoved}, Destination: reportstate.JoinedUser{ID: 1}},
		})
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := reportstate.OpenFinished(t.Context(), path, 1); !errors.Is(err, reportstate.ErrUnfinished) {
		t.Errorf("a scan that is not finished: %v", err)
	}
	if err := errors.Join(state.Finish(t.Context(), at, true, "{}"), state.Close()); err != nil {
		t.Fatal(err)
	}
	state, finished, err := reportstate.OpenFinished(t.Context(), path, 2)
	if err != nil || finished.Destination != "us-east-1_a" || !finished.Complete || finished.Users != 6 || finished.LastID != 6 || !finished.FinishedAt.Equal(at) {
		t.Fatalf("%+v, %v", finished, err)
	}
	defer func() { _ = state.Close() }()
	var got []reportstate.TailUser
	err = state.Tail(t.Context(), 0, 100, true, func(user *reportstate.TailUser) error {
		one := *user
		one.Attributes = slices.Clone(user.Attributes)
		got = append(got, one)
		return nil
	})
	if err != nil || len(got) != 5 {
		t.Fatalf("%d users, %v", len(got), err)
	}
	for i, want := range []domain.Reason{"", domain.ReasonNoVerifiedContact, domain.ReasonNoVerifiedContact, "", domain.Reason(domain.ConflictSub)} {
		if got[i].Reason != want {
			t.Errorf("user %d: %q, want %q", i, got[i].Reason, want)
		}
		if has := got[i].Attributes != nil; has != (i != 2) {
			t.Errorf("user %d has a candidate: %t", i, has)
		}
		read := make(domain.Attributes)
		for k := 0; k+1 < len(got[i].Attributes); k += 2 {
			read[got[i].Attributes[k]] = got[i].Attributes[k+1]
		}
		if i != 2 && (!maps.Equal(read, attributes) || got[i].Name != "new") {
			t.Errorf("user %d: %q", i, map[string]string(read))
		}
	}
	if got[0].Username != "can" || got[0].Sub != "s-1" || !got[0].LastSignIn.Equal(at) || got[1].Source != 1 || got[0].Email == "" || got[1].Email != got[0].Email || got[2].Email != "" || got[3].SignInReason != domain.ReasonMFARequired {
		t.Errorf("the users are %+v", got)
	}
	shared, err := state.Contacts(t.Context(), reportstate.KeyEmail)
	if err != nil || !maps.Equal(shared, map[string]bool{got[0].Email: true}) {
		t.Errorf("shared contacts: %v, %v", shared, err)
	}
	figures, err := state.TailFigures(t.Context(), at)
	if want := (domain.TailFigures{CanSignIn: 2, ShutOut: 1, Last30Days: 1}); err != nil || figures != want {
		t.Errorf("the figures are %+v, %v", figures, err)
	}
	for vouched, want := range map[bool]int{false: 2, true: 3} {
		users, kept, err := state.Importable(t.Context(), vouched, func(source int, username string) bool { return source == 0 && username == "can" })
		plain, _, failed := state.Importable(t.Context(), vouched, nil)
		if err != nil || failed != nil || users != want || plain != want || kept != 1 {
			t.Errorf("vouched %t: %d and %d users, %d kept, %v, %v", vouched, users, plain, kept, err, failed)
		}
	}
}

func TestDigestsCannotBeExported(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "move.db")
	state, err := reportstate.Open(t.Context(), path, reportstate.Identity{Destination: "us-east-1_a", Digests: true}, false)
	if err != nil {
		t.Fatal(err)
	}
	_ = state.Close()
	if _, _, err := reportstate.OpenFinished(t.Context(), path, 1); !errors.Is(err, reportstate.ErrDigests) {
		t.Errorf("got %v", err)
	}
}
