package e2e_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"cognito-user-migration/adapters/reportstate"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
	"cognito-user-migration/test/importstub"
)

const (
	tailPool = "us-east-1_TheTail"
	tailRole = "arn:aws:iam::111111111111:role/import"
)

// tailing is a state of a finished report, the stub of the import job, and the tool.
type tailing struct {
	t            *testing.T
	stub         *importstub.Stub
	tool, folder string
	clock        time.Time
	mu           sync.Mutex
	environment  []string
	before       func(r *http.Request) // runs before the stub answers; nil: nothing does
}

// ServeHTTP implements [http.Handler].
func (tail *tailing) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	tail.mu.Lock()
	if tail.before != nil {
		tail.before(r)
	}
	tail.mu.Unlock()
	tail.stub.ServeHTTP(w, r)
}

// newTailing has so many users who have not moved, each as user gives them.
func newTailing(t *testing.T, count int, user func(i int) ports.ReportedUser) *tailing {
	t.Helper()
	tail := &tailing{t: t, tool: tool.get(t).path, folder: t.TempDir(), clock: time.Now()}
	tail.stub = &importstub.Stub{
		PoolID: tailPool, PoolName: "tail", Roles: []string{tailRole}, AutoVerified: []string{"email"}, AliasAttributes: []string{"email"}, MFA: "OFF", Step: 100_000,
		Header: strings.Split("name,given_name,family_name,middle_name,nickname,preferred_username,profile,picture,website,email,email_verified,gender,"+
			"birthdate,zoneinfo,locale,phone_number,phone_number_verified,address,updated_at,cognito:mfa_enabled,cognito:username,custom:legacy_sub", ","),
		Now: func() time.Time { tail.mu.Lock(); defer tail.mu.Unlock(); return tail.clock },
	}
	server := httptest.NewServer(tail)
	t.Cleanup(server.Close)
	tail.stub.Change(func(stub *importstub.Stub) { stub.URL = server.URL })
	tail.environment = []string{
		"AWS_ENDPOINT_URL=" + server.URL, "AWS_ACCESS_KEY_ID=AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY=secret", "AWS_REGION=us-east-1",
		"HOME=" + tail.folder, "AWS_EC2_METADATA_DISABLED=true",
	}
	tail.state(count, user)
	return tail
}

// state writes the state of a finished report.
func (tail *tailing) state(count int, user func(i int) ports.ReportedUser) {
	tail.t.Helper()
	ctx := tail.t.Context()
	state, err := reportstate.Open(ctx, filepath.Join(tail.folder, "move.db"), reportstate.Identity{Destination: tailPool, Sources: "SOURCE file"}, false)
	if err != nil {
		tail.t.Fatal(err)
	}
	at := time.Date(2026, 11, 29, 0, 0, 0, 0, time.UTC)
	_, err = state.Begin(ctx, at, []ports.ReportPart{{}}, false)
	const page = 1000
	for first := 0; first < count && err == nil; first += page {
		users := make([]ports.ReportedUser, min(page, count-first))
		for i := range users {
			users[i] = user(first + i)
		}
		err = state.Add(ctx, []reportstate.Page{{Users: users}})
	}
	if err == nil {
		err = state.Index(ctx)
	}
	if err == nil {
		err = state.Finish(ctx, at, true, "{}")
	}
	if err := errors.Join(err, state.Close()); err != nil {
		tail.t.Fatal(err)
	}
}

// tailUser is a user whom an import file can contain.
func tailUser(name string, more ...string) ports.ReportedUser {
	sub := "sub-of-" + name
	user := ports.ReportedUser{
		Username: name, Sub: sub, Enabled: true, Status: domain.StatusConfirmed, Keys: domain.JoinKeys{Sub: sub, Name: name, Email: name + "@example.com"},
		Candidate: domain.ImportCandidate{Username: name, Attributes: domain.Attributes{"email": name + "@example.com", "email_verified": "true", "custom:legacy_sub": sub}},
	}
	user.Forecast.SignIn = domain.Prospect{Possible: true, Reason: domain.ReasonPasswordAccepted}
	user.Forecast.Import = domain.Prospect{Possible: true, Reason: domain.ReasonForgotPassword}
	user.Forecast.ForgotPassword = user.Forecast.Import
	for i := 0; i+1 < len(more); i += 2 {
		user.Candidate.Attributes[more[i]] = more[i+1]
	}
	return user
}

// plainTailUser is the user of a number.
func plainTailUser(i int) ports.ReportedUser {
	return tailUser("user-"+strconv.Itoa(i), "name", "Doe, "+strconv.Itoa(i), "birthdate", "1985-02-01")
}

// ran is what a run of the tool printed and returned.
type ran struct {
	out, notes string
	code       int
	usage      *syscall.Rusage
	took       time.Duration
}

// run runs the tool. A tool that was killed has the code -1.
func (tail *tailing) run(ctx context.Context, arguments ...string) ran {
	tail.t.Helper()
	var out, notes bytes.Buffer
	command := exec.CommandContext(ctx, tail.tool, arguments...)
	command.Dir, command.Env, command.Stdout, command.Stderr = tail.folder, tail.environment, &out, &notes
	began := time.Now()
	err := command.Run()
	if _, exited := errors.AsType[*exec.ExitError](err); err != nil && !exited {
		tail.t.Fatal(err)
	}
	usage, _ := command.ProcessState.SysUsage().(*syscall.Rusage)
	return ran{out.String(), notes.String(), command.ProcessState.ExitCode(), usage, time.Since(began)}
}

func (tail *tailing) export(arguments ...string) ran {
	tail.t.Helper()
	return tail.run(tail.t.Context(), append([]string{"export", "--state", "move.db", "--out", "out"}, arguments...)...)
}

func (tail *tailing) imports(ctx context.Context, arguments ...string) ran {
	tail.t.Helper()
	return tail.run(ctx, append([]string{"import", "--in", "out", "--destination-pool", tailPool, "--role", tailRole, "--poll", "5ms"}, arguments...)...)
}

func (tail *tailing) path(name string) string { return filepath.Join(tail.folder, "out", name) }

func (tail *tailing) read(name string) string {
	tail.t.Helper()
	text, err := os.ReadFile(tail.path(name))
	if err != nil {
		tail.t.Fatal(err)
	}
	return string(text)
}

// exported is the manifest of an export.
type exported struct {
	Destination string
	Files       []struct {
		Name, Lines, Algorithm string
		Rows                   int
	}
}

func (tail *tailing) manifest() exported {
	tail.t.Helper()
	var m exported
	if err := json.Unmarshal([]byte(tail.read("export.json")), &m); err != nil {
		tail.t.Fatal(err)
	}
	return m
}

// TestAnExportHasEveryUserOnce writes several files, and finds each user in one of
// them or in left-out.csv.
func TestAnExportHasEveryUserOnce(t *testing.T) {
	t.Parallel()
	user := func(i int) ports.ReportedUser {
		user := plainTailUser(i)
		switch i % 100 {
		case 1:
			user.Candidate.Attributes["name"] = "a\nb"
		case 2:
			user.Forecast.Import = domain.Prospect{Reason: domain.ReasonNoVerifiedContact}
			user.Candidate.Attributes["email_verified"] = "false"
		case 3:
			user.LastSignIn = time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)
		case 4:
			user.Forecast.SignIn.Reason = domain.ReasonMFARequired
		case 5:
			user.Candidate = domain.ImportCandidate{}
			user.Forecast.Import = domain.Prospect{Reason: domain.ReasonUserDisabled}
		}
		return user
	}
	for name, test := range map[string]struct {
		arguments   []string
		users, left int
		want        []string
	}{
		"plain":             {nil, 2880, 120, []string{"line_break                        30", "no_verified_contact               30", "signed_in_recently                30", "user_disabled                     30", "0 keep their password, 2880 must reset it", "waiting costs more resets than it saves"}},
		"vouching":          {[]string{"--vouch", "email"}, 2910, 90, []string{"YOU VOUCH for each contact of these kinds, whatever the source says: email."}},
		"with recent users": {[]string{"--include-recent"}, 2910, 90, nil},
		"an earlier day":    {[]string{"--recent-days", "5"}, 2910, 90, nil},
		"only one cause":    {[]string{"--only", "mfa_required"}, 30, 0, []string{"not selected by --only mfa_required: 2970 users"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tail := newTailing(t, 3000, user)
			got := tail.export(append(test.arguments, "--file-rows", "1200")...)
			if got.code != 0 || !strings.HasPrefix(got.out, "WARNING: ") {
				t.Fatalf("code %d\n%s%s", got.code, got.out, got.notes)
			}
			for _, want := range test.want {
				if !strings.Contains(got.out, want) {
					t.Errorf("no %q in\n%s", want, got.out)
				}
			}
			m, seen, rows := tail.manifest(), make(map[string]bool), 0
			for i, file := range m.Files {
				if file.Name != fmt.Sprintf("import-%03d.csv", i+1) || file.Rows > 1200 {
					t.Errorf("file %d is %+v", i, file)
				}
				for number, line := range lines(t, tail.path(file.Lines))[1:] {
					if line[0] != strconv.Itoa(number+1) || seen[line[3]] || line[1] != "SOURCE" || line[2] != "sub-of-"+line[3] {
						t.Errorf("a line is %q", line)
					}
					seen[line[3]] = true
				}
				rows += strings.Count(tail.read(file.Name), "\n") - 1
			}
			left := lines(t, tail.path("left-out.csv"))[1:]
			for _, line := range left {
				if seen[line[2]] || line[5] == "" {
					t.Errorf("a line of left-out.csv is %q", line)
				}
				seen[line[2]] = true
			}
			if rows != test.users || len(left) != test.left || len(seen) != test.users+test.left {
				t.Errorf("%d users were written, %d left out, %d in all", rows, len(left), len(seen))
			}
			entries, err := os.ReadDir(filepath.Join(tail.folder, "out"))
			for _, entry := range entries {
				if info, failed := entry.Info(); failed != nil || info.Mode().Perm() != 0o600 {
					t.Errorf("%s: %v, %v", entry.Name(), info, failed)
				}
			}
			if again := tail.export(); err != nil || again.code != 1 || !strings.Contains(again.notes, "has an export already") {
				t.Errorf("a second export: code %d, %s, %v", again.code, again.notes, err)
			}
		})
	}
}

// TestTheSpeedOfAnExport writes EXPORT_USERS users, a million by make export-speed
// and ten thousand otherwise, and prints what it cost.
func TestTheSpeedOfAnExport(t *testing.T) {
	count, err := strconv.Atoi(cmp.Or(os.Getenv("EXPORT_USERS"), "10000"))
	if err != nil {
		t.Fatal(err)
	}
	tail := newTailing(t, count, plainTailUser)
	small := newTailing(t, count/10, plainTailUser)
	less, got := small.export(), tail.export()
	if got.code != 0 || less.code != 0 {
		t.Fatalf("codes %d and %d\n%s%s", less.code, got.code, got.out, got.notes)
	}
	processor := time.Duration(got.usage.Utime.Nano() + got.usage.Stime.Nano())
	perSecond := float64(count) / got.took.Seconds()
	// The system counts the memory of this test, which starts the tool, as the tool's.
	t.Logf("%d users in %v: %.0f rows a second; %v of processor time, %.0f rows a second of it; no more than %d kB of memory, %d kB for a tenth of the users",
		count, got.took.Round(time.Millisecond), perSecond, processor.Round(time.Millisecond), float64(count)/processor.Seconds(), got.usage.Maxrss, less.usage.Maxrss)
	if got.usage.Maxrss > less.usage.Maxrss*3/2 {
		t.Errorf("the memory grows with the users: %d kB, and %d kB for a tenth", got.usage.Maxrss, less.usage.Maxrss)
	}
}
