package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cognito-user-migration/adapters/reportstate"
	planning "cognito-user-migration/app/plan"
	"cognito-user-migration/ports"
)

func planned(t *testing.T, got exited) planning.Result {
	t.Helper()
	var result planning.Result
	if err := json.Unmarshal([]byte(got.out), &result); err != nil || got.code != 0 {
		t.Fatalf("code %d, %v: %s%s", got.code, err, got.out, got.errors)
	}
	return result
}

func TestTheSameSeedGivesTheSamePlan(t *testing.T) {
	t.Parallel()
	args := []string{"plan", "--users", "100000000", "--active", "20%", "--json", "--seed"}
	one, two, other := execute(t, nil, append(args, "7")...), execute(t, nil, append(args, "7")...), execute(t, nil, append(args, "8")...)
	if one != two || one.out == other.out {
		t.Errorf("code %d; the same plan: %v, the same plan with another seed: %v", one.code, one == two, one.out == other.out)
	}
	if result := planned(t, one); result.Users != 100_000_000 || result.Seed != 7 || result.Peak.Throttled.AttemptsShare < 0.5 {
		t.Errorf("the plan is %s", one.out)
	}
}

func TestThePlanFitsATerminal(t *testing.T) {
	t.Parallel()
	got := execute(t, nil, "plan", "--users", "50000000", "--completion", "--source-parallel", "20", "--same-account")
	if got.code != 0 || got.errors != "" {
		t.Fatalf("code %d: %s", got.code, got.errors)
	}
	for line := range strings.Lines(got.out) {
		if len([]rune(strings.TrimRight(line, "\n"))) > 80 {
			t.Errorf("longer than 80 columns: %s", line)
		}
	}
}

// stateOf makes the state file of a report whose last scan has these totals.
func stateOf(t *testing.T, totals string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "move.db")
	state, err := reportstate.Open(t.Context(), path, reportstate.Identity{}, false)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = state.Close() }() // every write was committed
	if _, err := state.Begin(t.Context(), time.Unix(0, 0), []ports.ReportPart{}, false); err != nil {
		t.Fatal(err)
	}
	if totals != "" {
		if err := state.Finish(t.Context(), time.Unix(1, 0), true, totals); err != nil {
			t.Fatal(err)
		}
	}
	return path
}

func TestThePlanOfAReport(t *testing.T) {
	t.Parallel()
	path := stateOf(t, `{"moved":{"users":30000},"remaining":{"users":70000,"signIn":{"migrate":63000,"refuse":{"second_factor":7000}}}}`)
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	result := planned(t, execute(t, nil, "plan", "--state", path, "--json"))
	if result.Users != 70_000 || result.Moved != 30_000 || result.Days[1].Day == nil || result.Days[2].Day != nil {
		t.Errorf("the plan is %+v", result)
	}
	if after, err := os.ReadFile(path); err != nil || string(after) != string(before) {
		t.Errorf("the state file was changed, %v", err)
	}
}

func TestStateFilesThatNoPlanIsMadeOf(t *testing.T) {
	t.Parallel()
	text := filepath.Join(t.TempDir(), "text")
	if err := os.WriteFile(text, []byte("this is no state file, but a text that is longer than a hundred bytes, because the header of one has a hundred"), 0o600); err != nil {
		t.Fatal(err)
	}
	absent := filepath.Join(t.TempDir(), "absent.db")
	for name, test := range map[string]struct{ path, want string }{
		"no file":           {absent, "no such file"},
		"a text":            {text, "not a state of migratectl report"},
		"no finished scan":  {stateOf(t, ""), "no finished scan"},
		"totals of nothing": {stateOf(t, "[]"), "not a report's"},
		"nobody remains":    {stateOf(t, `{"moved":{"users":5}}`), "nothing to plan"},
	} {
		got := execute(t, nil, "plan", "--state", test.path)
		if got.code != exitFailed || got.out != "" || !strings.Contains(got.errors, "--state") || !strings.Contains(got.errors, test.want) {
			t.Errorf("%s: code %d, %s%s", name, got.code, got.out, got.errors)
		}
	}
	if _, err := os.Stat(absent); err == nil {
		t.Error("a missing state file was made")
	}
}

func TestThePlanAsksForTheAccountsQuotas(t *testing.T) {
	t.Parallel()
	answer := func(status int, body string) []string {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			var asked struct {
				LimitDefinition struct{ Attributes map[string]string }
			}
			_ = json.NewDecoder(r.Body).Decode(&asked) // another request has no category
			w.WriteHeader(status)
			fmt.Fprintf(w, body, len(asked.LimitDefinition.Attributes["Category"]))
		}))
		t.Cleanup(server.Close)
		return []string{"AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER=" + server.URL, "AWS_ACCESS_KEY_ID=AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY=secret"}
	}
	environ := answer(http.StatusOK, `{"Limit":{"ProvisionedLimitValue":%d00}}`)
	result := planned(t, execute(t, environ, "plan", "--users", "1000", "--json", "--destination-region", "ap-northeast-1", "--destination-quota", "UserCreation=70"))
	for _, quota := range result.Quotas {
		want, origin := 120.0, "default"
		switch {
		case quota.Account == "destination" && quota.Category == "UserCreation":
			want, origin = 70, "given"
		case quota.Account == "destination":
			want, origin = 100*float64(len(quota.Category)), "account"
		}
		if quota.Quota != want || quota.Origin != origin {
			t.Errorf("%+v, expected %v, %s", quota, want, origin)
		}
	}
	refused := execute(t, answer(http.StatusBadRequest, `{"__type":"AccessDeniedException","message":"no %d"}`), "plan", "--users", "1000", "--destination-region", "ap-northeast-1")
	if refused.code != exitFailed || !strings.Contains(refused.errors, "allow cognito-idp:GetProvisionedLimit") || !strings.Contains(refused.errors, "documented defaults") {
		t.Errorf("code %d, %s", refused.code, refused.errors)
	}
}
