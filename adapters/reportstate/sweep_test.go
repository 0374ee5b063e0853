package reportstate_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	"cognito-user-migration/adapters/reportstate"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
)

const asked = "disable {}"

// scanned makes a state of a finished scan: of each kind of user, three.
func scanned(t *testing.T, digests bool) string {
	t.Helper()
	identity := ours
	identity.Digests = digests
	path := filepath.Join(t.TempDir(), "move.db")
	state, err := reportstate.Open(t.Context(), path, identity, false)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := state.Begin(t.Context(), now, []ports.ReportPart{{Source: 0}}, false); err != nil {
		t.Fatal(err)
	}
	page := reportstate.Page{Part: ports.ReportPart{Source: 0, Done: true}}
	var standings []reportstate.Standing
	for i, kind := range []string{"open", "disabled", "unconfirmed", "stays"} {
		for j := range 3 {
			name := fmt.Sprintf("%s-%d", kind, j)
			page.Users = append(page.Users, ports.ReportedUser{Username: name, Sub: "old-" + name, Enabled: kind != "disabled", Status: domain.StatusConfirmed})
			status := domain.StatusConfirmed
			if kind == "unconfirmed" {
				status = "RESET_REQUIRED"
			}
			if kind == "stays" {
				continue
			}
			page.Destination = append(page.Destination, ports.ReportedDestination{Username: "new-" + name, Sub: "sub-" + name, Status: status})
			id := int64(3*i + j + 1)
			standings = append(standings, reportstate.Standing{ID: id, Destination: reportstate.JoinedUser{ID: id}, Joined: domain.Joined{Standing: domain.StandingMoved}})
		}
	}
	if err := state.Add(t.Context(), []reportstate.Page{page}); err != nil {
		t.Fatal(err)
	}
	if err := state.SetStandings(t.Context(), standings); err != nil {
		t.Fatal(err)
	}
	if err := state.Finish(t.Context(), now, true, "{}"); err != nil {
		t.Fatal(err)
	}
	if err := state.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestASweepGoesOnWhereItEnded(t *testing.T) {
	t.Parallel()
	path := scanned(t, false)
	for round, want := range []reportstate.SweepCounts{{Open: 6, Unconfirmed: 3}, {Open: 5, Before: 1, Unconfirmed: 3}, {Open: 4, Before: 2, Unconfirmed: 3}} {
		sweep, err := reportstate.OpenSweep(t.Context(), path, ours.Destination, ours.Sources, asked)
		if err != nil {
			t.Fatal(err)
		}
		if !sweep.ScannedAt.Equal(now) {
			t.Errorf("it was scanned at %v", sweep.ScannedAt)
		}
		counts, err := sweep.Counts(t.Context(), false)
		if err != nil || counts != want {
			t.Errorf("round %d: %+v (%v), want %+v", round, counts, err, want)
		}
		users, err := sweep.Moved(t.Context(), false, 0, 1)
		if err != nil || len(users) != 1 || users[0].Username != fmt.Sprintf("open-%d", round) || users[0].DestinationName != "new-"+users[0].Username ||
			users[0].Sub != "old-"+users[0].Username || users[0].NewSub != "sub-"+users[0].Username {
			t.Fatalf("round %d: %+v (%v)", round, users, err)
		}
		for range 2 { // a run that was killed may note a user twice
			if err := sweep.Completed(t.Context(), users[0]); err != nil {
				t.Fatal(err)
			}
		}
		if err := sweep.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestWhatASweepLooksAt(t *testing.T) {
	t.Parallel()
	path := scanned(t, false)
	sweep, err := reportstate.OpenSweep(t.Context(), path, ours.Destination, ours.Sources, asked)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = sweep.Close() }()
	for onlyEnabled, want := range map[bool]int{true: 3, false: 6} {
		users, err := sweep.Moved(t.Context(), onlyEnabled, 0, 100)
		counts, failed := sweep.Counts(t.Context(), onlyEnabled)
		if err != nil || failed != nil || len(users) != want || counts.Open != want {
			t.Errorf("only enabled %t: %d users, %+v (%v, %v), want %d", onlyEnabled, len(users), counts, err, failed, want)
		}
	}
	if err := sweep.Completed(t.Context(), reportstate.MovedUser{ID: 1}); err != nil {
		t.Fatal(err)
	}
	other, err := reportstate.OpenSweep(t.Context(), path, ours.Destination, ours.Sources, "delete {}")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Close() }()
	if counts, err := other.Counts(t.Context(), false); err != nil || counts.Open != 6 {
		t.Errorf("who was disabled counts as deleted: %+v (%v)", counts, err)
	}
}

// A scan anew shows the source as it is now, so what was noted before says nothing.
func TestAnotherScanForgetsWhoWasCompleted(t *testing.T) {
	t.Parallel()
	path := scanned(t, false)
	sweep, err := reportstate.OpenSweep(t.Context(), path, ours.Destination, ours.Sources, asked)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(sweep.Completed(t.Context(), reportstate.MovedUser{ID: 1}), sweep.Close()); err != nil {
		t.Fatal(err)
	}
	state, err := reportstate.Open(t.Context(), path, ours, true)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := state.Begin(t.Context(), now, nil, true); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(state.Finish(t.Context(), now, true, "{}"), state.Close()); err != nil {
		t.Fatal(err)
	}
	if sweep, err = reportstate.OpenSweep(t.Context(), path, ours.Destination, ours.Sources, asked); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = sweep.Close() }()
	if counts, err := sweep.Counts(t.Context(), false); err != nil || counts.Before != 0 {
		t.Errorf("%+v (%v)", counts, err)
	}
}

func TestAStateThatCannotBeSwept(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		path                 func(*testing.T) string
		destination, sources string
		want                 error
	}{
		"no file":             {func(t *testing.T) string { t.Helper(); return filepath.Join(t.TempDir(), "none") }, ours.Destination, ours.Sources, reportstate.ErrNoScan},
		"a scan in the midst": {made, ours.Destination, ours.Sources, reportstate.ErrNoScan},
		"digests":             {func(t *testing.T) string { t.Helper(); return scanned(t, true) }, ours.Destination, ours.Sources, reportstate.ErrDigests},
		"another destination": {made, "us-east-1_Other", ours.Sources, reportstate.ErrOther},
		"other sources":       {made, ours.Destination, "OLD file", reportstate.ErrOther},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := reportstate.OpenSweep(t.Context(), row.path(t), row.destination, row.sources, asked); !errors.Is(err, row.want) {
				t.Errorf("got %v, want %v", err, row.want)
			}
		})
	}
}
