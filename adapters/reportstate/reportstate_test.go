package reportstate_test

import (
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cognito-user-migration/adapters/reportstate"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
)

var (
	ours = reportstate.Identity{Destination: "us-east-1_Here", Sources: "SOURCE cognito us-east-1_There", Rules: "rules"}
	now  = time.Date(2026, 11, 29, 9, 30, 0, 0, time.UTC)
)

// made makes a state with one user, and closes it.
func made(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a state?#%.db")
	state, err := reportstate.Open(t.Context(), path, ours, false)
	if err != nil {
		t.Fatal(err)
	}
	part := ports.ReportPart{Source: 0}
	if _, err := state.Begin(t.Context(), now, []ports.ReportPart{part}, false); err != nil {
		t.Fatal(err)
	}
	part.Done = true
	err = state.Add(t.Context(), []reportstate.Page{{Part: part, Users: []ports.ReportedUser{{Username: "alice", Keys: domain.JoinKeys{Name: "alice"}, Enabled: true}}}})
	if err != nil {
		t.Fatal(err)
	}
	if err := state.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func change(t *testing.T, path string, statement string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23").Replace(path))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestAStateThatDoesNotFitIsLeftAlone(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		damage   func(t *testing.T, path string)
		identity reportstate.Identity
		want     error
	}{
		"another destination": {nil, reportstate.Identity{Destination: "us-east-1_Other", Sources: ours.Sources, Rules: ours.Rules}, reportstate.ErrOther},
		"another source":      {nil, reportstate.Identity{Destination: ours.Destination, Sources: "OLD file", Rules: ours.Rules}, reportstate.ErrOther},
		"other rules":         {nil, reportstate.Identity{Destination: ours.Destination, Sources: ours.Sources, Rules: "others"}, reportstate.ErrOther},
		"another version":     {func(t *testing.T, path string) { change(t, path, "PRAGMA user_version = 99") }, ours, reportstate.ErrVersion},
		"a foreign database":  {func(t *testing.T, path string) { change(t, path, "PRAGMA application_id = 7") }, ours, reportstate.ErrForeign},
		"no database": {func(t *testing.T, path string) {
			if err := os.WriteFile(path, []byte(strings.Repeat("users\n", 100)), 0o600); err != nil {
				t.Fatal(err)
			}
		}, ours, reportstate.ErrForeign},
		"truncated": {func(t *testing.T, path string) {
			if err := os.Truncate(path, 5000); err != nil {
				t.Fatal(err)
			}
		}, ours, reportstate.ErrDamaged},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := made(t)
			if test.damage != nil {
				test.damage(t, path)
			}
			before, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := reportstate.Open(t.Context(), path, test.identity, false); !errors.Is(err, test.want) {
				t.Errorf("got %v, want %v", err, test.want)
			}
			after, err := os.ReadFile(path)
			if err != nil || string(after) != string(before) {
				t.Errorf("the file has changed (%v)", err)
			}
		})
	}
}

func TestAStateIsContinued(t *testing.T) {
	t.Parallel()
	path := made(t)
	state, err := reportstate.Open(t.Context(), path, ours, false)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = state.Close() }()
	scan, err := state.Begin(t.Context(), now.Add(time.Hour), nil, false)
	if err != nil || !scan.StartedAt.Equal(now) || !scan.FinishedAt.IsZero() {
		t.Errorf("the scan began at %v (%v)", scan, err)
	}
	if parts, err := state.Parts(t.Context()); err != nil || len(parts) != 0 {
		t.Errorf("left to be listed: %v (%v)", parts, err)
	}
	there, err := state.Has(t.Context(), 0, "alice", "alice")
	if err != nil || !there {
		t.Errorf("the user is lost (%v)", err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v (%v)", info.Mode(), err)
	}
}

// TestAFullDiskLosesNothing: pages that do not fit are not kept, those before are, and
// the scan goes on once there is room.
func TestAFullDiskLosesNothing(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "move.db")
	open := func() *reportstate.State {
		t.Helper()
		state, err := reportstate.Open(t.Context(), path, ours, false)
		if err != nil {
			t.Fatal(err)
		}
		return state
	}
	state := open()
	part := ports.ReportPart{Source: 0}
	if _, err := state.Begin(t.Context(), now, []ports.ReportPart{part}, false); err != nil {
		t.Fatal(err)
	}
	if err := state.LimitPages(t.Context(), 60); err != nil {
		t.Fatal(err)
	}
	const pageSize = 60
	// Each page has an outcome of its own: a row that only a committed page may have.
	page := func(at int) []reportstate.Page {
		part.Position = fmt.Sprint(at + 1)
		var users []ports.ReportedUser
		for i := range pageSize {
			name := fmt.Sprintf("user-%d-%d", at, i)
			users = append(users, ports.ReportedUser{Username: name, Sub: name, Keys: domain.JoinKeys{Name: name}, Status: domain.UserStatus(fmt.Sprint("STATUS ", at))})
		}
		return []reportstate.Page{{Part: part, Users: users}}
	}
	kept := 0
	var err error
	for err == nil {
		if err = state.Add(t.Context(), page(kept)); err == nil {
			kept++
		}
	}
	if !errors.Is(err, reportstate.ErrFull) || kept == 0 {
		t.Fatalf("after %d pages: %v", kept, err)
	}
	if err := state.Close(); err != nil {
		t.Fatal(err)
	}
	state = open()
	defer func() { _ = state.Close() }()
	parts, err := state.Parts(t.Context())
	if err != nil || len(parts) != 1 || parts[0].Position != fmt.Sprint(kept) {
		t.Errorf("the listing goes on at %+v (%v), want %d", parts, err, kept)
	}
	for range 2 {
		if err := state.Add(t.Context(), page(kept)); err != nil {
			t.Fatal(err)
		}
		kept++
	}
	if err := state.Index(t.Context()); err != nil {
		t.Fatal(err)
	}
	rows, err := state.Rows(t.Context(), []string{"SOURCE"})
	if err != nil || len(rows) != kept {
		t.Fatalf("%d kinds of users (%v), want %d", len(rows), err, kept)
	}
	for _, row := range rows {
		if row.Users != pageSize {
			t.Errorf("%d users are %s, want %d", row.Users, row.Status, pageSize)
		}
	}
}

// The queries that docs/report.md shows.
func TestTheDocumentedQueriesRun(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/report.md")
	if err != nil {
		t.Fatal(err)
	}
	path := made(t)
	queries := strings.Split(string(page), "```sql\n")[1:]
	if len(queries) < 5 {
		t.Fatalf("there are %d queries", len(queries))
	}
	for _, query := range queries {
		query, _, _ = strings.Cut(query, "```")
		change(t, path, query)
	}
}
